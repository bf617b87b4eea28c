"""What the page does for a talk: inputs put into its boxes, words, and the example story held to the model."""

import json

import pytest
import streamlit as st

from models import zoo
from models.capture.edits import Ablate
from models.zoo.given import Given
from pages.parts import ask, keep, stage
from viz.views import workbench


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A stand-in for the visitor's session."""
    session: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", session)
    return session


def go(state: dict[str, object], said: object) -> None:
    state["bench"] = {"go": said}
    stage.take("text", "bench")()


def test_inputs_come_back_to_their_boxes(state: dict[str, object]) -> None:
    given = Given("Who?", pair="me", target="la", start=7, plain=True)
    said = stage.inputs("a-model", given, "cross-attention")
    assert said == {
        "model": "a-model", "text": "Who?", "question": "me", "target": "la", "stack": "cross-attention",
        "start": "7", "plain": "yes",
    }  # fmt: skip
    state["text_ref"] = ("another", ("text",))
    go(state, json.dumps({"turn": 1, "input": said}))
    assert state["text_model"] == state["text_stack_of"] == "a-model"
    assert [state[f"text_{name}"] for name in ("text", "question", "target", "stack")] == [
        "Who?",
        "me",
        "la",
        "cross-attention",
    ]
    assert (state["text_start"], state["text_plain"], state["text_windows"]) == (7, ask.PLAIN, ask.ONE)
    assert "text_ref" not in state


def test_what_a_step_leaves_out_is_empty(state: dict[str, object]) -> None:
    state |= {"text_model": "mine", "text_target": "old", "text_stack": "encoder", "text_windows": ask.ALL}
    go(state, json.dumps({"turn": 2, "input": {"text": "Hello", "elsewhere": "x"}}))
    assert (state["text_model"], state["text_text"], state["text_target"]) == ("mine", "Hello", "")
    assert "text_stack" not in state
    assert "text_elsewhere" not in state
    assert (state["text_windows"], state["text_start"], state["text_plain"]) == (ask.ONE, 0, ask.SPECIAL)


@pytest.mark.parametrize(
    "said",
    [None, "", 3, "{", "[]", "null", '{"input": []}', '{"input": {"text": 3}}', "[" * 50_000, '{"turn": 1}',
     json.dumps({"input": {"text": "x" * 200_001}})],
)  # fmt: skip
def test_nonsense_changes_nothing(state: dict[str, object], said: object) -> None:
    go(state, said)
    assert set(state) == {"bench"}


def test_a_lone_surrogate_does_not_reach_the_boxes(state: dict[str, object]) -> None:
    go(state, '{"input": {"text": "a\\ud83d"}}')
    assert state["text_text"] == "a?"


def test_words_only_where_some_word_has_several_tokens() -> None:
    model = zoo.load("gpt-stories")
    plain, long = (keep.Kept(text, model.trace(text)) for text in ("The old fox", "Marmalade tortoises"))
    assert stage.by_words(plain, 0, "on") is plain
    assert stage.by_words(long, 0, "off") is long
    assert len(stage.by_words(long, 0, "on").trace.attentions[0].keys) == 2
    assert stage.falls_into_words(plain.trace.attentions[0], False) == {}
    found = stage.falls_into_words(long.trace.attentions[0], True)["words"]
    assert (found["merged"], len(found["queries"]), sum(found["queries"])) == (
        True,
        2,
        len(long.trace.attentions[0].keys),
    )


def test_the_example_story_is_true_of_the_model() -> None:
    story = json.loads(stage.STORY.read_text("utf-8"))
    steps = story["steps"]
    assert (story["headlight"], story["version"], len(steps)) == ("steps", 1, 5)
    known = {*workbench.STATE, "off"}
    assert all(set(step["state"]) <= known and set(step["input"]) == {"model", "text"} for step in steps)
    model = zoo.load("gpt-stories")
    said = {step["input"]["text"]: model.trace(step["input"]["text"]) for step in steps}
    twice, once = said.values()

    def weight(trace: object, layer: int, head: int, query: int, key: str) -> str:
        stack = trace.attentions[0]  # type: ignore[attr-defined]
        row = stack.at(layer, head)[query]
        best = int(row.argmax()) if key != " king" else list(stack.keys.labels).index(key)
        assert stack.keys.labels[best] == key
        return f"{row[best]:.2f}"

    assert (twice.attentions[0].queries.labels[13], once.attentions[0].queries.labels[14]) == (" blue", " the")
    assert f"puts {weight(twice, 0, 0, 13, ' a')} on “a”" in steps[0]["note"]
    assert f"puts {weight(twice, 3, 0, 13, ' bird')} on “bird”" in steps[1]["note"]
    best, second = (f"{p:.2f}" for p in twice.ranking.probabilities[:2])
    assert twice.ranking.labels[:2] == (" bird", " tree")
    assert f"“bird”, {best}, ahead of “tree”, {second}" in steps[2]["note"]
    here = weight(once, 3, 0, 14, "Once"), weight(once, 3, 0, 14, " king")
    assert f"{here[0]} on “Once”, {here[1]} on “king”" in steps[3]["note"]
    with model.edit(Ablate(layer=3, head=0)):
        ranking = model.trace(steps[4]["input"]["text"]).ranking
    bird = float(ranking.probabilities[ranking.labels.index(" bird")])
    assert ranking.labels[0] == ","
    assert f"“bird” falls from {best} to {bird:.2f}, and a comma is the best guess" in steps[4]["note"]
    assert steps[4]["state"]["off"] == "3.0"
