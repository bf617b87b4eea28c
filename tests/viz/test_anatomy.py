"""The anatomy's payload: all that one layer needs, exact, and small enough to be sent with every change."""

from typing import Any

import numpy as np
import pytest

from models import zoo
from models.cost.budget import budget
from models.records import Anatomy
from models.scratch.again import largest_difference
from models.scratch.anatomy import dissect
from viz.view import View
from viz.views import anatomy as anatomies

TEXT = "Once upon a time there was a little girl"
GIVEN: dict[str, dict[str, Any]] = {
    "gpt-stories": {"text": TEXT},
    "mistral-stories": {"text": TEXT},
    "bert-stories": {"text": "The cat [MASK] home."},
    "marian-en-fr": {"text": "I am cold."},
}


def taken(name: str) -> Anatomy:
    return dissect(zoo.load(name), **GIVEN[name])


def drawn(anatomy: Anatomy, **options: Any) -> View:
    """The view of an anatomy whose vocabulary is numbered."""
    lengths = [len(sequence) for sequence in anatomy.sequences.values()]
    cost = budget(anatomy.config, lengths[-1], lengths[0] if len(lengths) > 1 else 0)
    recomputed = largest_difference(anatomy)
    return anatomies.view(anatomy, cost, lambda token: f"t{token}", recomputed=recomputed, **options)


@pytest.fixture(scope="module")
def views() -> dict[str, tuple[Anatomy, View]]:
    made = {name: taken(name) for name in GIVEN}
    return {name: (anatomy, drawn(anatomy, layer=1)) for name, anatomy in made.items()}


@pytest.mark.parametrize("name", GIVEN)
def test_every_stage_has_what_its_rule_takes(views: dict[str, tuple[Anatomy, View]], name: str) -> None:
    _, view = views[name]
    stages = view.header["stages"]
    assert len({stage["at"] for stage in stages}) == len(stages)
    assert stages[-1]["name"] == "probabilities"
    needs = {
        "linear": "weight",
        "activated": "weight",
        "affine": "scale",
        "plus": "added",
        "over": "by",
        "rotate": "cos",
    }
    for number, stage in enumerate(stages):
        assert all(read < number for read in stage["reads"])
        if stage["rule"] in needs:
            assert f"{number}.{needs[stage['rule']]}" in view.parts
        if stage["rule"] not in ("given", "elsewhere", "row"):
            assert len(stage["reads"]) >= 1, stage["name"]
    layers = {stage["layer"] for stage in stages if not stage["elsewhere"]}
    assert layers == {None, 1}
    assert len(view.pack()) < 3_000_000


def test_weights_travel_exactly(views: dict[str, tuple[Anatomy, View]]) -> None:
    anatomy, view = views["gpt-stories"]
    number = next(i for i, stage in enumerate(view.header["stages"]) if stage["name"] == "queries")
    sent = view.parts[f"{number}.weight"]
    assert sent.dtype == np.uint16  # the checkpoint was saved in float16
    expected = anatomy.find("queries", 1).operands["weight"]
    np.testing.assert_array_equal(sent.view(np.float16).astype(np.float32), expected)
    third = np.full((2, 2), 1 / 3, np.float32)
    assert anatomies._exact(third).dtype == np.float32


def test_the_likeliest_tokens_have_a_column(views: dict[str, tuple[Anatomy, View]]) -> None:
    anatomy, view = views["gpt-stories"]
    shares = anatomy.find("probabilities").values
    sent = [token for token, _ in view.header["vocabulary"]]
    assert sent[0] == shares[-1].argmax()
    assert set(shares.argmax(-1).tolist()) <= set(sent)
    last = len(view.header["stages"]) - 1
    np.testing.assert_array_equal(view.parts[f"{last}.values"], shares[:, sent])


def test_groups_follow_the_architecture(views: dict[str, tuple[Anatomy, View]]) -> None:
    groups = {name: list(dict.fromkeys(s["group"] for s in view.header["stages"])) for name, (_, view) in views.items()}
    assert groups["gpt-stories"] == [
        "Input",
        "Layer 0",
        "Layer 1: attention",
        "Layer 1: feed-forward",
        "Layer 3",
        "Output",
    ]
    assert "Decoder layer 1: cross-attention" in groups["marian-en-fr"]
    assert groups["marian-en-fr"][0] == "Encoder input"


def test_a_layer_that_is_not_there_is_the_nearest(views: dict[str, tuple[Anatomy, View]]) -> None:
    assert drawn(views["gpt-stories"][0], layer=99).header["layer"] == 3
