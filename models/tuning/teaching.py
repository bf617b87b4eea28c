"""Distillation: a student learns from a teacher's probabilities as well as from the data (Hinton et al. 2015).

    loss = weight T^2 KL(teacher softened by T || student softened by T) + (1 - weight) cross-entropy

The gradient of a softened softmax is 1 / T^2 as large, so T^2 keeps the two parts in proportion at any T.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from models.learn.train import Batch
from models.tuning import lessons, network, student
from models.tuning.data import Data
from models.tuning.lessons import Grade, Lesson
from models.tuning.spec import CLASSIFY, Spec
from models.tuning.tuner import Step, Tuner
from models.zoo.errors import LoadError

ROW = "row"  # in a batch: the numbers of its rows


def softened(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T^2 KL(teacher || student) of logits [row, candidate], in nats, the mean of all rows."""
    wanted = (teacher / temperature).log_softmax(-1)
    found = (student / temperature).log_softmax(-1)
    return temperature**2 * F.kl_div(found, wanted, reduction="batchmean", log_target=True)


class Pupil(Tuner):
    """A student with its teacher beside it. Raises LoadError or ConfigError for what cannot be."""

    def __init__(self, spec: Spec, data: Data) -> None:
        super().__init__(spec, data)
        self.teacher = network.load(spec.teacher, spec.task, data.classes, spec.seed)
        if self.teacher.new:
            known = "these classes" if spec.task == CLASSIFY else "this task"
            raise LoadError(f"The teacher does not know {known} yet. Fine-tune it first, and take what comes of it.")
        self.teacher.module.eval()
        self.theirs = lessons.lesson(self.teacher, data, spec)
        same = self.teacher.tokenizer.get_vocab() == self.network.tokenizer.get_vocab()
        if spec.task != CLASSIFY and not same:
            raise LoadError("Teacher and student read different tokens, so their forecasts cannot be compared.")
        self.order = [self.teacher.classes.index(name) for name in self._known()]
        self.said = self._asked() if spec.task == CLASSIFY else {}
        self.parts: dict[str, float] = {}

    def _known(self) -> list[str]:
        """The student's classes as the teacher writes them."""
        written = {name.lower(): name for name in self.teacher.classes}
        return [written[name.lower()] for name in self.network.classes]

    def made(self) -> network.Network:
        """The student: some layers of its model, or all of them."""
        made = super().made()
        if self.spec.layers or self.spec.fresh:
            student.smaller(made, self.spec.layers, self.spec.fresh, self.spec.seed)
        return made

    def _asked(self) -> dict[int, Tensor]:
        """The teacher's logits on every row, asked for once: it does not change."""
        rows = sorted({*self.lesson.trained, *self.lesson.held})
        logits = torch.cat([found for found, _ in lessons.logits_of(self.teacher.module, self.theirs, rows)])
        return dict(zip(rows, logits[:, self.order], strict=True))

    def batch(self, step: int) -> Batch:
        """Batch `step`, with the numbers of its rows."""
        return super().batch(step) | {ROW: torch.tensor(self.lesson.picked(step))}

    def loss(self, module: Any, batch: Batch) -> Tensor:
        """Both parts of a batch's loss, weighed."""
        spec = self.spec
        mine, wanted = lessons.asked(spec.task, lessons.forward(module, batch), batch["labels"])
        own = F.cross_entropy(mine, wanted)
        taught = softened(mine, self._teaches(batch), spec.temperature)
        self.parts = {"teacher": taught.item(), "labels": own.item()}
        return spec.weight * taught + (1 - spec.weight) * own

    @torch.no_grad()
    def _teaches(self, batch: Batch) -> Tensor:
        """The teacher's logits where the batch asks."""
        if self.spec.task == CLASSIFY:
            return torch.stack([self.said[row] for row in batch[ROW].tolist()])
        logits = lessons.forward(self.teacher.module, batch)
        return lessons.asked(self.spec.task, logits, batch["labels"])[0]

    def advance(self) -> Step:
        """One step, with the parts of its loss."""
        step = super().advance()
        return Step(step.step, step.values | self.parts)

    def about(self) -> dict[str, Any]:
        """With what the teacher answers on the held-out rows."""
        theirs = lessons.grade(self.teacher.module, self.theirs)
        answers = [self.order.index(answer) for answer in theirs.answers]
        found = {"loss": theirs.loss, "accuracy": theirs.accuracy, "answers": answers, "n_all": self.teacher.n_all}
        return super().about() | {"teacher": found}

    def beside(self, found: Grade) -> dict[str, Any]:
        """How far the student answers as its teacher does."""
        return {"agreement": agreement(self.network.module, self.teacher.module, self.lesson, self.theirs, self.order)}


def agreement(mine: Any, other: Any, my_lesson: Lesson, other_lesson: Lesson, order: list[int]) -> float:
    """The share of held-out answers that two networks give alike."""
    same = n = 0
    ours = lessons.logits_of(mine, my_lesson, my_lesson.held)
    theirs = lessons.logits_of(other, other_lesson, other_lesson.held)
    for (one, _), (two, _) in zip(ours, theirs, strict=True):
        two = two[:, order] if order else two
        same, n = same + int((one.argmax(-1) == two.argmax(-1)).sum()), n + len(one)
    return same / max(1, n)


def of(spec: Spec, data: Data) -> Tuner:
    """A fine-tuning, or with a teacher a distillation."""
    return Pupil(spec, data) if spec.distils else Tuner(spec, data)
