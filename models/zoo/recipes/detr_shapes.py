"""detr-shapes: a small DETR that finds coloured shapes.

The detector of Carion et al. 2020 ("End-to-End Object Detection with Transformers") on 64 x 64 scenes: a two-stage
ResNet, 2 encoder and 3 decoder layers of d_model 96, 8 object queries. Three things make it learn from scratch in
minutes: batch norm that is trained (frozen statistics suit only a pretrained backbone), wider starting weights, and a
throw-away head that names the shape in each cell of the encoder's map.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import DetrConfig, DetrForObjectDetection, DetrImageProcessorPil, ResNetConfig

from models.learn.train import Batch, Plan, fit
from models.records import Bools, Floats
from models.zoo.recipes import attended, detection, scenes

NAME = "detr-shapes"
# Seeds 0, 1 and 2 find the same (0.995, 0.996, 0.996); how much of their cross-attention stays inside the own box,
# as a mean over heads, differs: 0.39, 0.36, 0.50. The third is shipped, for it is the one that is looked at.
PLAN = Plan(
    steps=2_500,
    lr=1e-3,
    warmup=100,
    hold=0.5,
    final_lr=0.02,
    betas=(0.9, 0.999),
    weight_decay=1e-4,
    every=250,
    seed=2,
)
BATCH, SIDE, CELLS = 32, 64, 8  # pictures, pixels, cells of the encoder's map along a side
MEAN, SPREAD = 0.2, 0.25  # of a pixel of these dark scenes, out of 1
NOTHING = len(scenes.SHAPES)
NOTHING_WEIGHT = 0.2  # most cells show background
CELL_WEIGHT = 2.0  # of the throw-away head's loss beside DETR's own
TRAIN_SEED, WATCH_SEED, TEST_SEED, HARD_SEED, PROBE_SEED = range(5)
WATCHED, TESTED, PROBED = 200, 500, 200  # scenes
HARD = {"radii": (4.0, 9.0), "most": 6, "overlap": 8.0}  # smaller, more, and over one another: never trained

CARD = {
    "title": "A small DETR that finds coloured shapes",
    "task": "detect objects",
    "architecture": (
        "DETR: two-stage ResNet, 2 encoder and 3 decoder layers, 4 heads, d_model 96, 8 object queries, 64 x 64 pixels "
        "seen as 8 x 8 cells"
    ),
    "licence": "MIT",
    "data": (
        "Made up by the recipe: one to four circles, squares, triangles, rings, crosses and diamonds in eight colours "
        "on a dark noisy background; every scene it was trained on or measured on is new."
    ),
    "measured_by": "python -m models.zoo verify detr-shapes --data FOLDER",
    "recipe": "models/zoo/recipes/detr_shapes.py",
    "weaknesses": (
        "It knows these six shapes on dark backgrounds and no photograph. It was never shown shapes that overlap by "
        "more than two pixels or are smaller than 12: the figures under hard say how much worse it is there. It says "
        "shapes, not colours."
    ),
    "look_for": (
        "Each object query puts its cross-attention inside the box it answers with, one head of the last decoder layer "
        "far more than the others. Queries that answer no object look anywhere."
    ),
    "stack": "cross-attention",
    "examples": (
        {"title": "Three shapes", "role": "own box", "picture": "three.png"},
        {"title": "Four shapes", "role": "own box", "picture": "four.png"},
        {"title": "Smaller, and over one another", "role": "own box", "picture": "hard.png"},
    ),
}


class Trained(nn.Module):
    """The detector and the throw-away head that names the shape in each cell."""

    def __init__(self) -> None:
        super().__init__()
        self.detr = DetrForObjectDetection(config())
        self.cells = nn.Linear(self.detr.config.d_model, NOTHING + 1)
        self.detr.model.backbone.requires_grad_(True)  # the class freezes what it takes for a pretrained backbone
        _train_batch_norm(self.detr.model.backbone)
        _widen(self.detr)
        self.detr.set_attn_implementation("eager")  # 8 queries and 64 cells are faster without the fused kernel


def config() -> DetrConfig:
    """The model's shape; a third stage would leave 4 x 4 cells, too coarse for shapes of 12 pixels."""
    stages: dict[str, Any] = {"hidden_sizes": [32, 64], "depths": [1, 2], "out_features": ["stage2"]}
    own: dict[str, Any] = {"use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None}
    return DetrConfig(
        **own,
        backbone_config=ResNetConfig(layer_type="basic", embedding_size=32, **stages),
        d_model=96,
        encoder_layers=2,
        decoder_layers=3,
        encoder_ffn_dim=256,
        decoder_ffn_dim=256,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        num_queries=8,
        id2label=dict(enumerate(scenes.SHAPES)),
        label2id={shape: index for index, shape in enumerate(scenes.SHAPES)},
        auxiliary_loss=True,
        dropout=0.0,
        eos_coefficient=0.3,
    )


def _train_batch_norm(module: nn.Module) -> None:
    """Put a batch norm that learns in place of each frozen one; the names of its tensors are the same."""
    for name, child in module.named_children():
        if "FrozenBatchNorm" in type(child).__name__:
            setattr(module, name, nn.BatchNorm2d(child.get_buffer("weight").numel(), momentum=0.05))
        else:
            _train_batch_norm(child)


def _widen(detr: DetrForObjectDetection) -> None:
    """Xavier weights and N(0, 1) queries: at the class's 0.02 all queries stay alike."""
    for name, parameter in detr.named_parameters():
        inner = not any(part in name for part in ("backbone", "embeddings", "class_labels"))
        if (parameter.ndim == 2 and inner) or name == "model.input_projection.weight":
            nn.init.xavier_uniform_(parameter)
    nn.init.normal_(detr.model.query_position_embeddings.weight)


def shipped(trained: Trained) -> DetrForObjectDetection:
    """The detector alone, its batch statistics back in frozen batch norms."""
    model = DetrForObjectDetection(config())
    model.load_state_dict({k: v for k, v in trained.detr.state_dict().items() if "num_batches" not in k})
    return model.eval()


def processor() -> DetrImageProcessorPil:
    """Any picture to 64 x 64 pixels of the scale the model was trained on."""
    return DetrImageProcessorPil(
        size={"height": SIDE, "width": SIDE}, image_mean=[MEAN] * 3, image_std=[SPREAD] * 3, do_pad=False
    )


def sample(seed: int, number: int, **crowd: Any) -> tuple[scenes.Scene, NDArray[np.uint8]]:
    """Scene `number` of a stream, and its picture."""
    chance = np.random.default_rng([seed, number])
    scene = scenes.crowd(chance, SIDE, **crowd)
    return scene, scenes.draw(scene, chance)


def truth(scene: scenes.Scene) -> tuple[list[int], NDArray[np.float32]]:
    """Classes, and boxes [thing, (centre x, centre y, width, height)] as shares of the picture."""
    boxes = np.array([scenes.box(thing, scene.side) for thing in scene.things], np.float32) / scene.side
    low, high = boxes[:, :2], boxes[:, 2:]
    return [scenes.SHAPES.index(t.shape) for t in scene.things], np.concatenate([(low + high) / 2, high - low], 1)


def named_cells(scene: scenes.Scene) -> NDArray[np.int64]:
    """The shape whose box covers the centre of each cell, row by row; `NOTHING` where there is none."""
    names = np.full((CELLS, CELLS), NOTHING)
    centres = (np.arange(CELLS) + 0.5) * scene.side / CELLS
    for thing in scene.things:
        left, top, right, bottom = scenes.box(thing, scene.side)
        across, down = (centres >= left) & (centres < right), (centres >= top) & (centres < bottom)
        names[np.ix_(down, across)] = scenes.SHAPES.index(thing.shape)
    return names.ravel()


def pixels(pictures: list[NDArray[np.uint8]]) -> Tensor:
    """What the processor makes of pictures that already have the right size, [picture, rgb, row, column]."""
    x = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    return (x - MEAN) / SPREAD


def batch(step: int) -> Batch:
    """Batch number `step`: 32 new scenes; their boxes one after another, `counts` to a scene."""
    drawn = [sample(TRAIN_SEED, step * BATCH + i) for i in range(BATCH)]
    truths = [truth(scene) for scene, _ in drawn]
    return {
        "pixel_values": pixels([picture for _, picture in drawn]),
        "classes": torch.tensor([c for classes, _ in truths for c in classes]),
        "boxes": torch.from_numpy(np.concatenate([boxes for _, boxes in truths])),
        "counts": torch.tensor([len(classes) for classes, _ in truths]),
        "cells": torch.from_numpy(np.concatenate([named_cells(scene) for scene, _ in drawn])),
    }


def loss(trained: Any, data: Batch) -> Tensor:
    """DETR's own loss and that of the throw-away head."""
    counts = data["counts"].tolist()
    pairs = zip(data["classes"].split(counts), data["boxes"].split(counts), strict=True)
    labels = [{"class_labels": classes, "boxes": boxes} for classes, boxes in pairs]
    output = trained.detr(data["pixel_values"], labels=labels)
    cells = trained.cells(output.encoder_last_hidden_state).flatten(0, 1)
    weight = torch.ones(NOTHING + 1)
    weight[NOTHING] = NOTHING_WEIGHT
    return output.loss + CELL_WEIGHT * nn.functional.cross_entropy(cells, data["cells"], weight)


@torch.no_grad()
def detect(model: Any, pictures: list[NDArray[np.uint8]]) -> list[detection.Found]:
    """Class, score and box of every query on every picture; the class is the best one that is an object."""
    model.eval()
    found = []
    for start in range(0, len(pictures), 50):
        output = model(pixels(pictures[start : start + 50]))
        best = output.logits.softmax(-1)[..., :NOTHING].max(-1)
        answers = zip(best.indices, best.values, output.pred_boxes, strict=True)
        found += [detection.Found(kind.numpy(), score.numpy(), corners(box.numpy())) for kind, score, box in answers]
    return found


def corners(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """(centre x, centre y, width, height) to (left, top, right, bottom)."""
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], 1)


def scored(model: Any, seed: int, n: int, **crowd: Any) -> dict[str, float]:
    """Mean average precision on `n` scenes of a stream."""
    drawn = [sample(seed, number, **crowd) for number in range(n)]
    found = detect(model, [picture for _, picture in drawn])
    there = [(np.array(kinds), corners(boxes)) for kinds, boxes in (truth(scene) for scene, _ in drawn)]
    return {
        f"map_{int(100 * least)}": round(detection.mean_average_precision(found, there, least), 3)
        for least in (0.5, 0.75)
    }


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Train on fresh scenes, with snapshots in `work`; nothing is read from `data`."""
    torch.manual_seed(PLAN.seed)
    trained = Trained()
    curve = fit(trained, batch, PLAN, work, lambda: scored(trained.detr, WATCH_SEED, WATCHED), loss, report)
    return shipped(trained), processor(), curve


def measure(model: Any, processor: Any, data: Path) -> dict[str, float]:
    """The card's figures on scenes the recipe never saw; those under hard are of a kind it never trained on."""
    hard = scored(model, HARD_SEED, TESTED, **HARD)
    return scored(model, TEST_SEED, TESTED) | {f"hard_{key}": value for key, value in hard.items()}


def heads(model: Any, processor: Any, data: Path) -> dict[str, Any]:
    """The cross-attention head that stays most inside the box its query answers with."""
    return {"own box": attended.best(attended.share(looks(model, PROBE_SEED, PROBED)))}


def pictures(data: Path) -> dict[str, NDArray[np.uint8]]:
    """The examples' pictures, by file name: the first held-out scenes of so many things."""
    drawn = [sample(TEST_SEED, number) for number in range(TESTED)]
    first = {count: next(picture for scene, picture in drawn if len(scene.things) == count) for count in (3, 4)}
    return {"three.png": first[3], "four.png": first[4], "hard.png": sample(HARD_SEED, 0, **HARD)[1]}


@torch.no_grad()
def looks(model: Any, seed: int, n: int) -> Iterator[tuple[Floats, Bools]]:
    """Cross-attention of the queries that found something, and the cells inside the box of each."""
    centres = (np.arange(CELLS) + 0.5) / CELLS
    for number in range(n):
        output = model(pixels([sample(seed, number)[1]]), output_attentions=True)
        box = corners(output.pred_boxes[0].numpy())
        across = (centres >= box[:, :1]) & (centres < box[:, 2:3])
        down = (centres >= box[:, 1:2]) & (centres < box[:, 3:])
        inside = (down[:, :, None] & across[:, None]).reshape(len(box), -1)
        found = output.logits[0].argmax(-1).numpy() != NOTHING
        yield attended.stack(output.cross_attentions), inside & found[:, None]
