import base64
import hashlib
import html
import re

import numpy as np
import pytest

from tests.viz.decoder import unpack
from viz.view import View

PARTS = {
    "bytes": np.arange(300, dtype=np.uint8).reshape(3, 100),
    "words": np.array([0, 65535], np.uint16),
    "long": np.array([70_000], np.uint32),
    "floats": np.linspace(0, 1, 7, dtype=np.float32),
    "none": np.zeros(0, np.uint8),
}


def view(**header: object) -> View:
    return View("workbench", header, PARTS, "A <title>")


def test_header_and_parts_come_back_as_they_went() -> None:
    header, parts = unpack(view(labels=["\ud83d", "é", "</script>"], n=3).pack())
    assert (header["v"], header["n"], header["labels"]) == (1, 3, ["\ud83d", "é", "</script>"])
    assert all(np.array_equal(parts[name], PARTS[name]) and parts[name].dtype == PARTS[name].dtype for name in PARTS)


def test_the_same_picture_is_the_same_bytes() -> None:
    assert view(a=1, b=2).pack() == view(b=2, a=1).pack()
    ids = {unpack(v.pack())[0]["id"] for v in (view(a=1), view(a=2), View("workbench", {"a": 1}, {}, ""))}
    assert len(ids) == 3


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_no_number_reaches_the_browser_that_is_none(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        view(x=number).pack()


def test_the_page_allows_its_own_script_and_nothing_else() -> None:
    page = view(text="<b>secret</b>").to_html()
    policy = html.unescape(re.search(r'Security-Policy" content="([^"]+)"', page)[1])
    script = re.search(r'<script type="module">(.*?)</script>', page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'"
    assert page.count("<script") == 1
    assert "secret" not in page
    assert "<h1>A &lt;title&gt;</h1>" in page
    assert "http" not in re.sub(r"http-equiv|http://www\.w3\.org/(2000/svg|1999/xlink)", "", page)


def test_a_notebook_shows_the_page_in_a_frame() -> None:
    shown = view(a=1)._repr_html_()
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', shown)[1]) == view(a=1).to_html()
    assert 'sandbox="allow-scripts allow-downloads"' in shown
