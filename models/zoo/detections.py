"""What a detector's object queries answer, as its own processor reads it: a class and a box each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from models.records import Detections
from models.zoo.errors import InputError

if TYPE_CHECKING:
    from models.zoo.model import Model

ALL = -1.0  # a threshold below every probability


def of(model: Model, output: Any) -> Detections | None:
    """Every query's classes and box; None for a model that detects nothing.

    Raises InputError where the processor makes something else of the output than this does.
    """
    if model.info.task != "detect":
        return None
    logits, boxes = output.logits[0].float().cpu(), output.pred_boxes[0].float().cpu()
    probability, several = _probability(model, output, logits)
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    corners = torch.cat([centre - half, centre + half], 1)
    names: Any = model.module.config.id2label
    labels = tuple(str(names.get(i, i)) for i in range(probability.shape[1]))
    return Detections(labels, probability.detach().numpy(), corners.detach().numpy(), several)


def _probability(model: Model, output: Any, logits: Tensor) -> tuple[Tensor, bool]:
    """Per query and class, and whether each class stands for itself.

    Some models choose one of the classes or "no object", others score each class alone. Which one it is only the
    processor's code says: so it is asked, and what it answers compared with both.
    """
    said = model.reader.processor.post_process_object_detection(output, threshold=ALL)[0]["scores"].float().cpu()
    one = logits.softmax(-1)[:, :-1]
    each = logits.sigmoid()
    if _same(said, one.max(-1).values):
        return one, False
    if _same(said, each.flatten().topk(min(len(said), each.numel())).values):
        return each, True
    raise InputError(
        f"The processor of {model.info.name} reads boxes in a way of its own: neither one class for each query nor "
        "each class by itself."
    )


def _same(one: Tensor, two: Tensor) -> bool:
    return one.shape == two.shape and bool(torch.allclose(one, two, atol=1e-6, rtol=0))
