"""Masked language modelling (Devlin et al. 2019, section 3.1), for every recipe whose model reads both ways."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import AddedToken
from torch import Tensor, nn

from models.learn.train import Batch
from models.zoo.recipes import bucketed

# Of the tokens, this share is asked for, and of these 80 % are masked, 10 % replaced by any token, 10 % left alone.
# Training asks for more than BERT's 15 %: small models learn faster so (Wettig et al. 2023, "Should You Mask 15%").
TRAINED_SHARE, TESTED_SHARE = 0.3, 0.15
TESTED_BATCH = 200


def mask_token(text: str) -> AddedToken:
    """The mask swallows the space before it, so that "the [MASK] sat" reads as it was trained."""
    return AddedToken(text, lstrip=True, special=True)


def batches(rows: Sequence[Sequence[int]], tokenizer: Any, size: int, seed: int) -> Callable[[int], Batch]:
    """Batch number `step`: texts of similar length, masked anew every time they come (as RoBERTa does)."""
    pick = bucketed.epochs(np.array([len(row) for row in rows]), size, seed)
    special = torch.tensor(sorted(tokenizer.all_special_ids))

    def batch(step: int) -> Batch:
        ids = bucketed.pad([rows[i] for i in pick(step)], tokenizer.pad_token_id)
        chance = torch.Generator().manual_seed(seed * 1_000_003 + step)
        asked = choose(ids, special, chance, TRAINED_SHARE)
        kind = torch.rand(ids.shape, generator=chance)
        any_token = torch.randint(len(tokenizer), ids.shape, generator=chance)
        seen = torch.where(asked & (kind < 0.8), tokenizer.mask_token_id, ids)
        seen = torch.where(asked & (kind >= 0.9), any_token, seen)
        return _batch(seen, ids, asked, tokenizer.pad_token_id)

    return batch


def choose(ids: Tensor, special: Tensor, chance: torch.Generator, share: float) -> Tensor:
    """Which tokens [row, position] are asked for: a share of those that are not special, and one in every row."""
    free = ~torch.isin(ids, special)
    draw = torch.rand(ids.shape, generator=chance).masked_fill(~free, 2.0)
    return (draw < share) | ((draw == draw.min(1, keepdim=True).values) & free)


def _batch(seen: Tensor, ids: Tensor, asked: Tensor, pad: int) -> Batch:
    return {"input_ids": seen, "attention_mask": (ids != pad).long(), "labels": ids.where(asked, -100)}


def asked_logits(model: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    """Logits [asked, d_vocab] and right tokens of the places asked for; the others' are not computed, to save time."""
    hidden = model.base_model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])[0]
    asked = batch["labels"] != -100
    head = model.lm_head if hasattr(model, "lm_head") else model.cls
    return head(hidden[asked]), batch["labels"][asked]


def loss(model: Any, batch: Batch) -> Tensor:
    """Mean cross-entropy of the tokens asked for."""
    return nn.functional.cross_entropy(*asked_logits(model, batch))


@torch.no_grad()
def accuracy(model: Any, tokenizer: Any, rows: Sequence[Sequence[int]], seed: int) -> tuple[float, float]:
    """Percentage of masked tokens, 15 % of each text, that come first and among the first five."""
    model.eval()
    special = torch.tensor(sorted(tokenizer.all_special_ids))
    chance = torch.Generator().manual_seed(seed)
    first, five, n = 0, 0, 0
    for start in range(0, len(rows), TESTED_BATCH):
        ids = bucketed.pad(rows[start : start + TESTED_BATCH], tokenizer.pad_token_id)
        asked = choose(ids, special, chance, TESTED_SHARE)
        seen = ids.masked_fill(asked, tokenizer.mask_token_id)
        logits, right = asked_logits(model, _batch(seen, ids, asked, tokenizer.pad_token_id))
        hits = logits.topk(5).indices == right[:, None]
        first, five, n = first + int(hits[:, 0].sum()), five + int(hits.sum()), n + len(right)
    return round(100 * first / n, 2), round(100 * five / n, 2)
