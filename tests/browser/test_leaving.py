"""A visitor closes the tab while something is under way: the server stops computing for nobody."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import site
from tests.browser.conftest import PATIENCE

DOCUMENT = "/language_tasks?language_model=distil-sentiment&language_mode="

# Runs inside the server: writes down how far everything is that a visitor can have under way.
OBSERVER = """
import json, sys, threading, time
sys.path.insert(0, ROOT)
from models import records
from models.language import running

running.GONE = 1.0
made = {"Written": 0, "Candidate": 0}
runs = []

def count(cls):
    begin = cls.__init__
    def noted(self, *args, **more):
        begin(self, *args, **more)
        made[cls.__name__] += 1
    cls.__init__ = noted

def note(self, *args, begin=running.Run.__init__, **more):
    begin(self, *args, **more)
    runs.append(self)

def tell():
    while True:
        time.sleep(0.2)
        seen = made | {"runs": [[run.state, len(run.done), run.total] for run in runs]}
        with open(FILE, "a") as file:
            file.write(json.dumps(seen) + chr(10))

def slow(self, look=running.Run.look):
    time.sleep(0.4)  # so that the page is often closed while the server looks for it
    return look(self)

running.Run.__init__ = note
running.Run.look = slow
count(records.Written)
count(records.Candidate)
threading.Thread(target=tell, daemon=True).start()
"""


class Server:
    """An app of its own, and what its observer has seen last."""

    def __init__(self, address: str, file: Path) -> None:
        self.address, self.file = address, file

    def seen(self) -> dict:
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return json.loads(lines[-1]) if lines else {"Written": 0, "Candidate": 0, "runs": []}

    def wait(self, until: Callable[[dict], bool]) -> dict:
        end = time.monotonic() + PATIENCE / 1000
        while not until(self.seen()):
            assert time.monotonic() < end, self.seen()
            time.sleep(0.2)
        return self.seen()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("observer")
    file = folder / "seen.jsonl"
    (folder / "sitecustomize.py").write_text(f"FILE, ROOT = {str(file)!r}, {str(site.ROOT)!r}\n{OBSERVER}")
    with site.streamlit(site.ROOT / "app.py", PYTHONPATH=str(folder)) as address:
        site.wait_for(address)
        yield Server(address, file)


def begin(browser: Browser, server: Server, place: str, button: str) -> Page:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(server.address + place)
    page.get_by_role("button", name=button, exact=True).wait_for()
    return page


@pytest.mark.parametrize(
    ("place", "button", "what", "most"),
    [
        ("/generation?generation_text=Once+upon+a+time", "Play", "Written", 120),
        ("/generation?generation_how=Beams&generation_beam_n=2&generation_beam_most=64", "Search", "Candidate", 256),
    ],
)
def test_a_text_stops_being_written(
    browser: Browser, server: Server, place: str, button: str, what: str, most: int
) -> None:
    page = begin(browser, server, place, button)
    page.get_by_role("button", name=button, exact=True).click()
    server.wait(lambda seen: seen[what] >= 8)
    page.close()
    time.sleep(2)  # what was under way
    there = server.seen()[what]
    time.sleep(2)
    assert server.seen()[what] == there < most


@pytest.mark.parametrize(("mode", "what"), [("A+long+document", "document"), ("A+table+of+texts", "table")])
def test_long_work_ends_and_keeps_what_is_done(browser: Browser, server: Server, mode: str, what: str) -> None:
    page = begin(
        browser, server, DOCUMENT + mode, "Read the document" if what == "document" else "A small table to try"
    )
    if what == "document":
        page.get_by_label("Document").fill("a moving film , full of warmth . " * 30_000)
        page.get_by_label("Document").press("Control+Enter")
        page.get_by_text("990,000 characters").wait_for()
    else:
        rows = b"text\n" + b"a moving film .\n" * 50_000
        page.locator("input[type=file]").set_input_files([{"name": "t.csv", "mimeType": "text/csv", "buffer": rows}])
        page.get_by_text("50,000 rows").wait_for()
    page.get_by_role("button", name=f"Read the {what}").click()
    server.wait(lambda seen: any(state == "running" and done >= 3 for state, done, _ in seen["runs"]))
    page.close()
    seen = server.wait(lambda seen: all(state == "left" for state, _, _ in seen["runs"]))
    assert all(3 <= done < total for _, done, total in seen["runs"])
