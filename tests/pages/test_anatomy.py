"""The anatomy page as a script: what fits is taken apart, what does not is told in a sentence."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from models import zoo
from models.scratch.hf import FAMILIES
from pages.parts.anatomy import FITTING, KINDS, MOST
from tests.pages.test_pages import said

ROOT = Path(__file__).parents[2]


def page(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).switch_page("pages/anatomy.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def pictures(app: AppTest) -> int:
    """Components that carry an anatomy's data."""
    found = [part.proto for part in app.get("bidi_component")]
    return sum(proto.component_name.endswith("headlight_anatomy") and len(proto.bytes) > 10_000 for proto in found)


def test_the_models_offered_are_those_that_fit() -> None:
    names = {family.library.__name__ for family in FAMILIES}
    fitting = {
        card.name
        for card in zoo.bundled()
        if json.loads((zoo.folder(card.name) / "config.json").read_text())["architectures"][0] in names
        and any("text" in example for example in card.examples)
    }
    assert set(FITTING) == fitting


def test_a_sentence_is_taken_apart() -> None:
    app = page(text="the king and the fox")
    assert not app.exception
    assert pictures(app) == 1


@pytest.mark.parametrize("kind", list(KINDS)[1:])
def test_the_architecture_is_switched(kind: str) -> None:
    app = page()
    app.session_state["anatomy_model"] = KINDS[kind][0]
    app.run()
    assert not app.exception
    assert app.session_state["anatomy_kind"] == kind
    assert pictures(app) == 1


def test_an_empty_text_is_asked_for() -> None:
    app = page()
    app.text_area[0].set_value("  ").run()
    assert "There is no text yet" in said(app)
    assert not app.exception


def test_a_long_text_is_read_as_far_as_it_can_be_shown() -> None:
    app = page(text="the king and the fox " * 40)
    assert f"reads the first {MOST}" in said(app)
    assert pictures(app) == 1
    assert app.text_area[0].value == "the king and the fox " * 40


@pytest.mark.parametrize(
    ("ref", "words"),
    [("roberta-sentiment", "does not fit the transformer"), ("vit-fashion", "reads no text")],
)
def test_a_model_that_does_not_fit(ref: str, words: str) -> None:
    app = page(anatomy_model=ref)
    assert words in said(app)
    assert not app.exception
    assert any(button.label == "Use gpt-stories" for button in app.button)
