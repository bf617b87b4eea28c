"""What a model writes by greedy decoding, and whether it would be right."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

BATCH = 50


@torch.no_grad()
def write(model: Any, tokenizer: Any, texts: Sequence[str], max_length: int, beams: int = 1) -> list[str]:
    """What the model answers to each text, by greedy decoding or by beam search; `max_length` in tokens."""
    model.eval()
    found: list[str] = []
    for start in range(0, len(texts), BATCH):
        encoded = tokenizer(list(texts[start : start + BATCH]), padding=True, return_tensors="pt")
        ids = model.generate(**encoded, num_beams=beams, do_sample=False, max_length=max_length)
        found += [text.strip() for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]
    return found


def right_throughout(logits: Tensor, labels: Tensor) -> Tensor:
    """Which rows greedy decoding would write without a mistake, from one pass over the right answers.

    It writes the right answer if and only if every token of it is the most probable one after the right tokens before
    it. `logits[row, i]` foresee `labels[row, i]`; places labelled -100 do not count.
    """
    return ((logits.argmax(-1) == labels) | (labels == -100)).all(-1)
