"""What the positions of a plain tower are: patches on a grid, rectangular too, the tokens added to them, or sounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from models.capture.shapes.base import Scene, Side, numbered

PARTS = ("vision_config", "backbone_config", "encoder")  # of a config: what sees


def positions(scene: Scene, n: int) -> Side | None:
    """The n positions of a plain tower, from what went in; None if that is no picture and no sound."""
    inputs = scene.inputs
    if isinstance(
        inputs.get("flattened_patches"), Tensor
    ):  # Pix2Struct writes row and column first, from 1; 0 is padding
        places = inputs["flattened_patches"][scene.item, :, :2].long()
        return _filled(n, int(places[:, 0].max()), int(places[:, 1].max()))
    if isinstance(inputs.get("spatial_shapes"), Tensor):  # SigLIP 2
        rows, columns = inputs["spatial_shapes"][scene.item].tolist()
        return _filled(n, rows, columns)
    if isinstance(inputs.get("input_values"), Tensor) or isinstance(inputs.get("input_features"), Tensor):
        return sound(scene, n)
    pixels = pixels_of(scene)
    return tower(scene.config, pixels, n) if pixels else None


def _filled(n: int, rows: int, columns: int) -> Side:
    """A picture of any size, and padding up to n patches."""
    left = n - rows * columns
    return Side(n, (rows, columns), after=("padding",) * left) if left >= 0 else Side(n)


def sound(scene: Scene, n: int) -> Side:
    """Steps in time; for a transformer of spectra patches of it, frequency by time."""
    config = scene.config
    if hasattr(config, "frequency_stride") and hasattr(config, "time_stride"):
        rows = (config.num_mel_bins - config.patch_size) // config.frequency_stride + 1
        columns = (config.max_length - config.patch_size) // config.time_stride + 1
        if n == rows * columns + 2:
            return Side(n, (rows, columns), ("CLS", "distillation"))
    return Side(n, names=numbered("step", n))


def tower(config: Any, pixels: Sequence[int], n: int) -> Side:
    """The n positions of a plain vision tower, from its config and the shape of its pixel_values.

    `pixels` is [batch, colour, height, width], or [batch, frame, colour, height, width] for a film. Which positions
    are special follows from the number that the grid leaves over; if that is not what the config says the model
    adds, there is no grid, and the positions are numbers.
    """
    config = next((part for name in PARTS if hasattr(part := getattr(config, name, None), "model_type")), config)
    patch = getattr(config, "patch_size", None) or getattr(config, "tubelet_size", None)
    if patch is None or len(pixels) < 4:
        return Side(n)
    height, width = pair(patch)
    grid = pixels[-2] // height, pixels[-1] // width
    for frames in {_frames(config, pixels): None, 1: None}:  # a film, or pictures and cuts of them one by one
        for before, after in _added(config):
            if n == len(before) + len(after) + frames * grid[0] * grid[1]:
                return Side(n, grid, before, after, frames=frames, cell=(height, width))
    return Side(n)


def pair(size: int | Sequence[int]) -> tuple[int, int]:
    """Height and width of a patch."""
    return (size, size) if isinstance(size, int) else (int(size[-2]), int(size[-1]))


def _frames(config: Any, pixels: Sequence[int]) -> int:
    """Steps in time that a film is cut into, 1 for a picture."""
    if len(pixels) < 5:
        return 1
    tube = getattr(config, "tubelet_size", 1)
    return pixels[1] // (tube if isinstance(tube, int) else int(tube[0]))


def _added(config: Any) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Names of the positions that a model may add before and after its patches, likeliest first."""
    registers = numbered("register", getattr(config, "num_register_tokens", 0) or 0)
    found = numbered("detection", getattr(config, "num_detection_tokens", 0) or 0)
    first = ("CLS", "distillation") if config.model_type == "deit" else ("CLS",)
    return [((*first, *registers), found), (registers, found), (first, ()), ((), ())]


def pixels_of(scene: Scene) -> Sequence[int]:
    """Shape of the pictures that went in."""
    for name in ("pixel_values", "pixel_values_videos"):
        if isinstance(scene.inputs.get(name), Tensor):
            return tuple(scene.inputs[name].shape)
    return ()
