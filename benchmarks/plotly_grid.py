"""Every head as a heatmap in one Plotly figure: what one writes without a library for attention."""

from __future__ import annotations

import importlib
from typing import Any

from benchmarks.peers import Missing
from models.records import Attention


def page(attention: Attention) -> str:
    """The figure as a page of its own, with Plotly's script inside."""
    html: str = figure(attention).to_html(include_plotlyjs=True)
    return html


def figure(attention: Attention) -> Any:
    """Layers as rows, heads as columns, one colour axis for all."""
    try:
        objects = importlib.import_module("plotly.graph_objects")
        subplots = importlib.import_module("plotly.subplots")
    except ImportError as error:
        raise Missing("plotly is not installed: run `make bench`, which installs it") from error
    grid = subplots.make_subplots(rows=len(attention.weights), cols=max(attention.n_heads))
    for row, weights in enumerate(attention.weights, 1):
        for column, head in enumerate(weights, 1):
            grid.add_trace(objects.Heatmap(z=head, coloraxis="coloraxis"), row=row, col=column)
    grid.update_layout(width=1200, height=1200, showlegend=False)
    return grid
