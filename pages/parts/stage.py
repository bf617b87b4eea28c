"""What a talk needs of the page around the workbench: other inputs on demand, words for tokens, codes and a story."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from models.records import Attention
from models.zoo.given import Given
from pages.parts import ask, keep, show
from viz.views import answer

STORY = Path(__file__).parent / "examples" / "induction_story.json"
LONGEST = 200_000  # characters of what a step may put into the boxes, all together
FROM_LINK = "link"  # what a state says before the browser has said anything: then the address counts

# what a step calls the boxes of a page -> what their keys end in
BOXES = {"text": "text", "question": "question", "target": "target", "stack": "stack"}


def inputs(ref: str, given: Given, stack: str = "") -> dict[str, str]:
    """What stands in a page's boxes, by the names that steps use; what is empty is left out."""
    start = str(given.start) if given.start else ""
    said = {"model": ref, "text": given.text, "question": given.pair, "target": given.target, "stack": stack}
    said |= {"start": start, "plain": "yes" if given.plain else "", "windows": "all" if given.stride else ""}
    return {name: value for name, value in said.items() if value}


def take(page: str, key: str) -> Callable[[], None]:
    """A callback for the state `go`: puts what a step asks for into the page's boxes, before the page runs."""

    def put() -> None:
        asked = _asked((st.session_state.get(key) or {}).get("go"))
        if asked is None:
            return
        state = st.session_state
        model = asked.get("model") or state.get(f"{page}_model")
        for name, box in BOXES.items():
            if asked.get(name) or name != "stack":
                state[f"{page}_{box}"] = asked.get(name, "")
            else:
                state.pop(f"{page}_{box}", None)
        state[f"{page}_model"] = state[f"{page}_stack_of"] = model
        state.pop(f"{page}_ref", None)  # the model's own example would take the text's place
        state[f"{page}_plain"] = ask.PLAIN if asked.get("plain") else ask.SPECIAL
        state[f"{page}_windows"] = ask.ALL if asked.get("windows") else ask.ONE
        state[f"{page}_start"] = int(asked["start"]) if asked.get("start", "").isdecimal() else 0

    return put


def _asked(said: Any) -> dict[str, str] | None:
    """The input that the browser names; None if it is none, or too much."""
    if not isinstance(said, str) or len(said) > LONGEST:
        return None
    try:
        found = json.loads(said)["input"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        return None
    return {name: text.encode("utf-8", "replace").decode() for name, text in found.items()}


def by_words(kept: keep.Kept, attention: int, asked: str) -> keep.Kept:
    """The trace by words, where the visitor or the link asks for it and some word has several tokens."""
    from models.explain.words import mergeable

    wanted = st.query_params.get("words") if asked == FROM_LINK else asked
    return kept.by_words() if wanted == "on" and mergeable(kept.trace.attentions[attention]) else kept


def falls_into_words(attention: Attention, merged: bool) -> dict[str, Any]:
    """For the workbench's header: how many tokens each word has, if some have several."""
    from models.explain import words

    if not words.mergeable(attention):
        return {}
    sizes = {"queries": [len(word) for word in words.words(attention.queries)]}
    if attention.keys is not attention.queries:
        sizes["keys"] = [len(word) for word in words.words(attention.keys)]
    return {"words": {"merged": merged, **sizes}}


def answers(asked: str) -> None:
    """Say what the workbench asked for: a QR code of the address, the example story."""
    try:
        wanted = json.loads(asked) if asked else {}
    except ValueError:
        wanted = {}
    said: dict[str, Any] = {}
    if isinstance(wanted, dict) and isinstance(wanted.get("share"), str):
        said["qr"] = answer.code(wanted["share"])
    if isinstance(wanted, dict) and wanted.get("story"):
        said["story"] = STORY.read_text("utf-8")
    if said:
        show.scripts("answer")
        show.view(answer.view(**said), key="answer")
