"""Two passes to compare: two texts, two models, or one model before and after a change to a head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from models import zoo
from models.records import Attention, Comparison, Shift, Trace
from models.zoo.given import Given
from pages.parts import ask, keep
from pages.parts.pair_examples import EDIT, EVEN, EXAMPLES, HIDE, MASK, MODELS, OFF, SAME, SCALE, TEXTS, Example
from pages.parts.show import view, words
from viz.about import about
from viz.views import compare as compare_view
from viz.views.compare import Side

if TYPE_CHECKING:
    from models.capture.edits import Edit
    from models.zoo.model import Model

PAGE = "compare"  # what the page's keys begin with
KINDS = (TEXTS, MODELS, EDIT)
CHANGES = (OFF, SCALE, EVEN, MASK, HIDE)
MOST = 1_024  # tokens up to which every head is compared; beyond, the wait would be longer than the worth
OWN = "Your own"
DEFAULTS: Example = {
    "model": keep.DEFAULT_MODEL,
    "b_model": keep.DEFAULT_MODEL,
    "change": OFF,
    "layer": 0,
    "head": 0,
    "token": 0,
    "factor": 2.0,
}


@dataclass(frozen=True)
class Asked:
    """What is to be compared."""

    kind: str
    models: tuple[Model, Model]
    givens: tuple[Given, Given]
    edits: tuple[Edit, ...] = ()  # of the second pass
    edited: tuple[compare_view.Head, ...] = ()  # the heads they are of, in its first stack, where it is not all of them
    said: str = ""  # the edits in words

    @property
    def sides(self) -> tuple[Side, Side]:
        """What the two are called."""
        if self.kind == EDIT:
            return Side("Before", "before"), Side("After", "after", self.said)
        names = [model.info.name for model in self.models] if self.kind == MODELS else [g.text for g in self.givens]
        return Side("A", "in A", names[0]), Side("B", "in B", names[1])


def kind(page: str) -> str:
    """Which two things to compare."""
    chosen = st.segmented_control(
        "Compare", KINDS, default=TEXTS, key=f"{page}_kind", bind="query-params", required=True
    )
    _begin(page, chosen or TEXTS)
    return chosen or TEXTS


def refs(page: str, kind: str) -> list[tuple[str, str]]:
    """The two models, each with the key its picker goes by; twice the same one where only one is asked for."""
    if kind != MODELS:
        return [(page, ask.model(page))] * 2
    return [(page, ask.model(page, "Model A")), (f"{page}_b", ask.model(f"{page}_b", "Model B"))]


def example(page: str, kind: str) -> None:
    """The examples of a kind; the picker names the one that stands in the boxes."""
    key, found = f"{page}_example_{kind}", _examples(kind)

    def stands(example: Example) -> bool:
        return all(st.session_state.get(f"{page}_{k}", DEFAULTS.get(k)) == value for k, value in example.items())

    def take() -> None:
        _take(page, found.get(st.session_state[key], {}))

    st.session_state[key] = next((title for title, example in found.items() if stands(example)), OWN)
    st.selectbox("Examples", [*found, OWN], key=key, on_change=take, width=260)


def texts(page: str, kind: str) -> tuple[str, str]:
    """The two texts; twice the same one where only one is asked for."""
    first = _text(page, "text", "Text A" if kind == TEXTS else "Text")
    return first, _text(page, "second_text", "Text B") if kind == TEXTS else first


def address(page: str, kind: str) -> dict[str, str | None]:
    """What a link to this comparison says; what is as it is without being said, it leaves out."""
    used = {TEXTS: ("second_text",), MODELS: ("b_model",), EDIT: ("change", "layer", "head", "token", "factor")}[kind]
    said: dict[str, str | None] = {}
    for name in ("text", "second_text", *DEFAULTS):
        linked = st.query_params.get(f"{page}_{name}", DEFAULTS.get(name))  # by a control that is not drawn yet
        value = st.session_state.get(f"{page}_{name}", linked)
        there = name in ("model", "text", *used) and value not in (None, "", DEFAULTS.get(name))
        said[f"{page}_{name}"] = str(value) if there else None
    return said


def _text(page: str, name: str, label: str) -> str:
    key = f"{page}_{name}"
    put = st.text_area(
        label, key=key, height=68, placeholder="Type a sentence", persist_state="session", width="stretch"
    )
    return put or ""


def _examples(kind: str) -> dict[str, Example]:
    """Those whose models come with Headlight."""
    there = {card.name for card in zoo.bundled()}
    found = EXAMPLES[kind].items()
    return {title: one for title, one in found if {one["model"], one.get("b_model", one["model"])} <= there}


def _begin(page: str, kind: str) -> None:
    """At first, and with another kind, what the link says, and of the rest what the kind's first example says."""
    if st.session_state.get(f"{page}_begun") == kind:
        return
    first = f"{page}_begun" not in st.session_state
    st.session_state[f"{page}_begun"] = kind
    example = next(iter(_examples(kind).values()), {"text": SAME})
    linked = first and any(f"{page}_{name}" in st.query_params for name in ("text", *DEFAULTS))
    boxes = {"text": SAME, "second_text": SAME} if linked else next(iter(_examples(TEXTS).values()), {}) | example
    for name in ("text", "second_text"):
        asked = st.query_params.get(f"{page}_{name}") if first else None
        st.session_state.setdefault(f"{page}_{name}", asked or boxes.get(name, SAME))
    if not linked:
        _take(page, example)


def begin_with(kind: str, state: Example) -> None:
    """Put this onto the page before it is opened: what is too long for a link."""
    st.session_state[f"{PAGE}_begun"] = st.session_state[f"{PAGE}_kind"] = kind
    _take(PAGE, state)


def _take(page: str, example: Example) -> None:
    """Put an example into the boxes; a change that it does not speak of goes back to its start."""
    if "change" in example:
        example = {k: v for k, v in DEFAULTS.items() if not k.endswith("model")} | example
    st.session_state.update({f"{page}_{name}": value for name, value in example.items()})


def starts(page: str, kind: str) -> list[tuple[str, Callable[[], None]]]:
    """Two examples as buttons, for a page that has nothing to read."""

    def start(example: Example) -> Callable[[], None]:
        return lambda: _take(page, example)

    return [(title, start(example)) for title, example in list(_examples(kind).items())[:2]]


def asked(page: str, kind: str, models: list[Model], texts: tuple[str, str]) -> Asked:
    """What is to be compared; raises zoo.InputError where it cannot be."""
    for model in models:
        if "text" not in model.info.reads or "picture" in model.info.reads:
            raise zoo.InputError(
                f"Compare reads texts; {model.info.name} reads {' and '.join(model.info.reads)}. Take another model."
            )
    question = (
        st.text_input("Question", ask.QUESTION, key=f"{page}_question", bind="query-params")
        if any("question" in model.info.reads for model in models)
        else None
    )
    givens = tuple(
        Given(text, question if "question" in model.info.reads else None)
        for model, text in zip(models, texts, strict=True)
    )
    both = (models[0], models[1]), (givens[0], givens[1])
    if kind != EDIT:
        return Asked(kind, *both)
    head, edits, said = _edit(page, models[0], givens[0])
    return Asked(kind, *both, edits, head, said)


def _edit(page: str, model: Model, given: Given) -> tuple[tuple[compare_view.Head, ...], tuple[Edit, ...], str]:
    """A head of the model's first stack (none: every head), a change to it, and the change in words."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        change = st.selectbox("Change", CHANGES, key=f"{page}_change", bind="query-params", width=260)
        if change == HIDE:
            return (), *_hidden(page, keep.trace(model, given).trace)
        head, edit, said = _edit_of_head(page, change, model, given)
    return (head,), (edit,), said


def _hidden(page: str, trace: Trace) -> tuple[tuple[Edit, ...], str]:
    """A token of the text that no head may read: not those of its own stack, not those of a decoder beside it."""
    from models.capture.edits import MaskKeys

    keys = trace.attentions[0].keys
    key = _number(page, "token", len(keys) - 1, "Token")
    stacks = [number for number, stack in enumerate(trace.attentions) if stack.keys is keys]
    edits = tuple(MaskKeys(attention=number, keys=(key,)) for number in stacks)
    return edits, f"no head can read “{keys.labels[key].strip()}” ({key})"


def _edit_of_head(page: str, change: str, model: Model, given: Given) -> tuple[compare_view.Head, Edit, str]:
    """A head, a change to it, and the change in words."""
    from models.capture.edits import Ablate, Force, MaskKeys, Scale

    layers = [layer.n_heads for layer in model.catalogue.stacks()[0]]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layer = _number(page, "layer", len(layers) - 1, "Layer")
        head = _number(page, "head", layers[layer] - 1, "Head")
        who = f"layer {layer} head {head}"
        if change == SCALE:
            factor = st.slider(
                "Times", 0.0, 4.0, DEFAULTS["factor"], 0.1, key=f"{page}_factor", bind="query-params", width=260
            )
            return (layer, head), Scale(layer, head, factor=factor), f"{who} times {factor:.1f}"
        if change == EVEN:
            return (layer, head), Force(layer, head), f"{who} reads evenly"
        if change == MASK:
            keys = keep.trace(model, given).trace.attentions[0].keys.labels
            key = _number(page, "token", len(keys) - 1, "Token")
            return (layer, head), MaskKeys(layer, head, keys=(key,)), f"{who} cannot read “{keys[key].strip()}” ({key})"
    return (layer, head), Ablate(layer, head), f"{who} off"


def _number(page: str, name: str, most: int, label: str) -> int:
    """A whole number from 0, kept below what this model and text allow."""
    key = f"{page}_{name}"
    if key in st.session_state:
        st.session_state[key] = max(0, min(most, int(st.session_state[key] or 0)))
    put = st.number_input(label, 0, max(most, 1), key=key, bind="query-params", width=110, disabled=not most)
    return min(most, int(put))  # a link may say more


def traces(asked: Asked) -> tuple[keep.Kept, keep.Kept]:
    """The two passes; raises zoo.InputError."""
    first = keep.trace(asked.models[0], asked.givens[0])
    if asked.edits:
        second = keep.edited(asked.models[1], asked.givens[1], asked.edits)
    else:
        second = keep.trace(asked.models[1], asked.givens[1])
    for kept in (first, second):
        longest = max(max(len(stack.queries), len(stack.keys)) for stack in kept.trace.attentions)
        if longest > MOST:
            raise zoo.InputError(
                f"The text has {longest:,} tokens; Compare measures every head on up to {MOST:,}. Take a part of it."
            )
    return first, second


Stacks = tuple[int, int]


def stacks(page: str, ref: str, a: keep.Kept, b: keep.Kept) -> Stacks:
    """Which stack of attention to compare: the one chosen of A, and the one of B by the same name, else its first."""
    number = ask.attention(page, ref, a.trace)
    name = a.trace.attentions[number].name
    names = [stack.name for stack in b.trace.attentions]
    return number, names.index(name) if name in names else 0


def facts(asked: Asked, a: keep.Kept, b: keep.Kept, stacks: Stacks) -> str:
    """One line on the two passes."""
    parts = []
    for side, kept, number in zip(asked.sides, (a, b), stacks, strict=True):
        stack, info = kept.trace.attentions[number], kept.trace.info
        parts.append(
            f"**{side.title}** {words(info.name)}: {_some(len(stack.n_heads), 'layer')}, "
            f"{_some(sum(stack.n_heads), 'head')}, "
            f"{len(stack.queries)} of {kept.trace.n_tokens} tokens"
        )
    return " · ".join(parts)


def _some(n: int, thing: str) -> str:
    return f"{n} {thing}" + ("" if n == 1 else "s")


def picture(page: str, asked: Asked, a: keep.Kept, b: keep.Kept, stacks: Stacks) -> None:
    """The comparison, with the heads that the visitor has asked for."""
    state = st.session_state.get(page) or {}
    want = compare_view.heads(state.get("want") or st.query_params.get(f"{page}_heads", ""))[:1]
    name = (a.key, b.key, stacks, asked.kind)
    packed = keep.packed(("compare", *name, want), lambda: _view(page, asked, a, b, stacks, want))
    view(packed.view, key=page, data=packed.data, want="")


def _view(page: str, asked: Asked, a: keep.Kept, b: keep.Kept, stacks: Stacks, want: Any) -> Any:
    from models.explain import compare

    one, two = a.trace.attentions[stacks[0]], b.trace.attentions[stacks[1]]
    found: Comparison = keep.made(
        ("comparison", a.key, b.key, stacks), lambda: compare.compare(one, two), lambda _: 65_536
    )
    return compare_view.view(
        found,
        asked.sides,
        lambda head, other: compare.pair(one, two, found, head, other),
        heads_of=(one.n_heads, two.n_heads),
        want=want,
        nearest=(lambda head: compare.nearest(one, two, found, head)) if asked.kind == MODELS else None,
        answers=(a.trace.ranking, b.trace.ranking),
        shift=_shift(asked, a, b),
        causal=one.causal and two.causal,
        edited=asked.edited if stacks[0] == 0 else (),
        notes=_notes(asked, a, b, one, two),
        key=f"{page}_heads",
        about=(about(a.trace, stacks[0]), about(b.trace, stacks[1])),
    )


def _shift(asked: Asked, a: keep.Kept, b: keep.Kept) -> Shift | None:
    """How the answer moved, where both rank the same candidates."""
    from models.explain import compare

    first, second = asked.models
    if a.trace.ranking is None or b.trace.ranking is None:
        return None
    if first is not second and (first.tokenizer is None or first.tokenizer.get_vocab() != second.tokenizer.get_vocab()):
        return None
    return compare.shift(a.trace.ranking, b.trace.ranking)


def _notes(asked: Asked, a: keep.Kept, b: keep.Kept, one: Attention, two: Attention) -> tuple[str, ...]:
    """What a reader of the picture must know: sentences."""
    notes = ["A word of several tokens is one row and one column: its columns are summed, its rows averaged."]
    if asked.kind == MODELS:
        notes.append(
            "Heads are matched by layer and head, where both models have them: their numbers alone say nothing of what "
            "they do. The head of B that reads most like the one in view is looked for among all of B."
        )
    if asked.edits and not asked.edited:
        notes.append(
            "A token that no head can read reads nothing of itself either; what its own place passes on from layer to "
            "layer, past the heads, stays."
        )
    for layer, _ in asked.edited:
        last = len(one.n_heads) - 1
        if layer == last:
            notes.append(
                f"Layer {last} is the last: what its heads say is read by no later head, so an output that changes "
                "shows in the answer alone."
            )
        elif layer:
            notes.append(f"Layers before {layer} run before the change, so they are the same.")
    for kept, side in zip((a, b), asked.sides, strict=True):
        if kept.trace.n_tokens > kept.trace.info.max_len:
            notes.append(
                f"{side.title} has {kept.trace.n_tokens:,} tokens; only the first {kept.trace.info.max_len:,} are read."
            )
    return tuple(notes)
