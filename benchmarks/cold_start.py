"""How long a visitor waits after `streamlit run`: for the page's controls, and for the first attention map."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.rows import Ratio, Row, pairs
from tests.browser import site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROUNDS = 7
PATIENCE = 180_000  # milliseconds
APP = site.ROOT / "app.py"
BUNDLED = site.ROOT / "models" / "zoo" / "bundled" / "gpt-stories"
HELLO = 'import streamlit as st\n\nst.title("Hello")\nst.text_area("Text")\n'
BARE = """
import sys
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], attn_implementation="eager")
with torch.no_grad():
    model(**tokenizer("Once upon a time there was a king.", return_tensors="pt"), output_attentions=True)
"""


def run() -> list[Row]:
    """Home and the text page against a hello-world app, and the first map against a script that draws nothing."""
    with tempfile.TemporaryDirectory() as folder, site.chromium() as browser:
        hello = Path(folder, "hello.py")
        hello.write_text(HELLO, "utf-8")
        first = _opening(browser, hello, "", "textarea")
        home = _measure(first, _opening(browser, APP, "", "[data-testid=stMain] a"))
        text = _measure(first, _opening(browser, APP, "/text_attention", "textarea"))
        drawn = _measure(_bare, _opening(browser, APP, "/text_attention", ".view[data-ready] .token"))
    return [_page("Home", home), _page("text page", text), _first_map(drawn, home.a)]


def _measure(a: Callable[[], float], b: Callable[[], float]) -> Ratio:
    a()  # once for the disk's cache and for compiled bytecode
    b()
    return pairs(a, b, ROUNDS)


def _opening(browser: Browser, script: Path, path: str, control: str) -> Callable[[], float]:
    """What is returned starts a fresh server and a fresh visitor, and says the seconds until `control` is there."""

    def opening() -> float:
        began = time.perf_counter()
        with site.streamlit(script, script.parent) as address:
            site.wait_for(address)
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            page = context.new_page()
            page.goto(address + path, timeout=PATIENCE)
            page.locator(control).first.wait_for(timeout=PATIENCE)
            seconds = time.perf_counter() - began
            context.close()
        return seconds

    return opening


def _bare() -> float:
    """Seconds for imports, loading the bundled model and one forward pass that returns its attention."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", BARE, str(BUNDLED)], check=True, capture_output=True)
    return time.perf_counter() - began


def _page(name: str, ratio: Ratio) -> Row:
    return Row(
        name=f"{name} interactive, from `streamlit run`",
        measured=ratio.median,
        budget=1.5,
        unit="x",
        against="a hello-world app in Streamlit",
        detail=_figures(ratio),
        reason="while the browser fetches the controls' scripts, the server's interpreter is importing torch.",
    )


def _first_map(ratio: Ratio, hello: float) -> Row:
    return Row(
        name="first attention map, from `streamlit run`",
        measured=ratio.median,
        budget=1.3,
        unit="x",
        against="a bare script: imports, load, forward",
        detail=f"{_figures(ratio)}; the hello-world app and then the script: {hello + ratio.a:.1f} s",
        reason="what the script does, nearly all of it importing torch and transformers, can only begin once the "
        "server is up and the browser has asked for the page.",
    )


def _figures(ratio: Ratio) -> str:
    figures = f"{ratio.b:.1f} s against {ratio.a:.1f} s"
    return f"{ratio.spread}, each with a fresh server and a fresh visitor, wall time; {figures}"
