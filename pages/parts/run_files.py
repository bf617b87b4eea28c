"""What a run leaves: a model's folder, a script, a file to share; and runs that come back from such a file."""

from __future__ import annotations

import os
from typing import Any

import streamlit as st

from models.jobs.protocol import JobError
from models.learn import sharing, tasks
from models.learn.history import History
from models.learn.recordings import recording
from models.learn.spec import label
from models.learn.zips import zipped
from pages.parts import keep, knobs, show
from pages.parts.knobs import Run

ZIP = "application/zip"
LARGEST = sharing.LARGEST // 1_000_000  # MB


def leave(page: str, run: Run, history: History, still: bool) -> None:
    """The model at its last snapshot, the run as a script and as a file."""
    if not still:
        st.caption(f"Pause the run to save it, to switch heads off, or to open it in {_opens(run)}.")
        return
    step = history.frames[-1]
    at, public = f"{page}_wish", os.environ.get("HEADLIGHT_PUBLIC") == "1"

    def wish(what: str) -> None:
        st.session_state[at] = (what, run.job, step)  # kept: this part of the page may begin anew before it is read

    def button(words: str, icon: str, what: str) -> None:
        st.button(words, icon=f":material/{icon}:", key=f"{page}_leave_{what}", on_click=wish, args=(what,))

    with st.container(horizontal=True):
        if not public:
            button(f"Open in {_opens(run)}", "image_search" if _looks(run) else "notes", "open")
        button("Save the model", "download", "save")
        button("As a Python script", "code", "script")
        button("Share the run", "ios_share", "share")
        wished = st.session_state.get(at)
        if wished == ("open", run.job, step):
            del st.session_state[at]
            _open(run, step)
        elif wished and wished[1:] == (run.job, step):
            {"save": _model, "script": _script, "share": _share}[wished[0]](run, step, history)


def _looks(run: Run) -> bool:
    return tasks.TASKS[run.spec.task].looks


def _opens(run: Run) -> str:
    """The page that shows its attention."""
    return "Vision" if _looks(run) else "Text attention"


def _name(run: Run, step: int) -> str:
    return f"{run.spec.task.replace(' ', '-')}-{step}"


def _open(run: Run, step: int) -> None:
    from models.jobs.store import home
    from models.learn import export
    from models.scratch.hf import NotExpressible

    folder = home() / "models" / f"{run.spec.task.replace(' ', '-')}-{run.job}-{step}"
    try:
        if not (folder / "config.json").exists():
            export.save(run.spec, keep.engine().artifact(run.job, f"snapshot/{step:07}"), folder)
    except (NotExpressible, JobError, OSError) as problem:
        show.error(problem)
        return
    if _looks(run):
        st.switch_page("pages/vision.py", query_params={"vision_model": str(folder)})
    given = {"text_model": str(folder), "text": export.example(run.spec)}
    st.switch_page("pages/text_attention.py", query_params=given)


def _model(run: Run, step: int, history: History) -> None:
    from models.learn import export
    from models.scratch.hf import NotExpressible

    try:
        state = keep.engine().artifact(run.job, f"snapshot/{step:07}")
        data = keep.made(("zip", run.job, step), lambda: export.as_zip(run.spec, state), len)
    except (NotExpressible, JobError) as problem:
        show.error(problem)
        return
    _offer(f"{_name(run, step)}.zip", data, ZIP)


def _script(run: Run, step: int, history: History) -> None:
    from models.learn.script import beside, script

    if history.kept:
        show.error("This run began with weights of another one, which a script does not hold: it would not replay.")
        return
    try:
        text = keep.made(("script", run.job, step), lambda: script(run.spec, history.changes, step), len)
    except ValueError as problem:
        show.error(problem)
        return
    file = beside(run.spec)
    if file is None:
        _offer(f"{_name(run, step)}.py", text, "text/x-python")
        st.caption(
            "One file that wants torch and numpy and gives the same curve, bit for bit on one kind of processor."
        )
        return
    _offer(f"{_name(run, step)}-script.zip", zipped({"train.py": text.encode(), file.name: file.read_bytes()}), ZIP)
    st.caption("The script and its pictures: it wants torch and numpy and gives the same curve, bit for bit.")


def _share(run: Run, step: int, history: History) -> None:
    title = st.session_state.get("run_names", {}).get(run.job, _name(run, step))
    _offer(f"{_name(run, step)}.json", sharing.packed(title, run.spec, history), "application/json")
    st.caption("The settings, the knobs that were turned and the curve, as JSON: “A run from a file” opens it again.")


def _offer(name: str, data: bytes | str, mime: str) -> None:
    st.download_button(f"Download {name}", data, name, mime, icon=":material/download:", on_click="ignore")


# ---- runs that come as a file


def receive(page: str) -> None:
    """A file somebody shared: the knobs go where they were, and Play trains it again beside its curve."""
    file = st.file_uploader("A run from a file", type=["json"], key=f"{page}_shared", max_upload_size=LARGEST)
    at = f"{page}_received"
    if file is None:
        return
    if st.session_state.get(at) == file.file_id:
        return
    st.session_state[at] = file.file_id
    try:
        shared = sharing.unpacked(file.getvalue())
    except sharing.ShareError as problem:
        st.session_state[f"{page}_shared_problem"] = str(problem)
        st.session_state[f"{page}_plan"] = None
        st.rerun()
    st.session_state[f"{page}_shared_problem"] = ""
    st.session_state[f"{page}_plan"] = shared
    st.session_state[f"{page}_put"] = shared.spec.as_json()
    st.rerun()


def settle(page: str) -> bool:
    """Before any widget is drawn: the knobs stand as a file says; whether one has come."""
    values = st.session_state.pop(f"{page}_put", None)
    if values is not None:
        knobs.put(page, values)
    return values is not None


def received(page: str) -> sharing.Shared | None:
    """The shared run that is to be trained again, or the recording of the preset."""
    shared: sharing.Shared | None = st.session_state.get(f"{page}_plan")
    return shared or recording(st.session_state.get(f"{page}_preset", ""))


def about(page: str, history: History | None) -> None:
    """What came as a file, and whether it comes out the same."""
    problem, shared = st.session_state.get(f"{page}_shared_problem"), received(page)
    if problem:
        show.error(problem)
    if shared is None:
        return
    turned = ", ".join(f"{label(change.knob).lower()} at {change.step:,}" for change in shared.changes[:6])
    recorded = shared is not st.session_state.get(f"{page}_plan")
    words = f"{'A recording' if recorded else 'From a file'}: {shared.name or 'a run'}, {len(shared.loss):,} steps"
    words += f", {len(shared.changes):,} knobs turned ({turned})." if shared.changes else "."
    if shared.kept:
        words += " It began with weights of another run, which the file does not hold: another curve will come out."
    if history is not None and history.loss and shared.loss:
        words += f" {_compared(history, shared)}"
    elif shared.loss:
        words += " What is drawn was recorded, not trained now; Play trains it again beside its recorded curve."
    st.caption(show.words(words))


def _compared(history: History, shared: sharing.Shared) -> str:
    """Whether the losses so far are those of the file."""
    n = min(len(history.loss), len(shared.loss))
    differ = next((i for i in range(n) if history.loss[i] != shared.loss[i]), None)
    if differ is None:
        return f"The {n:,} losses so far are those of the file, bit for bit."
    return f"From step {differ + 1:,} on the losses are others than in the file."


def plan(page: str, spec: Any) -> list[dict[str, Any]]:
    """The changes to be made while it trains, if what is trained is what the file says."""
    from dataclasses import asdict

    shared = received(page)
    return [asdict(change) for change in shared.changes] if shared and shared.spec == spec else []
