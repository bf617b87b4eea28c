"""Runs as files: what comes back is what went in, and every trick in a file is refused with a sentence."""

import json
from pathlib import Path

import pytest

from models.learn import checking, sharing
from models.learn.__main__ import replayed
from models.learn.history import History
from models.learn.sharing import ShareError
from models.learn.spec import Change, Spec
from models.learn.trainer import Trainer, again

TINY = Spec(
    task="reverse", length=4, vocabulary=5, examples=200, n_layers=1, n_heads=2, d_model=16, d_ff=16, batch_size=8,
    steps=60, warmup=4,
)  # fmt: skip
CHANGES = [Change(3, "lr", 2e-3, 1e-2), Change(9, "dropout", 0.0, 0.1)]


def history() -> History:
    found = History(changes=list(CHANGES))
    for step in again(Trainer(TINY), CHANGES, 15):
        found.steps.append(step.step)
        found.loss.append(step.loss)
        found.norm.append(step.norm)
        found.lr.append(step.lr)
    found.evaluations.append((15, 1.5, 0.25, 0.0))
    return found


def test_what_comes_back_is_what_went_in_and_replays() -> None:
    was = history()
    shared = sharing.unpacked(sharing.packed("mine", TINY, was).encode())
    assert (shared.name, shared.spec, shared.kept) == ("mine", TINY, False)
    assert list(shared.changes) == was.changes
    assert list(shared.loss) == was.loss
    assert shared.evaluations == ((15, 1.5, 0.25, 0.0),)
    assert shared.history.lr == was.lr
    assert shared.history.norm == pytest.approx(was.norm, rel=5e-3)
    assert shared.history.changes == CHANGES
    assert checking.compared(shared.spec, shared.changes, list(shared.loss)) == (15, 0)
    assert checking.compared(shared.spec, [], list(shared.loss)) == (5, 5)  # without its changes it is another run


def file(**changed: object) -> bytes:
    return json.dumps(json.loads(sharing.packed("mine", TINY, history())) | changed).encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "cannot be read as JSON"),
        (b"\x80\x02}q\x00.", "no text in UTF-8"),
        (b"\xef\xbb\xbf{}", "byte-order mark"),
        (b"[" * 10_000 + b"]" * 10_000, "nested far deeper"),
        (b'{"headlight": "run", "headlight": "run"}', "a name stands twice"),
        (b'{"headlight": 1e400}', "beyond all numbers"),
        (b'{"headlight": NaN}', "NaN is no number"),
        (b"[1]", "a run is an object"),
        (b'{"a": 1}', "is not a run of Headlight"),
        (file(version=99), "of version 99; this Headlight reads version 1"),
        (file(spec={"task": "reverse", "colour": 1}), "no knob “colour”"),
        (file(spec={"n_layers": 1e6}), "Layers must be a whole number"),
        (file(spec=[1]), "“spec” of the run"),
        (file(changes=[{"step": 1}]), "does not say which knob"),
        (file(changes=[{"step": 1, "knob": "n_layers", "old": 1, "new": 2}]), "“n_layers”, which is not one"),
        (file(changes=[{"step": 1, "knob": "lr", "old": 1, "new": -1.0}]), "Learning rate must be from"),
        (file(loss=["x"]), "something that is no number"),
        (file(evaluations=[[1]]), "a step and three figures"),
        (b" " * 20_000_001, "at most 20 MB"),
    ],
)
def test_a_file_that_is_no_run_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(ShareError, match=words.replace("(", r"\(")) as caught:
        sharing.unpacked(data)
    assert "Traceback" not in str(caught.value)


def test_a_gap_in_the_curve_stays_a_gap() -> None:
    was = history()
    was.loss[3] = float("nan")
    shared = sharing.unpacked(sharing.packed("", TINY, was).encode())
    assert shared.loss[3] != shared.loss[3]


def test_a_file_is_replayed_by_a_command(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(sharing.packed("mine", TINY, history()))
    assert replayed(file) == "mine.json: 15 steps, 2 knobs turned; the same losses, bit for bit."
    other = json.loads(file.read_text())
    other["loss"][7] += 1e-6
    file.write_text(json.dumps(other))
    assert replayed(file) == "mine.json: the loss of step 8 came out otherwise."
    file.write_text("[1")
    assert "cannot be read as JSON" in replayed(file)
