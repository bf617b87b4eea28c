import json
import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from tests.viz.sight import SIGHTS, contrast, distance, oklab
from viz import theme


def lightness(rgb: tuple[int, int, int]) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_ramp_passes_through_its_stops_and_never_turns_back(name: str) -> None:
    stops = theme.BEAM[name]
    assert [theme.ramp(stops, t) for t, _ in stops] == [theme.rgb(colour) for _, colour in stops]
    values = [lightness(theme.ramp(stops, i / 255)) for i in range(256)]
    assert values == sorted(values, reverse=name == "light")


def test_numbers_are_written_one_way() -> None:
    assert [theme.weight(w) for w in (0.41, 0.005, 0.0049, 1.0)] == ["0.41", "0.01", "<0.01", "1.00"]
    assert [theme.share(s) for s in (0.312, 0.004, 0.0, 1.0)] == ["31 %", "<1 %", "0 %", "100 %"]
    assert [theme.count(n) for n in (71_424, 22_700_000)] == ["71,424", "22.7 M"]


def test_both_themes_name_the_same_colours() -> None:
    light, dark = theme.PALETTE["light"], theme.PALETTE["dark"]
    assert light.keys() == dark.keys()
    assert json.loads(theme.as_json())["palette"] == theme.PALETTE
    assert all(f"--{name}:{colour};" in theme.css() for palette in (light, dark) for name, colour in palette.items())


# ---- For every eye: WCAG 2 at level AA asks 4.5:1 of text and 3:1 of what is drawn

JS = Path(theme.__file__).parent / "js"
TEXT = {"ink", "muted", "faint", "primary", "right", "wrong"}  # palette names that carry words
GROUNDS = ("page", "sidebar", "panel", "sunk")
ON = {"page": "ink", "on-primary": "primary"}  # light on dark: the active token; a primary button
CHIP = "digit"  # on a head's colour, measured with these


def colour(name: str, which: str) -> tuple[int, int, int]:
    return theme.rgb(theme.PALETTE[name][which])


def test_the_sheets_write_with_these_colours_only() -> None:
    """A new name for text comes with its contrast: it has to be added to those that are measured."""
    sheets = "".join(path.read_text("utf-8") for path in JS.rglob("*.js"))
    used = set(re.findall(r"(?<![-\w])color:var\(--([a-z-]+)[,)]", sheets))
    assert used <= TEXT | set(ON) | {CHIP}


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_is_read_on_every_ground(name: str) -> None:
    low = {
        (text, ground): round(contrast(colour(name, text), colour(name, ground)), 2)
        for text in TEXT
        for ground in GROUNDS
        if contrast(colour(name, text), colour(name, ground)) < 4.5
    }
    assert not low
    for text, ground in [*ON.items(), ("right", "right-fill"), ("wrong", "wrong-fill"), ("ink", "wrong-fill")]:
        assert contrast(colour(name, text), colour(name, ground)) >= 4.5, (text, ground)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_head_colours_are_told_apart_by_every_eye(name: str) -> None:
    colours = [theme.rgb(colour) for colour in theme.HEADS[name]]
    for sight in SIGHTS:
        nearest = min(distance(a, b, sight) for a, b in combinations(colours, 2))
        assert nearest >= (0.145 if name == "light" else 0.125), sight


@pytest.mark.parametrize("name", ["light", "dark"])
def test_head_colours_are_seen_on_the_page_and_their_digits_on_them(name: str) -> None:
    heads = [theme.rgb(colour) for colour in theme.HEADS[name]]
    assert min(contrast(head, colour(name, "page")) for head in heads) >= (3.2 if name == "light" else 6)
    digits = [theme.rgb(digit) for digit in theme.DIGITS[name]]
    assert min(contrast(head, digit) for head, digit in zip(heads, digits, strict=True)) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHTS)
def test_more_weight_is_further_from_the_page_to_every_eye(name: str, sight: str) -> None:
    """Lightness alone orders the beam: no step turns back by anything that can be seen."""
    lightness = [oklab(theme.ramp(theme.BEAM[name], i / 255), sight)[0] for i in range(256)]
    steps = np.diff(lightness) * (1 if name == "dark" else -1)
    assert steps.min() > -0.001
    assert abs(lightness[-1] - lightness[0]) > 0.6


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHTS)
def test_less_and_more_are_told_apart_by_every_eye(name: str, sight: str) -> None:
    less, little_less, same, little_more, more = (theme.ramp(theme.CHANGE[name], t) for t in (0, 0.25, 0.5, 0.75, 1))
    assert distance(less, more, sight) >= 0.2
    assert distance(little_less, little_more, sight) >= 0.099
    assert min(distance(less, same, sight), distance(more, same, sight)) >= 0.45


@pytest.mark.parametrize("stops", [theme.BEAM, theme.CHANGE])
@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_number_is_read_on_every_colour_of_a_ramp(name: str, stops: dict[str, theme.Stops]) -> None:
    source = (JS / "common.js").read_text("utf-8")
    inks = re.search(r'const INKS = \["(#\w{6})", "(#\w{6})"\]', source)
    assert inks
    for i in range(256):
        ground = theme.ramp(stops[name], i / 255)
        assert max(contrast(theme.rgb(ink), ground) for ink in inks.groups()) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
def test_controls_show_their_state_on_the_page(name: str) -> None:
    """A switch that is off, the focus ring, and what marks a choice: 3:1 against the page."""
    for which in ("faint", "primary", "ink"):
        assert contrast(colour(name, which), colour(name, "page")) >= 3
    assert contrast(colour(name, "page"), colour(name, "faint")) >= 3  # the switch's knob on its track
