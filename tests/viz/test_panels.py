"""Panels: what is packed is what was given, and the page stands by itself."""

import json
import struct
import zlib

import numpy as np

from models.learn.positions import files
from models.positions import encodings
from viz.view import View
from viz.views import positions, trials
from viz.views.panels import Axis, Heat, Line, Lines, Nothing, view


def unpacked(made: View) -> tuple[dict, dict[str, np.ndarray]]:
    data = made.pack()
    size = struct.unpack("<I", data[:4])[0]
    header = json.loads(zlib.decompress(data[4 : 4 + size], -15))
    offset, parts = 4 + size, {}
    for name, kind, shape, packed in header["parts"]:
        raw = zlib.decompress(data[offset : offset + packed], -15)
        parts[name] = np.frombuffer(raw, "<" + kind).reshape(shape)
        offset += packed
    return header, parts


def test_numbers_arrive_as_float32() -> None:
    x, y, low, high = np.arange(3), [0.1, np.nan, 1 / 3], [0, 0, 0], [1, 1, 1]
    lines = Lines("t", "n", x, [Line("a", y, 2, 1, (low, high))], Axis("x", 0, 2), Axis("y", 0, 1, percent=True))
    heat = Heat("h", "n", np.array([[1, -2.5], [np.nan, 0]], np.float32), ("row", "column"), -2.5, 2.5)
    header, parts = unpacked(view("both", [lines, heat, Nothing("o", "n", "nothing")]))
    first, second, third = header["panels"]
    np.testing.assert_array_equal(parts[first["lines"][0]["part"]], np.array(y, np.float32))
    np.testing.assert_array_equal(parts[first["x"]["part"]], x)
    np.testing.assert_array_equal(parts[second["part"]], heat.values)
    assert (second["rows"], second["columns"], second["y"], second["x"]) == (2, 2, "row", "column")
    assert (third["kind"], third["words"]) == ("nothing", "nothing")
    assert first["y"] == {"label": "y", "low": 0, "high": 1, "percent": True}


def test_side_by_side_has_every_encoding_once() -> None:
    found = encodings.encodings(64, 64, 6, 5)
    wave = encodings.wavelengths(encodings.frequencies(64, 10_000.0).numpy())
    buckets = {"both ways": encodings.buckets(50, True)}
    made = positions.side_by_side(found, {"RoPE": wave}, encodings.slopes(6), buckets)
    header, parts = unpacked(made)
    titles = [panel["title"] for panel in header["panels"]]
    assert titles[1:7] == list(encodings.TITLES.values())
    curve = header["panels"][0]["lines"][4]
    np.testing.assert_array_equal(parts[curve["part"]], found[4].nearness)
    assert len(made.pack()) < 60_000
    assert "connect-src" not in made.to_html()


def test_recorded_curves_are_means_with_the_seeds_range() -> None:
    record = files.record()
    header, parts = unpacked(trials.extrapolation(record))
    near = header["panels"][0]
    runs = np.array([run["near"] for run in record["extrapolation"]["alibi"]], np.float32)
    line = next(line for line in near["lines"] if line["name"] == "ALiBi")
    np.testing.assert_allclose(parts[line["part"]], runs.mean(0), rtol=1e-6)
    np.testing.assert_array_equal(parts[line["band"][0]], runs.min(0))
    np.testing.assert_array_equal(parts[line["band"][1]], runs.max(0))
    assert parts[near["x"]["part"]].tolist()[-1] == 8
    assert [panel["title"] for panel in unpacked(trials.order(record))[0]["panels"]] == list(trials.KINDS.values())
