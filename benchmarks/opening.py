"""From calling a library to its picture being on the screen, in a fresh tab of Chromium."""

from __future__ import annotations

import contextlib
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error, TimeoutError

from benchmarks import peers, thread
from benchmarks.effort import spent

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

VIEWPORT = {"width": 1280, "height": 900}
PATIENCE = 300.0  # seconds
LOOK = 5.0  # seconds between one look at the clocks and the next
IDLE, STILL = 0.05, 60.0  # a page that uses less than this share of a core for so many seconds has stopped


class NotDrawn(Exception):
    """The picture did not come up; the message says how that was noticed."""


@dataclass(frozen=True)
class Opened:
    """A page that stands: the time on the wall and the CPU time since the library was called, the bytes of the file."""

    page: Page
    seconds: float
    cpu: float
    n_bytes: int


@contextlib.contextmanager
def opened(
    browser: Browser,
    make: Callable[[], str],
    drawn: str,
    libraries: Mapping[str, Path],
    patience: float = PATIENCE,
    effort: float = math.inf,
    **context_options: Any,
) -> Iterator[Opened]:
    """Call `make` for an HTML page, save it, open it, wait until the JavaScript `drawn` is true and two frames more.

    The clocks run from the call of `make`. What the page asks of a network is answered from `libraries`, by file name.
    Raises NotDrawn after `patience` seconds, after `effort` seconds of CPU time, or when the tab dies.
    """
    # our pages' own policy would forbid the question whether they stand
    context = browser.new_context(**{"viewport": VIEWPORT, **context_options}, bypass_csp=True)
    peers.serve(context, dict(libraries))
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error).splitlines()[0]))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "page.html")
        used = spent()
        began = time.perf_counter()
        file.write_text(make(), "utf-8")
        try:
            page.goto(file.as_uri(), wait_until="commit", timeout=1000 * patience)
            _wait(page, drawn, began + patience, used + effort)
            thread.settle(page)
        except _GivenUp as problem:
            raise NotDrawn(f"the page's script failed: {errors[0]}" if errors else str(problem)) from problem
        except Error as problem:
            raise NotDrawn("the tab crashed" if "crash" in str(problem).lower() else str(problem)) from problem
        yield Opened(page, time.perf_counter() - began, spent() - used, file.stat().st_size)
        context.close()


class _GivenUp(Exception):
    """Why the page is waited for no longer."""


def _wait(page: Page, drawn: str, until: float, enough: float) -> None:
    """Until it is drawn; raises _GivenUp when time or CPU time is over, or when nothing goes on any more."""
    idle, before = 0, spent()
    while not _stands(page, drawn):
        now = spent()
        idle = idle + 1 if now - before < IDLE * LOOK else 0
        before = now
        if idle * LOOK >= STILL:
            raise _GivenUp("nothing on the screen, and the page had stopped working")
        if now > enough or time.perf_counter() > until:
            raise _GivenUp("nothing on the screen in the time given")


def _stands(page: Page, drawn: str) -> bool:
    """Whether it stands within some seconds; a tab that is busy is asked again."""
    try:
        page.wait_for_function(drawn, timeout=1000 * LOOK)
    except TimeoutError:
        return False
    return True
