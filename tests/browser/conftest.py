"""A real Chromium, pages that may ask nobody but this computer, and a stand-in for Streamlit that mounts a view."""

from __future__ import annotations

import base64
import contextlib
import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request

from tests.browser import site
from tests.fake_hub import FakeHub
from viz.view import View

PATIENCE = 90_000  # milliseconds; the first visit starts torch
FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # no other computer is there
    "--renderer-process-limit=1",  # one process draws all pages, whatever their address: a new one has all to compile
    "--disable-features=IsolateOrigins,site-per-process",
    "--disable-site-isolation-trials",
)
KEPT = "local_storage,indexeddb,cache_storage,service_workers"  # by pages, until somebody clears it

# Mounts as Streamlit 1.67 does: the default export on a shadow root, again on the same one for new data or a new theme.
HOST = """<!doctype html><meta charset="utf-8"><body style="margin:0"><div id="host"></div>
<script type="module">
import draw from "./view.js";
const parentElement = document.querySelector("#host").attachShadow({ mode: "open" });
parentElement.append(Object.assign(document.createElement("div"), { className: "view" }));
window.sent = [];
window.mount = (...payloads) => {
  for (const payload of payloads) {
    const data = Uint8Array.from(atob(payload), (c) => c.charCodeAt(0));
    window.unmount = draw({ data, parentElement, setStateValue: (name, value) => window.sent.push([name, value]) });
  }
};
window.mounted = true;
</script>"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A missing browser is a failure: a skipped test would look like a passed one."""
    try:
        with site.chromium(*FLAGS) as chromium:
            yield chromium
    except Exception as problem:
        if site.chromium_path() is None:
            pytest.fail(f"no Chromium to test in: sh tests/browser/chromium.sh installs one ({problem})")
        raise


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all tests: in a new one Chromium would load and compile Streamlit's scripts again for every test.

    Nothing is intercepted, which would switch its cache off: that it finds no other computer is a flag.
    """
    context = browser.new_context(viewport={"width": 1180, "height": 1000}, color_scheme="light")
    context.new_page()  # stays, and with it the process that draws all pages
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page in which an error, or a request to anywhere but this computer, fails the test."""
    away: list[str] = []
    errors: list[str] = []

    def look(request: Request) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", "localhost", None):
            away.append(request.url)

    context.on("request", look)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if _is_error(message) else None)
    yield page
    context.remove_listener("request", look)
    _tidy(context)
    assert (away, errors) == ([], [])


def _tidy(context: BrowserContext) -> None:
    """No page stays open, and nothing that a page has stored stays for the next test."""
    places = {urlsplit(page.url) for page in context.pages}
    origins = {f"{place.scheme}://{place.netloc}" for place in places if place.scheme in ("http", "file")}
    first, *others = context.pages
    for page in others:
        page.close()
    session = context.new_cdp_session(first)
    for origin in origins:
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": KEPT})
    session.detach()
    context.clear_cookies()
    context.clear_permissions()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """What stood in the browser when a test failed: its machine may be far away, and its picture gone."""
    report = yield
    page = item.funcargs.get("page") if isinstance(item, pytest.Function) else None
    if report.when == "call" and report.failed and isinstance(page, Page):
        with contextlib.suppress(Exception):  # a page that crashed has nothing to say
            words = page.locator("body").inner_text(timeout=5_000)
            report.sections.append(("in the browser", f"{page.url}\n\n{words[:4_000]}"))
    return report


def _is_error(message: ConsoleMessage) -> bool:
    """Streamlit looks for its own server under the page's address first: those misses are no errors of ours."""
    return message.type == "error" and "/_stcore/" not in message.location.get("url", "")


def wait_ready(page: Page) -> Locator:
    """The view, drawn."""
    page.locator(".view[data-ready]").wait_for()
    return page.locator(".view")


@pytest.fixture
def exported(page: Page, tmp_path: Path) -> Callable[[View], Page]:
    """Opens a view's page from disk."""

    def show(view: View) -> Page:
        path = tmp_path / "view.html"
        path.write_text(view.to_html(), "utf-8")
        page.goto(path.as_uri())
        wait_ready(page)
        return page

    return show


@dataclass
class Live:
    """A page that mounts views as Streamlit does."""

    page: Page
    address: str

    def open(self, view: View, query: str = "") -> Page:
        """Load the page with this query string, and mount the view in it."""
        self.page.goto(f"{self.address}/{view.name}/{query}")
        self.page.wait_for_function("window.mounted")
        self.mount(view)
        return self.page

    def mount(self, *views: View) -> None:
        """Give the component these views, one right after the other."""
        self.page.evaluate("(data) => window.mount(...data)", [base64.b64encode(v.pack()).decode() for v in views])
        wait_ready(self.page)

    @property
    def query(self) -> str:
        """The query string in the address bar."""
        return self.page.evaluate("location.search")

    @property
    def sent(self) -> list[Any]:
        """What the component sent to the server: [name, value] each."""
        return self.page.evaluate("window.sent")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The stand-in's address; the script of the view NAME is `/NAME/view.js`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_script = self.path.endswith("/view.js")
            body = (View(self.path.split("/")[1], {}, {}, "").script if is_script else HOST).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if is_script else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        log_message = functools.partialmethod(lambda self, *args: None)  # type: ignore[assignment]

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.fixture
def live(page: Page, server: str) -> Live:
    return Live(page, server)


@pytest.fixture(scope="session")
def app(hub: FakeHub) -> Iterator[str]:
    """One server for all tests: visitors share it, as they would."""
    with site.streamlit(site.ROOT / "app.py") as address:
        site.wait_for(address)
        yield address


@pytest.fixture
def visit(page: Page, app: str):
    """Opens a place of the app and waits until its picture is drawn."""

    def go(place: str = "/text_attention", ready: str = ".wb") -> Page:
        page.goto(app + place)
        page.locator(ready).first.wait_for(timeout=PATIENCE)
        return page

    return go
