"""Two texts in one input, in a real browser: which of them reads which, and what is hidden meanwhile."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from models.records import Trace
from tests.browser.conftest import Live
from tests.browser.panes import hover, inset, settle, tip
from tests.browser.workbench import Show, bert, status
from tests.viz import traces
from tests.viz.test_pairs import LABELS, SEGMENTS, pair
from viz import codes, theme
from viz.view import View
from viz.views import workbench

SINKS = (0, 4, 11)
A = [i for i, segment in enumerate(SEGMENTS) if segment == 0]
B = [i for i, segment in enumerate(SEGMENTS) if segment == 1]


def two(**state: str) -> tuple[Trace, View]:
    trace = pair()
    return trace, workbench.view(trace, traces.statistics(trace, SINKS), state={"heads": "1.2"} | state)


def column(page: Page, side: str) -> list[int]:
    settle(page)
    return sorted(map(int, page.locator(f".token.{side}").evaluate_all("(all) => all.map((b) => b.dataset.index)")))


def shares(sentence: str) -> float:
    """All mass that the status line names, in hundredths."""
    weights = [float(number) for number in re.findall(r"” (0\.\d\d)", sentence)]
    return 100 * sum(weights) + sum(float(number) for number in re.findall(r"(\d+) %", sentence))


def test_one_text_has_no_choice(exported: Show) -> None:
    expect(exported(bert()[1]).locator(".pair")).to_be_hidden()


@pytest.mark.parametrize(("name", "rows", "keys"), [("aa", A, A), ("ab", A, B), ("ba", B, A), ("bb", B, B)])
def test_lines_hold_only_the_texts_that_are_asked_about(
    exported: Show, name: str, rows: list[int], keys: list[int]
) -> None:
    page = exported(two(pair=name)[1])
    assert column(page, "query") == rows
    assert column(page, "key") == keys


@pytest.mark.parametrize("name", ["aa", "ab", "ba", "bb"])
@pytest.mark.parametrize("sinks", ["hide", "show"])
def test_what_is_hidden_is_said_and_everything_adds_up(exported: Show, name: str, sinks: str) -> None:
    trace, view = two(pair=name, sinks=sinks)
    page = exported(view)
    weights = trace.attentions[0].at(1, 2).astype(np.float64)
    other = A if name[1] == "b" else B
    for q in A if name[0] == "a" else B:
        page.locator(f".token.query[data-index='{q}']").hover()
        settle(page)
        sentence = status(page)
        hidden = int(np.floor(100 * weights[q, other].sum() + 0.5))
        assert f"{hidden} % on the {'question' if other is A else 'text'} hidden" in sentence.replace("<1", "0")
        assert ("[CLS] and [SEP] hidden" in sentence) == (sinks == "hide")
        assert abs(shares(sentence) - 100) <= 3  # each number is rounded by itself


def test_the_choice_is_made_by_clicking_and_released(exported: Show) -> None:
    page = exported(two()[1])
    expect(page.locator(".pair")).to_contain_text("A: question, B: text")
    assert column(page, "query") == [*A, *B]
    page.get_by_role("radio", name="B → A").click()
    assert (column(page, "query"), column(page, "key")) == (B, A)
    expect(page.locator(".pair")).to_contain_text(re.compile(r"\d+ % of mass on the text hidden"))
    page.get_by_role("radio", name="all", exact=True).click()
    assert column(page, "query") == [*A, *B]
    assert "hidden" in status(page)  # the sinks


def test_a_token_that_is_hidden_is_active_no_more(exported: Show) -> None:
    page = exported(two(token="7")[1])
    expect(page.locator(".hint")).to_have_text("pinned · Esc releases")
    page.get_by_role("radio", name="A → B").click()
    expect(page.locator(".hint")).to_have_text("")
    assert any(f"“{LABELS[i].strip()}” reads" in status(page) for i in A)


def test_text_dims_what_is_left_out_and_reads_across(exported: Show) -> None:
    page = exported(two(view="text", pair="ab")[1])
    words = page.locator(".word")
    dim = words.evaluate_all("(all) => all.filter((w) => w.classList.contains('outside')).map((w) => w.dataset.index)")
    assert dim == []  # every word of the two is a query or a key
    page.locator(f".word[data-index='{A[0]}']").hover()
    settle(page)
    assert f"“{LABELS[A[0]]}” reads" in status(page)
    lit = words.evaluate_all("(all) => all.filter((w) => w.style.background).map((w) => Number(w.dataset.index))")
    assert lit
    assert set(lit) <= set(B)
    page.locator(f".word[data-index='{B[2]}']").hover()
    settle(page)
    assert f"“{LABELS[B[2]].strip()}” is read by" in status(page)  # the text only answers
    page.get_by_role("radio", name="A → A").click()
    dim = words.evaluate_all(
        "(all) => all.filter((w) => w.classList.contains('outside')).map((w) => Number(w.dataset.index))"
    )
    assert dim == B
    before = status(page)
    page.locator(f".word[data-index='{B[2]}']").hover()
    settle(page)
    assert status(page) == before


def test_the_matrix_greys_rows_and_columns(exported: Show) -> None:
    trace, view = two(view="matrix", pair="ab")
    page = exported(view)
    weights = trace.attentions[0].at(1, 2)

    def wanted(q: int, k: int) -> tuple[int, int, int]:
        return theme.ramp(theme.BEAM["light"], codes.sqrt8(weights[q, k]) / 255)

    assert inset(page, A[1], B[2], 12, 12) == wanted(A[1], B[2])
    for q, k in [(A[1], A[0]), (B[1], B[2]), (B[1], A[2])]:
        assert np.ptp(inset(page, q, k, 12, 12)) < 30
    expect(page.locator(".matrix-words")).to_contain_text("grey: [CLS] and [SEP], hidden")
    expect(page.locator(".matrix-words")).to_contain_text("grey: rows of the text and columns of the question, hidden")
    hover(page, A[1], A[0], 12, 12)
    assert tip(page).split()[:2] == [f"{np.floor(1000 * float(weights[A[1], A[0]]) + 0.5) / 1000:.3f}", "hidden"]


def test_from_here_greys_the_other_text(exported: Show) -> None:
    page = exported(two(view="from", pair="ab")[1])
    expect(page.locator(".from .matrix-words")).to_contain_text("the question, hidden")
    slider = page.get_by_role("slider", name="Token")
    for index in range(12):
        slider.fill(str(index))
        settle(page)
        assert not any(status(page).find(f"“{LABELS[b].strip()}” reads") >= 0 for b in B if LABELS[b].strip() != "sat")


def test_the_choice_is_in_the_link(live: Live) -> None:
    _, view = two()
    page = live.open(view)
    page.get_by_role("radio", name="A → B").click()
    assert "pair=ab" in live.query
    page = live.open(view, "?pair=bb")
    assert column(page, "query") == B
    page = live.open(view, "?pair=xy")
    expect(page.locator(".notice")).to_contain_text("asked for pair=xy")
    page = live.open(bert(link=True)[1], "?pair=ab")
    expect(page.locator(".notice")).to_contain_text("here only one text was read")
    assert "pair" not in live.query


def test_another_input_without_a_pair_is_seen_whole(live: Live) -> None:
    page = live.open(two()[1], "?pair=ab")
    live.mount(bert(link=True)[1])
    assert len(column(page, "query")) == 11
    assert "pair" not in live.query
