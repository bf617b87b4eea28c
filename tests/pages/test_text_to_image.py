"""The painting page as a script: what it says of the words, of bad settings, and of links."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from models import zoo
from models.language.filters import Settings
from models.painting import painter
from models.painting.painter import Row
from tests.models.test_pictures import BAD
from tests.pages.test_pages import said
from tests.viz.decoder import unpack

ROOT = Path(__file__).parents[2]


def page(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).switch_page("pages/text_to_image.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Headers of the paintings that a page shows."""
    from pages.parts import show

    found: list[dict[str, Any]] = []
    real = show.view

    def view(view, key, data=None, **rest):
        if view.name == "painting":
            found.append(unpack(data)[0] | {"parts": unpack(data)[1]})
        return real(view, key, data, **rest)

    monkeypatch.setattr(show, "view", view)
    return found


def test_the_first_visit_paints_the_first_example_and_says_what_it_is(sent) -> None:
    app = page()
    assert "A miniature with the same parts as DALL-E, not DALL-E" in app.info[0].value
    card = zoo.card("dalle-shapes")
    assert card is not None
    for name in ("right_percent", "unseen_pairs_right_percent"):
        assert f"{card.metrics[name]:g} %" in app.info[0].value
    assert "What image tokens are" in [e.value for e in app.subheader]
    assert not app.exception
    assert sent[-1]["words"] == ["a", "red", "circle", "<paint>"]
    assert len(sent[-1]["candidates"]) == 8


def test_a_link_brings_caption_settings_mask_candidate_and_colours(sent) -> None:
    app = page(
        text_to_image_caption="a white ring",
        text_to_image_seed="5",
        text_to_image_n="3",
        text_to_image_temperature="2.0",
        text_to_image_k="4",
        mask="row",
        candidate="2",
        put="40.7",
    )
    model = zoo.load("dalle-shapes")
    caption = painter.read(model, "a white ring")
    painted = painter.paint(model, caption, [Row(7, "row", ((40, 7),))], Settings(temperature=2.0, top_k=4))
    header = sent[-1]
    pictures = header["parts"]["pictures"]
    assert (header["mask"], header["which"], header["put"]) == ("row", 2, [[40, 7]])
    assert pictures[3 + 1].tolist() == painted.codes[0].tolist()  # of the masks the second
    app.text_input[0].set_value("a pink ring").run()  # another caption: the colours of the link were not meant for it
    assert (sent[-1]["put"], sent[-1]["which"], sent[-1]["mask"]) == ([], 0, "full")


@pytest.mark.parametrize(
    ("caption", "says"),
    [
        ("a mauve circle", "Not among the 20 words that it knows: “mauve”"),
        ("a small red circle", "In no caption that it was trained on: “small”"),
        ("a purple cross", "It never saw a purple cross in training"),
        ("circle red", "no caption of the kind it was taught"),
        ("a " * 13, "13 words; 12 fit"),
        ("a #red circle", "is a mark inside the model"),
        ("<script>alert(1)</script>", "Not among the 20 words"),
    ],
)
def test_what_is_said_of_the_words(caption: str, says: str) -> None:
    text = said(page(text_to_image_caption=caption)).replace("\\", "")
    assert says in text


@pytest.mark.parametrize("name", ["text", "bomb", "cut short"])
def test_a_bad_picture_for_tokens_is_a_sentence_and_the_painting_stays(name: str, sent) -> None:
    app = page()
    data, words = BAD[name]
    app.file_uploader(key="text_to_image_tokens_picture").set_value(("x.png", data, "image/png"))
    app.run()
    assert words in said(app)
    assert len(app.error) == 1
    assert sent[-1]["words"][-1] == "<paint>"


def test_nothing_to_paint_offers_captions() -> None:
    app = page()
    app.text_input[0].set_value("  ").run()
    assert "There is no text yet" in said(app)
    next(button for button in app.button if button.label == "Two shapes").click().run()
    assert app.text_input[0].value == "a blue square left of a yellow diamond"


def test_words_can_be_picked(sent) -> None:
    app = page()
    app.selectbox(key="text_to_image_pick_place").set_value("above").run()
    values = {"colour": "white", "shape": "ring", "colour2": "pink", "shape2": "diamond"}
    for name, value in values.items():
        app.selectbox(key=f"text_to_image_pick_{name}").set_value(value)
    app.button(key="text_to_image_pick").click().run()
    assert app.text_input[0].value == "a white ring above a pink diamond"
    assert sent[-1]["asked"] == "a white ring above a pink diamond"
