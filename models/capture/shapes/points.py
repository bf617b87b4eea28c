"""Deformable attention: a query reads a few points between the patches, at places that it chooses itself."""

from __future__ import annotations

import math
import re

import torch
from torch import Tensor

from models.capture.calls import Call
from models.capture.shapes.base import Scene, Shape, Side, Sides, Unshown, named, plain

COARSE_FIRST = re.compile(r"Mask2Former|OneFormer")


def _sampled(call: Call) -> tuple[Tensor, ...]:
    """The places that were read, one tensor [batch * head, query, point, 2] per level, from -1 to 1."""
    if not call.sampled:
        raise Unshown("where its queries looked was not captured")
    return call.sampled


def _points(call: Call, scene: Scene, heads: slice) -> Tensor:
    """Places [head, query, point, 2]: x and y in parts of the width and height; outside of 0..1 nothing was read."""
    grids = [grid.detach().float().unflatten(0, (-1, call.n_heads))[scene.item, heads] for grid in _sampled(call)]
    return (torch.cat(grids, 2) + 1) / 2


def _sides(call: Call, scene: Scene) -> Sides:
    n_queries, n_keys = call.weights(slice(0, 1)).shape[-2:]
    levels, queries = _levels(call, scene), named("query", n_queries)
    if "encoder.layers" in call.layer:
        queries = pyramid(n_queries, len(levels), scene)
    points = [f"level {level} point {i}" for level, n in enumerate(levels) for i in range(n)]
    return queries, Side(n_keys, names=tuple(points))


def _levels(call: Call, scene: Scene) -> tuple[int, ...]:
    """Number of points in each level."""
    module = scene.at(call.layer)
    each = getattr(module, "num_points_list", None)  # D-FINE looks closer at some levels
    return tuple(each) if each else (int(module.n_points),) * int(module.n_levels)


def pyramid(n: int, n_levels: int, scene: Scene) -> Side:
    """Cells of several feature maps one after the other, each half as fine as the one before; or numbers."""
    height, width = scene.picture
    for power in range(8):
        levels = [(math.ceil(height / 2**p), math.ceil(width / 2**p)) for p in range(power, power + n_levels)]
        if sum(rows * columns for rows, columns in levels) == n:
            break
    else:
        return Side(n)
    if COARSE_FIRST.match(type(scene.module).__name__):
        levels.reverse()
    names = [
        f"level {level} ({row}, {column})"
        for level, (rows, columns) in enumerate(levels)
        for row in range(rows)
        for column in range(columns)
    ]
    return Side(n, names=tuple(names))


def _fused(call: Call, scene: Scene) -> Sides:
    """Grounding DINO's encoder: the text reads the picture, then the picture reads the text."""
    n = max(call.weights(slice(0, 1)).shape[-2:])
    levels = pyramid(int(n), int(scene.around(call, "config").num_feature_levels), scene)
    return (None, levels) if call.number % 2 == 0 else (levels, None)


POINTS: dict[str, Shape] = {
    r"\w+(Multiscale|MultiScale)DeformableAttention\w*": Shape(plain, _sides, "points", _points),
    r"GroundingDinoBiMultiHeadAttention": Shape(plain, _fused),
}
