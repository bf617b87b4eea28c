"""The compare page as a script: what it says for good and bad input, without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import pairs
from tests.pages.test_pages import ROOT, said


def page(**query: str) -> AppTest:
    """The page as a cold deep link opens it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page("pages/compare.py")
    for name, value in query.items():
        app.query_params[f"compare_{name}"] = value
    return app


def texts(app: AppTest) -> list[str]:
    return [area.value for area in app.text_area]


def test_the_first_visit_compares_two_texts() -> None:
    app = page().run()
    assert "**A** gpt\\-stories: 4 layers, 16 heads, 14 of 14 tokens" in said(app)
    first = pairs.EXAMPLES[pairs.TEXTS]["Said twice, or not quite"]
    assert texts(app) == [first["text"], first["second_text"]]
    assert app.selectbox(key=f"compare_example_{pairs.TEXTS}").value == "Said twice, or not quite"


@pytest.mark.parametrize("kind", pairs.KINDS)
def test_each_kind_begins_with_an_example_of_its_own(kind: str) -> None:
    app = page().run()
    app.segmented_control[0].set_value(kind).run()
    said(app)
    assert not app.error
    found = app.selectbox(key=f"compare_example_{kind}")
    assert found.value == found.options[0]
    assert len(texts(app)) == (2 if kind == pairs.TEXTS else 1)


@pytest.mark.parametrize("kind", pairs.KINDS)
def test_every_example_is_compared(kind: str) -> None:
    app = page(kind=kind).run()
    for title in app.selectbox(key=f"compare_example_{kind}").options[:-1]:
        app.selectbox(key=f"compare_example_{kind}").set_value(title).run()
        said(app)
        assert not app.error, title
        assert app.selectbox(key=f"compare_example_{kind}").value == title


def test_a_link_brings_everything_back(folders: Path) -> None:
    app = page(kind=pairs.EDIT, model=str(folders / "bert"), text="The cat sat", layer="1", head="2", change=pairs.EVEN)
    app.run()
    assert texts(app) == ["The cat sat"]
    assert [number.value for number in app.number_input] == [1, 2]
    assert "**After** bert" in said(app).replace("\\", "")
    assert app.selectbox(key="compare_change").value == pairs.EVEN


def test_two_tokenizers_are_compared(folders: Path) -> None:
    app = page(kind=pairs.MODELS, model=str(folders / "bert"), b_model=str(folders / "llama"), text="The cat sat").run()
    assert "**A** bert" in said(app)
    assert "**B** llama" in said(app)
    assert not app.error


@pytest.mark.parametrize("change", pairs.CHANGES)
def test_every_change(change: str) -> None:
    app = page(kind=pairs.EDIT, change=change, layer="2", head="1", token="3", factor="0.5").run()
    assert not app.error
    assert "**After** gpt" in said(app)


def test_a_head_that_another_model_lacks_becomes_one_that_it_has() -> None:
    app = page(kind=pairs.EDIT, layer="3", head="3").run()
    app.selectbox(key="compare_model").set_value("algo-induction").run()
    assert "2 layers" in said(app)
    assert [number.value for number in app.number_input] == [1, 0]


@pytest.mark.parametrize("number", ["99", "-1", "abc", "1e6", ""])
def test_numbers_in_a_link_that_cannot_be(number: str) -> None:
    app = page(kind=pairs.EDIT, change=pairs.MASK, layer=number, head=number, token=number).run()
    assert "4 layers" in said(app)
    assert not app.error


@pytest.mark.parametrize("text", ["", "   \n "])
def test_blank_text(text: str) -> None:
    app = page().run()
    app.text_area[1].set_value(text).run()
    assert "There is no text yet" in said(app)
    app.button[0].click().run()
    assert not app.error
    assert texts(app)[1] != text


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "שלום عليكم", "👨‍👩‍👧‍👦", "a\x00b", "$x$ ![](http://x/y) :red[a]", "x"],
)
def test_hostile_text_is_just_text(text: str) -> None:
    app = page().run()
    app.text_area[1].set_value(text).run()
    assert "**B** gpt" in said(app)
    assert not app.error


def test_a_long_text_is_cut_and_said_to_be(folders: Path) -> None:
    app = page(text="the king and the queen " * 60, second_text="the king").run()
    assert "128 of 301 tokens" in said(app)
    assert not app.error


@pytest.mark.parametrize(
    ("ref", "sentence"), [("no such model", "neither a folder"), ("detr-shapes", "reads picture"), ("/", "no config")]
)
def test_models_that_cannot_be_compared(ref: str, sentence: str) -> None:
    app = page(kind=pairs.MODELS, text="My own words", b_model=ref).run()
    assert sentence in said(app).replace("\\", "")
    assert texts(app) == ["My own words"]


def test_a_model_without_attention_says_why(folders: Path) -> None:
    app = page(model=str(folders / "mamba")).run()
    assert "mixes its tokens without attention" in said(app)


def test_stacks_are_chosen_by_name() -> None:
    app = page(model="marian-en-fr", text="She bought a red car.", second_text="He bought a red house.").run()
    control = next(one for one in app.segmented_control if one.label == "Attention")
    for name in control.options:
        next(one for one in app.segmented_control if one.label == "Attention").set_value(name).run()
        said(app)
        assert not app.error
