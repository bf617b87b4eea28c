"""Attention over a picture on a page: what the visitor has asked for is computed, packed and mounted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st

from models import zoo
from models.records import Attention, Floats, Trace
from models.zoo.given import Given
from pages.parts import keep, seen, show
from viz.view import View
from viz.views import curves, patches, sheets

if TYPE_CHECKING:
    from torch import Tensor

    from models.explain.faithfulness import Faithfulness
    from models.zoo.model import Model

NO_ANSWER = (
    "This model names no class and matches no text, so there is no answer that a patch could speak for. Heads, means "
    "and rollout need none."
)
NO_POSITIONS = (
    "This model has no learned embedding for each place in the picture: it tells places apart in another way."
)
ROOM = 3_000_000  # weights [query, key] of a head up to which layers are multiplied with one another on a page


def stacks(trace: Trace) -> tuple[int, ...]:
    """The stacks of attention that lie over the picture; raises zoo.InputError if none does."""
    found = tuple(
        i
        for i, stack in enumerate(trace.attentions)
        if stack.queries.grid and stack.keys.grid and stack.view == "matrix"
    )
    if not found:
        raise zoo.InputError(
            f"The attention of {trace.info.name} cannot be laid over the picture: its positions are no grid of "
            "patches. Text attention shows it as a matrix."
        )
    return found


def mount(model: Model, given: Given, kept: keep.Kept, number: int, key: str) -> None:
    """The picture with its attention; and, once the visitor asks, whether a map tells the truth."""
    state = st.session_state.get(key) or {}
    known = {name: value for name, value in st.query_params.items() if name in patches.STATE}
    asked = patches.asked(state.get("ask") or urlencode(known))
    name = ("patches", kept.key, number, asked)
    packed = keep.packed(name, lambda: _view(model, given, kept, number, asked))
    show.view(packed.view, key=key, data=packed.data, ask="", check="")
    checked = state.get("check")
    if checked:
        _check(model, given, kept, number, patches.asked(checked), patches.fusion(checked), f"{key}_check")


def _view(model: Model, given: Given, kept: keep.Kept, number: int, asked: patches.Asked) -> View:
    """Everything the picture needs, computed as far as it is asked for."""
    stack = kept.trace.attentions[number]
    statistics = kept.statistics(number)
    why_not = _why_not(model, kept.trace, stack)
    relevances = (
        _relevances(model, given, kept, number, asked)
        if asked.map == "relevance" and not why_not.get(asked.map)
        else ()
    )
    extras = patches.Extras(
        distance=None if statistics is None or stack.queries.grid != stack.keys.grid else statistics.distance,
        rollouts=_rollouts(stack, asked.discard) if asked.map == "rollout" and "rollout" not in why_not else {},
        discard=asked.discard,
        relevances=relevances,
        positions=_positions(model, stack) if asked.map == "positions" else None,
        why_not=why_not,
        read_from=_read_from(model, stack),
    )
    return patches.view(
        kept.trace, seen.picture(model, given, (stack.queries, stack.keys)), extras, attention=number, want=asked.head
    )


def _why_not(model: Model, trace: Trace, stack: Attention) -> dict[str, str]:
    """Maps that cannot be drawn for this model, each with the reason."""
    why = {}
    if not _answers(model, trace):
        why["relevance"] = why["check"] = NO_ANSWER
    elif trace.info.tier == "library":
        why["relevance"] = f"{trace.info.name} hands out its weights only: no gradients to weigh them by."
    if max(len(stack.queries), len(stack.keys)) ** 2 > ROOM:
        why["rollout"] = "There are too many patches to follow all paths through the layers on this page."
    elif not _follows(stack):
        why["rollout"] = "These layers read other positions than those that read them: no path goes through them."
    if "rollout" in why:
        why.setdefault("relevance", why["rollout"])
    if _positions(model, stack) is None:
        why["positions"] = NO_POSITIONS
    return why


def _answers(model: Model, trace: Trace) -> bool:
    """Whether there is a number to explain: a class's, or how well the text matches."""
    return model.matches or (trace.ranking is not None and trace.ranking.question == "class")


def _follows(stack: Attention) -> bool:
    """Whether what one layer reads is what the layer before wrote."""
    same = len(stack.queries) == len(stack.keys)
    return same or (stack.queries.grid is not None and stack.keys.grid is not None)


def _read_from(model: Model, stack: Attention) -> str:
    pooled = model.pools or sheets.base(stack.queries) is None
    return "the mean of all patches" if pooled else "the class token"


def _rollouts(stack: Attention, discard: float) -> dict[str, Floats]:
    """Rollout with each fusion of heads."""
    from models.explain.picture_rollout import FUSIONS, own_special, rollout
    from models.explain.square import squared

    layers = [squared(layer, stack.queries, stack.keys) for layer in stack.weights]
    found = {fuse: rollout(layers, fuse, discard, own_special(stack.queries)) for fuse in FUSIONS}
    return {fuse: _onto(matrix, stack) for fuse, matrix in found.items()}


def _onto(matrix: Floats, stack: Attention) -> Floats:
    """A matrix over the queries' positions [..., position] on the stack's own keys."""
    from models.explain.square import on_keys

    return on_keys(matrix, stack.queries, stack.keys)


def _positions(model: Model, stack: Attention) -> Floats | None:
    """How alike the embeddings of the picture's places are."""
    from models.explain.position_similarity import embeddings, similarity

    if stack.keys.grid is None or stack.kind == "cross":
        return None
    table = embeddings(model)
    return None if table is None else similarity(table, stack.keys.grid)


def _relevances(
    model: Model, given: Given, kept: keep.Kept, number: int, asked: patches.Asked
) -> tuple[patches.Relevance, ...]:
    """What each of the classes rests on, the best if none is asked for."""
    start = _start(model, kept.trace.attentions[number], asked)
    return tuple(_relevance(model, given, kept, number, one, start) for one in _candidates(model, kept.trace, asked))


def _candidates(model: Model, trace: Trace, asked: patches.Asked) -> tuple[int, ...]:
    """Numbers of classes; -1 for how well a text matches."""
    ranking = trace.ranking
    if ranking is None or ranking.question != "class":
        return (-1,)
    there = tuple(one for one in asked.classes if one < ranking.n_candidates)
    return there or ranking.ids[:1]


def _start(model: Model, stack: Attention, asked: patches.Asked) -> int:
    """The layer to begin at: the last one of CLIP, whose early layers only add spots (so do its authors)."""
    last = len(stack.n_heads) - 1
    if asked.start is not None:
        return min(asked.start, last)
    return last if model.matches else 0


def _relevance(
    model: Model, given: Given, kept: keep.Kept, number: int, candidate: int, start: int
) -> patches.Relevance:
    from models.explain import relevance

    def create() -> Trace:
        return model.look(given, gradient_of=_match if candidate < 0 else candidate)

    trace = keep.made(("gradients", kept.key, candidate), create, lambda made: made.nbytes)
    stack = trace.attentions[number]
    row = relevance.read_out(relevance.of_stack(stack, start), stack.queries, model.pools)
    values = _onto(row[None], stack)[0]
    return patches.Relevance(_label(model, given, candidate), candidate, values, start)


def _match(output: Any) -> Tensor:
    """How well the text matches the picture."""
    match: Tensor = output.logits_per_image[0, 0]
    return match


def _label(model: Model, given: Given, candidate: int) -> str:
    if candidate < 0:
        return given.text
    names: Any = model.module.config.id2label
    return str(names[candidate])


def _check(model: Model, given: Given, kept: keep.Kept, number: int, asked: patches.Asked, fuse: str, key: str) -> None:
    """Deletion and insertion of one map, drawn below it."""
    if not _answers(model, kept.trace):
        return
    candidate = _candidates(model, kept.trace, asked)[0]
    name = ("curves", kept.key, number, asked, fuse)
    try:
        packed = keep.packed(name, lambda: curves.view(*_curves(model, given, kept, number, asked, fuse, candidate)))
    except zoo.InputError as problem:
        show.error(problem)
        return
    show.view(packed.view, key=key, data=packed.data)


def _curves(
    model: Model, given: Given, kept: keep.Kept, number: int, asked: patches.Asked, fuse: str, candidate: int
) -> tuple[Faithfulness, str, str]:
    """The curves, what map they are of, and what was watched."""
    from models.explain.faithfulness import faithfulness
    from models.zoo.occluded import Occluded

    stack = kept.trace.attentions[number]
    assert stack.keys.grid is not None
    occluded = Occluded(model, given, stack.keys.grid, model.patch, None if candidate < 0 else candidate)
    values, title = _values(model, given, kept, number, asked, fuse)
    found = faithfulness(values[~stack.keys.special], occluded)
    return found, title, "the match with the text" if candidate < 0 else f"“{_label(model, given, candidate)}”"


def _values(
    model: Model, given: Given, kept: keep.Kept, number: int, asked: patches.Asked, fuse: str
) -> tuple[Floats, str]:
    """A map's values per key, and its name."""
    stack = kept.trace.attentions[number]
    if asked.map == "relevance":
        one = _relevances(model, given, kept, number, asked)[0]
        return one.values, "Relevance" + (f" from layer {one.start} on" if one.start else "")
    if asked.map == "rollout":
        left = f", lowest {asked.discard:.0%} left out" if asked.discard else ""
        return sheets.base_row(_rollouts(stack, asked.discard)[fuse], stack.queries), f"Rollout, {fuse}{left}"
    layer, head = asked.head or (len(stack.n_heads) - 1, 0)
    weights = stack.weights[layer]
    if asked.map == "mean":
        return sheets.base_row(weights.mean(0), stack.queries), f"Mean of layer {layer}"
    return sheets.base_row(weights[head], stack.queries), f"Layer {layer}, head {head}"
