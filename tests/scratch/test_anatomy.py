"""Anatomy: every number is the model's own, every stage is a line of the code, nothing is left out in between."""

import sys
from dataclasses import replace
from inspect import getsource
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from models import zoo
from models.records import Anatomy, Stage
from models.scratch import attention, block, hf, positions, transformer, vision
from models.scratch.anatomy import ROOT, dissect
from models.scratch.stages import STAGES
from models.scratch.stepping import watch
from tests.scratch import library

TEXT = "Once upon a time there was a little girl"
INPUTS: dict[str, dict[str, Any]] = {
    "gpt-stories": {"text": TEXT},
    "algo-induction": {"text": "qwertqwertqwe"},
    "bert-stories": {"text": "The cat [MASK] home."},
    "marian-en-fr": {"text": "I am cold."},
    "bart-summary": {"text": "the cat sat", "target": "the cat"},
    "vit-fashion": {"image": Image.effect_noise((28, 28), 60)},
}
SIDES = {"encoder": "encoder", "decoder": "decoder", "cross": "decoder"}  # kind of an attention -> stack of ours


@pytest.fixture(scope="module")
def anatomies() -> dict[str, Anatomy]:
    return {name: dissect(zoo.load(name), **given) for name, given in INPUTS.items()}


@pytest.mark.parametrize("name", INPUTS)
def test_matches_the_model(anatomies: dict[str, Anatomy], name: str) -> None:
    taken = anatomies[name]
    assert taken.difference < 1e-4
    for stack in zoo.load(name).trace(**INPUTS[name]).attentions:
        side = SIDES[stack.kind] if "encoder" in taken.sequences else "stack"
        part = "cross" if stack.kind == "cross" else "attention"
        for layer, weights in enumerate(stack.weights):
            found = taken.find("attention weights", module=f"{side}.blocks.{layer}.{part}").values
            np.testing.assert_allclose(found, weights, atol=1e-5)


def test_stages_are_what_the_layers_say(anatomies: dict[str, Anatomy]) -> None:
    """Three numbers of GPT-2's anatomy, computed once more from the weights."""
    model, taken = zoo.load("gpt-stories"), anatomies["gpt-stories"]
    state = {name: value.float() for name, value in model.module.state_dict().items()}
    ids = model.encode(TEXT).ids
    embedding = state["transformer.wte.weight"][ids[2]]
    np.testing.assert_allclose(taken.find("embeddings").values[2], embedding, atol=1e-6)
    placed = embedding + state["transformer.wpe.weight"][2]
    np.testing.assert_allclose(taken.find("with positions").values[2], placed, atol=1e-6)
    q, k = taken.find("queries", 1).values, taken.find("keys", 1).values
    assert taken.find("scaled scores", 1).values[3, 4, 2] == pytest.approx(q[3, 4] @ k[3, 2] / 8, abs=1e-4)
    weights, v = taken.find("attention weights", 1).values, taken.find("values", 1).values
    np.testing.assert_allclose(taken.find("weighted values", 1).values, weights @ v, atol=1e-5)
    probabilities = taken.find("probabilities").values[-1]
    ranking = model.trace(TEXT).ranking
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert probabilities[ranking.ids[0]] == pytest.approx(ranking.probabilities[0], abs=1e-5)


def test_one_block_in_order(anatomies: dict[str, Anatomy]) -> None:
    names = [stage.name for stage in anatomies["gpt-stories"].stages if stage.layer == 0]
    norm = ["mean", "variance", "standardised", "normalised"]
    projected = ["queries", "keys", "values"]
    read = ["scores", "scaled scores", "masked scores", "attention weights", "weighted values"]
    written = ["heads side by side", "projection", "residual stream"]
    thought = ["hidden layer", "after the activation", "feed-forward", "residual stream"]
    assert names == norm + projected + read + written + norm + thought


@pytest.mark.parametrize("name", INPUTS)
def test_every_stage_comes_out_of_earlier_ones(anatomies: dict[str, Anatomy], name: str) -> None:
    stages = anatomies[name].stages
    first = {"tokens", "picture"}
    for number, stage in enumerate(stages):
        assert all(read < number for read in stage.reads)
        assert bool(stage.reads) != (stage.name in first), stage.name
        assert np.isfinite(stage.values).all() or stage.name == "masked scores"
    used = {read for stage in stages for read in stage.reads}
    assert [stages[i].name for i in range(len(stages)) if i not in used] == ["probabilities"]


@pytest.mark.parametrize("name", INPUTS)
def test_the_code_shown_is_the_code_that_ran(anatomies: dict[str, Anatomy], name: str) -> None:
    for stage in anatomies[name].stages:
        lines = (ROOT / stage.code.path).read_text("utf-8").splitlines()
        assert lines[stage.code.first - 1 : stage.code.first - 1 + len(stage.code.lines)] == list(stage.code.lines)
        assert all(stage.code.first <= line < stage.code.first + len(stage.code.lines) for line in stage.code.ran)
    scores = anatomies["gpt-stories"].find("scores", 0)
    assert [scores.code.lines[line - scores.code.first].strip() for line in scores.code.ran] == ["scores = q @ k.mT"]
    assert scores.code.function == "attention_weights"


def test_every_stage_that_is_described_exists(anatomies: dict[str, Anatomy]) -> None:
    source = "".join(getsource(module) for module in (attention, block, positions, transformer, vision))
    for function, variable, piece in STAGES:
        assert f"def {function.split('.')[-1]}(" in source
        assert variable == "return" or variable in source
        assert piece in source


def test_positions_have_names(anatomies: dict[str, Anatomy]) -> None:
    assert "".join(anatomies["gpt-stories"].sequences["stack"].labels) == TEXT
    translation = anatomies["marian-en-fr"]
    read = [len(stage.values) for stage in translation.stages if stage.name == "tokens"]
    assert read == [len(translation.sequences[side]) for side in ("encoder", "decoder")]
    assert anatomies["vit-fashion"].sequences["stack"].grid == (7, 7)
    assert len(anatomies["vit-fashion"].sequences["stack"]) == 50


def test_temperature() -> None:
    model = zoo.load("algo-induction")
    cold, warm = (dissect(model, "qwertqwe", temperature=t).find("probabilities").values[-1] for t in (0.5, 2.0))
    assert cold.max() > warm.max()
    assert cold.argmax() == warm.argmax()


@pytest.mark.parametrize("name", ["llama", "mistral", "mpt", "t5", "neox", "marian"])
def test_every_family_can_be_watched(name: str) -> None:
    theirs = library.module(name)
    ours, knobs = hf.from_library(theirs), hf.knobs_of(theirs)
    _, plain = library.inputs(theirs)
    with torch.no_grad():
        _, made = watch(lambda: ours(*plain, knobs=replace(knobs, fused=False)))
    names = {(one.function, one.name) for one in made}
    assert ("attention_weights", "scores") in names
    assert ("MultiHeadAttention.forward", "q") in names


def test_watching_leaves_no_trace() -> None:
    before = sys.gettrace()
    with pytest.raises(ZeroDivisionError):
        watch(lambda: 1 / 0)
    assert sys.gettrace() is before


def test_records_say_what_is_wrong() -> None:
    stage = dissect(zoo.load("algo-induction"), "qwe").stages[0]
    with pytest.raises(ValueError, match="axes must name 1 axes, got 2"):
        Stage(stage.name, stage.module, None, "", ("a", "b"), stage.values, (), stage.code)
