"""A forward pass on a page: which model, what of a text, its stages and what they cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from models import zoo
from models.cost.budget import budget
from models.zoo.given import Given
from pages.parts import ask, keep, show
from viz.views import anatomy as view

if TYPE_CHECKING:
    from models.records import Anatomy
    from models.zoo.model import Model

KINDS = {  # the bundled models that the transformer of models/scratch can be, the one to begin with first
    "Decoder": (
        "gpt-stories",
        "mistral-stories",
        "algo-add",
        "algo-induction",
        "algo-reverse",
        "algo-sort",
        "dalle-shapes",
    ),
    "Encoder": ("bert-stories",),
    "Encoder-decoder": ("marian-en-fr", "bart-summary"),
}
FITTING = tuple(name for names in KINDS.values() for name in names)
MOST = 40  # tokens: beyond, rows are too low to be read
LARGEST = 200_000_000  # parameters: each is held once more, and every number of a pass with it


def model(page: str) -> str:
    """Which of the three architectures, and which model of it."""
    key, kind_key = f"{page}_model", f"{page}_kind"
    ref = st.session_state.get(key) or st.query_params.get(key) or FITTING[0]
    kind = next((kind for kind, names in KINDS.items() if ref in names), None)
    if kind is not None:
        st.session_state[kind_key] = kind

    def switch() -> None:
        if st.session_state[kind_key] is not None:
            st.session_state[key] = KINDS[st.session_state[kind_key]][0]

    st.segmented_control("Architecture", list(KINDS), key=kind_key, on_change=switch, required=True)
    return ask.model(page, among=FITTING)


def temperature(page: str) -> float:
    """What the logits are divided by."""
    return float(
        st.slider(
            "Temperature",
            0.1,
            3.0,
            1.0,
            0.1,
            key=f"{page}_temperature",
            bind="query-params",
            width=160,
            help="Below 1 the likeliest token gains, above 1 the others do.",
        )
    )


def short(model: Model, given: Given) -> Given:
    """As much of the text as can be read cell by cell; the box keeps all of it."""
    if "text" not in model.info.reads or not given.text.strip():
        return given
    most = min(MOST, model.info.max_len)
    n_tokens = model.n_tokens(given)
    if n_tokens <= most:
        return given
    sequence = model.encode(given.text).sequence
    spans = [span for span in sequence.spans or () if span is not None and span[1] > span[0]]
    own = most - int(sequence.special.sum())
    end = spans[own - 1][1] if len(spans) >= own > 0 else 0
    st.warning(
        f"The text has {n_tokens:,} tokens. Anatomy shows every number, so it reads the first {most}.",
        icon=":material/content_cut:",
    )
    return replace(given, text=given.text[:end] or given.text[:most])


@dataclass(frozen=True)
class Taken:
    """An anatomy, and how far its cells are from their formulas."""

    anatomy: Anatomy
    recomputed: float


def taken(model: Model, given: Given, temperature: float) -> Taken:
    """One pass taken apart. Raises zoo.InputError for an input, or a model, that it cannot be done with."""
    if model.info.n_params > LARGEST:
        raise zoo.InputError(
            f"{model.info.name} has {model.info.n_params:,} parameters; Anatomy copies a model to take it apart, and "
            f"does so up to {LARGEST:,}. Text attention shows its heads."
        )
    if "text" not in model.info.reads:
        raise zoo.InputError(f"{model.info.name} reads no text. Anatomy follows a sentence; Vision shows this model.")

    def create() -> Taken:
        from models.scratch.again import largest_difference
        from models.scratch.anatomy import dissect
        from models.scratch.hf import NotExpressible

        try:
            made = dissect(model, given.text, pair=given.pair, target=given.target, temperature=temperature)
        except NotExpressible as problem:
            raise zoo.InputError(
                f"{model.info.name} does not fit the transformer that is taken apart here. {problem} Its heads can be "
                "seen on Text attention."
            ) from problem
        return Taken(made, largest_difference(made))

    return keep.made(("anatomy", model.id, given.key, temperature), create, lambda made: made.anatomy.nbytes)


def mount(page: str, model: Model, given: Given, temperature: float) -> None:
    """The pass, its layer by what the visitor chose. Raises zoo.InputError."""
    found = taken(model, given, temperature)
    anatomy = found.anatomy
    state = st.session_state.get(page) or {}
    asked = str(state.get("layer") or st.query_params.get("layer", "0"))
    layer = int(asked) if asked.isdecimal() and len(asked) < 4 else 0
    last = list(anatomy.sequences.values())[-1]
    n_source = len(anatomy.sequences["encoder"]) if "encoder" in anatomy.sequences else 0

    def draw() -> view.View:
        from models.zoo.text import token_texts

        return view.view(
            anatomy,
            budget(anatomy.config, len(last), n_source),
            lambda token: token_texts(model.tokenizer, [token])[0],
            layer=layer,
            at=_position(model, anatomy),
            recomputed=found.recomputed,
            temperature=temperature,
            key=page,
        )

    packed = keep.packed(("anatomy", model.id, given.key, temperature, layer), draw)
    show.view(packed.view, key=page, data=packed.data, layer="")


def _position(model: Model, anatomy: Anatomy) -> int:
    """Where an answer is of interest: at the mask of an encoder, else at the end."""
    tokens = [stage for stage in anatomy.stages if stage.name == "tokens"][-1].values
    masks = [i for i, token in enumerate(tokens) if token == model.tokenizer.mask_token_id]
    if masks:
        return masks[0]
    return len(tokens) - 1 if "decoder" in anatomy.config.kind else len(tokens) // 2
