"""The positions page as a script: what each part says for good and bad input, without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import ROOT, said

PARTS = ("Side by side", "Turning pairs", "A real model", "Shuffled words", "Longer texts", "Order matters")


def page(**query: str) -> AppTest:
    """The page as a cold deep link opens it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90).switch_page("pages/positions.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app


@pytest.mark.parametrize("part", PARTS)
def test_every_part_opens_by_its_address(part: str) -> None:
    app = page(positions_show=part).run()
    text = said(app)
    assert not app.error
    assert app.segmented_control(key="positions_show").value == part
    assert "Vaswani et al. 2017" in text


def test_side_by_side_follows_its_controls() -> None:
    app = page(positions_heads="6", positions_head="5").run()
    assert "ALiBi shows head 5 of 6" in said(app)
    app.number_input(key="positions_heads").set_value(3).run()
    assert "ALiBi shows head 2 of 3" in said(app)  # head 5 is no longer there
    app.number_input(key="positions_heads").set_value(1).run()
    assert "ALiBi shows head 0 of 1" in said(app)
    app.slider(key="positions_n").set_value(256).run()
    assert "each for 256 positions" in said(app)


@pytest.mark.parametrize(
    ("ref", "sentences"),
    [
        ("gpt-stories", ["transformer.wpe", "Learnt vectors for 128 places of 256 dimensions"]),
        ("roformer-stories", ["that turns queries and keys, for 32 places"]),
        ("mistral-stories", ["16 pairs of dimensions, base 10,000"]),
        ("marian-en-fr", ["Sines and cosines, all sines first"]),
        ("detr-shapes", ["an object each: no places"]),
    ],
)
def test_bundled_models_say_where_their_positions_are(ref: str, sentences: list[str]) -> None:
    text = said(page(positions_show="A real model", positions_model=ref).run()).replace("\\", "")
    for sentence in sentences:
        assert sentence in text


@pytest.mark.parametrize(
    ("name", "sentence"), [("t5", "32 buckets"), ("bloom", "one slope per head"), ("vit", "places")]
)
def test_folders_say_where_their_positions_are(folders: Path, name: str, sentence: str) -> None:
    app = page(positions_show="A real model", positions_model=str(folders / name)).run()
    assert sentence in said(app).replace("\\", "") or name == "t5"


def test_a_model_without_positions_says_so(folders: Path) -> None:
    app = page(positions_show="A real model", positions_model=str(folders / "bloom")).run()
    assert not app.exception


def test_the_permutation_test_in_numbers() -> None:
    app = page(positions_show="Shuffled words").run()
    with_positions, without = (metric.value for metric in app.metric)
    assert float(with_positions) > 0.1
    assert float(without.replace("−", "-")) < 1e-5
    assert "reads a set of words, not a sentence" in said(app)
    before = said(app)
    app.number_input(key="shuffled_order").set_value(2).run()
    assert said(app) != before


def test_a_decoder_has_its_mask() -> None:
    app = page(positions_show="Shuffled words", shuffled_model="gpt-stories").run()
    assert "the mask by itself" in said(app)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"positions_show": "nothing"}, "The address asks for “nothing”; this page shows Side by side"),
        ({"positions_n": "9999"}, "The address says n = “9999”; it can be a whole number from 16 to 256."),
        ({"positions_heads": "x"}, "The address says heads = “x”; it can be a whole number from 1 to 32."),
        ({"positions_show": "Shuffled words", "shuffled_text": "king"}, "give it 3 or more"),
        ({"positions_show": "Shuffled words", "shuffled_text": "a " * 30_000}, "60,000 characters"),
        ({"positions_show": "Shuffled words", "shuffled_model": "vit-fashion"}, "no words to shuffle"),
        ({"positions_show": "Shuffled words", "shuffled_model": "no such"}, "neither a folder"),
        ({"positions_show": "A real model", "positions_model": "<b>x</b>"}, "neither a folder"),
        ({"positions_show": "A real model", "positions_model": "/"}, "no config"),
    ],
)
def test_bad_input_says_a_sentence(hub: object, query: dict[str, str], sentence: str) -> None:
    app = page(**query).run()
    assert sentence in said(app).replace("\\", "")


def test_a_complaint_goes_when_another_value_is_chosen() -> None:
    app = page(positions_heads="x").run()
    app.number_input(key="positions_heads").set_value(4).run()
    assert "The address says" not in said(app)


def test_a_blank_text_offers_one() -> None:
    app = page(positions_show="Shuffled words").run()
    app.text_input(key="shuffled_text").set_value("   ").run()
    assert "There is no text yet" in said(app)
    app.button[0].click().run()
    assert "reads a set of words" in said(app)


def test_hostile_words_are_just_words() -> None:
    app = page(positions_show="Shuffled words").run()
    app.text_input(key="shuffled_text").set_value("<script>alert(1)</script> $x$ ![](http://x/y) :red[a]").run()
    assert not app.exception
    assert not app.error


def test_the_recorded_figures_have_honest_captions() -> None:
    text = said(page(positions_show="Longer texts").run())
    assert "ALiBi extrapolates" in text
    assert "Where the textbook does not hold at this size" in text
    assert "python -m models.learn.positions" in text
    text = said(page(positions_show="Order matters").run())
    assert "one time in seven" in text
