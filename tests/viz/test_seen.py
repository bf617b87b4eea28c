"""The picture in the payload."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from models.records import Seen, Sequence, Trace
from tests.viz import traces
from tests.viz.decoder import unpack
from viz import pictures
from viz.views import workbench


def patches(rows: int, columns: int, patch: float = 8, before: tuple[str, ...] = (" CLS",)) -> Sequence:
    cells = tuple(f" {row},{column}" for row in range(rows) for column in range(columns))
    special = np.arange(len(before) + len(cells)) < len(before)
    return Sequence((*before, *cells), special, grid=(rows, columns), patch=(patch, patch))


def corner(height: int, width: int, patch: int = 8) -> np.ndarray:
    """A dark picture whose upper right patch is bright red."""
    picture = np.full((height, width, 3), 30, np.uint8)
    picture[:patch, -patch:] = (250, 20, 20)
    return picture


def seen(rows: int = 2, columns: int = 3, **options: object) -> Trace:
    """An encoder over a picture; layer 0, head 0 reads the upper right patch alone, from everywhere."""
    side = patches(rows, columns)
    n = len(side)
    layers = [traces.random_layer(2, n, n, False, seed) for seed in range(2)]
    layers[0][0] = 0
    layers[0][0][:, columns] = 1
    trace = traces.trace(layers, labels=side.labels, special=(0,), kind="vision")
    attention = replace(trace.attentions[0], queries=side, keys=side)
    return replace(trace, attentions=(attention,), sees=lambda: Seen(corner(8 * rows, 8 * columns)), **options)  # type: ignore[arg-type]


def captioned(words: int = 4, rows: int = 2, columns: int = 3) -> Trace:
    """Words that read a picture: word i reads patch i, CLS is key 0."""
    keys = patches(rows, columns)
    layer = traces.random_layer(2, words, len(keys), False, 5)
    layer[0] = 0.1 / (len(keys) - 1)
    layer[0][np.arange(words), 1 + np.arange(words)] = 0.9
    trace = traces.trace([layer], labels=words, keys=keys, kind="cross")
    return replace(trace, sees=lambda: Seen(corner(8 * rows, 8 * columns)))


def opened(data: np.ndarray) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data.tobytes())).convert("RGB"))


def test_the_picture_goes_along_pixel_by_pixel() -> None:
    trace = seen()
    header, parts = unpack(workbench.view(trace).pack())
    assert header["picture"] == [16, 24]
    assert header["queries"]["grid"] == [2, 3]
    assert header["queries"]["patch"] == [8, 8]
    assert (opened(parts["picture"]) == trace.picture).all()


def test_keys_over_a_picture_and_queries_of_words() -> None:
    header, _ = unpack(workbench.view(captioned()).pack())
    assert "grid" not in header["queries"]
    assert header["keys"]["grid"] == [2, 3]
    assert header["thing"] == "patch"


def test_without_patches_of_known_size_there_is_no_picture() -> None:
    trace = seen()
    side = replace(trace.attentions[0].queries, patch=None)
    attention = replace(trace.attentions[0], queries=side, keys=side)
    for other in (replace(trace, attentions=(attention,)), replace(trace, sees=None)):
        header, parts = unpack(workbench.view(other).pack())
        assert "picture" not in header
        assert "picture" not in parts
    assert "picture" not in unpack(workbench.view(replace(traces.trace(), sees=lambda: Seen(corner(8, 8)))).pack())[0]


@pytest.mark.parametrize("size", [(28, 28), (224, 224), (800, 1066), (3, 900)])
def test_a_packed_picture_is_small_and_keeps_its_shape(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    noisy = rng.integers(0, 256, (*size, 3), np.uint8)  # the worst there is to pack
    data = pictures.packed(noisy)
    assert data.nbytes <= pictures.PACKED
    height, width = opened(data).shape[:2]
    assert height / width == pytest.approx(size[0] / size[1], rel=0.2)


def test_a_picture_leaves_room_for_the_weights() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    trace = replace(seen(16, 16), sees=lambda: Seen(noise))
    assert len(workbench.view(trace, budget=100_000).pack()) <= 200_000
    assert workbench.view(trace).pack() == workbench.view(trace).pack()
