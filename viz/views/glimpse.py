"""A small still picture of one head reading one word, for cards."""

from models.records import Attention
from viz.view import View

ROWS = 12  # tokens drawn: the last ones up to the query
FAINT = 0.03  # weights below are not drawn


def view(attention: Attention, layer: int, head: int, query: int) -> View:
    """What `query` reads in one head among the last tokens up to it; the other tokens' lines are a faint ground."""
    first = max(0, query + 1 - ROWS)
    here = slice(first, query + 1)
    weights = attention.at(layer, head)[here, here]
    best = int(weights[-1].argmax())
    labels = [" ".join(label.split()) or "␣" for label in attention.keys.labels[here]]
    lines = [
        [q, k, round(float(weights[q, k]), 3)]
        for q in range(len(weights))
        for k in range(weights.shape[1])
        if weights[q, k] >= FAINT
    ]
    said = f"Layer {layer}, head {head}: “{labels[-1]}” reads “{labels[best]}” {weights[-1, best]:.2f}"
    return View("glimpse", {"labels": labels, "lines": lines, "best": best, "said": said}, {}, said)
