"""What came of a fine-tuning: figures before and after, the answers that changed, and the model as a folder."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from models.jobs.protocol import JobError
from models.tuning.history import History
from models.tuning.job import snapshot
from models.tuning.spec import CLASSIFY, GAPS, NEXT, Spec
from models.zoo.errors import LoadError
from pages.parts import keep, pairs, show
from pages.parts.pair_examples import MODELS

if TYPE_CHECKING:
    from pages.parts.tuned import Run

RIGHT = {CLASSIFY: "Right answers", GAPS: "Gaps filled right", NEXT: "Next tokens foretold"}
PLACES = {"text": "Text attention", "language": "Language tasks", "compare": "Compare: before and after"}
TAUGHT = "Compare: teacher and student"
ICONS = {"text": ":material/notes:", "language": ":material/translate:", "compare": ":material/difference:"}
MOST = 200  # rows of the table of changes


def figures(spec: Spec, history: History) -> None:
    """The held-out figures before training and now."""
    first, last = history.graded[0], history.graded[-1]
    if last.agreement is not None and first.agreement is not None and history.about and history.about.teacher:
        _beside_teacher(spec, first.agreement, last.agreement, last.accuracy, history.about.teacher)
        return
    with st.container(horizontal=True):
        figure(RIGHT[spec.task], f"{last.accuracy:.1%}", _points(last.accuracy - first.accuracy), True)
        figure("Before", f"{first.accuracy:.1%}")
        if spec.task == CLASSIFY:
            figure("Loss", f"{last.loss:.3f}", f"{last.loss - first.loss:+.3f}", False)
        else:
            figure("Perplexity", perplexity(last.loss), f"before: {perplexity(first.loss)}", None)


def _beside_teacher(spec: Spec, before: float, now: float, accuracy: float, teacher: dict[str, Any]) -> None:
    """Of a student: how far it answers as its teacher does, and how often each is right."""
    with st.container(horizontal=True):
        figure("Answers as its teacher does", f"{now:.1%}", _points(now - before), True)
        figure(f"{RIGHT[spec.task]}: student", f"{accuracy:.1%}")
        figure("Teacher", f"{teacher['accuracy']:.1%}")


def figure(label: str, value: str, change: str | None = None, more_is_good: bool | None = None) -> None:
    """One number with its name, and how it changed."""
    colour: Literal["normal", "inverse", "off"] = (
        "off" if more_is_good is None else "normal" if more_is_good else "inverse"
    )
    arrow: Literal["auto", "off"] = "off" if more_is_good is None else "auto"  # it reads the sign of the change itself
    st.metric(label, value.replace("%", " %"), change, delta_color=colour, delta_arrow=arrow)


def _points(share: float) -> str:
    return f"{100 * share:+.1f} points"


def perplexity(loss: float) -> str:
    """Of a mean loss in nats, in words."""
    return f"{math.exp(loss):,.2f}" if loss < 20 else "no number"


def result(page: str, run: Run) -> None:
    """Links to the model in other pages, a file, and what it answers otherwise."""
    key = f"{page}_wish"

    def wish(what: str) -> Callable[[], None]:
        return lambda: st.session_state.update({key: (what, run.job)})

    with st.container(horizontal=True):
        if os.environ.get("HEADLIGHT_PUBLIC") != "1":
            for name, title in PLACES.items():
                if name != "language" or run.spec.task != NEXT:
                    title = TAUGHT if name == "compare" and run.spec.distils else title
                    st.button(title, icon=ICONS[name], key=f"{page}_to_{name}", on_click=wish(name))
        st.button("Save the model", icon=":material/download:", key=f"{page}_save", on_click=wish("save"))
        wanted = st.session_state.get(key)
        if wanted and wanted[1] == run.job:
            _grant(page, run, wanted[0])
    changes(run)


def _grant(page: str, run: Run, what: str) -> None:
    """Open it somewhere, or offer it as a file."""
    from models.tuning import export

    step = run.history.snapshot
    name = export.name(run.spec, run.job, step)
    try:
        state = keep.engine().artifact(run.job, snapshot(step))
        if what == "save":
            data = keep.made(("tuned", run.job, step), lambda: export.zipped(run.spec, run.data, state), len)
            file = f"{name}.zip"
            st.download_button(f"Download {file}", data, file, "application/zip", icon=":material/download:")
            return
        folder = folder_of(run, name, state)
    except (LoadError, JobError, OSError) as problem:
        show.error(str(problem))
        return
    del st.session_state[f"{page}_wish"]
    _open(what, run, folder)


def folder_of(run: Run, name: str, state: bytes) -> Path:
    """The folder of the trained model, written if it is not there."""
    from models.jobs.store import home
    from models.tuning import export

    folder = home() / "models" / name
    if not (folder / "config.json").exists():
        export.save(run.spec, run.data, state, folder)
    return folder


def _open(what: str, run: Run, folder: Path) -> None:
    go(what, run.spec.task, run.spec.teacher or run.spec.model, folder, _telling(run))


def places(page: str, task: str, ref: str, folder: Path, text: str) -> None:
    """Buttons that open a model in other pages, and beside the model it was made of."""
    with st.container(horizontal=True):
        for name, title in PLACES.items():
            if (name != "language" or task != NEXT) and st.button(title, icon=ICONS[name], key=f"{page}_at_{name}"):
                go(name, task, ref, folder, text)


def go(what: str, task: str, ref: str, folder: Path, text: str) -> None:
    """Leave for another page with this model; to Compare with the one it was made of."""
    if what == "compare":
        pairs.begin_with(MODELS, {"model": ref, "b_model": str(folder), "text": text})
        st.switch_page("pages/compare.py", query_params={})
    if what == "language":
        given = {"language_model": str(folder), "text": _gap(task, text)}
        st.switch_page("pages/language_tasks.py", query_params=given)
    st.switch_page("pages/text_attention.py", query_params={"text_model": str(folder), "text": text})


def _gap(task: str, text: str) -> str:
    """A text with its longest word left open, for a model that fills gaps."""
    if task != GAPS:
        return text
    return text.replace(max(text.split(), key=len), "[MASK]", 1)


def _telling(run: Run) -> str:
    """A held-out text that it has learnt to answer, else the first one."""
    about = run.history.about
    rows = [row for row, before, after in _pairs(run) if before != after == run.data.labels[row]]
    return run.data.texts[rows[0] if rows else about.held[0] if about else 0]


def _pairs(run: Run) -> list[tuple[int, int, int]]:
    """(row, answer before, answer after), as the data counts classes; none where there are no classes."""
    about = run.history.about
    first, last = run.history.graded[0].answers, run.history.graded[-1].answers
    if about is None or not first or not last:
        return []
    place = {name.lower(): i for i, name in enumerate(run.data.classes)}
    theirs = [place[name.lower()] for name in about.classes]
    return [(row, theirs[a], theirs[b]) for row, a, b in zip(about.held, first, last, strict=True)]


def changes(run: Run) -> None:
    """Held-out texts that are answered otherwise now, those that became right first."""
    found = _pairs(run)
    if not found:
        return
    names, labels = run.data.classes, run.data.labels
    moved = sorted((x for x in found if x[1] != x[2]), key=lambda x: (x[2] != labels[x[0]], x[1] != labels[x[0]]))
    better = sum(after == labels[row] for row, _, after in moved)
    worse = sum(before == labels[row] for row, before, _ in moved)
    st.markdown(
        f"**{len(moved)} of {len(found)} held-out texts** are answered otherwise than before: {better} right now, "
        f"{worse} wrong now."
    )
    if moved:
        st.dataframe(
            [
                {
                    "text": run.data.texts[row],
                    "label": names[labels[row]],
                    "before": names[before],
                    "after": names[after],
                    "": "right now"
                    if after == labels[row]
                    else "wrong now"
                    if before == labels[row]
                    else "wrong still",
                }
                for row, before, after in moved[:MOST]
            ],
            hide_index=True,
        )
