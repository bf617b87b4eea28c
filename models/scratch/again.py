"""Every stage once more, from what it reads and its weights by one of a few rules, in float64.

A rule is what a formula says of one cell. What it takes besides the stages it reads are its operands: arrays that
`operands` fetches from the module that ran. `again` computes a stage anew; the browser does the same for one cell, term
by term, so that both can be compared with what the model computed.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.records import Anatomy, Floats, Stage
from models.scratch.block import ACTIVATIONS
from models.scratch.positions import Learned

Doubles = NDArray[np.float64]
Operands = dict[str, Floats]
Reads = Mapping[str, Doubles]  # by the names of the stages that are read

WEIGHTS = "attention weights"
QUERIES, KEYS = ("rotated queries", "queries"), ("shared keys", "rotated keys", "keys")
CENTRE, SPREAD = "mean", ("variance", "mean square")


def operands(rule: str, owner: Any, values: Tensor, context: Mapping[str, Any]) -> Operands:
    """The arrays that a rule takes from the module; `context` holds the temperature, the segments and the width."""
    kind, _, part = rule.partition(" ")
    if kind in ("linear", "activated"):
        layer: nn.Linear = getattr(owner, part)
        found = {"weight": layer.weight.mT}
        return _plain(found if layer.bias is None else found | {"bias": layer.bias})
    if kind == "plus" and part == "segments":
        return _plain({"added": owner.segments.weight[context["segments"]]})
    if kind == "plus":
        n, d = values.shape[-2:]
        table = owner.table[:n] if isinstance(owner, Learned) else owner.table(n, d)
        return _plain({"added": table})
    if kind == "affine":
        found = {"scale": owner.weight}
        return _plain(found if getattr(owner, "bias", None) is None else found | {"shift": owner.bias})
    if kind == "rotate":
        return _plain(_turns(owner, context["position"], *values.shape[-2:]))
    if kind in ("times", "over"):
        by = {"width": math.sqrt(context["d_head"]), "temperature": context["temperature"]}.get(part) or owner.scale
        return {"by": np.array(by, np.float32)}
    return {"eps": np.array(owner.eps, np.float32)} if kind == "standardise" else {}


def _plain(found: Mapping[str, Tensor]) -> Operands:
    """As numpy sees them, without a copy."""
    return {name: tensor.detach().numpy() for name, tensor in found.items()}


def _turns(owner: nn.Module, position: Any, n: int, d: int) -> dict[str, Tensor]:
    """RoPE as y_j = x_j cos_pj + x_partner(j) sin_pj: what each dimension becomes is read off its own basis."""
    basis = torch.eye(d)[:, None, None, :].expand(d, 1, n, d)
    turned = position.rotate(basis)[:, 0]  # [from, position, to]
    own = turned.diagonal(dim1=0, dim2=2)  # [position, dimension]
    others = turned.abs().sum(1).masked_fill(torch.eye(d, dtype=torch.bool), -1.0)
    partner = others.argmax(0)
    crossed = turned[partner, :, torch.arange(d)].mT
    return {"cos": own, "sin": crossed, "partner": partner.float()}


def again(anatomy: Anatomy, stage: Stage) -> Doubles | None:
    """The stage's values computed anew; None for what was given."""
    kind, _, _ = stage.rule.partition(" ")
    if kind == "given":
        return None
    reads = {anatomy.stages[i].name: anatomy.stages[i].values.astype(np.float64) for i in stage.reads}
    with np.errstate(over="ignore"):
        made: Doubles = RULES[kind](stage, reads, anatomy)
    return made


def largest_difference(anatomy: Anatomy) -> float:
    """Of all cells from what their rule makes of what they read, as a share of their stage's largest number.

    Masked cells are minus infinity in both. ValueError names a stage where they are not.
    """
    worst = 0.0
    for stage in anatomy.stages:
        made = again(anatomy, stage)
        if made is None:
            continue
        finite = np.isfinite(stage.values)
        if not np.array_equal(finite, np.isfinite(made)):
            raise ValueError(f"{stage.name} of {stage.module}: other cells are masked than the rule says")
        size = np.abs(stage.values[finite]).max(initial=1e-30)
        worst = max(worst, float(np.abs(made[finite] - stage.values[finite]).max(initial=0.0) / size))
    return worst


def _only(reads: Reads) -> Doubles:
    (values,) = reads.values()
    return values


def _stream(reads: Reads) -> Doubles:
    """What a norm reads, beside its own mean and variance."""
    (values,) = (v for name, v in reads.items() if name != CENTRE and name not in SPREAD)
    return values


def _first(reads: Reads, names: tuple[str, ...]) -> Doubles:
    return next(reads[name] for name in names if name in reads)


def _row(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    """Looking up computes nothing."""
    return stage.values.astype(np.float64)


def _linear(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    made = _stream(reads) @ stage.operands["weight"].astype(np.float64)
    made = made + stage.operands.get("bias", np.float32(0))
    if stage.values.ndim == 3:
        n_heads = stage.values.shape[0]
        made = made.reshape(made.shape[0], n_heads, -1).swapaxes(0, 1)
    return made


def _activated(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    return _bent(_linear(stage, reads, anatomy), anatomy)


def _bent(values: Doubles, anatomy: Anatomy) -> Doubles:
    return np.asarray(ACTIVATIONS[anatomy.config.activation](torch.from_numpy(values)).numpy())


def _rotate(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    x, o = _only(reads), stage.operands
    return x * o["cos"] + x[..., o["partner"].astype(int)] * o["sin"]


def _mean(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    return np.asarray(_only(reads).mean(-1, keepdims=True))


def _variance(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    return np.asarray(((_stream(reads) - reads[CENTRE]) ** 2).mean(-1, keepdims=True))


def _square(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    return np.asarray((_only(reads) ** 2).mean(-1, keepdims=True))


def _standardise(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    return (_stream(reads) - reads.get(CENTRE, 0.0)) / np.sqrt(_first(reads, SPREAD) + stage.operands["eps"])


def _affine(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    return _only(reads) * stage.operands["scale"] + stage.operands.get("shift", np.float32(0))


def _dot(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    return _first(reads, QUERIES) @ _first(reads, KEYS).swapaxes(-1, -2)


def _mix(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    return reads[WEIGHTS] @ _first(reads, ("shared values", "values"))


def _softmax(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    scores = _only(reads)
    raised = np.exp(scores - scores.max(-1, keepdims=True))
    return np.asarray(raised / raised.sum(-1, keepdims=True))


def _mask(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    """Which cells are masked is the code's own doing; the others stay."""
    return np.where(np.isinf(stage.values), -np.inf, _only(reads))


def _concatenate(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    heads = _only(reads)
    return heads.swapaxes(0, 1).reshape(heads.shape[1], -1)


def _add(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    """Two stages; one that is added to itself is read once."""
    one, *other = (anatomy.stages[i].values.astype(np.float64) for i in stage.reads)
    return np.asarray(one + (other[0] if other else one))


def _plus(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    (values,) = (v for name, v in reads.items() if name != "tokens")
    return values + stage.operands["added"]


def _multiply(stage: Stage, reads: Reads, anatomy: Anatomy) -> Doubles:
    one, other = reads.values()
    return one * other


RULES: dict[str, Callable[[Stage, Reads, Anatomy], Any]] = {
    "row": _row,
    "plus": _plus,
    "times": lambda stage, reads, anatomy: _only(reads) * stage.operands["by"],
    "over": lambda stage, reads, anatomy: _only(reads) / stage.operands["by"],
    "mean": _mean,
    "variance": _variance,
    "square": _square,
    "standardise": _standardise,
    "affine": _affine,
    "linear": _linear,
    "activated": _activated,
    "activate": lambda stage, reads, anatomy: _bent(_only(reads), anatomy),
    "rotate": _rotate,
    "share": lambda stage, reads, anatomy: np.repeat(_only(reads), len(stage.values) // len(_only(reads)), axis=0),
    "dot": _dot,
    "mask": _mask,
    "softmax": _softmax,
    "mix": _mix,
    "concatenate": _concatenate,
    "add": _add,
    "multiply": _multiply,
}
