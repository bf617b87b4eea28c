"""The table of runs: what came of them, in which knobs they differ; laid over each other, named, deleted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import streamlit as st

from models.jobs.shelf import Lying, Shelf
from models.learn.history import History
from models.learn.spec import NAMES, OWN, Spec, label, of_job, written
from models.learn.tasks import TASKS
from models.records import ConfigError
from pages.parts import keep, run_files, show
from viz.views import training

MOST_OVER = 4  # runs that are laid over one
MOST_KNOBS = 8  # in which runs differ, that have a column


@dataclass(frozen=True)
class Past:
    """A run on the shelf, and how it is called."""

    lying: Lying
    spec: Spec

    @property
    def job(self) -> str:
        """Its job."""
        return self.lying.job

    @property
    def title(self) -> str:
        """What it was named, or its task and the last step it was measured at."""
        step = self.lying.last.get("step", 0)
        return self.lying.name or f"{TASKS[self.spec.task].title}, {step:,} steps ({self.job[:4]})"


def shelf() -> Shelf:
    """Where runs lie."""
    from models.jobs.store import home

    return keep.made(("shelf", str(home())), lambda: Shelf(home()), lambda made: 1)


def past() -> list[Past]:
    """The newest runs: all on this computer, or on a public server the visitor's own."""
    owner = st.session_state.get("owner", "") if os.environ.get("HEADLIGHT_PUBLIC") == "1" else None
    found = []
    for lying in shelf().listed("train", "evaluation", owner):
        try:
            found.append(Past(lying, of_job(lying.spec)))
        except ConfigError:
            continue  # of an older Headlight, with knobs that are no more
    return found


def others(page: str, own: str | None) -> tuple[training.Other, ...]:
    """The runs that are laid over the one on the page, and the recorded curve of a shared one."""
    chosen = [run for run in st.session_state.get(f"{page}_over_runs", []) if run.job != own][:MOST_OVER]
    laid = [_other(run.title, _history(page, run.job)) for run in chosen]
    shared = run_files.received(page)
    if shared and shared.loss:
        laid.append(_other(f"{shared.name or 'the file'}, recorded", shared.history))
    return tuple(laid)


def _other(title: str, history: History) -> training.Other:
    steps, looked = history.at
    validation, accuracy, _ = history.evaluated()
    return training.Other(title, steps, history.curve("loss"), looked, validation, accuracy)


def _history(page: str, job: str) -> History:
    """What it has said; looking does not count as watching, so a run that nobody watches still comes to rest."""
    kept: dict[str, History] = st.session_state.setdefault(f"{page}_histories", {})
    history = kept.setdefault(job, History())
    history.take(shelf().events(job, history.number))
    return history


def section(page: str, own: str | None) -> None:
    """The table, and what can be done with it."""
    runs = past()
    with st.expander(f"Runs ({len(runs)})", icon=":material/list:"):
        run_files.receive(page)
        if not runs:
            st.caption("Every run stays on this computer and is listed here, with the knobs in which it differs.")
            return
        st.dataframe(table(runs, own), hide_index=True)
        by_job = {run.job: run for run in runs}
        chosen = st.multiselect(
            "Lay over the curves",
            [run.job for run in runs if run.job != own],
            format_func=lambda job: by_job[job].title,
            max_selections=MOST_OVER,
            key=f"{page}_over",
        )
        before = [run.job for run in st.session_state.get(f"{page}_over_runs", [])]
        st.session_state[f"{page}_over_runs"] = [by_job[job] for job in chosen]
        if chosen != before:
            st.rerun()
        _one(page, by_job, own)


def table(runs: list[Past], own: str | None) -> dict[str, list[Any]]:
    """A row for each run: what came of it, and the knobs that are not the same in all of them."""
    knobs = [n for n in NAMES if n not in (*OWN, "task") and len({getattr(run.spec, n) for run in runs}) > 1]
    rows: dict[str, list[Any]] = {
        "run": [f"{run.title}{' (shown)' if run.job == own else ''}" for run in runs],
        "state": [run.lying.state for run in runs],
        "step": [run.lying.last.get("step", 0) for run in runs],
        "held-out loss": [run.lying.last.get("loss") for run in runs],
        "answers right": [show.percent(run.lying.last.get("exact")) for run in runs],
    }
    for name in knobs[:MOST_KNOBS]:
        rows[label(name)] = [written(getattr(run.spec, name)) for run in runs]
    if len(knobs) > MOST_KNOBS:
        rest = knobs[MOST_KNOBS:]
        rows["other knobs"] = [", ".join(f"{label(n)} {written(getattr(r.spec, n))}" for n in rest) for r in runs]
    return rows


def _one(page: str, by_job: dict[str, Past], own: str | None) -> None:
    """One of them: shown again, named, or deleted."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        job = st.selectbox("A run", list(by_job), format_func=lambda j: by_job[j].title, key=f"{page}_one", width=280)
        if job is None:
            return
        name = st.text_input("Its name", value=by_job[job].lying.name, key=f"{page}_name_{job}", width=200)

        def rename() -> None:
            shelf().name(job, st.session_state[f"{page}_name_{job}"])

        def show_again() -> None:
            st.session_state[f"{page}_shown"] = job

        def delete() -> None:
            keep.engine().cancel(job)
            shelf().delete(job)
            if job == own:
                st.session_state[f"{page}_run"] = None
            st.session_state.get(f"{page}_over_runs", []).clear()
            st.session_state.pop(f"{page}_over", None)

        st.button("Rename", on_click=rename, disabled=name == by_job[job].lying.name, key=f"{page}_rename")
        st.button("Show it", on_click=show_again, disabled=job == own, key=f"{page}_show")
        st.button("Delete", on_click=delete, icon=":material/delete:", key=f"{page}_delete")
