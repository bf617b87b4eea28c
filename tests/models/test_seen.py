"""Where a picture's parts land in a model's map: for every processor, square, wide and turned by the camera."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models import zoo
from models.explain.queries import looks
from models.records import Attention, Seen, Sequence
from models.zoo import pictures
from models.zoo.given import Given
from models.zoo.model import Model
from tests import tiny_detectors, tiny_vision

CORNERS = {"top left": (0, 0), "bottom right": (1, 1), "top right": (0, 1)}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    root = tmp_path_factory.mktemp("vision")
    kinds = dict.fromkeys(tiny_vision.MODELS, tiny_vision.save) | dict.fromkeys(
        tiny_detectors.MODELS, tiny_detectors.save
    )
    return {name: zoo.load(str(save(name, root / name))) for name, save in kinds.items()}


SHARES = {"dinov2": 0.5, "clip": 0.5}  # on 4 x 4 patches two fifths leave none whose neighbours are as bright


def scene(width: int, height: int, corner: str = "", share: float = 0.4) -> Image.Image:
    """Dark noise, and one bright corner of this share of either side."""
    pixels = np.random.default_rng(0).integers(10, 40, (height, width, 3), np.uint8)
    if corner:
        down, right = CORNERS[corner]
        h, w = int(share * height), int(share * width)
        pixels[down * (height - h) : down * (height - h) + h, right * (width - w) : right * (width - w) + w] = 250
    return Image.fromarray(pixels)


def turned(image: Image.Image) -> Image.Image:
    """The picture as a camera that was held sideways stores it, read back as a visitor's file."""
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    image.transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", exif=exif, quality=95)
    return pictures.read(out.getvalue())


def change(dark: Attention, bright: Attention, light: np.ndarray) -> np.ndarray:
    """How much each patch's pull on the dark patches changed in the first layer; NaN where none of them reads it.

    A softmax is known but for a constant per row: it is taken from the patch itself, which is as dark as it was.
    """
    one, two = (np.asarray(a.weights[0], np.float64)[:, :, ~a.keys.special] for a in (dark, bright))
    one, two = (weights[:, ~dark.queries.special] for weights in (one, two))
    read = (one > 0) & (two > 0)
    moved = np.log(np.where(read, two, 1)) - np.log(np.where(read, one, 1))
    if dark.queries.grid == dark.keys.grid:
        moved = (moved - np.einsum("hqq->hq", moved)[..., None])[:, ~light]
        read = read[:, ~light]
    else:
        moved = moved - np.median(moved, -1, keepdims=True)  # most patches are dark
    counts = read.sum((0, 1))
    return np.where(counts > 0, np.abs(moved * read).sum((0, 1)) / np.maximum(counts, 1), np.nan)


def clear(brightness: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Patches all of whose neighbours are as bright as they are: SegFormer's patches overlap."""
    light = np.pad((brightness > 0.5).reshape(grid), 1, mode="edge")
    rows, columns = grid
    around = np.stack([light[r : r + rows, c : c + columns] for r in range(3) for c in range(3)])
    return (around.all(0) | ~around.any(0)).ravel()


def lit(seen: Seen, patches: Sequence) -> np.ndarray:
    """Mean brightness of each patch in what the model saw, 0 to 1, row by row."""
    assert patches.grid is not None
    assert patches.patch is not None
    grid, (height, width) = patches.grid, patches.patch
    grey = seen.pixels.mean(-1) / 255
    blocks = [
        grey[int(r * height) : int((r + 1) * height), int(c * width) : int((c + 1) * width)].mean()
        for r in range(grid[0])
        for c in range(grid[1])
    ]
    return np.array(blocks)


@pytest.mark.parametrize("shape", ["square", "wide", "tall", "turned"])
@pytest.mark.parametrize("name", tiny_vision.MODELS)
def test_a_bright_corner_is_a_bright_corner_of_the_map(models: dict[str, Model], name: str, shape: str) -> None:
    model = models[name]
    width, height = {"square": (80, 80), "wide": (120, 80), "tall": (80, 120), "turned": (120, 80)}[shape]
    for corner, (down, right) in CORNERS.items():
        images = [scene(width, height), scene(width, height, corner, SHARES.get(name, 0.4))]
        images = [turned(image) for image in images] if shape == "turned" else images
        assert images[0].size == (width, height)
        text = "the cat" if "text" in model.info.reads else ""
        seen = model.seen(Given(text, image=images[1]))
        assert seen is not None
        traces = [model.trace(text, image=image) for image in images]
        dark, bright = (next(a for a in t.attentions if a.keys.grid and a.queries.grid) for t in traces)
        assert dark.keys.grid is not None
        brightness = lit(seen, dark.keys)
        found = change(dark, bright, brightness > 0.15)
        sure = np.isfinite(found) & ((brightness < 0.2) | (brightness > 0.8))
        if name == "segformer":
            sure &= clear(brightness, dark.keys.grid)
        assert (sure & (brightness > 0.5)).any()
        assert found[sure & (brightness > 0.5)].min() > 2 * found[sure & (brightness < 0.5)].max(), corner
        row, column = divmod(int(np.nanargmax(found)), dark.keys.grid[1])
        assert (row * 2 >= dark.keys.grid[0]) == bool(down)
        assert (column * 2 >= dark.keys.grid[1]) == bool(right)


@pytest.mark.parametrize("shape", ["square", "wide", "tall", "turned"])
@pytest.mark.parametrize("name", ["detr", "conditional-detr", "table-transformer", "yolos"])
def test_a_bright_corner_moves_a_detector_s_map_there(models: dict[str, Model], name: str, shape: str) -> None:
    """A convolutional network before it sees a little of everything everywhere: the corner is where most changes."""
    model = models[name]
    width, height = {"square": (80, 80), "wide": (120, 80), "tall": (80, 120), "turned": (120, 80)}[shape]
    ratios = []
    for corner in CORNERS:
        images = [scene(width, height), scene(width, height, corner)]
        images = [turned(image) for image in images] if shape == "turned" else images
        dark, bright = (looks(model.trace("", image=image)).encoder for image in images)
        seen = model.seen(Given(image=images[1]))
        assert dark is not None
        assert bright is not None
        assert seen is not None
        brightness = lit(seen, dark.keys)
        found = change(dark, bright, brightness > 0.15)
        ratios.append(np.nanmean(found[brightness > 0.5]) / np.nanmean(found[brightness < 0.15]))
    assert min(ratios) > 1
    assert np.mean(ratios) > 1.2


@pytest.mark.parametrize("size", [(80, 80), (200, 120), (90, 300), (641, 427)])
@pytest.mark.parametrize("name", [*tiny_vision.MODELS, *tiny_detectors.MODELS])
def test_what_is_seen_lies_where_its_box_says(models: dict[str, Model], name: str, size: tuple[int, int]) -> None:
    model = models[name]
    x, y = np.meshgrid(np.linspace(0, 255, size[0]), np.linspace(0, 255, size[1]))
    image = Image.fromarray(np.stack([x, y, 128 + 0 * x], -1).astype(np.uint8))
    seen = model.seen(Given("the cat" if "text" in model.info.reads else "", image=image))
    assert seen is not None
    left, top, right, bottom = seen.box
    height, width = seen.size
    columns = left + (np.arange(width) + 0.5) / width * (right - left)
    rows = top + (np.arange(height) + 0.5) / height * (bottom - top)
    np.testing.assert_allclose(seen.pixels[..., 0].mean(0) / 255, columns, atol=0.012)
    np.testing.assert_allclose(seen.pixels[..., 1].mean(1) / 255, rows, atol=0.012)
    np.testing.assert_allclose(seen.pixels[..., 2], 128, atol=3)


def test_what_vit_fashion_sees_is_the_picture_itself() -> None:
    model = zoo.load("vit-fashion")
    path = zoo.folder("vit-fashion") / "coat.png"
    seen = model.seen(Given(image=Image.open(path)))
    assert seen is not None
    assert seen.box == (0, 0, 1, 1)
    np.testing.assert_allclose(seen.pixels[..., 0], np.asarray(Image.open(path).convert("L")), atol=1)


def test_a_model_that_reads_no_picture_sees_none(folders: Path) -> None:
    assert zoo.load(str(folders / "gpt2")).seen(Given("a")) is None
