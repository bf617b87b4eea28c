"""BertViz, the peer whose views look most like ours: its pages, and the libraries that they fetch from a CDN."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from models.records import Attention

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Route

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "headlight-benchmarks"
LIBRARIES = {  # what the page asks for -> npm package, file; jQuery 2.0.0 is not on npm, 2.2.4 is its last relative
    "require.min.js": ("requirejs@2.3.6", "require.js"),
    "d3.min.js": ("d3@5.7.0", "dist/d3.min.js"),
    "jquery.min.js": ("jquery@2.2.4", "dist/jquery.min.js"),
}


class Missing(Exception):
    """BertViz or its libraries are not here; the message says what to do."""


def page(attention: Attention, view: str = "head_view", **options: Any) -> str:
    """BertViz's HTML for this attention, as its users get it; `view` is head_view or model_view."""
    import torch

    weights = [torch.from_numpy(layer.copy())[None] for layer in attention.weights]
    draw = getattr(_package(), view)
    html: str = draw(weights, list(attention.queries.labels), html_action="return", **options).data
    return html


def document(attention: Attention, view: str = "head_view", **options: Any) -> str:
    """The same as a page that a browser opens from disk."""
    return f'<!doctype html><meta charset="utf-8">{page(attention, view, **options)}'


def _package() -> ModuleType:
    with _notebook():
        try:
            return importlib.import_module("bertviz")
        except ImportError as error:
            raise Missing("bertviz is not installed: run `make bench`, which installs it") from error


@contextlib.contextmanager
def _notebook() -> Iterator[None]:
    """A stand-in for IPython, of which BertViz uses two boxes around a string and 22 packages come along."""
    boxes: dict[str, Any] = dict.fromkeys(("HTML", "Javascript"), lambda data: SimpleNamespace(data=data))
    names = {"IPython": ModuleType("IPython"), "IPython.display": ModuleType("IPython.display")}
    vars(names["IPython.display"]).update(boxes, display=print)
    old = {name: sys.modules.get(name) for name in names}
    sys.modules.update(names)
    try:
        yield
    finally:
        for name, module in old.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def libraries() -> dict[str, Path]:
    """The libraries by the file name that the page asks for, fetched once through npm; raises Missing."""
    files = {asked: CACHE / package / "package" / file for asked, (package, file) in LIBRARIES.items()}
    for package, _ in LIBRARIES.values():
        if not (CACHE / package).exists():
            _fetch(package)
    return files


def serve(context: BrowserContext, files: dict[str, Path]) -> None:
    """Answer what BertViz's pages ask of their CDN from local copies; nothing else goes out."""

    def answer(route: Route) -> None:
        file = files.get(route.request.url.rsplit("/", 1)[-1])
        if file is None:
            route.abort()
        else:
            route.fulfill(path=file)

    context.route(re.compile("^https?://"), answer)


def _fetch(package: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("npm is not installed, and BertViz's page needs d3, requirejs and jQuery")
    CACHE.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([npm, "pack", "--silent", package], cwd=CACHE, capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"npm could not fetch {package}, which BertViz's page needs")
    with tarfile.open(CACHE / done.stdout.strip().splitlines()[-1]) as archive:
        archive.extractall(CACHE / package, filter="data")
