"""How alike a model's learned position embeddings are: near patches of one row and column, in a trained one.

Dosovitskiy et al. 2021 ("An Image is Worth 16x16 Words"), figure 7: cosine similarity of the embedding of one patch
with that of every other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.records import Floats

SPECIAL = 2  # rows for CLS and distillation tokens, which come first

if TYPE_CHECKING:
    from models.zoo.model import Model


def embeddings(model: Model) -> Floats | None:
    """The learned table of a picture's positions, [position, d_model]; None if the model has none."""
    for name, value in model.module.named_parameters():
        last = name.rpartition(".")[2]
        in_text = "text" in name or "decoder" in name or "language" in name
        if not in_text and last in ("position_embeddings", "position_embedding", "pos_embed") and value.dim() == 3:
            return value[0].float().cpu().numpy()
    for name, module in model.module.named_modules():
        weight: Any = getattr(module, "weight", None)
        if "vision" in name and name.endswith("position_embedding") and weight is not None:
            return weight.float().cpu().numpy()
    return None


def similarity(table: Floats, grid: tuple[int, int]) -> Floats | None:
    """Cosine similarity [patch, patch] of the table's patches, its last rows; None if the table is of another grid.

    A table that a model stretches to pictures of another size is shown for the size it was trained on alone.
    """
    n_patches = grid[0] * grid[1]
    if not n_patches <= len(table) <= n_patches + SPECIAL:
        return None
    rows = table[-n_patches:]
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    rows = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return (rows @ rows.T).clip(-1, 1)
