"""A run as one file gives the curve of the run, in a Python that knows nothing of Headlight."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.learn.cut import Cut
from models.learn.script import beside, script
from models.learn.spec import Change, Spec
from models.learn.trainer import replay

SMALL = {"steps": 12, "warmup": 3, "examples": 200, "batch_size": 16, "d_model": 16, "d_ff": 32, "n_heads": 2}
RUNS = {
    "as it stands": (Spec(**SMALL), ()),
    "another shape": (
        Spec(**SMALL, task="sort", position="rope halves", norm="rms", activation="swiglu", n_kv_heads=1, bias=False),
        (),
    ),
    "norm after, ALiBi, momentum": (
        Spec(**SMALL, task="dates", position="alibi", norm_place="post", optimiser="momentum", lr=0.1),
        (),
    ),
    "induction": (Spec(**SMALL, task="induction", length=24, vocabulary=26, tied=True, position="none"), ()),
    "a text": (
        Spec(**SMALL, task="characters", length=8, text='It said "so", \\ and \u2028 on it went.\n' * 9, position="t5"),
        (),
    ),
    "shapes": (Spec(**SMALL, task="shapes", vocabulary=3, patch=7, position="sinusoidal"), ()),
    "clothes": (Spec(**SMALL, task="clothes"), (Change(3, "lr", 2e-3, 5e-3),)),
    "knobs turned": (
        Spec(**SMALL, task="modular addition", vocabulary=29, dropout=0.1, accumulation=2),
        (
            Change(2, "lr", 2e-3, 5e-3),
            Change(4, "pattern", "full", "window"),
            Change(4, "optimiser", "AdamW", "SGD"),
            Change(6, "label_noise", 0.0, 0.2),
            Change(8, "ema", 0.0, 0.9),
            Change(9, "residual", True, False),
        ),
    ),
}


def curve(folder: Path, text: str) -> list[list[float]]:
    """What the file writes down: it runs alone, with nothing but the libraries."""
    (folder / "train.py").write_text(text, "utf-8")
    ran = subprocess.run([sys.executable, "-I", "train.py"], cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    with (folder / "curve.csv").open(encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert head == ["step", "loss", "norm", "lr"]
    assert f"step {rows[-1][0]}: held-out loss" in ran.stdout
    return [[float(value) for value in row] for row in rows]


@pytest.mark.parametrize("name", RUNS)
def test_it_gives_the_same_curve_bit_for_bit(name: str, tmp_path: Path) -> None:
    spec, changes = RUNS[name]
    trainer, waiting, expected = replay(spec, (), 0), list(changes), []
    while trainer.step < spec.steps:
        while waiting and waiting[0].step <= trainer.step:
            change = waiting.pop(0)
            trainer.change(change.knob, change.new)
        step = trainer.advance()
        expected.append([step.step, step.loss, step.norm, step.lr])
    if file := beside(spec):
        shutil.copy(file, tmp_path)
    assert curve(tmp_path, script(spec, changes)) == expected


def test_it_holds_what_the_run_needs_and_nothing_else() -> None:
    text = script(Spec(**SMALL))
    compile(text, "train.py", "exec")
    kept = ("class Decoder", "class Learned", "class LayerNorm", "def reverse", "def advance", "def attention_weights")
    left = ("class Alibi", "class RMSNorm", "class Encoder", "def modular", "def state", "def change", "jaxtyping")
    assert [part for part in kept if part not in text] == []
    assert [part for part in left if part in text] == []
    assert "import models" not in text
    assert "from models" not in text
    assert len(text.splitlines()) < 1_100


def test_it_stops_at_the_step_that_is_asked_for(tmp_path: Path) -> None:
    assert [row[0] for row in curve(tmp_path, script(Spec(**SMALL), until=5))] == [1, 2, 3, 4, 5]


def test_a_name_with_two_meanings_is_refused() -> None:
    cut = Cut({}, (), ())
    cut.want("models.learn.trainer", "_weights")
    cut.want("models.learn.tasks", "reverse")
    cut.wanted["models.learn.spec"] = {"read"}
    cut.wanted["models.learn.tasks"] |= {"read"}
    with pytest.raises(ValueError, match="different things read"):
        cut.check()
