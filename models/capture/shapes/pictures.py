"""Layers that see a picture but not simply patch by patch: reduced, packed, merged or hidden patches, and queries."""

from __future__ import annotations

import re

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers.vision_utils import get_vision_window_index

from models.capture.calls import Call
from models.capture.shapes.base import (
    NOWHERE,
    Scene,
    Shape,
    Side,
    Sides,
    Unshown,
    cell_of,
    cells,
    grid_of,
    named,
    numbered,
    placed,
    plain,
)
from models.capture.shapes.towers import pair, pixels_of, tower

# ViT-MAE: a part of the patches, in an order that it draws


def _visible(call: Call, scene: Scene, heads: slice) -> Tensor:
    """Patches in reading order where the noise they were drawn by is known, zero for the hidden ones."""
    order, weights = _drawn(call, scene), plain(call, scene, heads)
    if order is None:
        return weights
    n = len(scene.inputs["noise"][scene.item]) + 1
    return placed(weights[None], order[None], order[None], n, n)


def _drawn(call: Call, scene: Scene) -> Tensor | None:
    """Positions, CLS included, of what the encoder sees: the patches with the least noise."""
    noise = scene.inputs.get("noise")
    n = int(call.weights(slice(0, 1)).shape[-1])
    if noise is None or "decoder" in call.layer or n > len(noise[scene.item]):
        return None
    return F.pad(noise[scene.item].cpu().argsort()[: n - 1] + 1, (1, 0))


def _visible_sides(call: Call, scene: Scene) -> Sides:
    n = int(call.weights(slice(0, 1)).shape[-1])
    if _drawn(call, scene) is not None:
        n = len(scene.inputs["noise"][scene.item]) + 1
    side = tower(scene.around(call, "config"), pixels_of(scene), n)
    if side.grid is None:
        side = Side(n, before=("CLS",), names=numbered("visible patch", n - 1))
    return side, side


# SegFormer, PVT, CvT, LeViT: fewer keys than queries, or fewer queries than keys


def _reduced(call: Call, scene: Scene) -> Sides:
    n_queries, n_keys = call.weights(slice(0, 1)).shape[-2:]
    before = ("CLS",) if _has_cls(call, scene) else ()
    return cells(n_queries, scene, before), cells(n_keys, scene, before)


def _has_cls(call: Call, scene: Scene) -> bool:
    """PVT and CvT add a CLS token in their last stage."""
    if "Cvt" in type(scene.module).__name__:
        return bool(scene.around(call, "with_cls_token"))
    found = re.search(r"encoder\.block\.(\d+)\.", call.layer)
    pvt = type(scene.module).__name__ == "PvtEfficientSelfAttention"
    return bool(pvt and found and int(found[1]) == len(scene.config.depths) - 1)


def _additive(call: Call, _: Scene, __: slice) -> Tensor:
    raise Unshown(f"{call.layer} adds all positions up with a weight of 1: no position reads another one more")


def _no_sides(_: Call, __: Scene) -> Sides:
    return None, None


# DETR and its kin: the cells of a feature map, and object queries


def _detr(call: Call, scene: Scene, heads: slice) -> Tensor:
    """Cells that only fill a smaller picture up to the batch's size are left out."""
    weights = plain(call, scene, heads)
    for axis, on_picture in ((1, _queries_are_cells(call)), (2, _keys_are_cells(call))):
        if on_picture:
            kept = _kept(int(weights.shape[axis]), scene)
            if kept is not None:
                shown = kept.flatten().nonzero()[:, 0].to(weights.device)
                weights = weights.index_select(axis, shown)
    return weights


def _queries_are_cells(call: Call) -> bool:
    return re.search(r"encoder\.", call.layer.replace("encoder_attn", "")) is not None


def _keys_are_cells(call: Call) -> bool:
    return _queries_are_cells(call) or re.search(r"(encoder|cross)_attn", call.layer) is not None


def _kept(n: int, scene: Scene) -> Tensor | None:
    """Which of the n cells show the picture and not what it was filled up with, [row, column]."""
    grid, mask = grid_of(n, scene.picture), scene.inputs.get("pixel_mask")
    if grid is None or mask is None:
        return None
    return F.interpolate(mask[scene.item][None, None].float(), size=grid)[0, 0].cpu() > 0  # as the models do it


def _detr_sides(call: Call, scene: Scene) -> Sides:
    n_queries, n_keys = call.weights(slice(0, 1)).shape[-2:]
    queries = _map(n_queries, scene) if _queries_are_cells(call) else named("query", n_queries)
    keys = _map(n_keys, scene) if _keys_are_cells(call) else named("query", n_keys)
    return queries, keys


def _map(n: int, scene: Scene) -> Side:
    """The cells of a feature map that show the picture."""
    kept = _kept(n, scene)
    if kept is None:
        return cells(n, scene)
    grid = int(kept.any(1).sum()), int(kept.any(0).sum())
    return Side(grid[0] * grid[1], grid, cell=cell_of((kept.shape[0], kept.shape[1]), scene.picture, scene.patch))


def _grounded(call: Call, scene: Scene) -> Sides:
    """Grounding DINO: queries read one another and the text."""
    n_queries, n_keys = call.weights(slice(0, 1)).shape[-2:]
    if "decoder" not in call.layer:
        return None, None
    return named("query", n_queries), None if "text" in call.layer else named("query", n_keys)


def _torchs(call: Call, scene: Scene) -> Sides:
    """torch's own attention, where queries of any kind read the cells of a picture (SigLIP's head, Mask2Former)."""
    n_queries, n_keys = call.weights(slice(0, 1)).shape[-2:]
    keys = cells(n_keys, scene)
    if n_queries == n_keys or keys.grid is None:
        return None, None
    return named("query", n_queries), keys


# SAM's decoder: what is asked for, and the picture


def _sam(call: Call, scene: Scene, heads: slice) -> Tensor:
    points = scene.inputs.get("input_points")
    each = 1 if points is None else points.shape[1]  # prompts of one picture stand in the batch axis
    return call.weights(heads)[scene.item * each]


def _sam_sides(call: Call, scene: Scene) -> Sides:
    n_queries, n_keys = call.weights(slice(0, 1)).shape[-2:]
    image = call.layer.rpartition(".")[2]
    asked = "image_to_token" not in image, "token_to_image" not in image and "final_attn" not in image
    queries, keys = (
        _asked(call, n, scene) if is_token else cells(n, scene)
        for n, is_token in zip((n_queries, n_keys), asked, strict=True)
    )
    return queries, keys


def _asked(call: Call, n: int, scene: Scene) -> Side:
    """Tokens of the mask decoder: one for the quality, one for each mask, then the prompt."""
    decoder = scene.at(call.layer.partition("mask_decoder")[0] + "mask_decoder")
    fixed = ("quality", *numbered("mask", int(decoder.num_mask_tokens)))
    return Side(n, names=(*fixed, *numbered("prompt", n - len(fixed))))


# Qwen2-VL and others: patches of several pictures in one row, four neighbours after one another


def _merged(call: Call, scene: Scene, heads: slice) -> Tensor:
    """One matrix for one picture or film, of the calls for its windows or frames."""
    order, (frames, rows, columns) = _order(call, scene)
    n = frames * rows * columns
    matrix, start = torch.tensor(0.0), 0
    for part in scene.calls:
        weights = part.weights(heads)
        places = order[start : start + weights.shape[-1]]
        start += weights.shape[-1]
        if (places >= 0).any():
            matrix = matrix + placed(weights, places[None], places[None], n, n)
    if start != len(order):
        raise Unshown(f"{call.layer} was captured for {start} of {len(order)} patches")
    return matrix


def _order(call: Call, scene: Scene) -> tuple[Tensor, tuple[int, int, int]]:
    """Where in picture `item` each patch of the row belongs, and that picture's frames, rows and columns."""
    films = _films(scene)
    config = scene.around(call, "config")
    merge, places = int(config.spatial_merge_size), []
    for i, (frames, rows, columns) in enumerate(films.tolist()):
        numbers = torch.arange(frames * rows * columns).view(frames, rows // merge, merge, columns // merge, merge)
        numbers = numbers.transpose(2, 3).flatten()
        places.append(numbers if i == scene.item else torch.full_like(numbers, NOWHERE))
    order = torch.cat(places)
    if hasattr(config, "fullatt_block_indexes"):  # Qwen2.5-VL sorts the groups of four by window
        index, _ = get_vision_window_index(films, merge, config.window_size, pair(config.patch_size)[0])
        order = order.view(-1, merge * merge)[index.cpu()].flatten()
    frames, rows, columns = films[scene.item].tolist()
    return order, (frames, rows, columns)


def _films(scene: Scene) -> Tensor:
    """Frames, rows and columns of every picture, [picture, 3]."""
    for name in ("image_grid_thw", "video_grid_thw", "grid_thw"):
        if isinstance(scene.inputs.get(name), Tensor):
            found: Tensor = scene.inputs[name].cpu()
            return found
    raise Unshown("the rows and columns of the pictures are not known")


def _merged_sides(call: Call, scene: Scene) -> Sides:
    _, (frames, rows, columns) = _order(call, scene)
    side = Side(frames * rows * columns, (rows, columns), frames=frames)
    return side, side


# Pixtral: pictures of any size in one row


def _packed(call: Call, scene: Scene, heads: slice) -> Tensor:
    grids = _packed_grids(call, scene)
    start = sum(rows * columns for rows, columns in grids[: scene.item])
    own = slice(start, start + grids[scene.item][0] * grids[scene.item][1])
    return call.weights(heads)[0, :, own, own]


def _packed_grids(call: Call, scene: Scene) -> list[tuple[int, int]]:
    patch = pair(scene.around(call, "config").patch_size)
    sizes = scene.inputs.get("image_sizes")
    if sizes is None:
        sizes = [scene.picture] * scene.inputs["pixel_values"].shape[0]
    return [(int(height) // patch[0], int(width) // patch[1]) for height, width in sizes]


def _packed_sides(call: Call, scene: Scene) -> Sides:
    rows, columns = _packed_grids(call, scene)[scene.item]
    side = Side(rows * columns, (rows, columns), cell=pair(scene.around(call, "config").patch_size))
    return side, side


REDUCED = Shape(plain, _reduced)
DETR = Shape(_detr, _detr_sides)
PICTURES: dict[str, Shape] = {
    r"ViTMAEAttention": Shape(_visible, _visible_sides),
    r"(Segformer|PvtV2Self|CvtSelf|Levit)Attention|LevitAttentionSubsample": REDUCED,
    r"(Segformer|GLPN|Pvt)EfficientSelfAttention": REDUCED,
    r"SwiftFormerEfficientAdditiveAttention": Shape(_additive, _no_sides),
    r"(MaskFormer|Conditional|Dab)?Detr(Decoder)?(Self|Cross)?Attention": DETR,
    r"(TableTransformer|Mask2Former|OneFormer)Attention|(DeformableDetr|RTDetr(V2)?|DFine)SelfAttention": DETR,
    r"MultiheadAttention": Shape(plain, _torchs),
    r"GroundingDinoMultiheadAttention": Shape(plain, _grounded),
    r"Sam(HQ)?Attention": Shape(_sam, _sam_sides),
    r"VisionAttention|(Qwen\w+|Glm4v\w*)VisionAttention": Shape(_merged, _merged_sides, whole=True),
    r"PixtralAttention": Shape(_packed, _packed_sides),
}
