"""A distillation is asked for: who teaches, who learns, and how much the teacher counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from models.tuning.spec import FULL
from pages.parts import ask, lessons
from pages.parts.lessons import Wanted
from pages.parts.tuning_data import Chosen

if TYPE_CHECKING:
    from models.zoo.model import Model

DISTIL, ROUND = "Distil", "Round the weights"
TITLES = {DISTIL: "Teacher", ROUND: "Model"}
FEWER, FRESH, ANOTHER = "some of its layers", "its shape, random weights", "another model"
WEIGHTS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
WARMTHS = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)


def mode(page: str) -> str:
    """Which of the two ways to a smaller model."""
    chosen = st.segmented_control(
        "How",
        list(TITLES),
        default=DISTIL,
        key=f"{page}_mode",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    return chosen or DISTIL


def panel(page: str, ref: str, model: Model, task: str, chosen: Chosen) -> Wanted:
    """The student, the weight and warmth of the teacher, and how hard the student is trained."""
    slots: dict[str, Any] = {}
    values: dict[str, Any] = {"model": ref, "teacher": ref, "task": task, "data": chosen.name, "method": FULL}
    kind = st.selectbox("The student is", [FEWER, FRESH, ANOTHER], key=f"{page}_student", persist_state="session")
    if kind == ANOTHER:
        values["model"] = ask.model(f"{page}_student", "Student", first="distil-sentiment", reads="text")
    else:
        n = model.info.n_layers
        values |= {"layers": _layers(page, n), "fresh": kind == FRESH}
    values["weight"] = lessons.pick(
        "Weight of the teacher",
        WEIGHTS,
        0.9,
        f"{page}_weight",
        slots,
        "weight",
        "0: the labels of the data alone; 1: the teacher's probabilities alone.",
    )
    values["temperature"] = lessons.pick(
        "Temperature",
        WARMTHS,
        2.0,
        f"{page}_warmth",
        slots,
        "temperature",
        "Higher: what the teacher thinks of the less likely answers counts more.",
    )
    values |= lessons.hardness(page, model.info.n_params, FULL, slots, epochs=25)
    return lessons.checked(values, chosen, slots)


def _layers(page: str, n: int) -> int:
    if n == 1:
        return 1
    start = max(1, n // 2)
    return st.slider("Layers of the student", 1, n, start, key=f"{page}_layers_{n}", persist_state="session")
