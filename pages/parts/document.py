"""A long document on the page: read window by window, one answer from all, and any window's attention."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from models import zoo
from models.zoo.given import Given
from pages.parts import ask, keep, reading, show, tasks

if TYPE_CHECKING:
    from models.language.documents import Merged, Part
    from models.language.running import Run
    from models.zoo.model import Model

POLL = 0.5  # seconds between looks at the work
AROUND = 140  # characters shown on both sides of an answer
BEGINNING = 60  # characters of a window that its row shows
ENDED = {
    "stopped": "Stopped after {n} of {total} {things}; what was done is kept.",
    "left": "It stopped after {n} of {total} {things}, as nobody was looking; what was done is kept.",
    "finished": "All {total} {things} are done.",
    "failed": "It broke off after {n} of {total} {things}: {problem}",
}


def stage(page: str, task: str, ref: str, model: Model) -> None:
    """The document, its windows, and what came of them. Raises zoo.InputError."""
    from models.language import documents
    from models.language.running import Run

    with st.container():
        put = _document(page, task, ref)
        put = tasks.settings(page, task, model, put)
    prefix = put.text[: len(put.text) - len(_text(page))] if put.text.strip() else ""
    text = documents.marked(model, _text(page), task)
    room = documents.room(model, put, task)
    if prefix:
        room -= len(model.tokenizer(prefix, add_special_tokens=False)["input_ids"])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n_tokens = int(st.number_input("Tokens of a window", 4, room, room, key=f"{page}_window_{room}", width=170))
        stride = n_tokens
        if task in documents.ONCE:
            st.caption("Windows end where sentences do, and no sentence is read twice.", width=330)
        else:
            stride = int(
                st.number_input(
                    "Tokens between their beginnings",
                    1,
                    n_tokens,
                    max(1, n_tokens // 2),
                    key=f"{page}_stride_{n_tokens}",
                    width=240,
                    help="Less than a window: they overlap, and no answer falls between two.",
                )
            )
        wanted = (model.id, replace(put, text=text).key, task, n_tokens, stride)
        kept = st.session_state.get(f"{page}_document")
        run: Run[Part] | None = kept[1] if kept and kept[0] == wanted else None
        if st.button(
            "Read the document", type="primary", icon=":material/play_arrow:", disabled=bool(run and run.running)
        ):
            if kept:
                kept[1].stop()
            windows = documents.plan(model, text, n_tokens, stride, task)
            run = Run(_prefixed(model, replace(put, text=text), task, windows, prefix), len(windows), keep.here())
            st.session_state[f"{page}_document"] = (wanted, run)
    if run is None:
        _still(kept, wanted)
        return
    watch(page, run, "windows")
    if run.done:
        _merged(documents.merged(run.done, task) if any(part.reading for part in run.done) else None, text, run.done)
        _windows(page, task, ref, model, put, run, prefix)


def _still(kept: Any, wanted: Any) -> None:
    """Nothing was read yet, or something else was."""
    if kept:
        kept[1].stop()
        st.caption("The text, the model or the windows have changed since it was read: read it again.")


def _document(page: str, task: str, ref: str) -> Given:
    """A box and a file for the text; the question beside it."""
    with st.container(horizontal=True):
        file = st.file_uploader("A text file", type=["txt", "md"], key=f"{page}_file", max_upload_size=10, width=320)
        if file is not None and st.session_state.get(f"{page}_file_of") != file.file_id:
            st.session_state[f"{page}_file_of"] = file.file_id
            st.session_state[f"{page}_long"] = decoded(file.getvalue())
        st.session_state.setdefault(f"{page}_long", st.session_state.get(f"{page}_text", ""))
        text = st.text_area(
            "Document",
            key=f"{page}_long",
            height=150,
            placeholder="Paste a long text",
            persist_state="session",
            width="stretch",
        )
    question = None
    if task == "questions":
        st.session_state.setdefault(f"{page}_question", st.query_params.get("question") or _first(ref))
        question = st.text_input(
            "Question", key=f"{page}_question", persist_state="session", placeholder="Ask about the text"
        )
    st.caption(f"{len(text or ''):,} characters")
    return Given(text or "", question)


def _first(ref: str) -> str:
    """The question that the model's own first example asks."""
    card = zoo.card(ref)
    return str(card.examples[0].get("question", ask.QUESTION)) if card is not None and card.examples else ask.QUESTION


def decoded(data: bytes) -> str:
    """A text file in whatever encoding it is."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252", "replace")


def _text(page: str) -> str:
    text = st.session_state.get(f"{page}_long") or ""
    return str(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _prefixed(model: Model, put: Given, task: str, windows: Any, prefix: str) -> Any:
    """The windows' parts, the model told before each what to do with it."""
    from models.language import documents, reading

    if not prefix:
        yield from documents.read(model, put, task, windows)
        return
    for window in windows:
        text = put.text[window.start : window.end]
        try:
            yield documents.Part(window, text, reading.read(model, replace(put, text=prefix + text), task))
        except zoo.InputError as problem:
            yield documents.Part(window, text, None, str(problem))


def watch(page: str, run: Run[Any], things: str) -> None:
    """A bar that moves while the work is done, and a button that ends it."""
    st.fragment(_watch, run_every=POLL if run.running else None)(page, run, things, run.running)


def _watch(page: str, run: Run[Any], things: str, was_running: bool) -> None:
    n = run.look()
    if was_running and not run.running:
        st.rerun()
    if run.running:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(n / run.total if run.total else 1.0, text=f"{n:,} of {run.total:,} {things}", width="stretch")
            st.button("Stop", icon=":material/stop:", on_click=run.stop, key=f"{page}_stop")
            if st.button("Show what is done", key=f"{page}_peek", disabled=not n):
                st.rerun()
        return
    said = ENDED[run.state].format(n=f"{n:,}", total=f"{run.total:,}", things=things, problem=run.problem)
    (st.caption if run.state == "finished" else st.warning)(show.words(said))


def _merged(merged: Merged | None, text: str, parts: list[Part]) -> None:
    """One answer from all windows."""
    with st.container(border=True):
        if merged is None:
            st.markdown(show.words(parts[0].problem or "No window could be read."))
            return
        if merged.classes:
            said = ", ".join(f"{show.words(label)} {share:.3f}" for label, share in merged.classes[:5])
            st.markdown(f"The whole text: **{show.words(merged.classes[0][0])}** ({said})")
        if merged.found is not None:
            _answer(merged, text)
        for place, number, ranked in merged.gaps[:50]:
            said = ", ".join(f"{show.words(word.strip() or '␣')} {share:.3f}" for word, share in ranked)
            st.markdown(f"Gap at character {place:,} (window {number}): **{said}**")
        if merged.text:
            st.markdown(show.words(merged.text))
        st.caption(show.words(merged.how))


def _answer(merged: Merged, text: str) -> None:
    assert merged.found is not None
    found, number = merged.found
    start, end = found.span
    if merged.nothing is not None and merged.nothing > found.probability:
        st.markdown(
            f"The whole text holds **no answer** (at least {merged.nothing:.3f} in every window); nearest comes:"
        )
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    st.markdown(
        f"**{show.words(found.text)}** ({found.probability:.3f}), characters {start:,} to {end - 1:,}, window {number}"
    )
    st.markdown(f"…{show.words(before)}**:primary-background[{show.words(text[start:end])}]**{show.words(after)}…")


def _windows(page: str, task: str, ref: str, model: Model, put: Given, run: Run[Part], prefix: str) -> None:
    """Every window's own answer, and the attention of the one that is chosen."""
    rows = [_row(number, part) for number, part in enumerate(run.done)]
    chosen = st.dataframe(
        rows,
        key=f"{page}_windows_list",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        column_config={"probability": st.column_config.NumberColumn(format="%.3f")},
    )
    if run.running:
        return
    picked = chosen["selection"]["rows"]
    if not picked or picked[0] >= len(run.done):
        st.caption("Choose a window in the list to see its answer and every head on it.")
        return
    part = run.done[picked[0]]
    if part.reading is None:
        st.caption(show.words(part.problem))
        return
    st.subheader(f"Window {picked[0]}", anchor=False)
    reading.mount(page, task, ref, model, replace(put, text=prefix + part.text), part.text)


def _row(number: int, part: Part) -> dict[str, Any]:
    said, share = "", None
    read = part.reading
    if read is None:
        said = part.problem
    elif read.classes is not None:
        said, share = read.classes.labels[0], float(read.classes.probabilities[0])
    elif read.spans is not None:
        said, share = read.spans.found[0].text, read.spans.found[0].probability
    elif read.gaps:
        said = " | ".join(gap.ranking.labels[0].strip() for gap in read.gaps)
    elif read.passage is not None:
        said = read.passage.text
    return {
        "window": number,
        "characters": f"{part.window.start:,} to {part.window.end - 1:,}",
        "tokens": part.window.n_tokens,
        "answer": said,
        "probability": None if share is None else round(share, 3),
        "begins": f"{part.text[:BEGINNING].strip()}{'…' * (len(part.text) > BEGINNING)}",
    }
