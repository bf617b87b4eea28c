"""What passes between page and server when nothing changed, and when the visitor selects something."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cold_start import APP, HELLO, PATIENCE
from benchmarks.meter import Meter
from benchmarks.rows import Row
from tests.browser import site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RERUNS = 3
PAGES = ("compare", "generation", "vision")
QUIET = 2_000  # milliseconds without a message after which a rerun is over
WORKBENCH = ".view[data-ready]:has(.token)"
COUNT = """
window.drawn = 0;
const { drawImage } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.drawImage = function (...rest) { window.drawn++; drawImage.apply(this, rest); };
"""


class Wire:
    """A visitor's page, and the payload sizes of the websocket frames that it received and sent."""

    def __init__(self, browser: Browser, url: str, control: str) -> None:
        self.received: list[int] = []
        self.sent: list[int] = []
        self.page: Page = browser.new_page(viewport={"width": 1280, "height": 1400})
        self.page.add_init_script(COUNT)
        self.page.on("websocket", self._listen)
        self.page.goto(url, timeout=PATIENCE)
        self.page.locator(control).first.wait_for(timeout=PATIENCE)
        self._still()

    def _listen(self, socket: object) -> None:
        socket.on("framereceived", lambda data: self.received.append(len(data)))  # type: ignore[attr-defined]
        socket.on("framesent", lambda data: self.sent.append(len(data)))  # type: ignore[attr-defined]

    def _still(self) -> None:
        """Wait until nothing has come or gone for a while."""
        seen = -1
        while seen != len(self.received) + len(self.sent):
            seen = len(self.received) + len(self.sent)
            self.page.wait_for_timeout(QUIET)

    def during(self, act: Callable[[], None]) -> tuple[int, int]:
        """Bytes to the browser and bytes to the server that an act causes."""
        before = sum(self.received), sum(self.sent)
        act()
        self._still()
        return sum(self.received) - before[0], sum(self.sent) - before[1]

    def rerun(self) -> None:
        """Streamlit's own shortcut: run the script again with every widget as it is."""
        self.page.locator("h1").first.click()
        self.page.keyboard.press("r")

    def drawn(self) -> int:
        """How many matrices have been put on a canvas so far."""
        return int(self.page.evaluate("window.drawn"))


def run() -> list[Row]:
    """The text page with the bundled model, all heads sent whole, beside a hello-world app."""
    with tempfile.TemporaryDirectory() as folder, site.chromium() as browser:
        hello = Path(folder, "hello.py")
        hello.write_text(HELLO, "utf-8")
        with site.streamlit(hello, hello.parent) as address:
            site.wait_for(address)
            wire = Wire(browser, address, "textarea")
            least = max(wire.during(wire.rerun)[0] for _ in range(RERUNS))
        with site.streamlit(APP) as address:
            site.wait_for(address)
            with Meter(address) as meter:
                wire = Wire(browser, f"{meter.address}/text_attention", WORKBENCH)
                rows = [*_reruns(wire, meter, least), _selecting(wire)]
            return [*rows[:1], _elsewhere(browser, address), *rows[1:]]


def _reruns(wire: Wire, meter: Meter, least: int) -> list[Row]:
    """Bytes to the browser, and whether the workbench was drawn again."""
    drawn, before = wire.drawn(), len(wire.received)
    wires, frames = [], []
    for _ in range(RERUNS):
        crossed = meter.received
        frames.append(wire.during(wire.rerun)[0])
        wires.append(meter.received - crossed)
    messages = (len(wire.received) - before) // RERUNS
    return [
        Row(
            name="rerun with nothing changed, to the browser",
            measured=max(wires),
            budget=2_000,
            unit="bytes",
            against=f"on the wire; unpacked {max(frames):,}, a hello-world app with one text box {least:,}",
            detail=f"the largest of {RERUNS} reruns of the text page, {messages} messages, counted on the socket; the "
            "websocket compresses, and unpacked it is 74 bytes or more for every element and session, theme, page "
            "settings and icon in full each time",
            reason="Streamlit sends a message for every element on the page.",
        ),
        Row(
            name="rerun with nothing changed, matrices drawn again",
            measured=wire.drawn() - drawn,
            budget=0,
            unit="matrices",
            against="",
            detail=f"in {RERUNS} reruns after loading, which had drawn {drawn}",
            reason="the component was handed over again and did not see that its data is what it has.",
        ),
    ]


def _elsewhere(browser: Browser, address: str) -> Row:
    """The same on the other pages, each as it opens."""
    largest = {}
    for name in PAGES:
        with Meter(address) as meter:
            wire = Wire(browser, f"{meter.address}/{name}", ".view[data-ready]")
            largest[name] = 0
            for _ in range(RERUNS):
                crossed = meter.received
                wire.during(wire.rerun)
                largest[name] = max(largest[name], meter.received - crossed)
            wire.page.close()
    return Row(
        name="rerun with nothing changed, to the browser, other pages",
        measured=max(largest.values()),
        budget=2_000,
        unit="bytes",
        against="",
        detail=f"the largest of {RERUNS} reruns of each: {', '.join(f'{name} {n:,}' for name, n in largest.items())}; "
        "about 900 of them are Streamlit's session, theme and list of pages, and 40 the hash of each element",
        reason="each control is an element, for which Streamlit sends at least a hash.",
    )


def _selecting(wire: Wire) -> Row:
    """Bytes to the server for each thing that can be selected."""
    page = wire.page
    acts: dict[str, Callable[[], None]] = {
        "head": lambda: page.locator("[role=gridcell]").nth(5).click(),
        "layer": lambda: page.locator(".row-label").nth(1).click(),
        "token": lambda: page.locator(".token.query").nth(3).click(),
        "view": lambda: page.get_by_role("radio", name="Text", exact=True).click(),
        "scale": lambda: page.get_by_role("radio", name="log", exact=True).click(),
    }
    address = page.url
    costs = {name: sum(wire.during(act)) for name, act in acts.items()}
    assert page.url != address, "selecting changed nothing"
    return Row(
        name="selecting a head, layer, token, view or scale",
        measured=sum(costs.values()),
        budget=0,
        unit="bytes",
        against="",
        detail=f"to and from the server; {', '.join(f'{name} {cost}' for name, cost in costs.items())}; each "
        "shows in the address all the same",
        reason="a selection made the page talk to its server.",
    )
