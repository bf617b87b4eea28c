"""What is drawn of a run: curves, attention while it forms, a step in slow motion, heads switched off."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import streamlit as st

from models.learn import samples, tasks
from models.learn.history import History
from models.learn.spec import Change, Spec, label, written
from pages.parts import keep, show
from viz.views import forming, training

if TYPE_CHECKING:
    from collections.abc import Iterable

STAGE = 0.5  # seconds for each stage of a step in slow motion
TITLES = {
    "norms": "Gradient norm by part (log)",
    "ratios": "Size of an update / size of the weights (log)",
    "entropy": "Attention entropy by head (bits)",
    "induction": "Induction score by head",
}
MORE = {
    "norms": "Gradients",
    "ratios": "Updates",
    "entropy": "Entropy",
    "induction": "Induction score",
}


def curves(history: History, spec: Spec, more: Iterable[str], others: tuple[training.Other, ...]) -> training.Curves:
    """A run's curves with the further charts that are wanted and the runs that are laid over it."""
    steps, looked = history.at
    validation, accuracy, exact = history.evaluated()
    return training.Curves(
        steps,
        loss=history.curve("loss"),
        norm=history.curve("norm"),
        lr=history.curve("lr"),
        looked=looked,
        validation=validation,
        accuracy=accuracy,
        exact=exact,
        total=spec.steps,
        marks=marks(history.changes),
        broken=tuple(history.broken),
        graded="of pictures" if tasks.TASKS[spec.task].looks else "of graded tokens",
        charts=tuple(_chart(history, name) for name in MORE if name in more),
        others=others,
    )


def marks(changes: Iterable[Change]) -> tuple[tuple[int, str], ...]:
    """Where knobs moved, in words; one that was dragged over several values at one step moved once, or not at all."""
    moved: dict[tuple[int, str], tuple[Any, Any]] = {}
    for change in changes:
        at = (change.step, change.knob)
        moved[at] = (moved.get(at, (change.old,))[0], change.new)
    return tuple(
        (step, f"{label(knob).lower()} {written(old)} → {written(new)}")
        for (step, knob), (old, new) in moved.items()
        if old != new
    )


def _chart(history: History, name: str) -> training.Chart:
    """One of the further charts."""
    return training.Chart(TITLES[name], *history.lines(name), log=name in ("norms", "ratios"))


def rows(spec: Spec) -> forming.Rows:
    """The held-out rows that are shown, drawn once."""

    def draw() -> forming.Rows:
        data, shown = samples.data(spec), slice(0, samples.SHOWN)
        seen = data.held_out.pictures
        return forming.Rows(
            data.held_out.tokens[shown],
            data.held_out.graded[shown],
            data.symbols,
            None if seen is None else seen[shown],
            spec.patch,
        )

    return keep.made(("rows", spec), draw, lambda made: made.tokens.nbytes)


def sample(spec: Spec, n: int) -> None:
    """A few training rows, as they are read."""
    seen = samples.sample_pictures(spec, n)
    said = samples.sample(spec, n)
    if seen is None:
        st.text("\n".join(said))  # as code it would load the colouring of 300 languages: half a second of every visit
        return
    with st.container(horizontal=True):
        for picture, name in zip(seen, said, strict=True):
            st.image(picture, caption=name, width=84)


# ---- slow motion


def stages(page: str, history: History, moving: bool) -> None:
    """Forward, loss, backward, clip, update of the last step, one after the other while the run is slow."""
    told = history.stages
    if not told:
        return
    shown = 5
    if moving:
        step, began = st.session_state.get(f"{page}_stage") or (-1, 0.0)
        if step != told["step"]:
            st.session_state[f"{page}_stage"] = (told["step"], time.monotonic())
            began = time.monotonic()
        shown = min(5, 1 + int((time.monotonic() - began) / STAGE))
    st.markdown(f"**Step {told['step']:,}, stage by stage**")
    for place, (title, words) in zip(st.columns(5, gap="small"), _stages(told), strict=True):
        with place, st.container(border=True, height="stretch"):
            if shown:
                st.markdown(f"**{title}**")
                st.caption(show.words(words))
                shown -= 1
            else:
                st.caption(title)


def _stages(told: dict[str, Any]) -> list[tuple[str, str]]:
    forward, loss, clip, update = told["forward"], told["loss"], told["clip"], told["update"]
    best = ", ".join(f"“{symbol}” {p:.2f}" for symbol, p in forward["best"])
    read = " ".join(forward["read"][-12:]) if forward["read"] else "a picture"
    one = "without end" if loss["one"] is None else f"{loss['one']:.3f}"
    mean = "no number" if loss["mean"] is None else f"{loss['mean']:.3f}"
    parts = told["backward"]
    strong, weak = max(parts, key=parts.__getitem__), min(parts, key=parts.__getitem__)
    norm = "no number" if clip["norm"] is None else f"{clip['norm']:.3g}"
    clipped = f"so all of it is multiplied by {clip['factor']:.3f}" if clip["factor"] < 1 else "so it stays as it is"
    most = f"At most {clip['most']:g} is allowed, {clipped}." if clip["most"] else "Clipping is off."
    said = {
        "1 Forward": f"{forward['rows']} rows go in. After {read} the model says {best}. Right is "
        f"“{forward['right']}”, to which it gives {forward['chance']:.3f}.",
        "2 Loss": f"−ln {forward['chance']:.3f} = {one} for this one. Over all {loss['counted']:,} counted places of "
        f"the batch the mean is {mean}.",
        "3 Backward": "Every weight learns how the loss would change with it. The pull is strongest in "
        f"{strong} ({parts[strong]:.3g}) and weakest in {weak} ({parts[weak]:.3g}).",
        "4 Clip": f"The whole gradient is {norm} long. {most}",
        "5 Update": f"{update['optimiser']} at rate {written(update['lr'])} moves {update['weights']:,} weights by "
        f"{update['ratio']:.2%} of their size. One of them: {update['before']:.5f}, gradient "
        f"{update['gradient']:.2g}, becomes {update['after']:.5f}.",
    }
    said["5 Update"] = said["5 Update"].replace(" -", " −").replace("e-", "e−")
    return list(said.items())


# ---- heads


def heads_off(history: History) -> None:
    """How well the model does with each head off, against how well it does with all."""
    found = history.ablated
    if not found:
        return
    without: list[list[float]] = found["without"]
    lowest, layer, head = min((value, i, j) for i, row in enumerate(without) for j, value in enumerate(row))
    base = show.percent(found["base"])
    st.markdown(
        f"**Heads off, one at a time (step {found['step']:,})** With all heads {base} of held-out answers are right; "
        f"without layer {layer}, head {head} **{show.percent(lowest)}**."
    )
    table = {"layer": [f"layer {i}" for i in range(len(without))]}
    table |= {f"without head {i}": [show.percent(row[i]) for row in without] for i in range(len(without[0]))}
    st.dataframe(table, hide_index=True)
