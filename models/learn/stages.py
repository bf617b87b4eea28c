"""One step in slow motion: forward, loss, backward, clip, update, with the numbers of that very step."""

from __future__ import annotations

import math
from typing import Any, TypeVar

import torch
from torch import Tensor

from models.learn import looking
from models.learn.trainer import IGNORED, Step, Trainer

T = TypeVar("T", bound=Tensor)
TOP = 3  # symbols that are named


def staged(trainer: Trainer) -> tuple[Step, dict[str, Any]]:
    """The same step as `trainer.advance()`, to the same bits, and what happened on the way, as JSON."""
    said: list[Tensor] = []
    hook = trainer.model.register_forward_hook(lambda module, given, out: said.append(out.detach().float()))
    try:
        lr = trainer.begin()
        value = trainer.backward()
    finally:
        hook.remove()
    assert trainer.batch is not None
    inputs, labels = trainer.batch
    told: dict[str, Any] = {"step": trainer.step, "forward": _forward(trainer, inputs, labels, said[-1])}
    p = told["forward"]["chance"]
    counted = int((labels != IGNORED).sum())
    told["loss"] = {"one": -math.log(p) if p > 0 else None, "mean": _number(value), "counted": counted}
    told["backward"] = looking.norms(trainer.model)
    place = _strongest(trainer)
    before = {part: [w.detach().clone() for w in weights] for part, weights in looking.parts(trainer.model).items()}
    weight, gradient = _one(trainer, place)
    norm = trainer.clip()
    clip = trainer.spec.clip
    told["clip"] = {"norm": _number(norm), "most": clip, "factor": min(1.0, clip / norm) if clip and norm > 0 else 1.0}
    trainer.check(value, norm)
    trainer.update()
    now = looking.parts(trainer.model)
    told["update"] = {
        "lr": lr,
        "optimiser": trainer.spec.optimiser,
        "name": place[0],
        "gradient": gradient,
        "before": weight,
        "after": _one(trainer, place)[0],
        "ratio": looking.change(_all(now), _all(before)),
        "weights": sum(w.numel() for weights in now.values() for w in weights),
    }
    return Step(trainer.step, value, norm, lr), told


def _forward(trainer: Trainer, inputs: Tensor, labels: Tensor, logits: Tensor) -> dict[str, Any]:
    """What the first row asks, and what the model makes of its first counted position."""
    logits = logits if logits.ndim == 3 else logits[:, None]
    at = int((labels[0] != IGNORED).nonzero()[0])
    chances = logits[0, at].softmax(-1)
    symbols = trainer.data.symbols
    right = int(labels[0, at])
    best = chances.topk(min(TOP, len(symbols)))
    return {
        "rows": len(labels),
        "read": [] if inputs.ndim > 2 else [symbols[i] for i in inputs[0, : at + 1].tolist()],
        "right": symbols[right],
        "chance": float(chances[right]),
        "best": [[symbols[i], p] for p, i in zip(best.values.tolist(), best.indices.tolist(), strict=True)],
    }


def _strongest(trainer: Trainer) -> tuple[str, int]:
    """The weight that is pulled at most: the parameter's name and the place in it."""
    felt = {name: w.grad.abs().max() for name, w in trainer.model.named_parameters() if w.grad is not None}
    name = max(felt, key=lambda one: float(felt[one]))
    gradient = trainer.model.get_parameter(name).grad
    assert gradient is not None
    return name, int(gradient.abs().argmax())


def _one(trainer: Trainer, place: tuple[str, int]) -> tuple[float, float]:
    """That weight and its gradient as they stand."""
    name, index = place
    weight = trainer.model.get_parameter(name)
    assert weight.grad is not None
    with torch.no_grad():
        return float(weight.flatten()[index]), float(weight.grad.flatten()[index])


def _all(by_part: dict[str, list[T]]) -> list[T]:
    return [tensor for tensors in by_part.values() for tensor in tensors]


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
