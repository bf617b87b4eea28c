"""One forward pass, stage by stage: the numbers of one layer, the formula and the lines that made them, and the cost.

All heads of the layer travel with it; another layer is asked for by the state `layer`. Numbers are float32; weights go
as float16 where that holds them exactly, as it does those of a checkpoint that was saved so. Of the vocabulary only the
likeliest tokens are sent, and what all others add to a softmax is sent with them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.records import Anatomy, Budget, Stage
from viz.formulas import tree
from viz.view import View

LARGE = 700_000  # numbers in a matrix of weights that are still sent
COLUMNS, PER_ROW = 20, 1  # tokens of the vocabulary: the likeliest at the chosen position, and of each other one
STREAMS = ("embeddings", "scaled embeddings", "embeddings and segments", "with positions", "residual stream")
STEPS = {"attention": "Attention", "cross": "Cross-attention", "feed_forward": "Feed-forward"}


@dataclass(frozen=True)
class Picked:
    """A stage of the anatomy that is shown: its number, the side it is on, its group, whether it is another layer's."""

    number: int
    side: str
    group: str
    elsewhere: bool = False


def view(
    anatomy: Anatomy,
    budget: Budget,
    name: Callable[[int], str],
    *,
    layer: int = 0,
    at: int = -1,
    recomputed: float = 0.0,
    temperature: float = 1.0,
    key: str = "",
    notes: tuple[str, ...] = (),
) -> View:
    """The anatomy as a picture.

    `name` labels a token of the vocabulary, `at` is the position whose answer is of interest, `recomputed` the largest
    difference of a cell from its formula. `key`: whether the page's address keeps what is chosen.
    """
    layer = min(max(0, layer), anatomy.config.n_layers - 1)
    picked = _picked(anatomy, layer)
    place = {one.number: i for i, one in enumerate(picked)}
    columns = _columns(anatomy, at)
    parts: dict[str, NDArray[Any]] = {}
    stages, codes = [], list[Any]()
    slugs = Counter[str]()
    for i, one in enumerate(picked):
        stage = anatomy.stages[one.number]
        slug = re.sub(r"\W+", "-", stage.name)
        slugs[slug] += 1
        told = _told(anatomy, stage, one, columns)
        told["at"] = slug if slugs[slug] == 1 else f"{slug}-{slugs[slug]}"
        told["reads"] = [] if one.elsewhere else [place[read] for read in stage.reads if read in place]
        code = (stage.code.path, stage.code.function, stage.code.first, stage.code.lines)
        if code not in codes:
            codes.append(code)
        told["code"], told["ran"] = codes.index(code), list(stage.code.ran)
        stages.append(told)
        parts |= _arrays(stage, one, i, columns)
    config = anatomy.config
    header: dict[str, Any] = {
        "stages": stages,
        "codes": [{"path": p, "function": f, "first": n, "lines": list(lines)} for p, f, n, lines in codes],
        "sequences": {side: list(sequence.labels) for side, sequence in anatomy.sequences.items()},
        "vocabulary": [[int(id), name(int(id))] for id in columns],
        "config": {
            "kind": config.kind,
            "layers": config.n_layers,
            "heads": config.n_heads,
            "kv_heads": config.kv_heads,
            "d_model": config.d_model,
            "d_head": config.d_head,
            "d_vocab": config.d_vocab,
            "activation": config.activation,
        },
        "layer": layer,
        "position": at,
        "temperature": temperature,
        "difference": anatomy.difference,
        "recomputed": recomputed,
        "budget": _budget(budget, anatomy.counted),
        "key": key,
        "notes": list(notes),
    }
    return View("anatomy", header, parts, "A forward pass, number by number")


def _picked(anatomy: Anatomy, layer: int) -> list[Picked]:
    """What is before, in and after this layer, in order; and what these stages read of other layers."""
    both = "encoder" in anatomy.sequences
    chosen: dict[int, Picked] = {}
    side, group, texts = ("encoder" if both else "stack"), "", 0
    for number, stage in enumerate(anatomy.stages):
        texts += stage.name == "tokens"
        side = side if not both else "encoder" if texts == 1 else "decoder"
        group = _group(stage, side, group)
        if stage.layer in (None, layer):
            chosen[number] = Picked(number, side, group)
    for number in list(chosen):
        for read in anatomy.stages[number].reads:
            if read not in chosen:
                side = _side(anatomy, read)
                own = "Layer" if side == "stack" else f"{side.capitalize()} layer"
                chosen[read] = Picked(read, side, f"{own} {anatomy.stages[read].layer}", True)
    return [chosen[number] for number in sorted(chosen)]


def _side(anatomy: Anatomy, number: int) -> str:
    first = anatomy.stages[number].module.split(".")[0]
    return first if first in anatomy.sequences else next(iter(anatomy.sequences))


def _group(stage: Stage, side: str, before: str) -> str:
    """The heading a stage stands under; a residual belongs to the step whose change it adds."""
    own = "" if side == "stack" else f"{side.capitalize()} "
    if stage.layer is None:
        early = stage.name == "tokens" or before in ("", f"{own}input".capitalize())
        return f"{own}input".capitalize() if early else "Output"
    step = next((name for part, name in STEPS.items() if f".{part}" in stage.module), None)
    if step is None:
        return before
    titled = f"{own}layer {stage.layer}: {step.lower()}"
    return titled.capitalize()


def _told(anatomy: Anatomy, stage: Stage, one: Picked, columns: NDArray[np.int64]) -> dict[str, Any]:
    """What a stage says of itself."""
    axes, shape = list(stage.axes), list(stage.values.shape)
    # the keys and values of a cross-attention stand at the encoder's positions
    memory = ".cross" in stage.module and stage.axes[-2:] == ("position", "dimension") and _of_memory(stage)
    rail = stage.name in STREAMS or (stage.name == "normalised" and anatomy.config.norm_place == "post")
    return {
        "name": stage.name,
        "symbol": stage.symbol,
        "says": stage.says,
        "formula": tree(stage.formula),
        "group": one.group,
        "layer": stage.layer,
        "elsewhere": one.elsewhere,
        "axes": axes,
        "shape": shape,
        "sent": [*shape[:-1], len(columns)] if axes[-1] == "token" else shape,
        "rule": "elsewhere" if one.elsewhere else stage.rule.partition(" ")[0],
        "side": "encoder" if memory else one.side,
        "keys": _keys(stage, one),
        "rail": rail,
        "module": stage.module,
    }


def _of_memory(stage: Stage) -> bool:
    return "keys" in stage.name or stage.name in ("values", "shared values")


def _keys(stage: Stage, one: Picked) -> str:
    """Whose positions the columns of a query-by-key matrix are."""
    return "encoder" if ".cross" in stage.module else one.side


def _arrays(stage: Stage, one: Picked, number: int, columns: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Values and operands; of the vocabulary only these columns."""
    vocabulary = stage.axes[-1] == "token"
    values = stage.values[..., columns] if vocabulary else stage.values
    found: dict[str, NDArray[Any]] = {f"{number}.values": values.astype(np.float32)}
    if one.elsewhere:
        return found
    for name, array in stage.operands.items():
        if array.size > LARGE and not vocabulary:
            continue
        kept = array[..., columns] if vocabulary and array.ndim else array
        found[f"{number}.{name}"] = _exact(kept) if name in ("weight", "added") else kept.astype(np.float32)
    if vocabulary and stage.rule == "softmax":
        best = np.argmax(stage.values, -1, keepdims=True)
        found[f"{number}.best"] = np.take_along_axis(stage.values, best, -1).astype(np.float32)
    return found


def _exact(array: NDArray[Any]) -> NDArray[Any]:
    """The bits of float16 numbers if they are the same numbers, else float32."""
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return half.view(np.uint16) if np.array_equal(half.astype(np.float32), array) else array.astype(np.float32)


def _columns(anatomy: Anatomy, at: int) -> NDArray[np.int64]:
    """Tokens of the vocabulary worth a column: the likeliest where the answer is of interest, then the others'."""
    last = anatomy.stages[-1]
    if last.axes[-1] != "token":
        return np.arange(0)
    values = last.values
    order = np.argsort(-values, axis=-1, kind="stable")
    every = [*order[at][:COLUMNS], *order[:, :PER_ROW].ravel()]
    return np.array(list(dict.fromkeys(int(id) for id in every)), np.int64)


def _budget(budget: Budget, counted: Budget) -> dict[str, Any]:
    """The arithmetic beside what was counted."""
    found = {part.name: part for part in counted.parts}
    rows: Sequence[Any] = [
        [part.name, part.n_params, part.flops, *_counts(found.get(part.name))] for part in budget.parts
    ]
    return {"parts": rows, "cache": [budget.cache, counted.cache]}


def _counts(part: Any) -> tuple[int, int]:
    return (part.n_params, part.flops) if part is not None else (0, 0)
