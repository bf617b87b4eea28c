"""What saved files say of themselves, and the Python that makes a view again."""

from __future__ import annotations

import ast
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from models.records import Ranking, Trace
from models.zoo.given import Given
from tests.viz import traces
from tests.viz.decoder import unpack
from viz import files
from viz.about import about, inputs, literal, python
from viz.views import workbench

HOSTILE = (
    'plain "quoted"',
    "it's",
    "both ' and \"",
    "\u202eabc",
    "\x00",
    "\ud83d",
    "back\\slash\n",
    "שלום 👩\u200d👩\u200d👧",
)


def given(**options: object) -> Trace:
    info = replace(traces.trace().info, source="hub", revision="a" * 40, versions=(("Headlight", "1"), ("torch", "2")))
    return replace(traces.trace(), info=info, given=Given(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_a_literal_that_python_reads_back(text: str) -> None:
    written = literal(text)
    assert ast.literal_eval(written) == text
    assert written.isprintable()


def test_every_input_is_in_the_code() -> None:
    image = Image.new("RGB", (4, 2))
    trace = given(text="a", pair="b", target="c", image=image, start=3, plain=True)
    before, after = python(trace, 1, measured=True)
    call = ast.parse(before + ', keep={"scores"}' + after + "\n    state={},\n)")
    made = next(
        node for node in ast.walk(call) if isinstance(node, ast.Call) and ast.unparse(node.func) == "model.trace"
    )
    said = {word.arg: ast.unparse(word.value) for word in made.keywords}
    assert ast.unparse(made.args[0]) == "'a'"
    assert said == {
        "image": "picture",
        "pair": "'b'",
        "target": "'c'",
        "start": "3",
        "plain": "True",
        "keep": "{'scores'}",
    }
    assert f"# revision {'a' * 40}" in before
    assert "statistics(trace.attentions[1])" in after


def test_a_text_read_in_windows_is_read_in_windows_again() -> None:
    trace = replace(given(text="a", stride=256), n_tokens=4_000)
    (code,) = python(trace, 0, measured=False)
    assert 'trace = model.look(Given("a", stride=256))' in code
    assert "statistics" not in code


def test_a_trace_of_unknown_origin_has_no_code() -> None:
    assert python(traces.trace(), 0, measured=True) == []
    header, _ = unpack(workbench.view(traces.trace()).pack())
    assert header["about"]["python"] == []


def test_facts() -> None:
    long = "word " * 100
    trace = given(text=long, pair="why?")
    facts = about(trace, 0)
    assert (facts["model"], facts["source"], facts["revision"]) == ("tiny", "hub", "a" * 40)
    assert facts["versions"] == [["Headlight", "1"], ["torch", "2"]]
    assert len(facts["input"]["text"]) <= 160
    assert facts["input"]["text"].endswith("…")
    assert inputs(trace) == {"text": long, "question": "why?"}


def test_json_gives_back_every_float32_and_says_what_it_is() -> None:
    ranking = Ranking("next token", (" a",), np.array([0.1], np.float32), 9)
    trace = replace(given(text="The cat"), ranking=ranking)
    known = traces.statistics(trace)
    record = json.loads(files.json(trace, 0, ((1, 2), (3, 0)), known))
    assert [(head["layer"], head["head"]) for head in record["heads"]] == [(1, 2), (3, 0)]
    for head in record["heads"]:
        weights = trace.attentions[0].at(head["layer"], head["head"])
        assert np.array_equal(np.array(head["weights"], np.float32), weights)
        assert np.float32(head["entropy"]) == known.entropy[head["layer"], head["head"]]
    assert record["heads"][1]["role"] == "previous token"
    assert tuple(record["queries"]["labels"]) == traces.CAT
    assert record["answer"]["probabilities"] == [0.1]  # the shortest decimal, not 0.10000000149011612
    assert record["about"]["input"] == {"text": "The cat"}
    assert (record["about"]["revision"], record["sinks"]) == ("a" * 40, [0])


def test_json_has_null_where_there_is_no_number() -> None:
    layers = [traces.random_layer(1, 4, 4, True, 0)]
    layers[0][0, 2] = np.nan
    record = json.loads(files.json(traces.trace(layers, labels=4), 0, ((0, 0),)))
    assert record["heads"][0]["weights"][2] == [None] * 4


def test_archives_say_what_they_are() -> None:
    import io

    arrays = np.load(io.BytesIO(files.npz(given(text="The cat"))), allow_pickle=False)
    facts = json.loads(str(arrays["about"]))
    assert (facts["input"], facts["revision"], facts["versions"][0]) == (
        {"text": "The cat"},
        "a" * 40,
        ["Headlight", "1"],
    )
