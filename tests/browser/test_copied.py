"""Copy as Python, on the page itself: the copied lines run, and make the very view that they were copied from."""

from __future__ import annotations

import ast
import base64
import json
import re
import shutil
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from models import zoo
from models.capture.edits import Ablate
from models.explain.aggregates import aggregates
from models.explain.heads import statistics
from models.explain.words import merged
from models.zoo.given import Given
from tests.browser.workbench import Show
from tests.viz.decoder import labels, unpack
from viz.view import View
from viz.views import tiles, workbench

PATIENCE = 90_000  # milliseconds; the first visit starts torch


def visit(page: Page, address: str) -> str:
    """Open a place, and return the name of the payload that is drawn there."""
    page.goto(address)
    view = page.locator(".view[data-ready]", has=page.locator(".wb"))
    view.wait_for(timeout=PATIENCE)
    return view.get_attribute("data-ready") or ""


def copied(page: Page) -> str:
    page.get_by_role("button", name="Save picture").click()
    code = page.get_by_label("Python").input_value()
    page.keyboard.press("Escape")
    return code


def packed(html: str) -> bytes:
    """The payload that an exported page holds."""
    found = re.search(r'atob\("([^"]+)"\)', html)
    assert found
    return base64.b64decode(found[1])


def run(code: str) -> View:
    """What the last line of the code is, as a notebook shows it."""
    *lines, last = ast.parse(code).body
    assert isinstance(last, ast.Expr)
    names: dict[str, object] = {}
    exec(compile(ast.Module(lines, []), "copied", "exec"), names)
    made = eval(compile(ast.Expression(last.value), "copied", "eval"), names)
    assert isinstance(made, View)
    return made


@pytest.mark.parametrize("model", ["gpt-stories", "bert-qa", "marian-en-fr", "vit-fashion"])
def test_the_copied_lines_make_the_same_payload(
    page: Page, app: str, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(page, f"{app}/text_attention?text_model={model}")
    code = copied(page)
    monkeypatch.chdir(tmp_path)
    if "picture.png" in code:
        card = next(card for card in zoo.bundled() if card.name == model)
        shutil.copy(zoo.folder(model) / card.examples[0]["picture"], tmp_path / "picture.png")
    header, parts = unpack(run(code).pack())
    page.get_by_role("button", name="Export").click()
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name="The workbench as one HTML file").click()
    there, drawn = unpack(packed(Path(download.value.path()).read_text("utf-8")))
    assert parts.keys() == {part for part in drawn if not part.startswith("neurons")}  # the file has them ready
    for part, numbers in parts.items():
        assert np.array_equal(numbers, drawn[part]), part
    for fact in there.keys() - {
        "id",
        "off",
        "parts",
        "neurons",
        "state",
    }:  # what heads could be switched is the page's to know
        assert header[fact] == there[fact], fact
    assert header["state"]["heads"] == there["state"]["heads"]


def test_what_was_switched_off_and_merged_is_so_again(page: Page, app: str) -> None:
    visit(page, f"{app}/text_attention?text=Unbelievable+hedgehogs+ran.&off=1.2,3.0&words=on&over=2")
    code = copied(page)
    assert "Ablate(layer=1, head=(2,)), Ablate(layer=3, head=(0,))" in code
    made = run(code)
    model = zoo.load("gpt-stories")
    edits = (Ablate(1, 2), Ablate(3, 0))
    trace = merged(model.look(Given("Unbelievable hedgehogs ran."), edits=edits))
    header, _ = unpack(made.pack())
    assert labels(header["queries"]) == list(trace.attentions[0].queries.labels)
    stack = trace.attentions[0]
    over = aggregates(stack, tiles.over("2", stack.n_heads))
    expected = workbench.view(trace, statistics(stack), aggregates=over).parts
    assert np.array_equal(made.parts["codes"], expected["codes"])
    assert header["thing"] == "word"
    assert header["over"] == "2"
    assert any("switched off" in note for note in header["about"]["notes"])


def test_what_was_chosen_is_chosen_again(page: Page, app: str, exported: Show) -> None:
    chosen = "heads=2.1,0.3&view=matrix&token=4&scale=log&sinks=show"
    text = quote('It\'s a "quoted" \\ text, and the the')
    visit(page, f"{app}/text_attention?text={text}&{chosen}")
    said = page.locator(".sentence").inner_text()
    selected = page.locator("[role=gridcell][aria-selected=true]").count()
    code = copied(page)
    made = run(code)
    exported(made)
    expect(page.locator(".sentence")).to_have_text(said)
    expect(page.locator(".wb[data-view=matrix]")).to_be_visible()
    assert page.locator("[role=gridcell][aria-selected=true]").count() == selected == 2


def test_the_neurons_come_along(page: Page, app: str) -> None:
    visit(page, f"{app}/text_attention?text_model=bert-qa&heads=2.1&view=neurons")
    page.locator(".n-row[data-key]").first.wait_for()
    header, parts = unpack(run(copied(page)).pack())
    assert header["neurons"]["head"] == [2, 1]
    assert "why" not in header["neurons"]
    assert parts["neurons_query"].dtype == np.float32


def test_the_chosen_heads_are_exported_as_json(page: Page, app: str) -> None:
    visit(page, f"{app}/text_attention?text=The+old+fox&heads=3.2,1.0")
    page.get_by_role("button", name="Export").click()
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name="The 2 chosen heads as JSON").click()
    record = json.loads(Path(download.value.path()).read_text("utf-8"))
    trace = zoo.load("gpt-stories").trace("The old fox")
    assert record["about"]["revision"] == trace.info.revision
    for head in record["heads"]:
        assert np.array_equal(
            np.array(head["weights"], np.float32), trace.attentions[0].at(head["layer"], head["head"])
        )


def test_without_a_choice_the_head_that_is_shown_is_exported(page: Page, app: str, tmp_path: Path) -> None:
    visit(page, f"{app}/text_attention")
    said = page.locator(".sentence").inner_text().split(":")[0]
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("button", name=f"{said} as JSON")).to_be_visible(timeout=PATIENCE)
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name="The workbench as one HTML file").click()
    download.value.save_as(tmp_path / "export.html")
    visit(page, (tmp_path / "export.html").as_uri())
    expect(page.locator(".sentence")).to_contain_text(said)
