"""The sweeps page as a script: settings that make no sense, links, and sweeps that are not there."""

import json
from pathlib import Path

from streamlit.testing.v1 import AppTest

from models.learn.sweep import RANDOM
from tests.pages.test_pages import said

ROOT = Path(__file__).parents[2]


def page(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page("pages/sweeps.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def field(app: AppTest, label: str):
    return next(one for one in app.text_input if one.label == label)


def starts(app: AppTest) -> bool:
    return any(button.label == "Start the sweep" and not button.disabled for button in app.button)


def test_it_begins_with_a_grid_that_could_be_started() -> None:
    app = page()
    assert not app.exception
    assert "16 runs, at least" in said(app).replace("\\", "")
    assert starts(app)


def test_what_cannot_be_is_said_and_never_started() -> None:
    app = page()
    for text, words in (
        ("", "Learning rate has no values"),
        ("fast", "expected values as 1, 2, 4 or a range"),
        ("nan", "expected values as"),
        ("0.001 to 0.1", "A grid needs single values; Learning rate has a range"),
        ("0.1 to 0.001", "A range of Learning rate goes up"),
    ):
        field(app, "Learning rate").set_value(text).run()
        assert words in " ".join(error.value for error in app.error).replace("\\", "")
        assert not starts(app)
    field(app, "Learning rate").set_value("0.001, 99").run()  # out of range: said run by run
    assert "4 cannot be" in said(app).replace("\\", "")
    assert starts(app)
    field(app, "Learning rate").set_value(", ".join(str(i / 1000) for i in range(1, 33))).run()
    field(app, "Heads per layer").set_value("1, 2, 4, 8, 3, 5").run()
    assert "That grid has 192 runs; a sweep has at most 128" in " ".join(e.value for e in app.error).replace("\\", "")


def test_a_link_brings_its_settings_and_says_what_it_cannot() -> None:
    plan = {"knobs": ["dropout", "norm"], "is dropout": "0 to 0.4", "is norm": ["rms"], "search": RANDOM, "runs": 5}
    app = page(plan=json.dumps(plan | {"at_once": 10**6, "is colour": "red", "steps": True}))
    assert field(app, "Dropout").value == "0 to 0.4"
    assert "5 runs" in said(app)
    assert "The link says “at_once” as it cannot be" in said(app).replace("\\", "")
    assert "The link says “is colour” as it cannot be" in said(app).replace("\\", "")
    assert starts(app)
    for bad in ("{", "[1]", "9" * 5_000, "[" * 10_000):
        app = page(plan=bad)
        assert not app.exception
        assert "could not be read; the page begins afresh" in said(app)


def test_a_sweep_that_is_not_here_is_said_to_be() -> None:
    app = page(sweep="nowhere")
    assert not app.exception
    assert "This sweep is not on this computer" in " ".join(error.value for error in app.error)
    assert starts(app)
