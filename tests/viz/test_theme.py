import json

import pytest

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
