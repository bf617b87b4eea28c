"""Attention inside windows of a picture or of a film: put back on the grid of patches it was cut from.

The numbers of the patches are taken through the same steps as the patches were (padded, shifted, cut), which says
where each row and column of a window belongs.
"""

from __future__ import annotations

import math
import re

import torch
import torch.nn.functional as F
from torch import Tensor

from models.capture.calls import Call
from models.capture.shapes.base import NOWHERE, Scene, Shape, Side, Sides, Unshown, cells, grid_of, named, placed, plain


def numbers(rows: int, columns: int) -> Tensor:
    """The grid's positions in reading order, [rows, columns]."""
    return torch.arange(rows * columns).view(rows, columns)


def cut(grid: Tensor, window: int, shift: int = 0) -> Tensor:
    """Positions in each window [window, window * window] of a grid that is padded, then shifted, then cut."""
    height, width = grid.shape
    padded = F.pad(grid, (0, -width % window, 0, -height % window), value=NOWHERE)
    blocks = padded.roll((-shift, -shift), (0, 1)).unflatten(0, (-1, window)).unflatten(2, (-1, window))
    return blocks.transpose(1, 2).reshape(-1, window * window)


def _patches(size: tuple[int, int], patch: int) -> tuple[int, int]:
    """Rows and columns of a picture that is padded to whole patches."""
    return math.ceil(size[0] / patch), math.ceil(size[1] / patch)


def _windowed(call: Call, scene: Scene, heads: slice, windows: Tensor, n: int) -> Tensor:
    """One matrix [head, n, n] from an item's windows; padding that was read is a last key of its own."""
    weights = call.weights(heads)  # [batch * window, head, area, area]
    weights = weights[scene.item * len(windows) : (scene.item + 1) * len(windows)]
    if len(weights) != len(windows) or weights.shape[-1] != windows.shape[-1]:
        raise Unshown(f"{call.layer} ran in windows that do not fit the picture")
    read = bool((windows < 0).any())
    return placed(weights, windows, torch.where(windows < 0, n, windows) if read else windows, n, n + read)


def _sides_of(windows: Tensor, grid: tuple[int, int]) -> Sides:
    """The grid on both sides, and the padding among the keys if the windows reach over the edge."""
    n = grid[0] * grid[1]
    queries = Side(n, grid)
    return queries, Side(n + 1, grid, after=("padding",)) if (windows < 0).any() else queries


# Swin and its kin


def _swin_grid(call: Call, scene: Scene) -> tuple[int, int]:
    """Rows and columns of a stage: each halves the one before."""
    config = scene.around(call, "config")
    rows, columns = _patches(_swin_picture(scene, config), _single(config.patch_size))
    found = re.search(r"(?:layers|stages)\.(\d+)\.(?:blocks|layers)\.", call.layer)
    if found and config.model_type != "swin2sr":  # which keeps its resolution
        for _ in range(int(found[1])):
            rows, columns = math.ceil(rows / 2), math.ceil(columns / 2)
    return rows, columns


def _swin_picture(scene: Scene, config: object) -> tuple[int, int]:
    """The picture as it is cut into patches."""
    side = getattr(config, "spec_size", None)  # CLAP folds a spectrogram into a square
    if side is not None:
        return side, side
    return scene.picture


def _single(size: int | tuple[int, ...]) -> int:
    return size if isinstance(size, int) else int(size[0])


def _swin_windows(call: Call, scene: Scene) -> tuple[Tensor, tuple[int, int]]:
    """The patches of each window, and the grid they stand on."""
    grid = _swin_grid(call, scene)
    return cut(numbers(*grid), math.isqrt(_area(call)), int(scene.around(call, "shift_size"))), grid


def _area(call: Call) -> int:
    """Number of keys of one window."""
    return int(call.weights(slice(0, 1)).shape[-1] if call.key is None else call.key.shape[-2])


def _swin(call: Call, scene: Scene, heads: slice) -> Tensor:
    windows, (rows, columns) = _swin_windows(call, scene)
    return _windowed(call, scene, heads, windows, rows * columns)


def _swin_sides(call: Call, scene: Scene) -> Sides:
    windows, grid = _swin_windows(call, scene)
    if hasattr(scene.around(call, "config"), "spec_size"):  # time runs in strips there: no picture
        queries, keys = _sides_of(windows, grid)
        return (Side(side.n, after=side.after) if side else None for side in (queries, keys))  # type: ignore[return-value]
    return _sides_of(windows, grid)


# ViTDet, SAM and others that mix windowed with global layers


def _sam_grid(call: Call, scene: Scene) -> tuple[int, int]:
    patch = _single(scene.around(call, "config").patch_size)
    return scene.picture[0] // patch, scene.picture[1] // patch


def _sam_windows(call: Call, scene: Scene) -> tuple[Tensor, tuple[int, int]]:
    grid, window = _sam_grid(call, scene), int(scene.around(call, "window_size"))
    return (cut(numbers(*grid), window) if window else numbers(*grid).view(1, -1)), grid


def _sam(call: Call, scene: Scene, heads: slice) -> Tensor:
    windows, (rows, columns) = _sam_windows(call, scene)
    return _windowed(call, scene, heads, windows, rows * columns)


def _sam_sides(call: Call, scene: Scene) -> Sides:
    return _sides_of(*_sam_windows(call, scene))


# DaViT (Florence-2): windows without shifts, and channels that read one another


def _davit_windows(call: Call, scene: Scene) -> tuple[Tensor, tuple[int, int]]:
    config, found = scene.around(call, "config"), re.search(r"blocks\.(\d+)\.", call.layer)
    rows, columns = scene.picture
    assert found is not None  # its attention is in stages
    for stage in range(int(found[1]) + 1):
        patch, stride, padding = config.patch_size[stage], config.patch_stride[stage], config.patch_padding[stage]
        rows, columns = ((side + 2 * padding - patch) // stride + 1 for side in (rows, columns))
    return cut(numbers(rows, columns), math.isqrt(_area(call))), (rows, columns)


def _davit(call: Call, scene: Scene, heads: slice) -> Tensor:
    windows, (rows, columns) = _davit_windows(call, scene)
    return _windowed(call, scene, heads, windows, rows * columns)


def _davit_sides(call: Call, scene: Scene) -> Sides:
    return _sides_of(*_davit_windows(call, scene))


def _channels(call: Call, _: Scene) -> Sides:
    side = named("channel", _area(call))
    return side, side


# MobileViT: the pixels that stand in the same place of their patch read one another


def _mobile_blocks(call: Call, scene: Scene) -> tuple[Tensor, tuple[int, int]]:
    """Pixels [place in patch, patch] of the feature map, and its rows and columns."""
    side = _single(scene.around(call, "config").patch_size)
    n_patches = _area(call)
    patches = grid_of(n_patches, scene.picture)
    if patches is None:
        raise Unshown(f"{n_patches} patches can be laid out in several ways over the picture")
    grid = patches[0] * side, patches[1] * side
    return cut(numbers(*grid), side).T, grid


def _mobile(call: Call, scene: Scene, heads: slice) -> Tensor:
    blocks, (rows, columns) = _mobile_blocks(call, scene)
    return _windowed(call, scene, heads, blocks, rows * columns)


def _mobile_sides(call: Call, scene: Scene) -> Sides:
    return _sides_of(*_mobile_blocks(call, scene))


def _mobile_shared(call: Call, scene: Scene) -> Sides:
    """MobileViT v2: one set of weights for each place in a patch, whichever patch asks."""
    n_places, n_patches = call.weights(slice(0, 1)).shape[-2:]
    side = math.isqrt(n_places)
    names = tuple(f"pixel {i // side}, {i % side} of every patch" for i in range(n_places))
    return Side(n_places, names=names), cells(n_patches, scene)


# TimeSformer: over time at one place, then over space in one frame


def _film(call: Call, scene: Scene) -> tuple[int, tuple[int, int]]:
    """Number of frames, and the grid of each."""
    config = scene.around(call, "config")
    patch = _single(config.patch_size)
    return config.num_frames, (scene.picture[0] // patch, scene.picture[1] // patch)


def _film_weights(call: Call, scene: Scene, heads: slice) -> Tensor:
    frames, (rows, columns) = _film(call, scene)
    spots = numbers(frames, rows * columns)  # [frame, spot]: frame by frame
    if "temporal" in call.layer:
        return _windowed(call, scene, heads, spots.T, spots.numel())
    if not _divided(call, scene):
        return _film_joint(call, scene, heads, spots)
    blocks = F.pad(spots + 1, (1, 0))  # CLS stands in every frame, as position 0
    weights = call.weights(heads)[scene.item * frames : (scene.item + 1) * frames].clone()
    weights[:, :, 0] /= frames  # what CLS read in each frame is averaged
    return placed(weights, blocks, blocks, spots.numel() + 1, spots.numel() + 1)


def _film_joint(call: Call, scene: Scene, heads: slice, spots: Tensor) -> Tensor:
    """All at once: only the order is the model's own, place by place instead of frame by frame."""
    weights = call.weights(heads)
    if weights.shape[-1] != spots.numel() + 1:
        raise Unshown(f"{call.layer} reads frames that are not where this app expects them")
    order = F.pad(spots.T.flatten() + 1, (1, 0))[None]
    return placed(weights[scene.item][None], order, order, order.numel(), order.numel())


def _divided(call: Call, scene: Scene) -> bool:
    return bool(scene.around(call, "config").attention_type == "divided_space_time")


def _film_sides(call: Call, scene: Scene) -> Sides:
    frames, grid = _film(call, scene)
    n = frames * grid[0] * grid[1]
    before = () if "temporal" in call.layer else ("CLS",)
    side = Side(n + len(before), grid, before, frames=frames)
    return side, side


# Hiera: units of patches, whose queries are pooled where a stage begins


def _hiera_places(call: Call, scene: Scene, stage: int) -> tuple[Tensor, tuple[int, int]]:
    """Where each token of a stage stands on the stage's grid, and that grid; by the model's own unrolling."""
    around = call.layer.partition("encoder.stages")[0] + "encoder"
    encoder = scene.at(around)
    _, (rows, columns) = encoder.schedule[stage]
    order = encoder.reroll(torch.arange(rows * columns)[None, :, None], stage)
    return order.flatten().argsort(), (rows, columns)


def _hiera_stages(call: Call, scene: Scene) -> tuple[int, int]:
    """Stage of the queries, and of the keys: the one before where the queries are pooled."""
    found = re.search(r"stages\.(\d+)\.", call.layer)
    assert found is not None  # its attention is in stages
    stage = int(found[1])
    return stage, stage - 1 if scene.at(call.layer).query_stride > 1 else stage


def _hiera(call: Call, scene: Scene, heads: slice) -> Tensor:
    blocks = call.weights(heads)[scene.item].movedim(1, 0)  # [unit, head, query, key]
    n_units = len(blocks)
    places = [_hiera_places(call, scene, stage)[0] for stage in _hiera_stages(call, scene)]
    for place, n in zip(places, blocks.shape[-2:], strict=True):
        if len(place) != n * n_units:
            raise Unshown(f"{call.layer} saw {n * n_units} patches of {len(place)}: the hidden ones have no place")
    queries, keys = (place.view(-1, n_units).T for place in places)  # a unit's tokens are n_units apart
    return placed(blocks, queries, keys, queries.numel(), keys.numel())


def _hiera_sides(call: Call, scene: Scene) -> Sides:
    grids = [_hiera_places(call, scene, stage)[1] for stage in _hiera_stages(call, scene)]
    queries, keys = (Side(rows * columns, (rows, columns)) for rows, columns in grids)
    return queries, keys


SWIN = Shape(_swin, _swin_sides)
WINDOWS: dict[str, Shape] = {
    r"(Swin|DonutSwin)(Self)?Attention": SWIN,
    r"(Swinv2|Swin2SR|MaskFormerSwin|ClapAudio)SelfAttention": SWIN,
    r"VitDetAttention|(Sam|SamHQ|GotOcr2|SLANeXt\w*)Vision(Sdpa)?Attention": Shape(_sam, _sam_sides),
    r"Florence2VisionWindowAttention": Shape(_davit, _davit_sides),
    r"Florence2VisionChannelAttention": Shape(plain, _channels),
    r"MobileViTSelfAttention": Shape(_mobile, _mobile_sides),
    r"MobileViTV2LinearSelfAttention": Shape(plain, _mobile_shared),
    r"TimesformerSelfAttention": Shape(_film_weights, _film_sides),
    r"HieraMaskUnitAttention": Shape(_hiera, _hiera_sides),
}
