"""Order matters: one task, learnt with positions and without, by an encoder and by a decoder.

Eight different letters are to be said backwards. An encoder without positions cannot tell one order from another: at
every place it can do no better than name one of the other seven. A decoder reads backwards only, which tells of order.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.learn.positions.extrapolation import SEEDS
from models.learn.train import Batch, Plan, fit
from models.records import Config
from models.scratch.vision import build

LETTERS, LENGTH, BATCH = 16, 8, 64  # letters there are, and letters of a text
SIGN = LETTERS  # "=": the answer begins
TESTED = 500
RUNS = {"encoder": ("none", "sinusoidal", "learned"), "decoder": ("none", "learned")}


def plan(kind: str, seed: int) -> Plan:
    """How each is trained; a decoder, which has to find the places it copies from, longer."""
    steps = 800 if kind == "encoder" else 2_000
    return Plan(steps=steps, lr=3e-3, warmup=50, final_lr=0.02, weight_decay=0.0, seed=seed, every=steps // 20)


def config(kind: str, encoding: str) -> Config:
    """Two layers of four heads."""
    return Config(kind=kind, d_vocab=LETTERS + 1, max_len=2 * LENGTH, position=encoding, d_ff=128, embedding_std=0.3)


def batch(kind: str, n: int, seed: list[int]) -> Batch:
    """Texts, and what should stand at each place, -100 where nothing is asked."""
    chance = np.random.default_rng(seed)
    text = chance.permuted(np.tile(np.arange(LETTERS), (n, 1)), axis=1)[:, :LENGTH]
    answer = text[:, ::-1]
    if kind == "encoder":
        return {"ids": torch.from_numpy(text), "right": torch.from_numpy(answer.copy())}
    ids = np.concatenate([text, np.full((n, 1), SIGN), answer[:, :-1]], axis=1)
    right = np.concatenate([np.full((n, LENGTH), -100), answer], axis=1)
    return {"ids": torch.from_numpy(ids), "right": torch.from_numpy(right)}


def loss(model: Any, batch: Batch) -> Tensor:
    """Cross-entropy of the answer, in nats."""
    return F.cross_entropy(model(batch["ids"]).flatten(0, 1), batch["right"].flatten())


@torch.no_grad()
def accuracy(model: Any, kind: str, n: int = TESTED) -> float:
    """Share of the letters of new texts that are right."""
    model.eval()
    asked = batch(kind, n, [103])
    real = asked["right"] >= 0
    right = model(asked["ids"]).argmax(-1) == asked["right"]
    return round(right[real].double().mean().item(), 4)


def train(kind: str, encoding: str, seed: int, work: Path, report: Callable[[str], None]) -> dict[str, Any]:
    """One run, and its curve."""
    began = time.process_time()
    torch.manual_seed(seed)
    model = build(config(kind, encoding))
    first = accuracy(model, kind)
    curve = fit(
        model,
        lambda step: batch(kind, BATCH, [seed, step]),
        plan(kind, seed),
        work / f"order-{kind}-{encoding}-{seed}",
        lambda: {"accuracy": accuracy(model, kind)},
        loss,
        lambda _: None,
    )
    found: dict[str, Any] = {
        "seed": seed,
        "steps": [0, *(row["step"] for row in curve)],
        "accuracy": [first, *(row["accuracy"] for row in curve)],
    }
    report(f"order {kind} {encoding} {seed}: {time.process_time() - began:.0f} CPU-s, {found['accuracy'][-1]}")
    return found


def train_all(work: Path, report: Callable[[str], None]) -> list[dict[str, Any]]:
    """Every run, by who reads and by what encoding."""
    return [
        {"kind": kind, "encoding": encoding, "runs": [train(kind, encoding, seed, work, report) for seed in SEEDS]}
        for kind, encodings in RUNS.items()
        for encoding in encodings
    ]
