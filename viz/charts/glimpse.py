"""A small still picture of one head reading one word, for cards: SVG that follows the page's theme by itself."""

import html
import math

from models.records import Attention
from viz import theme

ROWS, WIDTH, STEP, TOP = 9, 300, 14, 14  # tokens drawn, and pixels


def svg(attention: Attention, layer: int, head: int, query: int) -> str:
    """What `query` reads in one head, over the last tokens up to it; labels escaped, colours for light and dark."""
    first = max(0, query + 1 - ROWS)
    weights = attention.at(layer, head)
    labels = [html.escape(_shown(label)) for label in attention.keys.labels[first : query + 1]]
    place = [TOP + STEP * i for i in range(len(labels))]
    row = weights[query, first : query + 1]
    light, dark = theme.HEADS["light"][0], theme.HEADS["dark"][0]
    ink = f"light-dark({theme.PALETTE['light']['ink']},{theme.PALETTE['dark']['ink']})"
    lines = []
    for q in range(len(labels)):
        for k in range(q + 1):
            weight = float(weights[first + q, first + k])
            if weight >= 0.03:
                strong = q == len(labels) - 1
                lines.append(_curve(place[q], place[k], weight, strong))
    best = max(range(len(row)), key=lambda k: float(row[k]))
    texts = [
        _text(118, y, "end", label, bold=i == len(labels) - 1) + _text(WIDTH - 118, y, "start", label, bold=i == best)
        for i, (label, y) in enumerate(zip(labels, place, strict=True))
    ]
    said = html.escape(
        f"Layer {layer}, head {head}: “{_shown(attention.queries.labels[query])}” reads "
        f"“{_shown(attention.keys.labels[first + best])}” {row[best]:.2f}"
    )
    style = f"--ink:{ink};--beam:light-dark({light},{dark})"
    height = 2 * TOP + STEP * (ROWS - 1)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="100%" height="{height}" role="img" aria-label="{said}" '
        f'style="{style}">{"".join(lines)}{"".join(texts)}</svg>'
    )


def _curve(y0: float, y1: float, weight: float, strong: bool) -> str:
    """A line from query to key; the picture's own query stands out, as hovering does in the workbench."""
    left, right = 124, WIDTH - 124
    bend = (right - left) / 2
    width = 1 + 3.8 * math.sqrt(weight) if strong else 1
    opacity = 0.35 + 0.65 * math.sqrt(weight) if strong else 0.05 + 0.13 * weight
    return (
        f'<path d="M{left} {y0 - 4}C{left + bend} {y0 - 4} {right - bend} {y1 - 4} {right} {y1 - 4}" fill="none" '
        f'style="stroke:var(--beam)" stroke-width="{width:.1f}" stroke-opacity="{opacity:.2f}"/>'
    )


def _text(x: float, y: float, anchor: str, label: str, bold: bool) -> str:
    weight = "700" if bold else "400"
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="12" font-weight="{weight}" '
        f'style="fill:var(--ink)" fill-opacity="{1 if bold else 0.66}">{label}</text>'
    )


def _shown(label: str) -> str:
    """A token on a card: without the space around it, cut after twelve characters."""
    label = " ".join(label.split()) or "␣"
    return label if len(label) <= 12 else label[:11] + "…"
