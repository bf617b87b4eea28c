"""The drawings that are put side by side: how each is made, how to tell that it stands, and what a hover points at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import circuits, peers
from models.explain.heads import STRIKING, statistics
from models.records import Trace
from viz.views import workbench

if TYPE_CHECKING:
    from playwright.sync_api import Page

Places = list[tuple[float, float]]
HOVERS = 12  # places that the pointer visits
POINTED = 8  # the token that the pointer rests on in the pictures

# every canvas has something on it: React attaches them all before it draws the first
PAINTED = """(() => {{
  const all = [...document.querySelectorAll("canvas")];
  return all.length === {} && all.every((canvas) => {{
    const small = Object.assign(document.createElement("canvas"), {{ width: 8, height: 8 }}).getContext("2d");
    small.drawImage(canvas, 0, 0, 8, 8);
    return small.getImageData(0, 0, 8, 8).data.some((value) => value > 0);
  }});
}})()"""


@dataclass(frozen=True)
class Drawing:
    """One way to draw a trace.

    `drawn` is JavaScript that is true once all of it is on the screen. `on` says what a hover shows. `places` finds the
    points that the pointer visits; None where nothing answers it. `token` selects the token of a number, written as
    N, `tokens` all that can be pointed at, `effect` what a hover brings about. `shown`: another choice for the picture.
    """

    tool: str
    name: str
    shows: str
    make: Callable[[Trace], str]
    drawn: Callable[[Trace], str]
    on: str = ""
    places: Callable[[Page], Places] | None = None
    token: str = ""
    tokens: str = ""
    effect: str = ""
    shown: Callable[[Trace], str] | None = None

    @property
    def title(self) -> str:
        """Tool and view."""
        return f"{self.tool} {self.name}"


def middle(page: Page, selector: str) -> tuple[float, float]:
    """Where the pointer goes for this node."""
    box = page.locator(selector).bounding_box()
    assert box is not None, selector
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _centres(token: str) -> Callable[[Page], Places]:
    """The middles of the first tokens after the special one that some hide: all in sight without scrolling."""
    return lambda page: [middle(page, token.replace("N", str(i))) for i in range(1, HOVERS + 1)]


def _cells(page: Page) -> Places:
    """Points along a row of the last, large heatmap."""
    canvas = page.locator("canvas").last
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    return [(box["x"] + box["width"] * (0.2 + 0.06 * i), box["y"] + 0.3 * box["height"]) for i in range(HOVERS)]


def _n_heads(trace: Trace) -> int:
    return sum(trace.attentions[0].n_heads)


def _workbench(trace: Trace) -> str:
    """Ours, with the statistics of its heads and as many heads of layer 0 chosen as it shows at a time."""
    attention = trace.attentions[0]
    chosen = {"heads": ",".join(f"0.{head}" for head in range(min(6, attention.n_heads[0])))}
    return workbench.view(trace, statistics(attention), state=chosen).to_html()


def _clearest(trace: Trace, n_heads: int = 3) -> str:
    """Ours with the heads chosen whose roles are clearest, and the token POINTED in sight."""
    measured = statistics(trace.attentions[0])
    scores = np.where(np.isin(measured.role, STRIKING), measured.role_score, -1)
    best = np.argsort(-scores, axis=None)[:n_heads]
    heads = zip(*np.unravel_index(best, scores.shape), strict=True)
    chosen = {"heads": ",".join(f"{layer}.{head}" for layer, head in heads), "token": str(POINTED)}
    return workbench.view(trace, measured, state=chosen).to_html()


LEFT, BUTTON = "#left text >> nth=N", ".tokens button >> nth=N"
DRAWINGS = (
    Drawing(
        "BertViz",
        "head view",
        "one layer as lines; all layers are in the page",
        lambda trace: peers.document(trace.attentions[0], "head_view"),
        lambda trace: "document.querySelector('#vis line')",
        "lines of 12 heads",
        _centres(LEFT),
        LEFT,
        "#left text",
        "line[visibility=visible]",
    ),
    Drawing(
        "BertViz",
        "model view",
        "all heads of all layers as lines",
        lambda trace: peers.document(trace.attentions[0], "model_view"),
        lambda trace: "document.querySelector('#vis line')",
    ),
    Drawing(
        "CircuitsVis",
        "attention_heads, layer 0",
        "one layer as heatmaps; the page holds this layer only",
        lambda trace: circuits.heads(trace.attentions[0]),
        lambda trace: PAINTED.format(trace.attentions[0].n_heads[0] + 1),
        "one cell of one head",
        _cells,
    ),
    Drawing(
        "CircuitsVis",
        "attention_heads, all layers",
        "all heads of all layers as heatmaps",
        lambda trace: circuits.heads(trace.attentions[0], tuple(range(len(trace.attentions[0].weights)))),
        lambda trace: PAINTED.format(_n_heads(trace) + 1),
        "one cell of one head",
        _cells,
    ),
    Drawing(
        "CircuitsVis",
        "attention_patterns, layer 0",
        "one layer as heatmaps, and the tokens coloured; deprecated by its authors",
        lambda trace: circuits.patterns(trace.attentions[0]),
        lambda trace: PAINTED.format(trace.attentions[0].n_heads[0] + 1),
        "the tokens' colours, 12 heads as one",
        _centres(BUTTON),
        BUTTON,
        ".tokens button",
        ".tokens button[style*=box-shadow]",
    ),
    Drawing(
        "Headlight",
        "workbench",
        "all heads of all layers as thumbnails, up to six as lines, statistics of all",
        _workbench,
        lambda trace: "document.querySelector('.view[data-ready] .token')",
        "lines and bars of 6 heads",
        _centres(".token.query >> nth=N"),  # those in sight
        ".token.query[data-index='N']",
        ".token.query",
        ".token.query.active",
        _clearest,
    ),
)
