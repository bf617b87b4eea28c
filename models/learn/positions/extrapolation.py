"""Six models that differ in their encoding alone, and how well each reads texts that are longer than it trained on.

Press et al. 2021 ("Train Short, Test Long") asked this of language models. Here the task is `repeats`, so that right
and wrong can be counted, and what has to be read can be put near or far.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from models.learn.positions import repeats
from models.learn.train import Batch, Plan, fit
from models.records import Config
from models.scratch.positions import Rope
from models.scratch.stretched import METHODS, stretch
from models.scratch.transformer import Decoder

ENCODINGS = ("none", "learned", "sinusoidal", "rope", "alibi", "t5")
SEEDS = (0, 1, 2)
WATCHED, TESTED = 10, 40  # texts per block length for the curve, and for what is recorded


def plan(seed: int) -> Plan:
    """How every model is trained."""
    return Plan(
        steps=1_500,
        lr=3e-3,
        warmup=50,
        hold=0.5,
        final_lr=0.02,
        betas=(0.9, 0.98),
        weight_decay=0.0,
        seed=seed,
        every=100,
    )


def config(encoding: str) -> Config:
    """Two layers of four heads, attention only. The learnt table has rows for the longest text; most are never trained.

    The embedding starts wide and the output is not tied to it: otherwise the circuit forms in few runs.
    """
    return Config(
        d_vocab=repeats.D_VOCAB,
        max_len=repeats.LONGEST,
        d_ff=0,
        position=encoding,
        bias=False,
        tied=False,
        embedding_std=1.0,
    )


def network(encoding: str, seed: int) -> Decoder:
    """A model as it begins."""
    torch.manual_seed(seed)
    shape = config(encoding)
    model = Decoder(shape)
    torch.nn.init.normal_(model.unembedding.weight, std=shape.d_model**-0.5)
    return model


def loss(model: Any, batch: Batch) -> Tensor:
    """Cross-entropy of what comes next, in nats, where it can be known."""
    return F.cross_entropy(model(batch["ids"]).flatten(0, 1), batch["next"].flatten())


def train(encoding: str, seed: int, work: Path, report: Callable[[str], None]) -> tuple[Decoder, dict[str, Any]]:
    """One model, and what is recorded of it: its curve, and its accuracy on longer texts."""
    model, began = network(encoding, seed), time.process_time()

    def batch(step: int) -> Batch:
        ids, after = repeats.batch(seed, step)
        return {"ids": ids, "next": after}

    def watched() -> dict[str, float]:
        return {"accuracy": near(model, WATCHED, (repeats.LENGTH,))[0]}

    curve = fit(model, batch, plan(seed), work / f"{encoding}-{seed}", watched, loss, lambda _: None)
    model.eval()
    found: dict[str, Any] = {
        "seed": seed,
        "near": near(model),
        "late": late(model),
        "far": far(model),
        "steps": [row["step"] for row in curve],
        "loss": [row["loss"] for row in curve],
        "accuracy": [row["accuracy"] for row in curve],
    }
    if encoding == "rope":
        found["stretched"] = {method: stretched(model, method, TESTED // 2) for method in METHODS}
    tests = ", ".join(f"{test} {found[test]}" for test in ("near", "late", "far"))
    report(f"{encoding} {seed}: {time.process_time() - began:.0f} CPU-s, {tests}")
    return model, found


@torch.no_grad()
def near(model: Decoder, n: int = TESTED, lengths: tuple[int, ...] = repeats.LENGTHS) -> list[float]:
    """Share of the last 16 letters foreseen, per length of text, the blocks being as short as in training."""
    model.eval()
    longest = max(lengths)
    right = [
        (model(ids[:, :longest]).argmax(-1) == ids[:, 1 : longest + 1]).double().mean(0) for ids in repeats.near(n)
    ]
    by_place = torch.stack(right).mean(0)
    return [round(by_place[length - repeats.COUNTED : length].mean().item(), 4) for length in lengths]


@torch.no_grad()
def late(model: Decoder, n: int = TESTED, lengths: tuple[int, ...] = repeats.LENGTHS) -> list[float]:
    """The same where the text of the training length stands behind other letters."""
    model.eval()
    return [_mean([_right(model, ids) for ids in repeats.late(n, length)]) for length in lengths]


@torch.no_grad()
def far(model: Decoder, n: int = TESTED, lengths: tuple[int, ...] = repeats.LENGTHS) -> list[float]:
    """The same where the block is half the text."""
    model.eval()
    return [round(_right(model, repeats.far(n, length)), 4) for length in lengths]


def _right(model: Decoder, ids: Tensor) -> float:
    """Share of the last 16 letters of these texts that are foreseen."""
    last = slice(-repeats.COUNTED, None)
    return (model(ids[:, :-1])[:, last].argmax(-1) == ids[:, 1:][:, last]).double().mean().item()


def _mean(shares: list[float]) -> float:
    """To four places."""
    return round(sum(shares) / len(shares), 4)


@torch.no_grad()
def stretched(model: Decoder, method: str, n: int = TESTED) -> dict[str, list[float]]:
    """Accuracy of a RoPE model whose angles are stretched, untrained, by as much as each text is longer."""
    rope = model.stack.position
    assert isinstance(rope, Rope)
    found: dict[str, list[float]] = {"near": [], "late": [], "far": []}
    for length in repeats.LENGTHS:
        model.stack.position = stretch(rope, method, length / repeats.LENGTH, repeats.LENGTH)
        near = [ids[:, : length + 1] for ids in repeats.near(n)]
        tests = {"near": near, "late": repeats.late(n, length), "far": [repeats.far(n, length)]}
        for name, texts in tests.items():
            found[name].append(_mean([_right(model, ids) for ids in texts]))
    model.stack.position = rope
    return found
