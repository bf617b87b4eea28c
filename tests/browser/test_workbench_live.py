"""The workbench mounted as Streamlit mounts it: the page's address, new data, the theme, requests to the server."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Live, wait_ready
from tests.browser.workbench import Show, bert, cell_colour, selected, status
from tests.viz import traces
from viz import theme
from viz.views import workbench


def test_a_long_text_asks_for_the_layer_that_is_looked_at(live: Live) -> None:
    trace = traces.trace(shape=(3, 2), labels=160, kind="encoder")
    page = live.open(workbench.view(trace, budget=130_000))
    assert live.sent == []
    page.locator("[data-head='2.1']").click()
    page.locator("[data-head='1.0']").click(modifiers=["Shift"])
    assert live.sent == [["want", "2.1"], ["want", "1.0,2.1"]]
    assert status(page) == "Layer 1 · head 0: reading layer 1 …"
    live.mount(workbench.view(trace, budget=130_000, want=workbench.heads("1.0,2.1")))
    assert selected(page) == ["1.0", "2.1"]
    assert "reads" in status(page)
    assert len(live.sent) == 2


def test_a_short_text_never_asks(live: Live) -> None:
    _, view = bert()
    page = live.open(view)
    page.locator("[data-head='2.1']").click()
    page.get_by_role("radio", name="Text", exact=True).click()
    page.get_by_role("radio", name="log", exact=True).click()
    assert live.sent == []
    assert page.locator(".view").get_attribute("data-updates") == "1"


# ---- The address


def test_the_state_is_in_the_address_and_nothing_else_of_it_changes(live: Live) -> None:
    view = workbench.view(traces.trace(special=(0,)))
    page = live.open(view, "?text=a%20b+c&heads=2.1,0.3&x=%C3%BC&x=")
    assert live.query == "?text=a%20b+c&x=%C3%BC&x=&heads=2.1,0.3"
    assert selected(page) == ["0.3", "2.1"]
    page.get_by_role("radio", name="log", exact=True).click()
    page.get_by_role("switch", name="Hide sinks").click()
    page.get_by_role("slider", name="Threshold").press("End")
    page.locator(".token.query[data-index='3']").click()
    page.get_by_role("radio", name="Text", exact=True).click()
    kept = "?text=a%20b+c&x=%C3%BC&x=&heads=2.1,0.3&view=text&token=3&scale=log&sinks=show&threshold=0.5"
    assert live.query == kept
    page.reload()
    page.wait_for_function("window.mounted")
    live.mount(view)
    assert live.query == kept
    assert status(page).startswith("Layer 2 · head 1: “on” reads")
    page.keyboard.press("Escape")
    page.locator("[data-head='0.0']").click()
    page.keyboard.press("Escape")
    assert live.query == kept.replace("&heads=2.1,0.3", "").replace("&token=3", "")


def test_what_a_link_asks_in_vain_is_said(live: Live) -> None:
    page = live.open(workbench.view(traces.trace()), "?heads=9.1,2.1&token=99&scale=cube&view=x&threshold=7&sinks=no")
    notice = page.locator(".notice").inner_text()
    assert "The link asked for layer 9; this model has 4, counted from 0." in notice
    assert "token 99; this text has 11" in notice
    assert all(word in notice for word in ("cube", "“x”", "from 0 to 0.5", "show and hide"))
    assert live.query == "?heads=2.1&token=10&threshold=0.5"
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".notice")).to_be_hidden()


# ---- Updates


def test_new_data_keeps_what_still_exists(live: Live) -> None:
    big, small = traces.trace(shape=(3, 4), seed=1), traces.trace(shape=(2, 2), seed=2)
    page = live.open(workbench.view(big), "?heads=2.3,1.1&token=4")
    live.mount(workbench.view(traces.trace(shape=(3, 4), seed=5)))
    assert (selected(page), "“the” reads" in status(page)) == (["1.1", "2.3"], True)
    assert page.locator(".hint").inner_text() == "pinned · Esc releases"
    live.mount(workbench.view(small))
    assert selected(page) == ["1.1"]
    live.mount(workbench.view(traces.trace(labels=("An", "other", "text"), shape=(2, 2))))
    assert page.locator(".hint").inner_text() == ""
    assert page.locator(".view").get_attribute("data-updates") == "4"


def test_of_two_updates_at_once_the_last_is_drawn(live: Live) -> None:
    large = workbench.view(traces.trace(shape=(6, 12), labels=90, kind="encoder"))
    page = live.open(large)
    live.mount(large, workbench.view(traces.trace(shape=(1, 2), labels=("only", "this"))))
    assert page.locator("[role=gridcell]").count() == 2
    page.evaluate("() => new Promise((done) => setTimeout(done, 300))")
    assert page.locator("[role=gridcell]").count() == 2
    assert page.locator(".stale").count() == 0


def test_streamlits_theme_decides_and_can_change(live: Live) -> None:
    view = workbench.view(traces.trace(labels=6, shape=(2, 2)))
    page = live.open(view)
    for colour, name in (("#0F1319", "dark"), ("rgb(255, 255, 255)", "light")):
        page.evaluate("(c) => document.body.style.setProperty('--st-background-color', c)", colour)
        live.mount(view)
        assert page.locator(".view").get_attribute("data-theme") == name
        assert cell_colour(page, (1, 1), 0, 5, 6) == theme.rgb(theme.PALETTE[name]["sunk"])
    page.emulate_media(color_scheme="dark")
    assert page.locator(".view").get_attribute("data-theme") == "light"


def test_an_exported_page_follows_the_readers_theme(exported: Show) -> None:
    page = exported(workbench.view(traces.trace(labels=6, shape=(2, 2))))
    page.emulate_media(color_scheme="dark")
    page.locator(".view[data-theme=dark]").wait_for()
    assert cell_colour(page, (1, 1), 0, 5, 6) == theme.rgb(theme.PALETTE["dark"]["sunk"])


def test_a_payload_that_cannot_be_read_is_said(live: Live) -> None:
    page = live.open(workbench.view(traces.trace()))
    page.evaluate("console.error = () => {}; window.mount(btoa('no payload at all'))")
    expect(page.locator(".failure")).to_contain_text("This picture could not be read")
    live.mount(workbench.view(traces.trace(seed=4)))
    expect(page.locator(".failure")).to_be_hidden()
    wait_ready(page)
