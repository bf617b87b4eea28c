"""A table of the visitor's own among the knobs: a CSV in, its column of texts and its column of labels chosen."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import streamlit as st

from models.learn import tables
from models.zoo.errors import InputError
from pages.parts import keep, show

if TYPE_CHECKING:
    from models.language.tables import Table

LARGEST = 50  # MB of a file
TEXTS = ("text", "sentence", "review", "question", "message")
LABELS = ("label", "class", "category", "sentiment", "kind", "target")


def ask(at: str) -> None:
    """The file; what it holds goes to the session under `at`, as a Spec carries it."""
    file = st.file_uploader(
        "Your table: a CSV with texts and labels",
        type=["csv", "tsv", "txt"],
        key=f"{at}_file",
        max_upload_size=LARGEST,
    )
    if file is None:
        if not st.session_state[at]:
            st.caption("Until you give one: short judgements, made up, which “not” turns round.")
        else:
            st.caption(f"Your table: {st.session_state[at].count(chr(10)) + 1:,} rows. It is not part of a link.")
        return
    data = file.getvalue()
    name = hashlib.sha256(data).hexdigest()
    try:
        table: Table = keep.made(("table", name), lambda: _parse(data), lambda made: 3 * len(data))
    except InputError as problem:
        show.error(problem)
        return
    for note in table.notes:
        st.caption(show.words(note))
    text = _column("Texts", table, TEXTS, 0, f"{at}_text")
    label = _column("Labels", table, LABELS, -1, f"{at}_label")
    kept, notes = keep.made(
        ("pairs", name, text, label),
        lambda: tables.kept(table.column(text), table.column(label)),
        lambda made: len(made[0]),
    )
    for note in notes:
        st.caption(show.words(note))
    if kept.strip():
        st.session_state[at] = kept
    else:
        show.error("No row of the table has a text and a label. Choose the columns that hold them.")


def _parse(data: bytes) -> Any:
    from models.language import tables as files

    return files.parse(data)


def _column(title: str, table: Table, likely: tuple[str, ...], otherwise: int, key: str) -> str:
    """A column of the table, the likeliest one first."""
    found = next((one for one in table.columns if one.strip().lower() in likely), table.columns[otherwise])
    chosen = st.selectbox(title, table.columns, index=table.columns.index(found), key=f"{key}_{table.columns}")
    return chosen or found
