"""The transport of a run: play, step, back, reset, how fast; and what a run that stands can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import streamlit as st

from models.jobs.protocol import ENDED, RUNNING, Status
from models.learn.history import History
from models.learn.spec import Spec, of_job
from pages.parts import keep, run_looks, show
from pages.parts import run_acts as acts
from pages.parts.knobs import Run
from pages.parts.run_acts import Seen


class Face(Enum):
    """How a run stands, as far as its buttons show it."""

    NONE = auto()
    ACTIVE = auto()
    RESTS = auto()
    ENDED = auto()


@dataclass(frozen=True)
class Stand:
    """What the whole page was drawn for: a part of it that finds another one has the page drawn anew.

    That a button was pressed its command says: a button that its own command disables counts as not pressed.
    """

    job: str | None
    face: Face
    moving: bool  # the run's part of the page runs by itself
    told: float  # when it was last told something


MANY = (10, 50, 200, 1_000)  # steps of the button that takes several


def stand(page: str, status: Status | None = None) -> Stand:
    """How the page's run stands, now or by a status that is known already."""
    run: Run | None = st.session_state.get(f"{page}_run")
    if run is None:
        return Stand(None, Face.NONE, False, acts.told(page))
    status = status or keep.engine().status(run.job)
    active = acts.active(status)
    face = Face.ACTIVE if active else Face.ENDED if status.state in ENDED else Face.RESTS
    return Stand(run.job, face, active or acts.waits(page), acts.told(page))


def bar(page: str, drawn: Stand, wanted: Spec | None) -> None:
    """One row: buttons, and how fast."""
    if stand(page) != drawn:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _buttons(page, drawn.face, wanted)
        st.selectbox("Steps at once", MANY, index=1, format_func=lambda n: f"{n:,}", key=f"{page}_many", width=110)
        st.segmented_control(
            "Steps a second", list(acts.PACES), default=acts.FAST, key=f"{page}_pace", on_change=acts.pace, args=(page,)
        )


def _buttons(page: str, face: Face, wanted: Spec | None) -> None:
    active, rests = face is Face.ACTIVE, face is Face.RESTS
    able = rests or (face is Face.NONE and wanted is not None)
    many = st.session_state.get(f"{page}_many") or MANY[1]

    def button(words: str, icon: str, key: str, able: bool, about: str | None = None, **command: Any) -> None:
        st.button(
            words, icon=f":material/{icon}:", key=f"{page}_{key}", disabled=not able, help=about, on_click=acts.tell,
            args=(page,), kwargs=command, type="primary" if key == "play" else "secondary",
        )  # fmt: skip

    play = ("Pause", "pause", "pause") if active else ("Play", "play_arrow", "play")
    button(*play[:2], "play", active or able, do=play[2])
    button("Step", "skip_next", "step_one", able, do="step", n=1)
    button(f"{many:,} steps", "skip_next", "step_many", able, do="step", n=many)
    about = "To the last snapshot; the knobs stay as they are."
    button("Back", "skip_previous", "back", active or rests, about, do="back")
    st.button(
        "Reset",
        icon=":material/restart_alt:",
        on_click=acts.leave,
        args=(page,),
        disabled=face is Face.NONE,
        help="Ends this run; the next one starts from new weights.",
        key=f"{page}_reset",
    )


def where(seen: Seen, status: Status) -> str:
    """Step, of how many, how fast, how long."""
    run_spec = seen.history.now(of_job(status.spec))
    last, total = seen.history.last, run_spec.steps
    words = f"step **{last:,}** of {total:,}"
    if status.state == RUNNING and seen.pace > 0:
        pace = f"{seen.pace:.0f}" if seen.pace >= 3 else f"{seen.pace:.1f}"
        words += f" · {pace} steps/s · {_left((total - last) / seen.pace)} left"
    return words


def _left(seconds: float) -> str:
    """A time as one says it."""
    if seconds < 100:
        return f"{seconds:,.0f} s"
    return f"{seconds / 60:,.0f} min" if seconds < 6_000 else f"{seconds / 3600:,.1f} h"


def ask(page: str, history: History) -> None:
    """What a run that stands can be asked, and what it answered."""
    with st.container(horizontal=True):
        for words, icon, what, about in (
            ("Switch heads off", "toggle_off", "ablate", "Each head in turn, on the held-out rows."),
            ("Replay and compare", "replay", "replay", "The log from its beginning, against what was recorded."),
        ):
            st.button(
                words,
                icon=f":material/{icon}:",
                on_click=acts.tell,
                args=(page,),
                kwargs={"do": what},
                key=f"{page}_ask_{what}",
                help=about,
            )
    run_looks.heads_off(history)
    if found := history.replayed:
        st.caption(show.words(_replayed(found)))
    if kept := history.kept:
        st.caption(show.words(_kept(kept)))


def _replayed(found: dict[str, Any]) -> str:
    """What came of a replay."""
    if found.get("stopped"):
        return f"The replay was stopped at step {found['until']:,}; so far all was the same, bit for bit."
    if found["same"]:
        return f"Replayed {found['until']:,} steps from the log: all losses and all weights are the same, bit for bit."
    return f"Replayed from the log: step {found['differs']:,} is the first that came out otherwise."


def _kept(kept: dict[str, Any]) -> str:
    """Which weights another run gave."""
    new = ", ".join(kept["new"][:6]) + (f" and {len(kept['new']) - 6} more" if len(kept["new"]) > 6 else "")
    words = f"It began with {len(kept['kept'])} tensors of the run before, as they were at its step {kept['step']:,}"
    return f"{words}; new are {new}." if kept["new"] else f"{words}: all of them fit."
