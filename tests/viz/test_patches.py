"""What the picture's view sends: every number as float32 has it, and no more bytes than fit."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from models.records import Ranking, Sequence, Trace
from tests.viz import traces
from tests.viz.decoder import read_halves, unpack
from viz.views import curves, patches, photo

GRID = (3, 4)


def picture(special: int = 1, n_heads: int = 4, layers: int = 2, grid: tuple[int, int] = GRID, **more: object) -> Trace:
    n = grid[0] * grid[1]
    labels = tuple([" CLS", *(f" register {i}" for i in range(special - 1))][:special])
    labels += tuple(f" {r},{c}" for r in range(grid[0]) for c in range(grid[1]))
    sequence = Sequence(labels, np.arange(n + special) < special, grid=grid)
    made = [traces.random_layer(n_heads, n + special, n + special, False, i) for i in range(layers)]
    trace = traces.trace(made, labels=labels, kind="vision", **more)  # type: ignore[arg-type]
    attention = trace.attentions[0]
    object.__setattr__(attention, "queries", sequence)
    object.__setattr__(attention, "keys", sequence)
    return trace


def sheets(data: bytes) -> tuple[dict, dict[tuple, np.ndarray], dict[tuple, np.ndarray]]:
    """Header; halves [query, key] of full sheets; halves of every base row."""
    header, parts = unpack(data)
    n_keys = header.get("keys", header["queries"])["n"]
    names = [tuple(name) for name in header["sheets"]]
    full = read_halves(parts["codes"], parts["fine"]).reshape(len(header["full"]), -1, n_keys)
    rows = read_halves(parts["row_codes"], parts["row_fine"]).reshape(len(names), n_keys)
    return (
        header,
        {names[i]: one for i, one in zip(header["full"], full, strict=True)},
        dict(zip(names, rows, strict=True)),
    )


def floor(weights: np.ndarray) -> np.ndarray:
    return np.floor(2000 * weights.astype(np.float64))


@pytest.mark.parametrize("special", [0, 1, 5])
def test_every_weight_is_sent_as_it_is(special: int) -> None:
    trace = picture(special)
    header, full, rows = sheets(patches.view(trace, None).pack())
    attention = trace.attentions[0]
    assert header["queries"]["grid"] == [3, 4]
    assert header["queries"]["first"] == special
    assert len(full) == 2 * (4 + 1)
    for layer in range(2):
        weights = attention.weights[layer]
        for head in range(4):
            np.testing.assert_array_equal(full["head", layer, head], floor(weights[head]))
            expected = weights[head][0] if special else weights[head].mean(0)
            np.testing.assert_array_equal(rows["head", layer, head], floor(expected))
        np.testing.assert_array_equal(full["mean", layer], floor(weights.mean(0)))
    _, parts = unpack(patches.view(trace, None).pack())
    if special:
        names = [tuple(name) for name in header["sheets"]]
        hidden = parts["hidden"].reshape(len(header["full"]), -1)[header["full"].index(names.index(("head", 1, 2)))]
        np.testing.assert_array_equal(hidden, floor(attention.weights[1][2][:, :special].sum(-1, dtype=np.float64)))


def test_what_does_not_fit_is_sent_by_its_base_row_the_wanted_head_first() -> None:
    trace = picture(grid=(12, 12), layers=3)
    view = patches.view(trace, None, want=(1, 2), budget=80_000)
    header, full, rows = sheets(view.pack())
    assert header["sheets"][header["full"][0]] == ["head", 1, 2]
    assert len(rows) == 15
    assert 1 <= len(full) < 15
    assert {name[1] for name in full if name[0] == "head"} == {1}
    assert len(view.pack()) <= 90_000
    assert len(sheets(patches.view(trace, None, budget=1).pack())[1]) == 1


def test_rows_that_are_no_distribution_are_marked() -> None:
    trace = picture()
    broken = [layer.copy() for layer in trace.attentions[0].weights]
    broken[0][1, 0] = np.nan
    broken[1][2, 3] = 0
    trace2 = traces.trace(broken, labels=13, kind="vision")
    for name in ("queries", "keys"):
        object.__setattr__(trace2.attentions[0], name, trace.attentions[0].queries)
    header, parts = unpack(patches.view(trace2, None).pack())
    names = [tuple(name) for name in header["sheets"]]
    bad = parts["bad"].reshape(len(header["full"]), 13)
    slot = [header["full"].index(names.index(name)) for name in (("head", 0, 1), ("head", 1, 2))]
    assert np.flatnonzero(bad[slot[0]]).tolist() == [0]
    assert np.flatnonzero(bad[slot[1]]).tolist() == [3]
    assert parts["row_bad"][names.index(("head", 0, 1))] == 1


def test_extras_come_with_their_numbers() -> None:
    trace = picture()
    n = 13
    rollouts = {fuse: traces.random_layer(1, n, n, False, i)[0] for i, fuse in enumerate(patches.FUSIONS)}
    values = np.linspace(0, 3, n, dtype=np.float32)
    alike = np.linspace(-1, 1, 144).reshape(12, 12)
    extras = patches.Extras(
        distance=np.array([[1.25, 2, 3, 4], [np.nan, 0, 0.04, 9.96]], np.float32),
        rollouts=rollouts,
        discard=0.5,
        relevances=(patches.Relevance("<b>cat", 2, values, 1),),
        positions=alike,
    )
    view = patches.view(trace, None, extras)
    header, full, _ = sheets(view.pack())
    _, parts = unpack(view.pack())
    assert header["sheets"][0] == ["rollout", "mean"]
    np.testing.assert_array_equal(full["rollout", "max"], floor(rollouts["max"]))
    assert header["relevances"] == [["<b>cat", 2, 1]]
    np.testing.assert_array_equal(parts["relevance"][0], values)
    np.testing.assert_allclose((parts["positions"] - 100.0) / 100, alike, atol=0.00501)
    assert parts["distance"].tolist() == [14, 21, 31, 41, 0, 1, 1, 101]
    assert "<b>" not in view.to_html()


def test_the_picture_is_cut_to_what_was_seen_and_never_sent_larger() -> None:
    image = Image.fromarray(np.indices((900, 1600)).sum(0).astype(np.uint8)).convert("RGB")
    made = photo.of(image, np.zeros((64, 48, 3), np.uint8), (0.25, 0, 0.75, 1), {(4, 3): (16, 16), (2, 2): (32, 32)})
    assert made.shown.size == (569, 640)
    assert made.covers == {(4, 3): (1.0, 1.0), (2, 2): (1.0, 64 / 48)}
    header, parts = unpack(patches.view(picture(grid=(4, 3)), made).pack())
    assert header["photo"] == {"size": [569, 640], "seen": [48, 64]}
    assert header["queries"]["cover"] == [1.0, 1.0]
    assert Image.open(io.BytesIO(parts["picture"].tobytes())).size == (569, 640)
    assert len(parts["picture"]) < 60_000


def test_small_pictures_lose_nothing() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (28, 28, 3), np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(photo.webp(Image.fromarray(pixels)).tobytes()))), pixels)


def test_answers_are_written_as_the_shortest_decimals() -> None:
    ranking = Ranking("class", ("<i>", "b"), np.array([0.3, 0.1], np.float32), 9, (7, 2))
    header, _ = unpack(patches.view(picture(ranking=ranking), None).pack())
    assert header["answer"] == {"question": "class", "labels": ["<i>", "b"], "ids": [7, 2], "best": [0.3, 0.1], "n": 9}


def test_attention_that_lies_over_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="grid"):
        patches.view(traces.trace(), None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", patches.Asked()),
        ("map=rollout&discard=0.9&head=2.1&start=3&classes=8,2", patches.Asked("rollout", (2, 1), 0.9, 3, (8, 2))),
        ("map=<x>&discard=7&head=a.b&start=-1&classes=x,,9999999", patches.Asked()),
        ("classes=1,1,2,3,4", patches.Asked(classes=(1, 2, 3))),
        ("head=1", patches.Asked()),
        ("discard=0.50", patches.Asked()),
    ],
)
def test_what_the_browser_asks_for(query: str, expected: patches.Asked) -> None:
    assert patches.asked(query) == expected


def test_the_head_to_begin_with_overlaps_most_with_all() -> None:
    flat, peak = np.full((1, 5, 5), 0.2, np.float32), np.zeros((1, 5, 5), np.float32)
    peak[..., 4] = 1
    sequence = Sequence((" CLS", " 0,0", " 0,1", " 1,0", " 1,1"), np.arange(5) == 0, grid=(2, 2))
    trace = traces.trace([np.concatenate([peak, flat, flat, flat])], labels=5, kind="vision")
    for name in ("queries", "keys"):
        object.__setattr__(trace.attentions[0], name, sequence)
    assert patches.typical(trace.attentions[0]) == (0, 1)


class Found:
    shares = np.array([0, 0.5, 1], np.float32)
    deletion = np.array([0.9, 0.2, 0.1], np.float32)
    insertion = np.array([0.1, 0.8, 0.9], np.float32)
    random_deletion = np.array([[0.9, 0.6, 0.1]] * 2, np.float32)
    random_insertion = np.array([[0.1, 0.4, 0.9]] * 2, np.float32)
    areas = {"deletion": 0.35, "insertion": 0.65, "random deletion": 0.55, "random insertion": 0.45}  # noqa: RUF012


def test_curves_say_what_they_mean() -> None:
    header, _ = unpack(curves.view(Found(), "Relevance", "“cat”").pack())
    assert header["deletion"] == [0.9, 0.2, 0.1]
    assert header["verdict"].startswith("Faithful on this picture")
    assert "0.35 on average against 0.55" in header["verdict"]
    worse = Found.areas | {"insertion": 0.3}
    assert curves.verdict(worse).startswith("Half faithful")
    assert curves.verdict(worse | {"deletion": 0.8}).startswith("Not faithful")
