"""The playground as a script: what it says before anything is trained, of bad links, of knobs that make no model."""

import time
from pathlib import Path
from urllib.parse import quote

import pytest
from streamlit.testing.v1 import AppTest

from models.learn import sharing
from models.learn.history import History
from models.learn.spec import NAMES, REBUILD, Change, Spec
from pages.parts import knobs, run_looks
from tests.pages.test_pages import said

ROOT = Path(__file__).parents[2]
TINY = "length:3,vocabulary:4,examples:200,n_layers:1,n_heads:2,d_model:16,d_ff:16,batch_size:16,steps:3000,warmup:4"


def page(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page("pages/playground.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def button(app: AppTest, label: str):
    return next(button for button in app.button if button.label.startswith(label))


def wait(app: AppTest, words: str) -> AppTest:
    limit = time.monotonic() + 90
    while words not in said(app):
        assert time.monotonic() < limit, said(app)
        time.sleep(0.1)
        app.run()
    return app


def test_every_knob_has_its_place() -> None:
    placed = {name for pair in knobs.SHAPE for name in pair} | {*knobs.MORE, *knobs.TURNED, *knobs.MORE_LIVE}
    groups = {name: field.metadata["group"] for name, field in NAMES.items()}
    assert placed | {"task", "text", "table"} == {name for name, group in groups.items() if group != "seeds"}
    assert {groups[name] for name in (*knobs.TURNED, *knobs.MORE_LIVE)} == {"live"}
    assert {groups[name] for name in knobs.MORE} == {REBUILD}


def test_before_training_it_shows_what_there_is_to_learn() -> None:
    app = page()
    assert not app.exception
    assert app.text[0].value.splitlines()[0] == "pgtkgart=tragktgp."
    assert not button(app, "Play").disabled
    assert button(app, "Back").disabled


def test_a_bad_link_is_said_and_clamped() -> None:
    app = page(spec="n_layers:1000000,colour:red")
    assert "Layers 1000000 in the link was moved to 6" in said(app)
    assert "a knob “colour” that does not exist" in said(app)
    assert app.session_state["playground_n_layers"] == 6


def test_knobs_that_make_no_model_say_so_beside_them() -> None:
    app = page(spec="n_heads:5")
    assert "5 heads cannot share d\\_model = 64 evenly" in said(app)
    assert button(app, "Play").disabled
    assert not app.exception


def test_a_run_that_is_not_here_is_said() -> None:
    app = page(run="gone")
    assert "This run is not on this computer" in said(app)
    assert not button(app, "Play").disabled


def test_steps_live_knobs_and_a_pending_rebuild() -> None:
    app = page(spec=TINY)
    button(app, "Step").click().run()
    wait(app, "step **1** of 3,000")
    app.select_slider(key="playground_lr").set_value(1e-2).run()
    button(app, "Step").click().run()
    wait(app, "step **2** of 3,000")
    history = app.session_state["playground_seen"].history
    assert [(c.step, c.knob, c.new) for c in history.changes] == [(1, "lr", 1e-2)]
    app.select_slider(key="playground_n_layers").set_value(2).run()
    assert button(app, "Rebuild: 1 change")
    button(app, "Rebuild").click().run()
    assert app.text  # a new run waits for Play
    assert app.session_state["playground_run"] is None


@pytest.mark.parametrize("task", ["characters", "modular addition", "dates"])
def test_other_tasks_stand_as_a_link_says(task: str) -> None:
    app = page(preset={"modular addition": "clock"}.get(task, task), text=quote("x"))
    assert app.session_state["playground_task"] == task
    assert not app.exception


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty"),
        (b"text,label\n", "The table has no rows"),
        (b"text,label\na fine film,good\n", "this one has 1"),
        (b"\x89PNG\x00\x01", "The file is no text"),
        (b"text,label\n" + b"".join(b"word%d,kind%d\n" % (i, i) for i in range(200)), "200 different ones; up to 50"),
        (b"text,label\n" + b"".join(b"w%d,nan\n" % i for i in range(30)), "No row of the table has a text and a label"),
    ],
)
def test_a_table_that_cannot_be_learnt_from_says_why_at_its_field(data: bytes, words: str) -> None:
    app = page(preset="labels")
    app.file_uploader(key="playground_table_file").set_value(("mine.csv", data, "text/csv")).run()
    assert not app.exception
    if words not in said(app):
        app.run()
    assert words in said(app)


def test_a_table_with_a_broken_encoding_is_learnt_from() -> None:
    rows = "".join(f"caf\xe9 number {i};{'oui' if i % 2 else 'non'}\n" for i in range(60))
    app = page(preset="labels")
    app.file_uploader(key="playground_table_file").set_value(
        ("m.csv", ("text;label\n" + rows).encode("cp1252"), "")
    ).run()
    app.run()
    assert not app.exception
    assert "read as Windows" in said(app)
    assert "caf\xe9 number" in app.text[0].value
    assert app.session_state["playground_table"].count("\n") == 59


def test_a_run_from_the_table_of_runs_comes_back() -> None:
    app = page(spec=TINY)
    button(app, "Step").click().run()
    wait(app, "step **1** of 3,000")
    job = app.session_state["playground_run"].job
    button(app, "Reset").click().run()
    app.selectbox(key="playground_one").set_value(job).run()
    app.text_input(key=f"playground_name_{job}").set_value("the first").run()
    button(app, "Rename").click().run()
    assert any("the first" in option for option in app.selectbox(key="playground_one").options)
    button(app, "Show it").click().run()
    wait(app, "step **1** of 3,000")
    assert app.session_state["playground_run"].job == job
    button(app, "Delete").click().run()
    assert app.session_state["playground_run"] is None
    assert not app.exception
    app = page(run=job)
    assert "This run is not on this computer" in said(app)


def test_a_run_from_a_file_puts_the_knobs_where_they_were_or_says_why_not() -> None:
    app = page()
    bad = b'{"headlight": "run", "version": 1, "spec": {"n_layers": 1e400}}'
    app.file_uploader(key="playground_shared").set_value(("bad.json", bad, "application/json")).run()
    assert "beyond all numbers" in said(app).replace("\\", "")
    good = sharing.packed("mine", Spec(n_layers=3, steps=77), History([1], [2.5])).encode()
    app.file_uploader(key="playground_shared").set_value(("mine.json", good, "application/json")).run()
    assert "beyond all numbers" not in said(app)
    assert "Play trains it again beside its recorded curve" in said(app)
    assert [app.session_state[f"playground_{name}"] for name in ("n_layers", "steps")] == [3, 77]
    other = sharing.packed("yours", Spec(n_layers=1, steps=55), History([1], [2.5])).encode()
    app.file_uploader(key="playground_shared").set_value(("yours.json", other, "application/json")).run()
    assert "From a file: yours" in said(app).replace("\\", "")  # one right after the other
    assert [app.session_state[f"playground_{name}"] for name in ("n_layers", "steps")] == [1, 55]
    assert not app.exception


def test_a_knob_that_was_dragged_moved_once_or_not_at_all() -> None:
    dragged = [Change(9, "lr", 2e-3, 10.0), Change(9, "lr", 10.0, 5e-3), Change(9, "clip", 1.0, 3.0)]
    assert run_looks.marks(dragged) == ((9, "learning rate 2e−3 → 5e−3"), (9, "clip gradient 1 → 3"))
    assert run_looks.marks([*dragged[:2], Change(9, "lr", 5e-3, 2e-3), Change(10, "lr", 2e-3, 1e-3)]) == (
        (10, "learning rate 2e−3 → 1e−3"),
    )
