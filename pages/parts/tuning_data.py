"""What a model is fine-tuned on: made-up examples, a table of the visitor's, or a text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import streamlit as st

from models.language import tables
from models.records import ConfigError
from models.tuning import data as datas
from models.tuning.data import Data
from models.tuning.examples import EXAMPLES
from models.tuning.spec import CLASSIFY
from models.zoo.errors import InputError
from pages.parts import document, keep, show

OWN_TABLE, OWN_TEXT = "Your own table", "Your own text"
TEXT_NAMES = ("text", "sentence", "review", "passage", "message")
LABEL_NAMES = ("label", "class", "category", "sentiment", "topic", "target")
MB = 50  # of a file


@dataclass(frozen=True)
class Chosen:
    """The data and what it is called; no data: `problems` say by field why not."""

    name: str
    data: Data | None
    problems: dict[str, str]


def choose(page: str, task: str, first: str = "reviews") -> Chosen:
    """Pick, upload or paste; what will not do is said at its field. `first`: the example that classes begin with."""
    titles = {e.title: name for name, e in EXAMPLES.items() if e.labelled or task != CLASSIFY}
    wanted = first if task == CLASSIFY else "log"
    titles = dict(sorted(titles.items(), key=lambda pair: pair[1] != wanted))
    own = OWN_TABLE if task == CLASSIFY else OWN_TEXT
    key = f"{page}_data_{'table' if task == CLASSIFY else 'text'}"
    title = st.selectbox("Data", [*titles, own], key=key, persist_state="session")
    if title in titles:
        example = EXAMPLES[titles[title]]
        st.caption(show.words(example.sentence))
        found = keep.made(("example", titles[title]), example.make, lambda made: 200 * len(made.texts))
        return Chosen(title, found if task == CLASSIFY else Data(found.texts), {})
    try:
        name, made = _table(page) if task == CLASSIFY else _text(page)
    except ConfigError as problem:
        for words in problem.problems.values():
            st.caption(f":red[{show.words(words)}]")
        return Chosen(own, None, problem.problems)
    except InputError as problem:
        st.caption(f":red[{show.words(str(problem))}]")
        return Chosen(own, None, {"data": str(problem)})
    for note in made.notes if made else ():
        st.caption(show.words(note))
    return Chosen(name, made, {} if made else {"data": "There is no data yet."})


def _table(page: str) -> tuple[str, Data | None]:
    """Two columns of a CSV. Raises ConfigError, InputError."""
    file = st.file_uploader(
        "A CSV with texts and labels",
        type=["csv", "tsv", "txt"],
        key=f"{page}_table",
        max_upload_size=MB,
        help="Its first line names the columns.",
    )
    if file is None:
        st.caption("The first line names the columns; one holds the texts, another one their labels.")
        return OWN_TABLE, None
    raw = file.getvalue()
    digest = hashlib.sha256(raw).hexdigest()
    table = keep.made(("table", digest), lambda: tables.parse(raw), lambda made: 3 * len(raw))
    for note in table.notes:
        st.caption(show.words(note))
    texts = _column(page, "Texts", table, TEXT_NAMES, 0)
    labels = _column(page, "Labels", table, LABEL_NAMES, len(table.columns) - 1)
    found = keep.made(
        ("labelled", digest, texts, labels),
        lambda: datas.of_table(table, texts, labels),
        lambda made: sum(map(len, made.texts)) + 64,
    )
    return file.name[:60], found


def _column(page: str, title: str, table: tables.Table, likely: tuple[str, ...], otherwise: int) -> str:
    names = [name.lower() for name in table.columns]
    first = next((names.index(name) for name in likely if name in names), otherwise)
    key = f"{page}_{title.lower()}_{hash(table.columns)}"
    return st.selectbox(title, table.columns, index=first, key=key) or table.columns[first]


def _text(page: str) -> tuple[str, Data | None]:
    """Lines of a text. Raises ConfigError."""
    file = st.file_uploader("A text file", type=["txt", "md"], key=f"{page}_file", max_upload_size=10)
    typed = st.text_area(
        "Or paste a text", key=f"{page}_own", height=120, placeholder="One text a line", persist_state="session"
    )
    text = document.decoded(file.getvalue()) if file is not None else typed or ""
    if not text.strip():
        st.caption("Each line is a text of its own.")
        return OWN_TEXT, None
    return (file.name[:60] if file is not None else OWN_TEXT), datas.plain(text)
