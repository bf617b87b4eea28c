"""A table of texts on the page: a CSV in, each row read by the model, the same table with its answers out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import streamlit as st

from models import zoo
from models.zoo.given import Given
from pages.parts import document, keep, show, tasks
from viz import files

if TYPE_CHECKING:
    from models.language.running import Run
    from models.language.tables import Table
    from models.zoo.model import Model

LARGEST = 200  # MB of a file
SHOWN = 50  # rows of the result that are shown
SAME = "the same for all rows"


def stage(page: str, task: str, ref: str, model: Model) -> None:
    """The file, its columns, the work, and what came of it. Raises zoo.InputError."""
    from models.language import tables
    from models.language.running import Run

    file = st.file_uploader(
        "A table of texts",
        type=["csv", "tsv", "txt"],
        key=f"{page}_table",
        max_upload_size=LARGEST,
        help="CSV with the columns' names in its first line.",
    )
    if file is None:
        _example(page, task, ref)
        return
    data = file.getvalue()
    name = hashlib.sha256(data).hexdigest()
    table: Table = keep.made(("table", name), lambda: tables.parse(data), lambda made: 3 * len(data))
    for note in table.notes:
        st.caption(show.words(note))
    st.caption(f"{len(table.rows):,} rows, {len(table.columns)} columns")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        column = _column(page, "Column with the texts", "column", table)
        questions, question = _questions(page, task, table)
    template = tasks.settings(page, task, model, Given("", question))
    wanted = (model.id, name, task, column, tuple(questions), template.key)
    kept = st.session_state.get(f"{page}_batch")
    run: Run[dict[str, Any]] | None = kept[1] if kept and kept[0] == wanted else None
    if st.button("Read the table", type="primary", icon=":material/play_arrow:", disabled=bool(run and run.running)):
        if kept:
            kept[1].stop()
        texts = table.column(column)
        prefix = next(iter(_prefix(page, task, model)), "")
        texts = [prefix + text if text.strip() else text for text in texts] if prefix else texts
        run = Run(tables.results(model, task, texts, template, questions), len(texts), keep.here())
        st.session_state[f"{page}_batch"] = (wanted, run)
    if run is None:
        return
    document.watch(page, run, "rows")
    _results(page, table, run)


def _column(page: str, title: str, name: str, table: Table) -> str:
    """A column of the table; one that a link names and that is not there is said to be missing."""
    asked = st.query_params.get(f"{page}_{name}")
    if asked is not None and asked not in table.columns:
        table.column(asked)
    likely = next((one for one in table.columns if one.lower() in ("text", "sentence", "review", "passage")), None)
    first = asked or likely or table.columns[0]
    chosen = st.selectbox(
        title, table.columns, index=table.columns.index(first), key=f"{page}_{name}_{table.columns}", width=240
    )
    return chosen or first


def _questions(page: str, task: str, table: Table) -> tuple[list[str], str | None]:
    """A question per row, or one for all."""
    if task != "questions":
        return [], None
    from_column = st.selectbox(
        "Questions",
        [SAME, *table.columns],
        key=f"{page}_questions_{table.columns}",
        width=240,
        index=next((i + 1 for i, name in enumerate(table.columns) if name.lower() == "question"), 0),
    )
    if from_column and from_column != SAME:
        return table.column(from_column), None
    question = st.text_input("Question", key=f"{page}_question", placeholder="Ask about every text", width=300)
    if not (question or "").strip():
        raise zoo.InputError("There is no question yet. Ask one about every text, or choose a column that holds them.")
    return [], question


def _prefix(page: str, task: str, model: Model) -> list[str]:
    """What the model is told before each text (T5)."""
    from models.language.tasks import prefixes

    told = prefixes(model, task)
    chosen = st.session_state.get(f"{page}_prefix_{task}")
    return [told.get(chosen or "", "")] if told else []


def _results(page: str, table: Table, run: Run[dict[str, Any]]) -> None:
    """The last rows that are done, and all of them as files."""
    from models.language.tables import with_results

    done = list(run.done)
    if not done:
        return
    troubled = sum("problem" in row for row in done)
    if troubled:
        st.caption(f"{troubled:,} of {len(done):,} rows have a remark in the column “problem”.")
    columns, rows = with_results(table, done)
    listed = list(rows)
    shown = listed[-SHOWN:]
    st.dataframe({name: [row[i] for row in shown] for i, name in enumerate(columns)}, hide_index=True)
    if len(listed) > SHOWN:
        st.caption(f"The last {SHOWN} of {len(listed):,} rows; the files hold all of them.")
    with st.container(horizontal=True):
        st.download_button(
            "Table as CSV",
            lambda: files.table_csv(columns, listed),
            file_name="headlight_table.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            "Table as Parquet",
            lambda: files.table_parquet(columns, listed),
            file_name="headlight_table.parquet",
            mime="application/vnd.apache.parquet",
            on_click="ignore",
            icon=":material/download:",
        )
    st.caption(
        "Text that a spreadsheet would run as a formula begins with an apostrophe in both files. “attention entropy” "
        "is the mean over all heads and words, as a share of the most it could be; “attention pairs” are the words "
        "that read each other most, by the mean of all heads."
    )


def _example(page: str, task: str, ref: str) -> None:
    """Nothing is there yet: what is wanted, and a table to try it with."""
    from models.language import tasks as known
    from pages.parts import ask

    cards = [card for card in known.bundled(task) if card.name == ref] or list(known.bundled(task))
    examples = [example for card in cards for example in card.examples]
    names = [name for name in ask.FIELDS if name in examples[0]]
    data = files.table_csv(names, [[example[name] for name in names] for example in examples])
    st.markdown(
        "Give it a CSV: the first line names the columns, each further line is a row. One column holds the texts."
    )
    st.download_button(
        "A small table to try",
        data,
        file_name=f"headlight_{task}.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
