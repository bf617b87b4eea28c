"""The picture that a model saw, and where on it the patches lie."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as hf
from PIL import Image

from models import zoo
from models.capture.shapes.base import Side, cell_of
from models.records import Sequence
from models.zoo import pictures
from tests import tiny

RNG = np.random.default_rng(3)


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(RNG.integers(0, 256, (height, width, 3), np.uint8))


def covered(picture: np.ndarray, sequence: Sequence, position: int) -> np.ndarray:
    """The pixels [row, column, rgb] of the patch that is at a position."""
    assert sequence.grid is not None
    assert sequence.patch is not None
    number = position - int(sequence.special[:position].sum())
    row, column = divmod(number, sequence.grid[1])
    height, width = sequence.patch
    return picture[round(row * height) : round((row + 1) * height), round(column * width) : round((column + 1) * width)]


@pytest.mark.parametrize("name", ["vit", "clip", "llava"])
def test_the_picture_is_what_the_processor_made(folders: Path, name: str) -> None:
    model = zoo.load(str(folders / name))
    image = noise(90, 40)
    trace = model.trace("the cat" if "text" in model.info.reads else "", image=image)
    processor = getattr(model.reader.processor, "image_processor", model.reader.processor)
    pixels = processor(images=image, return_tensors="np", do_normalize=False, do_rescale=False)["pixel_values"][0]
    assert trace.picture is not None
    assert trace.picture.dtype == np.uint8
    np.testing.assert_allclose(trace.picture.transpose(2, 0, 1), pixels, atol=1)
    (vision,) = (stack for stack in trace.attentions if stack.kind == "vision")
    rows, columns = vision.keys.grid or (0, 0)
    assert vision.keys.patch == (8, 8)
    assert (8 * rows, 8 * columns) == trace.picture.shape[:2]
    assert trace.nbytes > trace.picture.nbytes


def test_a_text_model_saw_no_picture(folders: Path) -> None:
    assert zoo.load(str(folders / "gpt2")).trace("The cat sat").picture is None


@pytest.mark.parametrize("name", ["vit-fashion", "detr-shapes", "caption-shapes"])
def test_bundled_models_saw_their_own_examples(name: str) -> None:
    example = zoo.card(name).examples[0]  # type: ignore[union-attr]
    image = pictures.read((zoo.folder(name) / example["picture"]).read_bytes())
    trace = zoo.load(name).trace(image=image)
    assert trace.picture is not None
    assert (trace.picture == np.asarray(image)).all()  # they are of the model's own size
    sides = [side for stack in trace.attentions for side in (stack.queries, stack.keys) if side.grid is not None]
    assert sides
    if name == "caption-shapes":
        (cross,) = (stack for stack in trace.attentions if stack.kind == "cross")
        assert (cross.keys.grid, cross.keys.labels[0], cross.queries.grid) == ((8, 8), " CLS", None)
    for side in sides:
        assert side.patch is not None
        assert (side.grid[0] * side.patch[0], side.grid[1] * side.patch[1]) == trace.picture.shape[:2]  # type: ignore[index]


@pytest.fixture(scope="module")
def bright(tmp_path_factory: pytest.TempPathFactory) -> zoo.Model:
    """A ViT whose every position reads the brightest patch, by weights set by hand.

    Its embedding holds the mean brightness in dimension 0 and nothing else; keys are that number, queries a constant.
    """
    config = hf.ViTConfig(image_size=(32, 48), patch_size=8, **(tiny.SIZES | {"num_hidden_layers": 1}))
    model = hf.ViTModel(config, add_pooling_layer=False)
    with torch.no_grad():
        for parameter in model.embeddings.parameters():
            parameter.zero_()
        model.embeddings.patch_embeddings.projection.weight[0] = 1 / (3 * 64)
        attention = dict(model.named_modules())
        (query,) = (module for name, module in attention.items() if name.endswith(("query", "q_proj")))
        (key,) = (module for name, module in attention.items() if name.endswith(("key", "k_proj")))
        for module in (query, key):
            module.weight.zero_()
            module.bias.zero_()
        d_head = config.hidden_size // config.num_attention_heads
        query.bias[::d_head] = 4.0
        key.weight[::d_head, 0] = 1.0
    folder = tmp_path_factory.mktemp("bright")
    model.save_pretrained(folder)
    tiny.vit_processor().save_pretrained(folder)
    return zoo.load(str(folder))


def with_corner(corner: tuple[int, int]) -> np.ndarray:
    """A dark picture, 96 wide and 64 high, with one bright corner of the size of a patch."""
    pixels = np.full((64, 96, 3), 20, np.uint8)
    pixels[corner[0] * 48 :, :][:16, corner[1] * 80 :][:, :16] = 250
    return pixels


@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("turned", [1, 6])
def test_a_bright_corner_comes_out_at_that_corner(bright: zoo.Model, corner: tuple[int, int], turned: int) -> None:
    pixels = with_corner(corner)
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = turned  # 6: the camera was held upright, the file lies on its side
    stored = np.rot90(pixels) if turned == 6 else pixels
    Image.fromarray(np.ascontiguousarray(stored)).save(file, "PNG", exif=exif)
    trace = bright.trace(image=pictures.read(file.getvalue()))
    stack = trace.attentions[0]
    assert stack.keys.grid == (4, 6)
    assert trace.picture is not None
    weights = stack.at(0, 1)
    expected = 1 + corner[0] * 18 + corner[1] * 5  # CLS comes first
    assert (weights.argmax(-1) == expected).all()
    assert covered(trace.picture, stack.keys, expected).mean() > 220  # its inner edges are blurred by the resizing
    dark = [position for position in range(1, 25) if position != expected]
    assert all(covered(trace.picture, stack.keys, position).mean() < 40 for position in dark)


@pytest.mark.parametrize(
    ("grid", "size", "patch", "cell"),
    [
        ((2, 3), (64, 96), 1, (32.0, 32.0)),
        ((5, 3), (150, 96), 1, (32.0, 32.0)),  # the last row reaches beyond the edge
        ((14, 14), (230, 230), 1, (16.0, 16.0)),  # what is left over at the edge is in no cell
        ((16, 16), (224, 224), 1, (14.0, 14.0)),
        ((1, 1), (48, 40), 1, (64.0, 64.0)),
        ((7, 7), (28, 28), 4, (4.0, 4.0)),
        ((14, 20), (230, 330), 16, (16.0, 16.0)),
        ((16, 16), (230, 230), 14, (14.0, 14.0)),
        ((1, 1), (20, 20), 14, (14.0, 14.0)),
        ((8, 12), (250, 380), 4, (32.0, 32.0)),  # padded, after three mergers
        ((16, 24), (64, 96), 4, (4.0, 4.0)),
        ((3, 5), (100, 100), 7, (100 / 3, 20.0)),  # no cut gives this: shared evenly
    ],
)
def test_cells_have_the_size_of_the_networks_steps(
    grid: tuple[int, int], size: tuple[int, int], patch: int, cell: tuple[float, float]
) -> None:
    assert cell_of(grid, size, patch) == cell


def test_stages_have_grids_of_their_own(folders: Path, tmp_path: Path) -> None:
    config = hf.SegformerConfig(
        depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 16, 16], num_attention_heads=[1, 1, 2, 2], decoder_hidden_size=16
    )
    hf.SegformerForImageClassification(config).save_pretrained(tmp_path)
    hf.SegformerImageProcessor(size={"height": 64, "width": 96}).save_pretrained(tmp_path)
    trace = zoo.load(str(tmp_path)).trace(image=noise(96, 64))
    found = {(stack.queries.grid, stack.queries.patch, stack.keys.grid, stack.keys.patch) for stack in trace.attentions}
    assert ((16, 24), (4.0, 4.0), (2, 3), (32.0, 32.0)) in found
    assert ((2, 3), (32.0, 32.0), (2, 3), (32.0, 32.0)) in found


def test_a_side_says_its_cells() -> None:
    with pytest.raises(ValueError, match="cannot be"):
        Side(5, (2, 2), cell=(8, 8))
