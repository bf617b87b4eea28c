"""One text on the page: what the model makes of it, what that rests on, and every head below."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from models import zoo
from models.zoo.given import Given
from pages.parts import ablation, ask, bench, cards, export, keep, show, tasks
from pages.parts import stage as stages
from viz.views import tasks as view

if TYPE_CHECKING:
    from models.records import Reading, Trace
    from models.zoo.inputs import Prepared
    from models.zoo.model import Model

SMALL = 30_000_000  # parameters up to which gradients are shown unasked
TASK_BYTES = 100_000  # of a reading, about, its vocabulary left out


def stage(page: str, task: str, ref: str, model: Model) -> None:
    """The boxes, the answer, and the workbench. Raises zoo.InputError."""
    asks = st.container()  # what comes and goes in it moves nothing below
    with asks:
        with st.container(horizontal=True):
            put = tasks.given(page, task, ref)
        show.link(text=put.text or None, question=put.pair)
        typed = put.text
        put = tasks.settings(page, task, model, put)
        asked = _words(page, model) if task == "gaps" else ()
        put = replace(put, plain=ask.plain(page, _special(model, put.text)))
    try:
        with asks:
            cut(page, task, model, put)
        mount(page, task, ref, model, put, typed, asked)
    except zoo.NothingToRead:
        raise
    except zoo.InputError as problem:
        show.error(problem, _as_document(page) if _too_long(model, put) else None)


def cut(page: str, task: str, model: Model, put: Given) -> None:
    """Say that a text is longer than what is read at a time, and offer to read all of it."""
    n = model.n_tokens(put)
    if n > model.info.max_len:
        show.cut(n, model.info.max_len, "What follows them was not read.")
        name, read = _as_document(page)
        st.button(name, on_click=read, icon=":material/menu_book:")


def mount(page: str, task: str, ref: str, model: Model, put: Given, typed: str, words: tuple[str, ...] = ()) -> None:
    """The answer and its attention; `typed`: the text without what the model is told first. Raises zoo.InputError."""
    from models.language import reading

    if task == "gaps":
        from models.language import gaps

        put = replace(put, text=gaps.marked(model, put.text))
    key = (model.id, put.key, task)
    prepared: Prepared = keep.made(  # what an encoder-decoder reads, it has to write first: that is done once
        ("prepared", *key), lambda: reading.prepare(model, put, task), lambda _: TASK_BYTES
    )
    read: Reading = keep.made(
        ("reading", *key, words),
        lambda: reading.of_prepared(model, prepared, task, words),
        lambda made: TASK_BYTES + len(made.gaps) * 4 * model.info.d_vocab,
    )
    intact = keep.trace(model, put)
    with st.container(horizontal=True, vertical_alignment="center"):
        _say(task, model, read)
        gradients = st.toggle(
            "Compare with gradients",
            value=model.info.n_params <= SMALL,
            key=f"{page}_gradients",
            bind="query-params",
            help="Raw attention says where the model looked; gradients say what its answer would change with.",
        )
        cards.about(ref)
    chosen = _chosen(read, key)
    packed = keep.packed(
        ("task view", *key, words, gradients, chosen),
        lambda: view.view(
            read, _explained(model, put, prepared, read, intact.trace, gradients, chosen), title=_title(task, model)
        ),
    )
    show.view(packed.view, key="tasks", data=packed.data, ask="")
    number = ask.attention(page, ref, intact.trace)
    show.facts(intact.trace, number)
    kept = ablation.switched(model, put, intact, key="workbench")
    stack = intact.trace.attentions[number].name if len(intact.trace.attentions) > 1 else ""
    bench.mount(kept, number, "workbench", page, stages.inputs(ref, replace(put, text=typed), stack))
    export.menu(page, kept, number)


def _say(task: str, model: Model, read: Reading) -> None:
    """The answer as a sentence."""
    name = f"**{show.words(model.info.name)}**"
    if read.classes is not None:
        best, share = read.classes.labels[0], float(read.classes.probabilities[0])
        st.markdown(f"{name} says: **{show.words(best)}** ({share:.2f})")
    elif read.spans is not None:
        best_span, nothing = read.spans.found[0], read.spans.nothing
        if nothing is not None and nothing > best_span.probability:
            st.markdown(
                f"{name} finds **no answer** in the text ({nothing:.2f}); nearest comes: "
                f"{show.words(best_span.text)} ({best_span.probability:.2f})"
            )
        else:
            st.markdown(f"{name} answers: **{show.words(best_span.text or '…')}** ({best_span.probability:.2f})")
    elif read.gaps:
        said = ", ".join(f"**{show.words(gap.ranking.labels[0].strip() or '␣')}**" for gap in read.gaps)
        st.markdown(f"{name} fills in: {said}")
    elif read.passage is not None:
        verb = "translates" if task == "translation" else "sums up"
        st.markdown(f"{name} {verb}: **{show.words(read.passage.text or '…')}**")


def _explained(
    model: Model, put: Given, prepared: Prepared, read: Reading, trace: Trace, wanted: bool, chosen: int | None
) -> view.Explained:
    """What the answer rests on, as far as it was asked for and can be had."""
    from models.language import attribution

    raw = attribution.attention(model, trace, read)
    why = (
        [] if raw else ["This model's attention is not laid out over the tokens, so it cannot be drawn into the text."]
    )
    if not wanted:
        return view.Explained(attention=raw, chosen=chosen, why_not=tuple(why))
    try:
        found = attribution.gradients(model, prepared, read, lambda target: model.look(put, gradient_of=target), chosen)
    except zoo.InputError as problem:
        return view.Explained(attention=raw, chosen=chosen, why_not=(*why, str(problem)))
    special = read.tokens.special
    agreement = tuple(attribution.agreement(raw[0], one, special) if raw else None for one in found)
    return view.Explained(raw, found, agreement, chosen, tuple(why))


def _chosen(read: Reading, key: tuple[object, ...]) -> int | None:
    """The class that was clicked in the picture, if it was on this very text."""
    if read.classes is None:
        return None
    asked = (st.session_state.get("tasks") or {}).get("ask") or ""
    held = st.session_state.get("tasks_asked")
    if asked and (held is None or held[0] != asked):
        st.session_state["tasks_asked"] = held = (asked, key)
    if held is None or held[1] != key:
        return None
    number = int(held[0].split()[-1])
    return number if number in read.classes.ids else None


def _words(page: str, model: Model) -> tuple[str, ...]:
    """Words whose rank the visitor wants to know; of those that the model has no single token for it is said."""
    said = st.text_input(
        "Rank of a word",
        key=f"{page}_words",
        bind="query-params",
        placeholder="type a word, or several with commas",
        width=320,
    )
    asked = tuple(dict.fromkeys(word.strip() for word in (said or "").split(",") if word.strip()))[:8]
    known, remarks = _known(model, asked)
    for remark in remarks:
        show.remark(remark)
    return known


def _known(model: Model, words: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    """The words that are one token each, and what is wrong with the others."""
    from models.language import gaps

    good, remarks = [], []
    for word in words:
        try:
            gaps.numbers(model, word)
            good.append(word)
        except zoo.InputError as problem:
            remarks.append(str(problem))
    return tuple(good), remarks


def _special(model: Model, text: str) -> tuple[str, ...]:
    """Special tokens in the text that could be meant as text; the mask is meant as a gap."""
    return tuple(token for token in model.special_strings(text) if token != model.tokenizer.mask_token)


def _too_long(model: Model, put: Given) -> bool:
    return len(put.text) > 3 * model.info.max_len


def _as_document(page: str) -> show.Choice:
    return "Read it as a long document", lambda: st.session_state.update({f"{page}_mode": tasks.DOCUMENT})


def _title(task: str, model: Model) -> str:
    from models.language.tasks import BY_NAME

    return f"{BY_NAME[task].title}: {model.info.name}"
