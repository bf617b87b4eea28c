"""Fine-tuning against plain loops of PyTorch, and against the formula of LoRA."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification

from models import zoo
from models.tuning import export, lessons, network
from models.tuning.data import Data, labelled, plain
from models.tuning.examples import EXAMPLES
from models.tuning.spec import CLASSIFY, GAPS, NEXT, Spec
from models.tuning.tuner import Tuner
from models.zoo.errors import LoadError
from tests.tiny import TEXT

WORDS = [word for line in TEXT for word in line.split()]
PIECES = [" ".join(WORDS[i : i + 4]) for i in range(40)]
TWO = labelled(PIECES, ["LABEL_0" if i % 3 else "LABEL_1" for i in range(40)])
OTHERS = labelled(PIECES, ["calm" if i % 2 else "storm" for i in range(40)])
Weights = dict[str, torch.Tensor]


@pytest.fixture
def tuner(folders: Path) -> Callable[..., Tuner]:
    def make(name: str, data: Data = TWO, steps: int = 0, **settings: Any) -> Tuner:
        made = Tuner(Spec(str(folders / name), **{"batch_size": 8, "epochs": 2, "lr": 1e-2} | settings), data)
        for _ in range(steps):
            made.advance()
        return made

    return make


def weights(tuner: Tuner) -> Weights:
    return {name: value.detach().clone() for name, value in tuner.network.module.named_parameters()}


def moved(before: Weights, after: Weights) -> set[str]:
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


def test_full_fine_tuning_equals_a_plain_loop(tuner: Callable[..., Tuner], folders: Path) -> None:
    ours = tuner("distilbert", seed=5)
    model: Any = AutoModelForSequenceClassification.from_pretrained(folders / "distilbert", dtype=torch.float32)
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.999), fused=True)
    model.train()
    for step in range(8):  # 32 rows in batches of 8, twice
        batch = ours.lesson.batch(step)
        torch.manual_seed(5 * 1_000_003 + step)
        done = (step - 1) / 7
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 if step == 0 else 1e-2 * 0.5 * (1 + math.cos(math.pi * max(0.0, done)))
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        assert ours.advance().values["loss"] == pytest.approx(loss.item(), abs=1e-6)
    for name, value in model.named_parameters():
        assert torch.equal(value, ours.network.module.get_parameter(name)), name


def test_an_epoch_reads_every_row_once(tuner: Callable[..., Tuner]) -> None:
    lesson = tuner("distilbert", batch_size=5).lesson
    read = [row for step in range(lesson.n_batches) for row in lesson.picked(step)]
    again = [row for step in range(lesson.n_batches) for row in lesson.picked(lesson.n_batches + step)]
    assert sorted(read) == sorted(again) == sorted(lesson.trained)
    assert read != again


def test_head_only_leaves_every_other_weight_as_it_was(tuner: Callable[..., Tuner]) -> None:
    made = tuner("distilbert", method="head")
    before = weights(made)
    for _ in range(4):
        made.advance()
    assert moved(before, weights(made)) == {
        "pre_classifier.weight", "pre_classifier.bias", "classifier.weight", "classifier.bias"
    }  # fmt: skip
    assert made.network.n_trained == sum(before[name].numel() for name in moved(before, weights(made)))


def test_frozen_layers_and_tables_stay(tuner: Callable[..., Tuner]) -> None:
    made = tuner("bert", OTHERS, frozen=1, embeddings=False)
    before = weights(made)
    for _ in range(4):
        made.advance()
    stayed = set(before) - moved(before, weights(made))
    assert {name for name in stayed if ".layer.0." in name} == {name for name in before if ".layer.0." in name}
    tables = {"word_embeddings", "position_embeddings", "token_type_embeddings"}
    assert {name.split(".")[2] for name in stayed if ".layer." not in name} == tables
    with pytest.raises(LoadError, match="9 layers were to stay as they are; this model has 2 layers"):
        tuner("bert", OTHERS, frozen=9)


@pytest.mark.parametrize(
    ("name", "task"), [("distilbert", CLASSIFY), ("gpt2", NEXT), ("bert", GAPS), ("llama", CLASSIFY)]
)
def test_lora_merged_is_w_plus_b_a_times_scale(
    tuner: Callable[..., Tuner], name: str, task: str, tmp_path: Path
) -> None:
    data = TWO if task == CLASSIFY else plain("\n".join(PIECES))
    made = tuner(name, data, steps=3, method="lora", task=task, rank=3)
    batch = made.lesson.batch(0)
    made.network.module.eval()
    with torch.no_grad():
        before = lessons.forward(made.network.module, batch)
    parts = {n: p.detach() for n, p in made.network.module.named_parameters()}
    adapted = [n.removesuffix(".lora_A.default.weight") for n in parts if n.endswith(".lora_A.default.weight")]
    assert adapted
    wanted = {}
    for one in adapted:
        a, b = parts[f"{one}.lora_A.default.weight"], parts[f"{one}.lora_B.default.weight"]
        assert a.shape[0] == b.shape[1] == 3
        change = b @ a * 2  # alpha = 2 rank
        base = parts[f"{one}.base_layer.weight"]
        wanted[one.removeprefix("base_model.model.")] = base + (change.T if name == "gpt2" else change)
    export.save(made.spec, data, made.state(), tmp_path)
    saved = load_file(tmp_path / "model.safetensors")
    for one, value in wanted.items():
        assert torch.allclose(saved[f"{one}.weight"], value, atol=1e-6), one
    assert not [key for key in saved if "lora" in key]
    merged = network.merged(made.network)
    with torch.no_grad():
        assert torch.allclose(lessons.forward(merged, batch), before, atol=1e-4)
    opened = zoo.load(str(tmp_path))
    assert opened.warnings == ()
    assert opened.info.task == task


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_snapshot_goes_on_with_the_same_bits(tuner: Callable[..., Tuner], method: str) -> None:
    whole = tuner("bert", OTHERS, steps=6, method=method)
    half = tuner("bert", OTHERS, steps=3, method=method)
    again = tuner("bert", OTHERS, method=method)
    again.resume(half.state())
    assert again.step == 3
    for _ in range(3):
        again.advance()
    assert not moved(weights(whole), weights(again))
    assert again.state() == whole.state()


@pytest.mark.parametrize(("name", "task"), [("bert", GAPS), ("gpt2", NEXT), ("llama", NEXT)])
def test_losses_are_the_librarys_own(tuner: Callable[..., Tuner], name: str, task: str) -> None:
    made = tuner(name, plain("\n".join(PIECES)), task=task)
    module = made.network.module.eval()
    batch = made.lesson.batch(1)
    ours = lessons.loss(task, lessons.forward(module, batch), batch["labels"])
    assert ours.item() == pytest.approx(module(**batch).loss.item(), abs=1e-5)
    if task == GAPS:
        asked = batch["labels"] != lessons.IGNORED
        assert (batch["input_ids"][asked] == made.lesson.mask).all()
        assert asked.any(1).all()
        assert asked.float().sum() / batch["attention_mask"].sum() < 0.4
    first, second = made.grade(), made.grade()
    assert (first.loss, first.accuracy) == (second.loss, second.accuracy)


def test_new_classes_get_a_new_head_and_known_ones_keep_theirs(tuner: Callable[..., Tuner]) -> None:
    new = tuner("distilbert", OTHERS)
    assert new.network.classes == ("calm", "storm")
    assert new.network.notes == [
        (
            "distilbert knows LABEL_0, LABEL_1; these are other classes, so it gets a new head for calm, storm. "
            "Before training that head guesses."
        )
    ]
    kept = tuner("distilbert")
    assert kept.network.notes == []
    old = AutoModelForSequenceClassification.from_pretrained(kept.spec.model, dtype=torch.float32).state_dict()
    assert torch.equal(kept.network.module.classifier.weight, old["classifier.weight"])
    assert not torch.equal(new.network.module.classifier.weight, old["classifier.weight"])
    turned = Tuner(
        Spec("roberta-sentiment"), labelled(PIECES, ["Positive" if i % 2 else "Negative" for i in range(40)])
    )
    assert turned.network.classes == ("negative", "positive")
    assert turned.network.notes == []


def test_long_texts_are_cut_and_counted(tuner: Callable[..., Tuner]) -> None:
    data = labelled([*PIECES, " ".join(WORDS * 5)], [*("a" if i % 2 else "b" for i in range(40)), "a"])
    lesson = tuner("bert", data).lesson
    assert (lesson.n_cut, lesson.max_tokens) == (1, 48)
    assert max(len(row) for row in lesson.rows) == 48


def test_what_cannot_be_trained_says_so(tuner: Callable[..., Tuner], monkeypatch: pytest.MonkeyPatch) -> None:
    text = plain("\n".join(PIECES))
    with pytest.raises(LoadError, match=r"gpt2 is of a kind \(gpt2\) of which none fills gaps"):
        tuner("gpt2", text, task=GAPS)
    with pytest.raises(LoadError, match="answers with its table of tokens and has no head by itself"):
        tuner("gpt2", text, task=NEXT, method="head")
    monkeypatch.setattr(network, "MOST_TRAINED", 1_000)
    with pytest.raises(LoadError, match="Choose LoRA or head only"):
        tuner("gpt2", text, task=NEXT)
    monkeypatch.setattr(network, "find_spec", lambda name: None)
    with pytest.raises(LoadError, match=r"peft, which is not installed.*requirements.txt"):
        tuner("gpt2", text, task=NEXT, method="lora")


def test_the_bundled_judge_learns_what_not_means() -> None:
    made = Tuner(Spec("roberta-sentiment", lr=1e-3), EXAMPLES["reviews"].make())
    before = made.grade()
    while made.step < made.plan.steps:
        made.advance()
    after = made.grade()
    assert len(made.lesson.held) == 120
    assert before.accuracy == pytest.approx(0.67, abs=0.02)
    assert after.accuracy > 0.88
    assert after.loss < 0.5 * before.loss
