"""What the capture reads of an architecture, held against the library's own attentions and against the arithmetic.

The library can be wrong, silent or incomplete. So every captured call is also recomputed by itself: its weights are
the softmax of its scores in float64, its rows sum to 1, and its weights times its values are what its heads hand on.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from typing import Any

import torch
import transformers as hf
from torch import Tensor

from models.capture import catalogue
from models.capture.active import Capture
from models.capture.calls import Call, allowed, repeated
from tests.coverage import library
from tests.coverage.base import Architecture

TOLERANCE = 1e-5
PLAIN = "weights"

# What a tensor of the library can be, beside the weights of a call
READINGS = {
    "scores": "the scores before the softmax",
    "averaged": "the average over heads",
    "zeroed": "the weights, with rows set to 0 afterwards",
    "cut": "the last rows and columns of the weights",
    "across": "the weights with queries and keys exchanged",
    "other": "no weights: nothing to compare",
}


@dataclass(frozen=True)
class Result:
    """One architecture, looked at."""

    architecture: Architecture
    tier: str  # "interface", "function", "mixed", "library", or "none" where the capture refuses
    kinds: dict[str, int]  # kind -> number of calls
    matched: tuple[tuple[library.Given, float], ...]  # the library's tensors, how far the nearest call is
    others: int  # tensors of the library that are no weights
    left_out: int  # captured calls that the library does not hand out
    output: float  # how far looking moves the output; 0 is to the bit
    default: float  # how far the output is from that of a model nobody has touched, padding apart
    rows: float  # how far rows are from summing to 1
    softmax: tuple[float, ...]  # per call whose scores are known: how far from the softmax in float64
    values: tuple[float, ...]  # per call whose values are known: how far weights times values are from the output
    refusal: str = ""

    @property
    def equal(self) -> int:
        """How many of the library's tensors were found."""
        return sum(distance <= TOLERANCE for _, distance in self.matched)

    @property
    def farthest(self) -> float:
        """The largest difference among those."""
        return max((distance for _, distance in self.matched if distance <= TOLERANCE), default=0.0)

    @property
    def calls(self) -> int:
        """Captured calls of attention modules."""
        return sum(self.kinds.values())


def look(architecture: Architecture) -> Result:
    """Build a model, survey it, capture one padded batch, and compare."""
    model = architecture.make()
    given = library.attentions(architecture, model)
    wanted = [one for one in given if reading(architecture, one) != "other"]
    others = len(given) - len(wanted)
    run = partial(_forward, model, architecture)
    default = catalogue.outputs(catalogue.seeded(run))
    try:
        found = catalogue.survey(model, run, architecture.inputs())
    except catalogue.AttentionRefused as refused:
        none = tuple((one, math.inf) for one in wanted)
        return Result(architecture, "none", {}, none, others, 0, 0.0, 0.0, 0.0, (), (), str(refused))
    before = catalogue.outputs(catalogue.seeded(run))
    after, calls = _captured(found, run)
    real = partial(library.without_padding, inputs=architecture.inputs())
    distances = [[distance(call, one, reading(architecture, one)) for call in calls] for one in wanted]
    used = {row.index(min(row)) for row in distances if row and min(row) <= TOLERANCE}
    return Result(
        architecture,
        found.tier,
        dict(Counter(layer.kind for layer in found.layers)),
        tuple((one, min(row, default=math.inf)) for one, row in zip(wanted, distances, strict=True)),
        others,
        len(calls) - len(used),
        apart(before, after),
        apart(real(default), real(after), relative=True),
        max((_rows(call) for call in calls), default=0.0),
        tuple(_each(_softmax(call) for call in calls)),
        tuple(_each(_values(call) for call in calls)) if "adds" not in architecture.options else (),
    )


def _forward(model: hf.PreTrainedModel, architecture: Architecture, **options: Any) -> Any:
    return model(**architecture.inputs(), **options)


def _captured(found: catalogue.Catalogue, run: catalogue.Run) -> tuple[list[Tensor], list[Call]]:
    """One pass as the app makes it: the output and every call."""
    if found.tier != "library":
        with Capture(found.modules, keep=frozenset({"scores", "values", "outputs"})) as capture:
            out = catalogue.seeded(run)
        return catalogue.outputs(out), capture.calls
    out = catalogue.seeded(run, output_attentions=True)
    calls = [
        Call(field, index, "library", tensor.shape[1], given=tensor)
        for field, tensors in catalogue.returned(out).items()
        for index, tensor in enumerate(tensors)
    ]
    return catalogue.outputs(out), calls


def reading(architecture: Architecture, given: library.Given) -> str:
    """What a tensor of the library is."""
    name = ".".join([given.field, *map(str, given.index)])
    return next((how for pattern, how in architecture.readings.items() if fnmatch(name, pattern)), PLAIN)


def distance(call: Call, given: library.Given, how: str) -> float:
    """How far a call's weights are from a tensor of the library, inf if they cannot be compared."""
    theirs = given.weights
    ours = call.weights()
    if how == "scores":
        theirs, how = theirs.double().softmax(-1).float(), PLAIN
    if how == "averaged" and ours.dim() == 4:
        mean = ours.mean(1)
        ours = mean[:, None].expand_as(ours) if theirs.dim() == 4 else mean
    if how == "across":
        ours = ours.transpose(-1, -2)
    if how == "cut" and theirs.shape[:2] == ours.shape[:2]:
        ours = ours[..., -theirs.shape[-2] :, -theirs.shape[-1] :]
    if how == "zeroed" and theirs.shape == ours.shape:
        ours = torch.where(theirs.any(-1, keepdim=True), ours, 0.0)
    return min(_far(one, theirs) for one in (ours, call.given) if one is not None)


def _far(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference; one may have axes merged that the other has apart."""
    if ours.numel() != theirs.numel():
        return math.inf
    return float((ours.reshape(theirs.shape) - theirs).abs().max())


def apart(before: list[Tensor], after: list[Tensor], relative: bool = False) -> float:
    """The largest difference between two outputs of one model; `relative`: in parts of each tensor's largest number."""
    found = [0.0]
    for one, other in zip(before, after, strict=True):
        if one.numel():
            size = one[one.isfinite()].abs().max().clamp(min=1) if relative else 1
            found.append(float((torch.where(one == other, 0.0, one - other).abs() / size).max()))
    return max(found)


def _each(found: Iterator[float | None]) -> Iterator[float]:
    return (one for one in found if one is not None)


def _rows(call: Call) -> float:
    """How far the sums of rows are from 1; learnt sinks take a share that is not shown, so those may be less."""
    sums = call.weights().double().sum(-1)
    own = call.recipe is None and call.tier == "interface"  # the model's own function, which may know sinks
    if own or (call.recipe is not None and call.recipe.sinks is not None):
        return float((sums - 1).clamp_min(0).max())
    return float((sums - 1).abs().max())


def _softmax(call: Call) -> float | None:
    """How far the weights are from the softmax of the scores in float64."""
    if call.recipe is None and call.given_scores is None:
        return None
    scores = call.scores()
    if scores is None:
        return None
    scores = scores.double()
    sinks = None if call.recipe is None else call.recipe.sinks
    if sinks is not None:
        column = sinks.double().reshape(1, -1, 1, 1).expand(*scores.shape[:-1], 1)
        scores = torch.cat([scores, column], -1)
    exact = (scores - scores.amax(-1, keepdim=True)).exp()
    exact = exact / exact.sum(-1, keepdim=True)
    ours = call.weights()
    return float((exact[..., : ours.shape[-1]] - ours).abs().max())


def _values(call: Call) -> float | None:
    """How far weights times values are from what the heads hand on, where a query may read anything at all."""
    if call.value is None or call.output is None or call.weights().shape[-1] != call.value.shape[-2]:
        return None
    far = call.weights().double() @ repeated(call.value, call.n_heads).double() - call.output
    if call.recipe is not None and (scores := call.scores()) is not None:
        far *= allowed(scores).any(-1, keepdim=True)  # a fused kernel gives padding that may read nothing zeros
    return float(far.abs().max() / call.output.abs().max().clamp(min=1))
