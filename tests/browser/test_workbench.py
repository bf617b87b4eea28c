"""The workbench in a real browser, exported to a page that opens from disk."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from models.records import Ranking
from tests.browser.workbench import (
    BERT,
    HOSTILE,
    Show,
    bert,
    cell_colour,
    hover_cell,
    hover_query,
    pixel,
    selected,
    status,
    thumbnail,
    weights_of,
)
from tests.viz import traces
from viz import codes, theme
from viz.views import workbench

# ---- Thumbnails


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_thumbnails_have_the_ramps_colours(exported: Show, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    layers = [traces.random_layer(3, 8, 8, True, seed) for seed in range(3)]
    trace = traces.trace(layers, labels=8)
    exported(workbench.view(trace))
    assert page.locator(".view").get_attribute("data-theme") == scheme
    for layer, head, q, k in [(1, 1, 2, 2), (1, 2, 7, 3), (2, 0, 4, 1), (2, 2, 5, 4)]:
        code = codes.sqrt8(trace.attentions[0].at(layer, head)[q, k])
        assert cell_colour(page, (layer, head), q, k, 8) == theme.ramp(theme.BEAM[scheme], code / 255)
    assert cell_colour(page, (1, 1), 2, 5, 8) == theme.rgb(theme.PALETTE[scheme]["sunk"])


def test_the_scale_changes_the_colours(exported: Show) -> None:
    page = exported(workbench.view(traces.trace(labels=8, shape=(2, 2))))
    weight = weights_of(traces.trace(labels=8, shape=(2, 2)), 1, 1)[6, 3]
    code = codes.sqrt8(np.float32(weight)) / 255
    for name, t in {"linear": code**2, "log": max(0, 1 + np.log10(code**2) / 3), "sqrt": code}.items():
        page.get_by_role("radio", name=name, exact=True).click()
        wanted = theme.ramp(theme.BEAM["light"], round(255 * float(t)) / 255)
        assert cell_colour(page, (1, 1), 6, 3, 8) == wanted


def test_a_long_text_says_how_its_thumbnails_were_made(exported: Show) -> None:
    trace = traces.trace(shape=(2, 2), labels=100, kind="encoder")
    page = exported(workbench.view(trace))
    expect(page.locator(".ramp")).to_contain_text("each to its own top, at least 0.25")
    expect(page.locator(".ramp")).to_contain_text("each thumbnail is pooled from 100 × 100 by maximum")


def test_roles_are_counted_in_the_legend(exported: Show) -> None:
    trace = traces.trace(shape=(3, 2))
    page = exported(workbench.view(trace, traces.statistics(trace)))
    assert page.locator(".roles").inner_text().split() == ["previous", "token", "3", "on", "this", "text"]
    assert page.locator("[data-head='1.0']").get_attribute("title") == "layer 1, head 0: previous token, 0.50"
    expect(page.locator(".chip")).to_contain_text("previous token")


# ---- Choosing heads


def test_clicks_choose_heads(exported: Show) -> None:
    page = exported(workbench.view(traces.trace(shape=(3, 8))))
    page.locator("[data-head='2.5']").click()
    assert selected(page) == ["2.5"]
    for head in ("0.1", "1.7"):
        page.locator(f"[data-head='{head}']").click(modifiers=["Shift"])
    assert selected(page) == ["0.1", "1.7", "2.5"]
    assert status(page).startswith("Layer 1 · head 7:")
    page.get_by_role("button", name="1 L2 · H5").click()
    assert status(page).startswith("Layer 2 · head 5:")
    page.get_by_role("button", name="Remove L2 · H5").click()
    assert selected(page) == ["0.1", "1.7"]
    page.get_by_role("button", name="L1", exact=True).click()
    assert selected(page) == [f"1.{head}" for head in range(6)]
    page.locator("[data-head='0.0']").click(modifiers=["Shift"])
    expect(page.locator(".notice")).to_contain_text("6 heads at most")
    page.locator("[data-head='1.2']").click()
    page.locator("[data-head='1.2']").click()
    assert selected(page) == ["1.2"]


def test_keys_choose_heads_switch_them_off_and_hide_sinks(exported: Show) -> None:
    _, view = bert(state={"heads": "1.2"})
    page = exported(view)
    page.locator("[data-head='1.2']").focus()
    for key in ("ArrowUp", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    assert selected(page) == ["0.3"]
    for key in ("Home", "ArrowDown", "ArrowDown", "Shift+Enter"):
        page.keyboard.press(key)
    assert selected(page) == ["0.3", "2.0"]
    lines = page.locator(".strong-lines")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")  # drawn
    both = lines.get_attribute("data-lines") or ""
    page.keyboard.press("2")
    expect(page.locator(".chip.off")).to_have_count(1)
    expect(lines).not_to_have_attribute("data-lines", both)
    page.keyboard.press("s")
    expect(page.get_by_role("switch", name="Hide sinks")).to_have_attribute("aria-checked", "false")


def test_one_tab_stop_per_group(exported: Show) -> None:
    _, view = bert()
    page = exported(view)
    for group in ("[role=grid] button", "[role=radiogroup][aria-label=View] button", ".spacer button"):
        stops = page.locator(group).evaluate_all("(all) => all.filter((node) => node.tabIndex === 0).length")
        assert (group, stops) == (group, 1)


# ---- Numbers


def test_a_cell_shows_its_weight_to_three_places(exported: Show) -> None:
    trace, view = bert()
    page = exported(view)
    weights = weights_of(trace, 1, 2)
    for q, k in [(8, 3), (1, 0), (12, 12), (5, 9)]:
        hover_cell(page, q, k, 13)
        expect(page.locator(".sentence")).to_contain_text(f"({q}) reads")
        here = np.floor(weights[q, k] * 1000 + 0.5)
        wanted = ["<0.001" if n < 1 else f"{n / 1000:.3f}" for n in (here, 1000 - here)]
        assert re.findall(r"<?\d\.\d{3}", status(page)) == wanted


def check_row(page: Page, weights: np.ndarray, q: int, sinks: list[int], n_listed: int) -> None:
    """The sentence names the largest weights as float32 rounds them, and its parts account for all of the mass."""
    hidden = weights[q, sinks].sum()
    free = [k for k in np.argsort(-weights[q]) if k not in sinks]
    listed = [k for k in free[:n_listed] if weights[q, k] >= 0.005]
    rest = weights[q, [k for k in free if k not in listed]].sum()
    sentence = status(page)
    named = re.findall(r"“([^”]*)” (\d\.\d\d)", sentence)
    assert named == [(BERT[k].strip(), f"{np.floor(weights[q, k] * 100 + 0.5) / 100:.2f}") for k in listed]
    said = [0 if s == "<1" else int(s) for s in re.findall(r"(<?\d+) %", sentence)]
    wanted = [hidden, rest] if sinks else [rest]
    assert len(said) == len(wanted)
    assert (
        np.abs(np.subtract(said, np.multiply(100, wanted))).max() <= 0.51 + 0.125
    )  # of what is named, to 0.00025 each
    assert f"{len(free) - len(listed)} weaker tokens" in sentence


@pytest.mark.parametrize(("view", "n_listed"), [("lines", 3), ("text", 5)])
def test_the_status_line_adds_up(exported: Show, view: str, n_listed: int) -> None:
    trace, bench = bert(state={"view": view})
    page = exported(bench)
    page.locator(".view").press("Escape")
    page.locator("[data-head='1.2']").click()
    page.keyboard.press("Escape")
    weights = weights_of(trace, 1, 2)
    for q in (1, 5, 8, 11):
        page.locator(f"[data-side][data-index='{q}']").first.hover()
        expect(page.locator(".sentence")).to_contain_text(f"“{BERT[q].strip()}” reads")
        check_row(page, weights, q, [0, 12], n_listed)
    page.get_by_role("switch", name="Hide sinks").click()
    check_row(page, weights, 11, [], n_listed)


def test_hidden_mass_and_lines_off_are_those_of_the_weights(exported: Show) -> None:
    trace, view = bert(state={"threshold": "0.1"})
    page = exported(view)
    shown = slice(1, 12)
    hidden = weights_of(trace, 1, 2)[shown][:, [0, 12]].sum(-1).mean()
    expect(page.locator(".second")).to_contain_text(theme.share(float(hidden)) + " of mass hidden")
    drawn = np.stack([weights_of(trace, *head)[shown, shown] for head in ((1, 2), (0, 1), (2, 3))])
    off = np.where(drawn < 0.1, drawn, 0).sum((1, 2)).mean() / 11
    expect(page.locator(".second")).to_contain_text(
        f"0.10 · {(drawn < 0.1).sum()} lines off, {theme.share(float(off))}"
    )
    page.get_by_role("slider", name="Threshold").press("ArrowRight")
    expect(page.locator(".second")).to_contain_text(f"0.11 · {(drawn < 0.11).sum()} lines off")
    page.get_by_role("slider", name="Threshold").press("Home")
    expect(page.locator(".second")).to_contain_text(f"0.00 · {(drawn < 0.005).sum()} lines under 0.005 off")


def test_nothing_above_the_threshold_is_said_with_a_way_out(exported: Show) -> None:
    trace, view = bert(state={"heads": "1.2", "threshold": "0.5"})
    weights = weights_of(trace, 1, 2)[8].copy()
    weights[[0, 12]] = 0
    page = exported(view)
    best = int(weights.argmax())
    expect(page.locator(".nothing")).to_contain_text(f"Highest: “{BERT[best].strip()}” {weights[best]:.2f}.")
    page.get_by_role("button", name=f"Lower threshold to {np.floor(weights[best] * 100) / 100:.2f}").click()
    expect(page.locator(".nothing")).to_be_hidden()
    assert int(page.locator(".strong-lines").get_attribute("data-lines")) >= 1


def test_who_reads_a_key(exported: Show) -> None:
    trace, view = bert(state={"token": ""})
    page = exported(view)
    column = weights_of(trace, 1, 2)[1:12, 4]
    page.locator(".token.key[data-index='4']").hover()
    best = int(column.argmax()) + 1
    expect(page.locator(".sentence")).to_contain_text(f"“on” is read by “{BERT[best].strip()}” {column.max():.2f}")


def test_the_table_says_the_ten_largest_weights(exported: Show) -> None:
    trace, view = bert()
    page = exported(view)
    expect(page.locator(".unseen tbody tr")).to_have_count(10)
    for column, head in enumerate([(1, 2), (0, 1), (2, 3)]):
        row = weights_of(trace, *head)[8]
        wanted = [
            f"“{BERT[k].strip()}” ({k}) {np.floor(row[k] * 1000 + 0.5) / 1000:.3f}" for k in np.argsort(-row)[:10]
        ]
        cells = page.locator(f".unseen tbody td:nth-child({column + 1})").all_text_contents()
        assert cells == [text if not text.endswith("0.000") else text[:-5] + "<0.001" for text in wanted]
    for canvas in page.locator("canvas.say").all():
        expect(canvas).to_have_attribute("aria-label", status(page))


def test_statistics_and_answer(exported: Show) -> None:
    ranking = Ranking("next token", (" a", " b"), np.array([0.625, 0.004], np.float32), 4096)
    trace = traces.trace(ranking=ranking)
    known = traces.statistics(trace)
    page = exported(workbench.view(trace, known, state={"heads": "2.1"}))
    values = page.locator(".figure .value").all_inner_texts()
    assert values[0] == f"{known.entropy[2, 1]:.2f} of {known.max_entropy:.2f} bits"
    assert values[1] == f"{known.distance[2, 1]:.1f} tokens"
    assert values[2] == f"{theme.share(float(known.sink_mass[2, 1]))} on “The”"
    assert page.locator(".candidate b").all_inner_texts() == ["0.63", "<0.01"]
    expect(page.locator(".answer")).to_contain_text("the other 4,094 together 0.37")


def test_without_a_forecast_the_note_stands_there(exported: Show) -> None:
    page = exported(workbench.view(traces.trace(), note="Reads both directions."))
    assert page.locator(".answer").inner_text() == "Reads both directions."


# ---- Lines and text


def test_lines_are_drawn_for_the_token_under_the_pointer(exported: Show) -> None:
    trace, view = bert(state={"token": ""})
    page = exported(view)
    for q in (2, 9):
        hover_query(page, q)
        drawn = sum((weights_of(trace, *head)[q, 1:12] >= 0.04).sum() for head in ((1, 2), (0, 1), (2, 3)))
        assert int(page.locator(".strong-lines").get_attribute("data-lines")) == drawn
    painted = (
        "(c) => new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size"
    )
    assert page.locator(".lines canvas.base").evaluate(painted) > 10
    assert page.locator(".strong-lines").evaluate(painted) > 10


def test_a_click_pins_a_token_and_escape_lets_it_go(exported: Show) -> None:
    _, view = bert(state={"token": ""})
    page = exported(view)
    page.locator(".token.query[data-index='3']").click()
    hover_query(page, 6)
    assert "“sat” reads" in status(page)
    page.keyboard.press("Escape")
    hover_query(page, 5)
    assert "“the” reads" in status(page)


def test_only_the_rows_in_sight_exist(exported: Show) -> None:
    page = exported(workbench.view(traces.trace(shape=(1, 2), labels=400), state={"token": "200"}))
    assert page.locator(".token").count() < 120
    assert page.locator(".token.active").inner_text() == "w200"
    page.locator(".token.active").press("ArrowDown")
    page.locator(".view").press("Escape")
    page.locator(".scroller").evaluate("(node) => { node.scrollTop = 0; }")
    expect(page.locator(".token.query[data-index='0']")).to_be_visible()


def test_text_is_shaded_by_the_weights(exported: Show) -> None:
    trace, view = bert(state={"view": "text"})
    page = exported(view)
    row = weights_of(trace, 1, 2)[8].copy()
    row[[0, 12]] = 0
    drawn = codes.sqrt8(row.astype(np.float32)) / 255
    for k in (int(row.argmax()), 3):
        colour = page.locator(f".word[data-index='{k}']").evaluate("(node) => getComputedStyle(node).backgroundColor")
        level = round(255 * (0.02 + 0.98 * float(drawn[k] / drawn.max()))) / 255
        wanted = theme.ramp(theme.BEAM["light"], level)
        assert abs(np.subtract([int(c) for c in re.findall(r"\d+", colour)[:3]], wanted)).max() <= 1
    numbers = [text for text in page.locator(".reader .weight").all_inner_texts() if text]
    assert numbers == [f"{row[k]:.2f}" for k in np.argsort(-row)[:5]]
    page.get_by_role("radio", name="is read by").click()
    expect(page.locator(".sentence")).to_contain_text("“it” is read by")


def test_the_running_text_is_the_text(exported: Show) -> None:
    labels = ("Two", " lines", ".", "\n", "  Here", "\t", "it is", "\n")
    page = exported(workbench.view(traces.trace(labels=labels), state={"view": "text"}))
    text = page.locator(".block").inner_text()
    assert text.replace("↵", "").replace("⇥", "").split("\n")[:2] == ["Two lines.", "  Hereit is"]
    assert (text.count("↵"), text.count("⇥")) == (2, 1)


# ---- What must never happen


@pytest.mark.parametrize("view", ["lines", "text"])
def test_hostile_tokens_are_text(exported: Show, view: str) -> None:
    page = exported(workbench.view(traces.trace(labels=HOSTILE), state={"view": view}))
    assert page.evaluate("window.bad") is None
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0
    nodes = page.locator(".token.query" if view == "lines" else ".word")
    shown = [text.strip() for text in nodes.all_text_contents()]
    assert len(shown) == len(HOSTILE)
    assert all(shown)
    assert shown[1] == "<img src=x onerror=window.bad=1>"[: len(shown[1]) - shown[1].endswith("…")] + "…" * shown[
        1
    ].endswith("…")
    assert shown[6:10] == ["U+0000", "U+D83D", "‹U+202E›abc", "∅"]
    assert shown[10:13] == ["␣␣␣", "↵", "⇥"]


def test_rows_that_are_no_numbers_are_hatched_and_named(exported: Show) -> None:
    layers = [traces.random_layer(2, 8, 8, True, seed) for seed in range(2)]
    layers[1][1, 4] = np.nan
    page = exported(workbench.view(traces.trace(layers, labels=8), state={"heads": "0.0"}))
    box = thumbnail(page, 1, 1)
    colours = {
        pixel(page, ".sheet canvas >> nth=0", box["x"] + x, box["y"] + 4.5 * box["size"] / 8) for x in range(5, 30)
    }
    assert theme.rgb(theme.PALETTE["light"]["wrong-fill"]) in colours
    page.locator("[data-head='1.1']").click()
    page.locator(".token.query[data-index='4']").hover()
    expect(page.locator(".sentence")).to_contain_text("“w4” has no usable weights")
    assert page.locator(".strong-lines").get_attribute("data-lines") == "0"


def test_weight_that_goes_nowhere_is_said(exported: Show) -> None:
    layers = [traces.random_layer(1, 8, 8, True, 0) * np.float32(0.75)]
    page = exported(workbench.view(traces.trace(layers, labels=8)))
    assert "25 % on nothing" in status(page)


@pytest.mark.parametrize("width", [330, 390, 1180, 1700])
@pytest.mark.parametrize("shape", [(4, 4), (6, 12), (32, 32), (1, 1)])
def test_it_fits_every_width(exported: Show, page: Page, width: int, shape: tuple[int, int]) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    trace = traces.trace(shape=shape)
    exported(workbench.view(trace, traces.statistics(trace), note="A note."))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("radio", name="Text", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
