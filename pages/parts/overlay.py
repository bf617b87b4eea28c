"""Attention over a picture on a page: what the visitor has asked for is computed, packed and mounted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st

from models import zoo
from models.records import Attention, Floats, Trace
from models.zoo.given import Given
from pages.parts import keep, seen, show
from viz import maps
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
NO_GRADIENTS = "{} hands out its weights only: no gradients to weigh them by."
TOO_MANY = "There are too many patches to follow all paths through the layers on this page."
FILE = 12_000_000  # bytes of weights in a file of its own
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
        _check(model, given, kept, number, patches.asked(checked), patches.look(checked).fuse, f"{key}_check")


def file(model: Model, given: Given, kept: keep.Kept, number: int, state: dict[str, str]) -> View:
    """The same for a file of its own: as it was looked at, and what needs no asking for is all in it."""
    return _view(model, given, kept, number, patches.asked(urlencode(state)), FILE, state, link=False)


def _view(
    model: Model,
    given: Given,
    kept: keep.Kept,
    number: int,
    asked: patches.Asked,
    budget: int = patches.BUDGET,
    state: dict[str, str] | None = None,
    link: bool = True,
) -> View:
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
        kept.trace,
        seen.picture(model, kept.trace, (stack.queries, stack.keys)),
        extras,
        attention=number,
        want=asked.head,
        budget=budget,
        state=state,
        link=link,
    )


def _why_not(model: Model, trace: Trace, stack: Attention) -> dict[str, str]:
    """Maps that cannot be drawn for this model, each with the reason."""
    why = {}
    if not _answers(model, trace):
        why["relevance"] = why["check"] = NO_ANSWER
    elif trace.info.tier == "library":
        why["relevance"] = NO_GRADIENTS.format(trace.info.name)
    if max(len(stack.queries), len(stack.keys)) ** 2 > ROOM:
        why["rollout"] = TOO_MANY
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
    words = _words(trace, start) if candidate < 0 else ()
    return patches.Relevance(_label(model, given, candidate), candidate, values, start, words)


def _words(trace: Trace, start: int) -> tuple[tuple[str, float], ...]:
    """What each token of the text adds to the match, read where the text is (CLIP's end token, BERT's first)."""
    from models.explain import relevance

    stack = next((one for one in trace.attentions if one.kind == "text" and one.queries is one.keys), None)
    if stack is None:
        return ()
    first = min(start, len(stack.n_heads) - 1)
    bert = stack.queries.labels[0].strip() == "[CLS]" and not stack.causal
    row = relevance.of_stack(stack, first)[0 if bert else -1]
    return tuple(zip(stack.keys.labels, row.tolist(), strict=True))


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
    occluded = Occluded(model, given, stack.keys, None if candidate < 0 else candidate)
    values, title = _values(model, given, kept, number, asked, fuse)
    found = faithfulness(values[~stack.keys.special], occluded)
    return found, title, "the match with the text" if candidate < 0 else f"“{_label(model, given, candidate)}”"


def _values(
    model: Model, given: Given, kept: keep.Kept, number: int, asked: patches.Asked, fuse: str
) -> tuple[Floats, str]:
    """A map's values per key of what is read at the class token, or on average; and its name."""
    stack = kept.trace.attentions[number]
    if asked.map == "relevance":
        one = _relevances(model, given, kept, number, asked)[0]
        return one.values, _relevance_title(one)
    matrix, title = _matrix(stack, asked, fuse)
    return sheets.base_row(matrix, stack.queries), title


def _relevance_title(one: patches.Relevance) -> str:
    return "Relevance" + (f" from layer {one.start} on" if one.start else "")


def _matrix(stack: Attention, asked: patches.Asked, fuse: str) -> tuple[Floats, str]:
    """The weights [query, key] of a head, a layer's mean or a rollout, and their name."""
    if asked.map == "rollout":
        left = f", lowest {asked.discard:.0%} left out" if asked.discard else ""
        return _rollouts(stack, asked.discard)[fuse], f"Rollout, {fuse}{left}"
    layer, head = asked.head if asked.head and patches.exists(stack, asked.head) else patches.typical(stack)
    weights = stack.weights[layer]
    if asked.map == "mean":
        return weights.mean(0), f"Mean of layer {layer}"
    return weights[head], f"Layer {layer}, head {head}"


def drawn(
    model: Model, given: Given, kept: keep.Kept, number: int, asked: patches.Asked, look: patches.Look
) -> tuple[maps.Map, ...]:
    """The maps that are looked at, in float32: one, or one per class. Raises zoo.InputError where there is none."""
    stack = kept.trace.attentions[number]
    why = _why_not(model, kept.trace, stack).get(asked.map)
    if why:
        raise zoo.InputError(why)
    if asked.map == "relevance":
        read = _read_from(model, stack)
        return tuple(
            maps.of_row(
                one.values, stack.keys, f"{_relevance_title(one)}: {one.label}", f"what speaks for it, at {read}"
            )
            for one in _relevances(model, given, kept, number, asked)
        )
    if asked.map == "positions":
        return (_alike(model, stack, look.patch),)
    matrix, title = _matrix(stack, asked, look.fuse)
    return (maps.of_matrix(matrix, stack.queries, stack.keys, title, look.patch, look.way == "read"),)


def _alike(model: Model, stack: Attention, patch: int | None) -> maps.Map:
    """How alike the position embeddings of one patch, else of the one in the middle, and of all others are."""
    table = _positions(model, stack)
    assert table is not None
    assert stack.keys.grid is not None
    rows, columns = stack.keys.grid
    at = (rows // 2) * columns + columns // 2 if patch is None else min(patch, len(table) - 1)
    where = f"row {at // columns}, column {at % columns}"
    values = table[at].reshape(rows, columns)
    return maps.Map(
        values, "Position embeddings", f"cosine similarity with that of {where}", signed=True, cell=stack.keys.patch
    )
