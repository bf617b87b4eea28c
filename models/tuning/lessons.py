"""What each task trains on and is graded by: batches by their step, a loss, and answers on what was held out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.learn.train import Batch
from models.tuning.data import Data, split
from models.tuning.network import Network
from models.tuning.spec import CLASSIFY, GAPS, Spec
from models.zoo.recipes import masked
from models.zoo.recipes.bucketed import pad

MASKED = 0.15  # share of the tokens asked for (Devlin et al. 2019)
IGNORED = -100
AT_ONCE = 64  # rows of a batch that is only graded
MOST_HELD = 2_000  # held-out rows that are graded


@dataclass(frozen=True)
class Grade:
    """On held-out rows: mean loss, share of right answers (classes, gaps, next tokens), a classifier's answers."""

    loss: float
    accuracy: float
    answers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Lesson:
    """Rows of token ids to train on and to grade by, with their classes; `n_cut` texts were longer than is read."""

    task: str
    trained: tuple[int, ...]  # numbers of the rows in the data
    held: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]  # of all data
    labels: tuple[int, ...]  # of all rows, as the network counts classes
    n_cut: int
    max_tokens: int
    filler: int
    mask: int
    special: tuple[int, ...]
    seed: int
    batch_size: int

    @property
    def n_batches(self) -> int:
        """Of an epoch; the last one may be smaller."""
        return math.ceil(len(self.trained) / self.batch_size)

    def picked(self, step: int) -> list[int]:
        """Row numbers of batch `step`: every epoch in another order."""
        epoch, number = divmod(step, self.n_batches)
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.trained))
        return [self.trained[i] for i in order[number * self.batch_size :][: self.batch_size]]

    def batch(self, step: int) -> Batch:
        """Batch `step`, which depends on nothing else."""
        chance = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        return self.batch_of(self.picked(step), chance)

    def batch_of(self, numbers: Sequence[int], chance: torch.Generator) -> Batch:
        """These rows as a model takes them."""
        rows = [self.rows[i] for i in numbers]
        ids = pad(rows, self.filler)
        there = torch.arange(ids.shape[1]) < torch.tensor([[len(row)] for row in rows])
        batch = {"input_ids": ids, "attention_mask": there.long()}
        if self.task == CLASSIFY:
            return batch | {"labels": torch.tensor([self.labels[i] for i in numbers])}
        if self.task == GAPS:
            return batch | self._gaps(ids, there, chance)
        return batch | {"labels": ids.masked_fill(~there, IGNORED)}

    def _gaps(self, ids: Tensor, there: Tensor, chance: torch.Generator) -> Batch:
        """Tokens asked for, all of them masked: what a reader of the page asks of the model."""
        ids = ids.masked_fill(~there, self.special[0])  # padding is never asked for
        asked = masked.choose(ids, torch.tensor(self.special), chance, MASKED) & there
        return {"input_ids": ids.masked_fill(asked, self.mask), "labels": ids.masked_fill(~asked, IGNORED)}


def lesson(network: Network, data: Data, spec: Spec) -> Lesson:
    """The data as this network reads it."""
    trained, held = split(data, spec.held_out, spec.seed)
    tokenizer: Any = network.tokenizer
    most = min(spec.max_tokens, network.max_len)
    rows, n_cut = _encoded(tokenizer, data.texts, most)
    place = {name.lower(): i for i, name in enumerate(network.classes)}
    labels = tuple(place[data.classes[i].lower()] for i in data.labels) if spec.task == CLASSIFY else ()
    return Lesson(
        spec.task,
        trained,
        held[:: max(1, len(held) // MOST_HELD)][:MOST_HELD],
        rows,
        labels,
        n_cut,
        most,
        filler=tokenizer.pad_token_id,
        mask=-1 if tokenizer.mask_token_id is None else tokenizer.mask_token_id,
        special=tuple(sorted(set(tokenizer.all_special_ids) - {tokenizer.mask_token_id})),
        seed=spec.seed,
        batch_size=spec.batch_size,
    )


def _encoded(tokenizer: Any, texts: Sequence[str], most: int) -> tuple[tuple[tuple[int, ...], ...], int]:
    """Token ids of each text, cut where the model reads no further, and how many were."""
    options = {"verbose": False, "split_special_tokens": True}
    whole = tokenizer(list(texts), truncation=False, **options)["input_ids"]
    long = [i for i, ids in enumerate(whole) if len(ids) > most]
    rows = [tuple(ids) or (tokenizer.pad_token_id,) for ids in whole]
    if long:
        cut = tokenizer([texts[i] for i in long], truncation=True, max_length=most, **options)["input_ids"]
        for i, ids in zip(long, cut, strict=True):
            rows[i] = tuple(ids)
    return tuple(rows), len(long)


def loss(task: str, logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of the answers that are asked for."""
    return F.cross_entropy(*asked(task, logits, labels))


def asked(task: str, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Logits [asked, candidate] and right answers: one per text, per gap, or per token but the first."""
    if task == CLASSIFY:
        return logits, labels
    if task != GAPS:
        logits, labels = logits[:, :-1], labels[:, 1:]
    there = labels != IGNORED
    return logits[there], labels[there]


def forward(module: Any, batch: Batch) -> Tensor:
    """Logits of a batch."""
    return module(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits


@torch.no_grad()
def logits_of(module: Any, lesson: Lesson, numbers: Sequence[int]) -> list[tuple[Tensor, Tensor]]:
    """Batch by batch, logits and right answers of these rows, gaps always in the same places."""
    module.eval()
    found = []
    for at in range(0, len(numbers), AT_ONCE):
        batch = lesson.batch_of(numbers[at : at + AT_ONCE], torch.Generator().manual_seed(lesson.seed + at))
        found.append(asked(lesson.task, forward(module, batch), batch["labels"]))
    return found


def grade(module: Any, lesson: Lesson) -> Grade:
    """How well it answers on what was held out."""
    total, right, n, answers = 0.0, 0, 0, []
    for logits, wanted in logits_of(module, lesson, lesson.held):
        total += F.cross_entropy(logits, wanted, reduction="sum").item()
        said = logits.argmax(-1)
        right, n = right + int((said == wanted).sum()), n + len(wanted)
        answers += said.tolist() if lesson.task == CLASSIFY else []
    n = max(1, n)
    return Grade(total / n, right / n, tuple(answers))
