"""One palette, two ramps and one way to write numbers: read by Python's views, and sent as JSON to the browser's."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import pairwise

Stops = Sequence[tuple[float, str]]

PALETTE: dict[str, dict[str, str]] = {
    "light": {
        "page": "#FFFFFF",
        "sidebar": "#F7F6F3",
        "panel": "#FBFAF8",
        "sunk": "#F4F3EF",
        "line": "#E3E1DA",
        "border": "#CFCCC3",
        "ink": "#1E2433",
        "muted": "#596174",
        "faint": "#666E7E",
        "primary": "#1F3A6E",
        "on-primary": "#FFFFFF",
        "right": "#08745A",
        "wrong": "#B3261E",
        "right-fill": "#E3F4EE",
        "wrong-fill": "#FCE9E7",
    },
    "dark": {
        "page": "#0F1319",
        "sidebar": "#151A22",
        "panel": "#141922",
        "sunk": "#1A202B",
        "line": "#262D39",
        "border": "#39424F",
        "ink": "#E8EBF2",
        "muted": "#A2ABBC",
        "faint": "#7D879A",
        "primary": "#FFC24D",
        "on-primary": "#1A1406",
        "right": "#4FD6A8",
        "wrong": "#FF8A80",
        "right-fill": "#10332A",
        "wrong-fill": "#3B1A1A",
    },
}

# Weight is light: the further a colour is from the page, the more is read. Lightness never turns back.
BEAM: dict[str, Stops] = {
    "light": ((0, "#FFFFFF"), (0.16, "#FFEFC9"), (0.38, "#FDC55B"), (0.6, "#E8812A"), (0.8, "#A8421E"), (1, "#471511")),
    "dark": ((0, "#141922"), (0.18, "#3A2117"), (0.4, "#7E3A17"), (0.62, "#CB6A1F"), (0.82, "#F7B64D"), (1, "#FFF4D2")),
}

# Less, the same, more: the middle is the page.
CHANGE: dict[str, Stops] = {
    "light": ((0, "#0A4FA3"), (0.5, "#FFFFFF"), (1, "#A8421E")),
    "dark": ((0, "#5CC8EA"), (0.5, "#141922"), (1, "#F7A04D")),
}

# In order of selection; a head keeps its colour until it is removed.
HEADS: dict[str, tuple[str, ...]] = {
    "light": ("#4D4AE6", "#D77229", "#02A09E", "#A3028F", "#65581E", "#323337"),
    "dark": ("#A8B4F0", "#F7673E", "#41E9B4", "#C469FF", "#F8DE2D", "#FEFFFF"),
}

# The digit on a head's chip must be read on the chip's colour.
DIGITS: dict[str, tuple[str, ...]] = {
    "light": ("#FFFFFF", "#101010", "#101010", "#FFFFFF", "#FFFFFF", "#FFFFFF"),
    "dark": ("#101010",) * 6,
}

MINUS = "\u2212"


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue (0 to 255) of a colour written as #RRGGBB."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def ramp(stops: Stops, t: float) -> tuple[int, int, int]:
    """The ramp's colour at t, 0 to 1 (clamped), on straight lines between its stops; `common.js` does the same."""
    t = min(1.0, max(0.0, t))
    for (left, low), (right, high) in pairwise(stops):
        if t <= right:
            share = (t - left) / (right - left)
            red, green, blue = (math.floor(a + (b - a) * share + 0.5) for a, b in zip(rgb(low), rgb(high), strict=True))
            return red, green, blue
    return rgb(stops[-1][1])


def weight(value: float) -> str:
    """An attention weight or a probability, two places."""
    return "<0.01" if value < 0.005 else f"{math.floor(value * 100 + 0.5) / 100:.2f}"


def share(value: float) -> str:
    """A share of 1 in whole per cent."""
    return "<1 %" if 0 < value < 0.005 else f"{math.floor(value * 100 + 0.5)} %"


def count(number: int) -> str:
    """A number of things: thousands with commas, millions with one place."""
    return f"{number:,}" if number < 1_000_000 else f"{number / 1e6:.1f} M"


def css() -> str:
    """The palette as CSS variables that follow the reader's light or dark preference."""

    def variables(name: str) -> str:
        return "".join(f"--{key}:{colour};" for key, colour in PALETTE[name].items())

    light, dark = variables("light"), variables("dark")
    return f":root{{color-scheme:light dark;{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"


def as_json() -> str:
    """Everything above, for the browser."""
    theme = {"palette": PALETTE, "beam": BEAM, "change": CHANGE, "heads": HEADS, "digits": DIGITS, "minus": MINUS}
    return json.dumps(theme, sort_keys=True, separators=(",", ":"))
