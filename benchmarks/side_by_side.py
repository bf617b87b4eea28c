"""`python -m benchmarks.side_by_side`: the same sentence in BertViz, CircuitsVis and Headlight, as a page of the docs.

Measures everything anew, takes the pictures and writes the page. With names of PARTS behind it, it measures these
again and keeps the rest; the part `page` only writes the page from the figures that are kept.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import multiprocessing
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from benchmarks import peers, side_page
from benchmarks.drawings import DRAWINGS, POINTED, Drawing, middle
from benchmarks.hover import over
from benchmarks.inputs import held, minilm, quiet, text_of
from benchmarks.opening import NotDrawn, opened
from benchmarks.report import machine
from benchmarks.trials import tried
from models import zoo
from models.records import Trace
from tests.browser import site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SENTENCE = "The keeper lit the old lamp because it was dark, and so the boat turned left."
LENGTHS = (20, 128)  # tokens; beyond, what the peers make of it does not come up, see docs/benchmarks.md
HOVERED = (20, 128)  # tokens at which hovering is measured
PICTURED = (20,)
ROUNDS = 3
BURSTS = 5
LIMIT = 100.0  # seconds of CPU time after which a drawing is given up
SLOW = 5.0  # seconds of CPU time from which a drawing is not measured again
HEAVY = 20.0  # seconds of CPU time from which it is not opened once more to be pointed at
PATIENCE = 1500.0  # seconds on the wall, on a machine that others keep busy
WIDTH, COLOURS = 760, 64  # pixels and colours of a picture
FORK = multiprocessing.get_context("fork")  # the weights are in memory already
DATA = site.ROOT / "docs" / "side_by_side.json"


Texts = dict[int, Trace]
Results = dict[str, Any]


def main(asked: list[str]) -> int:
    """Measure and write, or only write; what a part found is kept as soon as it is there."""
    unknown = [name for name in asked if name not in (*PARTS, "page")]
    if unknown:
        print(f"There is no part {', '.join(unknown)}; there are {', '.join(PARTS)} and page.", file=sys.stderr)
        return 2
    results: Results = json.loads(DATA.read_text("utf-8")) if asked else {"drawn": {}, "hover": {}, "facts": {}}
    try:
        for name in asked or PARTS:
            if name != "page":
                measure(name, results)
                DATA.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")
    except peers.Missing as problem:
        print(f"{problem}.", file=sys.stderr)
        return 1
    there = (*results["drawn"], *(["hover"] if results["hover"] else []), *(["facts"] if results["facts"] else []))
    if missing := [name for name in PARTS if name not in there]:
        print(f"The page is written when {', '.join(missing)} is measured too.")
        return 0
    side_page.PAGE.write_text(side_page.page(results), "utf-8")
    print(f"wrote {side_page.PAGE.relative_to(site.ROOT)}")
    return 0


def measure(name: str, results: Results) -> None:
    """One part of all that the page says and that is not fixed."""
    quiet()
    libraries = peers.libraries()
    PARTS[name](_texts(), libraries, results)
    results |= {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "sentence": SENTENCE,
        "library bytes": sum(file.stat().st_size for file in libraries.values()),
        "limit": LIMIT,
        "heavy": HEAVY,
    }


def _texts() -> Texts:
    """What is drawn, by its number of tokens."""
    model = zoo.load(str(minilm()))
    texts = {n: SENTENCE if n == LENGTHS[0] else text_of(model, n) for n in LENGTHS}
    traces = {n: _named(held(model.trace(text))) for n, text in texts.items()}
    assert all(len(trace.attentions[0].queries) == n for n, trace in traces.items())
    return traces


def _length(n_tokens: int, traces: Texts, libraries: dict[str, Path], results: Results) -> None:
    """The drawings at one length; what did not stand at a shorter one is not tried again."""
    shorter = [results["drawn"][str(n)] for n in LENGTHS if n < n_tokens and str(n) in results["drawn"]]
    fallen = {name for found in shorter for name, one in found.items() if "failed" in one}
    results["drawn"][str(n_tokens)] = _drawn(traces[n_tokens], libraries, fallen)


def _hover(traces: Texts, libraries: dict[str, Path], results: Results) -> None:
    """What the pointer costs where there is a drawing to point at."""
    for n in HOVERED:
        found = results["drawn"][str(n)]
        stand = [one for one in DRAWINGS if one.places and 0 < max(found[one.title]["cpu"], default=0) < HEAVY]
        results["hover"][str(n)] = _hovered(traces[n], stand, libraries)


def _facts(traces: Texts, libraries: dict[str, Path], results: Results) -> None:
    """What can be found out by trying."""
    with site.chromium() as browser:
        for one in DRAWINGS:
            results["facts"][one.title] = asdict(tried(browser, one, traces[LENGTHS[0]], libraries))


PARTS: dict[str, Callable[[Texts, dict[str, Path], Results], None]] = {
    **{str(n): partial(_length, n) for n in LENGTHS},
    "hover": _hover,
    "facts": _facts,
}


def _named(trace: Trace) -> Trace:
    """Under the model's own name: it was loaded from a folder that is called otherwise."""
    return replace(trace, info=replace(trace.info, name="MiniLM L6 v2"))


def _drawn(trace: Trace, libraries: dict[str, Path], fallen: set[str]) -> dict[str, dict[str, Any]]:
    """Bytes, seconds and elements of every drawing; they take turns, each in a process and a Chromium of its own."""
    found: dict[str, dict[str, Any]] = {}
    for _ in range(ROUNDS):
        for one in DRAWINGS:
            result = found.setdefault(one.title, {"seconds": [], "cpu": []})
            if one.title in fallen:
                result["failed"] = "it was not at a shorter text"
            if "failed" in result or any(seconds > SLOW for seconds in result["cpu"]):
                continue
            seen = _apart(partial(_once, one, trace, libraries, first=not result["cpu"]))
            for clock in ("seconds", "cpu"):
                result[clock] += [seen.pop(clock)] if clock in seen else []
            result |= seen
            print(len(trace.attentions[0].queries), one.title, result, flush=True)
    return found


def _once(one: Drawing, trace: Trace, libraries: dict[str, Path], first: bool) -> dict[str, Any]:
    """One drawing opened once; the first time its picture is taken."""
    n_tokens = len(trace.attentions[0].queries)
    try:
        with (
            site.chromium() as browser,
            opened(browser, lambda: one.make(trace), one.drawn(trace), libraries, PATIENCE, LIMIT) as found,
        ):
            elements = found.page.evaluate("document.querySelectorAll('*').length")
            if first and n_tokens in PICTURED and not one.shown:
                _picture(found.page, one, n_tokens)
            clocks = {"seconds": round(found.seconds, 3), "cpu": round(found.cpu, 3)}
            seen = {**clocks, "bytes": found.n_bytes, "elements": elements}
        if first and n_tokens in PICTURED and one.shown:
            make = one.shown
            with site.chromium() as browser, opened(browser, lambda: make(trace), one.drawn(trace), {}) as found:
                _picture(found.page, one, n_tokens)
        return seen
    except NotDrawn as problem:
        return {"failed": str(problem)}


def _apart(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do it in a process of its own, which can be ended when its browser answers nothing any more."""
    here, there = FORK.Pipe(duplex=False)
    child = FORK.Process(target=lambda: there.send(work()))
    child.start()
    there.close()
    try:
        found: dict[str, Any] = here.recv() if here.poll(PATIENCE) else {}
    except EOFError:
        found = {}
    child.join(10)
    if child.is_alive():
        child.kill()
    return found or {"failed": "nothing on the screen, and the tab answered nothing any more"}


def _hovered(trace: Trace, drawings: list[Drawing], libraries: dict[str, Path]) -> dict[str, float]:
    """The main thread's milliseconds per hover, medians of bursts that take turns."""
    with site.chromium() as browser, contextlib.ExitStack() as stack:
        bursts = {one: stack.enter_context(_burst(browser, one, trace, libraries)) for one in drawings}
        found: dict[str, list[float]] = {one.title: [] for one in drawings}
        for _ in range(BURSTS):
            for one in drawings:
                found[one.title].append(bursts[one]())
                print(one.title, found[one.title][-1], flush=True)
    return {name: round(statistics.median(all_of), 3) for name, all_of in found.items()}


@contextlib.contextmanager
def _burst(browser: Browser, one: Drawing, trace: Trace, libraries: dict[str, Path]) -> Iterator[Any]:
    with opened(browser, lambda: one.make(trace), one.drawn(trace), libraries) as found:
        assert one.places is not None
        found.page.bring_to_front()
        yield over(found.page, one.places(found.page))


def _picture(page: Page, one: Drawing, n_tokens: int) -> None:
    """The drawing as it opens, the pointer on a token where tokens answer it."""
    side_page.PICTURES.mkdir(exist_ok=True)
    if one.token:
        page.mouse.move(*middle(page, one.token.replace("N", str(POINTED))))
    page.wait_for_timeout(800)
    shot = Image.open(io.BytesIO(page.screenshot(timeout=300_000))).convert("RGB")
    size = (WIDTH, round(shot.height * WIDTH / shot.width))
    small = shot.resize(size, Image.Resampling.LANCZOS).quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(side_page.picture(one, n_tokens), optimize=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
