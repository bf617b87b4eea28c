"""Pages as scripts: what they say for good and bad input, without a browser."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import frame, keep, show, sketches

ROOT = Path(__file__).parents[2]


def page(**query: str) -> AppTest:
    """The text page as a cold deep link opens it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page("pages/text_attention.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app


def said(app: AppTest) -> str:
    """Everything the page says in words."""
    assert not app.exception
    return "\n".join(e.value for kind in (app.error, app.warning, app.caption, app.markdown) for e in kind)


def typed(app: AppTest, key: str) -> AppTest:
    """The page with what was typed into a box with options among these: the library's stand-in knows no other."""
    box = app.selectbox(key=key)
    box.options.append(box.value)
    return app


def test_every_page_describes_itself() -> None:
    explore = [
        "Captioning",
        "Compare",
        "Detection",
        "Generation",
        "Language tasks",
        "Text attention",
        "Text to image",
        "Vision",
    ]
    understand = ["Anatomy", "Positions"]
    train = ["Fine-tuning", "Playground", "Smaller models", "Sweeps"]
    assert [p.title for p in frame.pages()] == [*explore, *understand, *train]
    for found in frame.pages():
        assert found.question.endswith("?")
        assert found.section in frame.SECTIONS


CORES = min(2, os.cpu_count() or 1)
THREADS = """
import threading
from pages.parts import frame
import torch
found = [torch.get_num_threads()]
other = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
other.start()
other.join()
print(*found)
"""


@pytest.mark.parametrize(("wanted", "found"), [(None, "1 1"), ("2", f"{CORES} {CORES}")])
def test_a_request_computes_in_one_thread_unless_more_are_asked_for(wanted: str | None, found: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment |= {"OMP_NUM_THREADS": wanted} if wanted else {}
    run = subprocess.run(
        [sys.executable, "-c", THREADS], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == found, run.stderr


def test_a_page_without_a_docstring_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text("import streamlit\n")
    with pytest.raises(ValueError, match=r"odd\.py should start with a docstring"):
        frame.describe(tmp_path / "odd.py")


def test_pages_are_short_and_nest_nothing() -> None:
    for found in frame.pages():
        source = found.path.read_text("utf-8")
        assert source.count("\n") <= 90
        assert not [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.ClassDef | ast.Lambda)]


def test_every_page_has_a_picture_on_its_card_made_of_what_a_model_computes() -> None:
    assert set(sketches.SKETCHES) == {found.path.stem for found in frame.pages()}
    for stem in sketches.SKETCHES:
        made = sketches.sketch(stem)
        assert len(made.header["marks"]) >= 1
        assert len(made.pack()) < 60_000


def test_home_lists_pages_and_models() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    text = said(app)
    assert "Which words does each head read" in text
    assert "A small GPT that tells fairy tales" in "".join(e.label for e in app.expander)


def test_the_first_visit_shows_the_bundled_model_on_its_first_example() -> None:
    text = said(page().run())
    assert "**4** layers" in text
    assert "**15** of at most 128 tokens" in text


def test_a_link_brings_model_and_text(folders: Path) -> None:
    app = page(text_model=str(folders / "bert"), text="The cat sat").run()
    assert app.text_area[0].value == "The cat sat"
    assert "bert, fill mask" in said(app)


@pytest.mark.parametrize("text", ["", "   \n  "])
def test_blank_text(text: str) -> None:
    app = page().run()
    app.text_area[0].set_value(text).run()
    assert "There is no text yet" in said(app)
    app.button[0].click().run()
    assert "**15** of at most 128 tokens" in said(app)


def test_a_megabyte_is_refused_with_its_size() -> None:
    app = page().run()
    app.text_area[0].set_value("a" * 1_000_000).run()
    text = said(app)
    assert "1,000,000 characters" in text.replace("\\", "")
    assert app.text_area[0].value == "a" * 1_000_000  # nothing the visitor made is lost


def test_exactly_the_maximum_and_one_more(folders: Path) -> None:
    exact = page(text_model=str(folders / "bert"), text="the " * 46).run()
    assert "**48** of at most 48 tokens" in said(exact)
    assert not exact.warning
    more = page(text_model=str(folders / "bert"), text="the " * 47).run()
    assert "The text has 49 tokens; this model reads 48" in said(more)
    assert "**48** of at most 48 tokens" in said(more)
    assert (more.slider[0].min, more.slider[0].max) == (0, 1)


def test_a_text_longer_than_the_model_reads_is_cut_and_said_to_be() -> None:
    app = page().run()
    app.text_area[0].set_value("the king and the queen " * 40).run()
    assert "this model reads 128 at a time" in said(app)
    app.slider[0].set_value(50).run()
    assert "**128** of at most 128 tokens" in said(app)
    app.text_area[0].set_value("the king and the queen " * 28).run()  # the window was further on than this text goes
    assert "**128** of at most 128 tokens" in said(app)
    assert app.slider[0].value <= app.slider[0].max < 50


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</script>",
        "שלום عليكم",
        "e\u0301\u0301",
        "👨‍👩‍👧‍👦",
        "a\x00b",
        "\u202edesrever",
        "$x$ ![](http://x/y) :red[a] {{datum}}",
        "=cmd|x",
        "aaaa" * 30,
        "x",
    ],
)
def test_hostile_text_is_just_text(text: str) -> None:
    app = page().run()
    app.text_area[0].set_value(text).run()
    assert "of at most 128 tokens" in said(app)
    assert not app.error


def test_special_tokens_typed_by_the_visitor_are_asked_about() -> None:
    app = page().run()
    app.text_area[0].set_value("The end.<|endoftext|>Once").run()
    assert "“<|endoftext|>”" in app.segmented_control[0].label.replace("\\", "")
    as_special = said(app)
    app.segmented_control[0].set_value("plain text").run()
    assert said(app) != as_special


@pytest.mark.parametrize(
    ("ref", "sentence"),
    [
        ("no such model", "neither a folder"),
        ("acme/nothing", "knows no model"),
        ("<b>x</b>", "neither a folder"),
        ("/", "no config"),
    ],
)
def test_models_that_cannot_be_had(hub: object, ref: str, sentence: str) -> None:
    app = page(text="My own words", text_model=ref).run()
    assert sentence in said(app).replace("\\", "")
    assert app.text_area[0].value == "My own words"


def test_visitors_words_are_escaped_in_messages() -> None:
    assert show.words("a*b_[c](d) <e> $f$ :red[g]") == ("a\\*b\\_\\[c\\]\\(d\\) \\<e\\> \\$f\\$ \\:red\\[g\\]")


def test_served_to_strangers_only_the_list_opens(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADLIGHT_PUBLIC", "1")
    text = said(page(text_model=str(shutil.copytree(folders / "albert", tmp_path / "own"))).run())
    assert "not among the models that this public Headlight opens" in text.replace("\\", "")
    assert "**4** layers" in said(page(text_model="gpt-stories").run())


def test_a_picture_model_and_an_encoder_decoder_ask_for_what_they_read(folders: Path) -> None:
    app = page(text_model=str(folders / "vit")).run()
    assert not app.text_area
    assert "**4** rows of **6** patches" in said(app)
    app = page(text_model=str(folders / "t5"), text="The cat sat", text_target="The dog").run()
    assert app.text_input[0].value == "The dog"
    assert "attention read through transformers" in said(app).replace("\\", "")


def test_a_costly_model_is_asked_about_first(folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = str(shutil.copytree(folders / "llama", tmp_path / "costly"))  # one that no other test has loaded
    monkeypatch.setattr(keep, "CHEAP_MEMORY", 10_000)
    app = page(text_model=ref).run()
    text = said(app).replace("\\", "")
    assert "Holds" in text
    assert "attention is read through the attention interface" in text
    assert "**2** layers" not in text
    assert app.button[0].label == "Load it"
    keep.load(ref).agreed.set()  # what the button does
    assert "**2** layers" in said(page(text_model=ref).run())
