"""View states go through the address and through a file of steps and come back; what cannot be is said, or refused."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.js.test_node import HERE, NODE
from viz.views import workbench

pytestmark = pytest.mark.skipif(NODE is None, reason="no node here: the browser tests run the same functions")

VIEWS = ("lines", "text", "matrix", "from", "neurons")
SCALES = ("linear", "sqrt", "log", "rank")
NORMS = ("all", "row", "column")
SCORES = ("role", "entropy", "distance", "induction")


class Browser:
    """The workbench's pure functions in one node process that answers line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def __call__(self, does: str, **asked: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"does": does, **asked}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    command = [str(NODE), str(HERE / "round_trip.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Browser(process)
        process.terminate()


@st.composite
def states(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, str]]:
    """The shape of a payload, and fields that it allows."""
    heads = draw(st.lists(st.integers(1, 9), min_size=1, max_size=8))
    queries = draw(st.integers(1, 300))
    every = [f"{layer}.{head}" for layer, n in enumerate(heads) for head in range(n)]
    fields = {
        "heads": ",".join(draw(st.lists(st.sampled_from(every), min_size=1, max_size=6, unique=True))),
        "view": draw(st.sampled_from(VIEWS)),
        "token": draw(st.one_of(st.just(""), st.integers(0, queries - 1).map(str))),
        "scale": draw(st.sampled_from(SCALES)),
        "sinks": draw(st.sampled_from(("hide", "show"))),
        "threshold": str(draw(st.integers(0, 50)) / 100).removesuffix(".0"),
        "norm": draw(st.sampled_from(NORMS)),
        "words": draw(st.sampled_from(("", "on"))),
        "pair": draw(st.sampled_from(("", "aa", "ab", "ba", "bb"))),
        "large": draw(st.sampled_from(("", "1"))),
        "score": draw(st.sampled_from(SCORES)) + draw(st.sampled_from(("", ".low"))),
        "over": draw(st.one_of(st.just("all"), st.integers(0, len(heads) - 1).map(str), st.sampled_from(every))),
        "off": ",".join(sorted(draw(st.lists(st.sampled_from(every), max_size=3, unique=True)))),
    }
    return {"heads": heads, "queries": queries}, fields


def test_every_key_of_the_state_is_known_on_both_sides(browser: Browser) -> None:
    assert set(browser("keys")) == set(workbench.STATE)


@settings(max_examples=1)
@given(states())
def test_no_key_is_left_out_of_the_trips(one: tuple[dict[str, Any], dict[str, str]]) -> None:
    assert set(one[1]) == set(workbench.STATE)


@settings(max_examples=200, deadline=None)
@given(states())
def test_a_state_comes_back_from_the_address(browser: Browser, one: tuple[dict[str, Any], dict[str, str]]) -> None:
    shape, fields = one
    said = browser("address", fields=fields, shape=shape)
    assert said["complaints"] == said["again"]["complaints"] == []
    assert {key: said["fields"][key] for key in fields} == fields
    assert said["again"]["fields"] == said["fields"]
    assert said["search"].startswith("?text=a%20b+c&heads=")


@settings(max_examples=200, deadline=None)
@given(states(), st.integers(0, 10**9), st.integers(-(10**9), 10**9), st.floats(-1e6, 1e6))
def test_what_is_out_of_range_is_clamped_and_said(
    browser: Browser, one: tuple[dict[str, Any], dict[str, str]], layer: int, token: int, threshold: float
) -> None:
    shape, fields = one
    heads, queries = shape["heads"], shape["queries"]
    wild = fields | {"heads": f"{len(heads) + layer % 100}.0,{fields['heads']}", "token": str(token)}
    wild["threshold"] = repr(threshold)
    said = browser("address", fields=wild, shape=shape)
    assert said["fields"]["heads"] == fields["heads"]
    assert said["fields"]["token"] == str(min(queries - 1, max(0, token)))
    assert 0 <= float(said["fields"]["threshold"]) <= 0.5
    told = " ".join(said["complaints"])
    assert "asked for layer" in told
    assert ("asked for token" in told) == (not 0 <= token < queries)
    assert ("asked for the threshold" in told) == (not 0 <= threshold <= 0.5)
    assert said["again"] == {"fields": said["fields"], "complaints": []}


TEXT = st.text(max_size=60)
FIELDS = st.dictionaries(st.text(min_size=1, max_size=20), TEXT, max_size=8)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TEXT, st.none() | TEXT, st.none() | FIELDS, states()), max_size=5))
def test_steps_come_back_from_their_file(browser: Browser, many: list[Any]) -> None:
    steps = []
    for name, note, put, (_, fields) in many:
        step: dict[str, Any] = {"name": name, "state": fields | {"off": "3.0"}}  # keys of others stay
        step |= {} if note is None else {"note": note}
        steps.append(step if put is None else step | {"input": put})
    assert browser("file", steps=steps) == {"page": "/page", "steps": steps}


def steps_file(**more: Any) -> str:
    return json.dumps({"headlight": "steps", "version": 1, "steps": [], **more})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "this one is no JSON"),
        ("{", "this one is no JSON"),
        ("[" * 100_000, "this one is no JSON"),
        ("[]", "this JSON is something else"),
        ("null", "this JSON is something else"),
        ('{"headlight": "run"}', "this JSON is something else"),
        (steps_file(version=2), "version 2; Headlight reads version 1"),
        (steps_file(steps={}), "Expected a list of steps"),
        (steps_file(steps=[3]), "Step 1 of the file: expected a name and a state; there is the number 3"),
        (steps_file(steps=[{"name": 3}]), "Step 1 of the file, its name: expected text; there is the number 3"),
        (
            steps_file(steps=[{}, {"state": []}]),
            "Step 2 of the file, its state: expected names with texts; there is a list",
        ),
        (steps_file(steps=[{"state": {"heads": {"0": 1}}}]), "“heads”: expected text; there is a record"),
        (steps_file(steps=[{"name": "x" * 121}]), "at most 120 characters; there are 121"),
        (steps_file(steps=[{"note": "x" * 2001}]), "at most 2,000 characters; there are 2,001"),
        (steps_file(steps=[{"input": {str(i): "" for i in range(51)}}]), "at most 50 entries; there are 51"),
        (steps_file(steps=[{}] * 201), "at most 200 steps; this file has 201"),
        (steps_file(more="x" * 1_000_000), "at most 1 MB; this one has 1.0 MB"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(browser: Browser, text: str, words: str) -> None:
    said = browser("read", text=text)
    assert words in said["problem"]
    assert said["kind"] == "Error"


@given(
    st.text(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)
    ).map(json.dumps)
)
@settings(max_examples=100, deadline=None)
def test_any_other_text_is_refused_in_words(browser: Browser, text: str) -> None:
    assert browser("read", text=text)["kind"] == "Error"


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.data())
@settings(max_examples=100, deadline=None)
def test_a_place_is_found_again_when_words_are_merged_and_taken_apart(
    browser: Browser, sizes: list[int], data: st.DataObject
) -> None:
    words = [word for word, size in enumerate(sizes) for _ in range(size)]
    token = data.draw(st.integers(0, len(words) - 1))
    word = browser("moved", sizes=sizes, merged=True, index=token)
    assert word == words[token]
    last = browser("moved", sizes=sizes, merged=False, index=word)
    assert last == max(i for i, other in enumerate(words) if other == word)
