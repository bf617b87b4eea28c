"""The five tasks on texts that textbooks name, and which of them a model can do; costs no torch to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models import zoo
from models.zoo import languages

if TYPE_CHECKING:
    from models.records import Card
    from models.zoo.model import Model


@dataclass(frozen=True)
class Task:
    """One task: its name in code, its title on the page, what a model of it does, what its bundled cards call it."""

    name: str
    title: str
    does: str
    card: str
    first: str  # the bundled model that the page starts with


TASKS = (
    Task("sentiment", "Sentiment", "sorts texts into classes", "classify", "roberta-sentiment"),
    Task("questions", "Question answering", "answers questions from a text", "answer from a text", "bert-qa"),
    Task("translation", "Translation", "translates", "translate", "marian-en-fr"),
    Task("summary", "Summarization", "sums up texts", "summarize", "bart-summary"),
    Task("gaps", "Fill the gap", "fills gaps in a text", "fill mask", "bert-stories"),
)
BY_NAME = {task.name: task for task in TASKS}
HEADS = {"classify": "sentiment", "answer questions": "questions", "fill mask": "gaps"}  # by `ModelInfo.task`
TRANSLATE = {"marian", "m2m_100", "nllb-moe", "fsmt"}  # families that do nothing else
SUM_UP = {"bart", "pegasus", "pegasus_x", "led", "bigbird_pegasus", "prophetnet"}  # that are mostly trained for it
ELSEWHERE = {  # what other models do, and the page that shows it
    "next token": ("goes on with a text", "Generation"),
    "embed": ("reads texts and answers nothing", "Text attention"),
    "detect": ("finds objects in pictures", "Vision"),
}


def bundled(task: str) -> tuple[Card, ...]:
    """The cards of the models that come with Headlight for a task."""
    return tuple(card for card in zoo.bundled() if card.task == BY_NAME[task].card)


def of_card(ref: str) -> str | None:
    """The task of a bundled model, known before it is loaded."""
    card = zoo.card(ref)
    return None if card is None else next((task.name for task in TASKS if task.card == card.task), None)


def of(model: Model) -> tuple[str, ...]:
    """The tasks a model can do, the likeliest first, by its config; none for models of another kind."""
    if "text" not in model.info.reads or "picture" in model.info.reads:
        return ()
    known = of_card(model.info.name) if model.info.source == "bundled" else None
    if known is not None:
        return (known,)
    if model.info.task == "text to text":
        return _rewriting(model)
    head = HEADS.get(model.info.task)
    return (head,) if head else ()


def _rewriting(model: Model) -> tuple[str, ...]:
    """What an encoder-decoder writes: most say so by their family, languages or prefixes."""
    config = model.module.config
    told = {_task_of(name) for name in (getattr(config, "task_specific_params", None) or {})} - {None}
    if told:
        return tuple(task for task in ("translation", "summary") if task in told)
    if config.model_type in TRANSLATE:
        return ("translation",)
    if languages.known(model.tokenizer):
        return ("translation", "summary")
    return ("summary", "translation") if config.model_type in SUM_UP else ("translation", "summary")


def _task_of(name: str) -> str | None:
    return "translation" if name.startswith("translation") else "summary" if name.startswith("summar") else None


def prefixes(model: Model, task: str) -> dict[str, str]:
    """What a model wants before the text to know what to do with it: "English to German" -> "translate ...: " (T5)."""
    params: dict[str, Any] = getattr(model.module.config, "task_specific_params", None) or {}
    if model.info.task != "text to text":
        return {}
    return {
        _title(name): settings["prefix"]
        for name, settings in params.items()
        if _task_of(name) == task and isinstance(settings, dict) and isinstance(settings.get("prefix"), str)
    }


def _title(name: str) -> str:
    """ "translation_en_to_de": "English to German"."""
    source, into, target = name.removeprefix("translation_").partition("_to_")
    if not into:
        return name.replace("_", " ")
    return " to ".join(languages.NAMES.get(code, code) for code in (source, target))


def refusal(model: Model) -> str:
    """Why none of the five tasks is this model's, and where it can be seen instead."""
    if "picture" in model.info.reads:
        does, page = "reads pictures", "Vision"
    else:
        does, page = ELSEWHERE.get(model.info.task, ("has no head that answers", "Text attention"))
    listed = ", ".join(task.title for task in TASKS)
    return (
        f"{model.info.name} {does}: it does none of these tasks ({listed}). The page {page} shows what it does; or "
        "choose another model."
    )


def says(model: Model, found: tuple[str, ...]) -> str:
    """Which tasks a model can do, in a sentence."""
    return f"{model.info.name} {' and '.join(BY_NAME[name].does for name in found)}."
