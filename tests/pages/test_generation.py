"""The generation page as a script: what is written, chosen and gone back to, and what it says of bad input."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from models import zoo
from models.language.filters import Settings
from models.language.generation import Generation
from models.zoo.given import Given
from tests.language import tiny_tasks
from tests.pages.test_pages import said, typed

ROOT = Path(__file__).parents[2]
PROMPT = "Once upon a time there was a king"


def page(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page("pages/generation.py")
    for name, value in ({"generation_text": PROMPT} | query).items():
        app.query_params[name] = value
    return app.run()


def text(app: AppTest) -> Generation:
    return app.session_state["generation_writing"][1]


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def expected(n: int, **settings: float) -> tuple[int, ...]:
    writing = Generation(zoo.load("gpt-stories"), Given(PROMPT))
    for _ in range(n):
        writing.next(Settings(**{"temperature": 0.8, "top_p": 0.95} | settings))
    return writing.ids


def test_one_token_at_a_time() -> None:
    app = page()
    for n in (1, 2, 3):
        press(app, "One token")
        assert text(app).ids == expected(n)
    press(app, "Back")
    assert text(app).ids == expected(2)
    assert len(text(app).nodes) == 4  # what was written stays


def test_the_settings_of_a_link_are_taken() -> None:
    app = press(page(generation_temperature="0"), "One token")
    assert text(app).ids == expected(1, temperature=0)


def test_words_are_put_in_its_mouth() -> None:
    app = page()
    app.text_input[0].set_value("who had three sons").run()
    assert "".join(token.label for token in text(app).written) == " who had three sons"
    assert all(token.chosen for token in text(app).written)


def test_another_seed_draws_anew_from_here() -> None:
    app = press(page(), "One token")
    next(box for box in app.number_input if box.label == "Seed").set_value(7).run()
    assert len(text(app).written) == 1
    press(app, "One token")
    writing = Generation(zoo.load("gpt-stories"), Given(PROMPT))
    writing.next(Settings(temperature=0.8, top_p=0.95))
    writing.draw_anew(7)
    writing.next(Settings(temperature=0.8, top_p=0.95))
    assert text(app).ids == writing.ids


def test_play_writes_until_it_is_paused() -> None:
    app = press(page(), "Play")
    assert len(text(app).written) >= 1
    n = len(text(app).written)
    press(app, "Pause")
    assert len(text(app).written) <= n + 1
    assert not app.session_state["generation_playing"]


@pytest.mark.parametrize("name", ["llama", "gemma2", "t5", "mbart50", "m2m100"])
def test_a_folder_of_any_family_writes_through_the_page(folders: Path, task_folder, name: str) -> None:
    folder = task_folder(name) if name in tiny_tasks.MODELS else folders / name
    app = page(generation_model=str(folder), generation_text="The cat sat on the mat")
    assert [one.value for one in app.error] == []
    press(typed(app, "generation_model"), "One token")
    assert len(text(app).written) == 1
    press(typed(app, "generation_model"), "Back")
    assert text(app).ids == text(app).prompt
    assert not app.exception


def test_a_chat_model_is_given_its_template_and_can_go_without(tmp_path: Path) -> None:
    app = page(generation_model=str(tiny_tasks.chat(tmp_path / "chat")), generation_text="The cat sat.")
    assert text(app).draft(Settings()).prompt.labels[:2] == ("<s>", "<|user|>")
    typed(app, "generation_model").toggle(key="generation_chat").set_value(False).run()
    assert "<|user|>" not in text(app).draft(Settings()).prompt.labels


def test_special_tokens_in_a_prompt_are_the_visitors_choice() -> None:
    app = page(generation_text="Once <|endoftext|> upon a time")
    assert "The text contains" in app.button_group(key="generation_plain").label
    n = len(text(app).prompt)
    app.button_group(key="generation_plain").set_value("plain text").run()
    assert len(text(app).prompt) > n


def test_a_long_prompt_says_what_was_left_out_and_a_huge_one_is_refused() -> None:
    app = page(generation_text="the king and " * 60)
    assert "this model reads 128 at a time. What follows them was not read, and nothing can be written" in said(app)
    app.text_area[0].set_value("a " * 50_000).run()
    assert "100,000 characters" in said(app)
    assert len(app.text_area[0].value) == 100_000
    app.text_area[0].set_value(PROMPT).run()
    press(app, "One token")
    assert len(text(app).written) == 1


def test_settings_that_contradict_each_other_are_said() -> None:
    app = page(generation_temperature="0")
    assert "At temperature 0 the likeliest token is always taken: top-p 0.95 can change" in said(app).replace("\\", "")
    app = page(generation_how="Beams", generation_temperature="0.3", generation_beam_n="1")
    assert "A search draws nothing by chance" in said(app)
    assert "One beam takes the likeliest token at every step" in said(app)


def test_an_empty_prompt_is_asked_for() -> None:
    app = page()
    app.text_area[0].set_value("  ").run()
    assert "There is no text yet" in said(app)


def test_a_full_text_says_so_and_can_be_gone_back_in() -> None:
    app = page(generation_text="the king and " * 60)
    assert next(button for button in app.button if button.label == "Play").disabled


@pytest.mark.parametrize(
    ("ref", "words"), [("roberta-sentiment", "does not write text"), ("vit-fashion", "does not write")]
)
def test_a_model_that_does_not_write(ref: str, words: str) -> None:
    assert words in said(page(generation_model=ref))
