"""What a fine-tuning is told: which task, how much of the model may change, and how hard it is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from models.records import ConfigError
from models.tuning.data import Data
from models.tuning.spec import CLASSIFY, FULL, GAPS, HEAD, LORA, METHODS, NEXT, TASKS, Spec, fits
from models.zoo.errors import InputError
from pages.parts import show
from pages.parts.tuning_data import Chosen

if TYPE_CHECKING:
    from models.zoo.model import Model

RATES = tuple(float(f"{digit}e{power}") for power in range(-6, -1) for digit in (1, 2, 3, 5))
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)
RANKS = (1, 2, 4, 8, 16, 32, 64)
SMALL = 20_000_000  # weights: below, a model bears a learning rate that would break a large one
SAID = {
    FULL: "Every weight may change.",
    HEAD: "Only what answers changes; all layers stay, and so does their attention.",
    LORA: "Each matrix of the layers gets a thin pair beside it; only the pairs are trained, and merged when saved.",
}


@dataclass(frozen=True)
class Wanted:
    """What the settings ask for; no Spec: `problems` say why not."""

    spec: Spec | None
    data: Data | None
    problems: dict[str, str]


def task(page: str, model: Model, own: bool = False) -> str:
    """What it is to learn, `own`: what it can do already; raises InputError for a model that can learn none of it."""
    info = model.info
    if info.reads != ("text",) or info.task in ("text to text", "answer questions"):
        raise InputError(
            f"Fine-tuning here is for models that read one text and sort it, fill its gaps or go on with it; "
            f"{info.name} does something else. Choose another model, such as roberta-sentiment."
        )
    other = info.task if info.task in (GAPS, NEXT) else ""
    if own or not other:
        return other or CLASSIFY
    can = [CLASSIFY, other]
    names = {TASKS[name]: name for name in can}
    key = f"{page}_task_{other}"
    chosen = st.segmented_control("It learns to", list(names), default=TASKS[CLASSIFY], key=key, required=True)
    return names[chosen or TASKS[CLASSIFY]]


def panel(page: str, ref: str, model: Model, task: str, chosen: Chosen) -> Wanted:
    """All other settings, each with what is wrong with it below."""
    slots: dict[str, Any] = {}
    values = {"model": ref, "task": task, "data": chosen.name}
    names = {title: name for name, title in METHODS.items()}
    picked = st.segmented_control(
        "What may change", list(names), default=METHODS[FULL], key=f"{page}_method", required=True
    )
    method = names[picked or METHODS[FULL]]
    st.caption(SAID[method])
    values |= {"method": method} | _freedom(page, model, method, slots)
    values |= hardness(page, model.info.n_params, method, slots)
    return checked(values, chosen, slots)


def _freedom(page: str, model: Model, method: str, slots: dict[str, Any]) -> dict[str, Any]:
    """Which layers stay; the tables; LoRA's rank."""
    values: dict[str, Any] = {}
    if method == LORA:
        values["rank"] = pick("Rank", RANKS, 8, f"{page}_rank", slots, "rank", "Columns of each thin matrix.")
    if method != HEAD and model.info.n_layers > 1:
        values["frozen"] = st.slider(
            "Layers that stay",
            0,
            model.info.n_layers,
            0,
            key=f"{page}_frozen_{model.info.n_layers}",
            persist_state="session",
            help="From the bottom: 2 keeps layers 0 and 1 as they are.",
        )
        slots["frozen"] = st.empty()
    if method == FULL:
        values["embeddings"] = st.toggle(
            "Train the token table",
            True,
            key=f"{page}_embeddings",
            persist_state="session",
            help="And that of positions.",
        )
    return values


def hardness(page: str, n_params: int, method: str, slots: dict[str, Any], epochs: int = 6) -> dict[str, Any]:
    """Learning rate, epochs, batch, held-out share, seed."""
    small = n_params < SMALL
    start = {True: (1e-3, 3e-3), False: (5e-5, 3e-4)}[small][method != FULL]
    values = {
        "lr": pick("Learning rate", RATES, start, f"{page}_lr_{method}_{small}", slots, "lr", form=_rate),
        "epochs": int(st.number_input("Epochs", 1, 100, epochs, key=f"{page}_epochs", persist_state="session")),
    }
    slots["epochs"] = st.empty()
    with st.expander("More settings"):
        values["batch_size"] = pick("Batch size", SIZES, 16, f"{page}_batch", slots, "batch_size")
        values["held_out"] = pick(
            "Held out", SHARES, 0.2, f"{page}_held", slots, "held_out", "Texts to check with.", lambda v: f"{v:.0%}"
        )
        values["seed"] = int(st.number_input("Seed", 0, 2**31 - 1, 0, key=f"{page}_seed", persist_state="session"))
    return values


def _rate(value: float) -> str:
    digits, power = f"{value:.0e}".split("e")
    return f"{digits}e\u2212{abs(int(power))}"


def pick(
    title: str,
    options: tuple[Any, ...],
    start: Any,
    key: str,
    slots: dict[str, Any],
    name: str,
    about: str = "",
    form: Any = str,
) -> Any:
    """A slider over listed values, with room for what is wrong with it."""
    value = st.select_slider(
        title, options, start, format_func=form, key=key, help=about or None, persist_state="session"
    )
    slots[name] = st.empty()
    return value


def checked(values: dict[str, Any], chosen: Chosen, slots: dict[str, Any]) -> Wanted:
    """The Spec, or sentences at the fields that are in its way."""
    problems = dict(chosen.problems)
    spec = None
    try:
        spec = Spec(**values)
        if chosen.data is not None:
            fits(spec, chosen.data)
    except ConfigError as problem:
        problems |= problem.problems
    for name, words in problems.items():
        if name in slots:
            slots[name].caption(f":red[{show.words(words)}]")
        elif name not in chosen.problems:
            st.caption(f":red[{show.words(words)}]")
    return Wanted(spec if not problems else None, chosen.data, problems)
