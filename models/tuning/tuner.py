"""A fine-tuning in memory: `advance` takes a step, `grade` asks what was held out, `state` and `resume` are a snapshot.

Every draw follows from the seed and the step, so a run that goes on from its last snapshot ends with the same bits.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import torch
from safetensors.torch import load as read_tensors
from safetensors.torch import save as write_tensors
from torch import Tensor

from models.learn.train import Batch, Plan, advance, optimizer_of
from models.tuning import lessons, network
from models.tuning.data import Data
from models.tuning.lessons import Grade
from models.tuning.spec import Spec

WARMUP = 0.06  # share of the steps
BETAS = (0.9, 0.999)
WEIGHT_DECAY = 0.01
BLOWN = 20  # times the loss of guessing: from there on nothing is learnt any more


@dataclass(frozen=True)
class Step:
    """What one step measured: "loss", "norm" of the gradient, "lr"; of a distillation also the parts of the loss."""

    step: int
    values: dict[str, float]


class Tuner:
    """One fine-tuning. Raises LoadError or ConfigError for what cannot be."""

    def __init__(self, spec: Spec, data: Data) -> None:
        torch.set_num_threads(1)
        self.spec, self.data = spec, data
        self.network = self.made()
        network.prepare(self.network, spec)
        self.lesson = lessons.lesson(self.network, data, spec)
        self.plan = plan(spec, len(self.lesson.trained))
        self.optimizer = optimizer_of(self.network.module, self.plan)
        self.step = 0

    def made(self) -> network.Network:
        """The network before it learns."""
        return network.load(self.spec.model, self.spec.task, self.data.classes, self.spec.seed)

    def batch(self, step: int) -> Batch:
        """Batch `step`."""
        return self.lesson.batch(step)

    def advance(self) -> Step:
        """One step. Raises FloatingPointError if the loss is no number any more, or beyond all measure."""
        lr = self.plan.lr_at(self.step)
        batch = self.batch(self.step)
        value, norm = advance(self.network.module, self.optimizer, self.plan, self.step, batch, self.loss)
        if value > BLOWN * math.log(max(2, self._candidates())):
            raise FloatingPointError(f"the loss went up to {value:.3g} at step {self.step}")
        self.step += 1
        return Step(self.step, {"loss": value, "norm": norm, "lr": lr})

    def _candidates(self) -> int:
        """What a guess is chosen from."""
        return len(self.network.classes) or len(self.network.tokenizer)

    def loss(self, module: Any, batch: Batch) -> Tensor:
        """Of a batch."""
        return lessons.loss(self.spec.task, lessons.forward(module, batch), batch["labels"])

    def about(self) -> dict[str, Any]:
        """What is to be said of it before it trains."""
        lesson, net = self.lesson, self.network
        return {
            "steps": self.plan.steps,
            "n_trained": net.n_trained,
            "n_all": net.n_all,
            "n_rows": len(lesson.trained),
            "held": lesson.held,
            "n_cut": lesson.n_cut,
            "max_tokens": lesson.max_tokens,
            "classes": net.classes,
            "notes": net.notes,
        }

    def beside(self, found: Grade) -> dict[str, Any]:
        """What else is said of a grade."""
        return {}

    def grade(self) -> Grade:
        """On what was held out."""
        return lessons.grade(self.network.module, self.lesson)

    def state(self) -> bytes:
        """Everything a snapshot needs: the weights that change, the optimiser's memory, the step."""
        tensors = {f"model.{name}": weight.detach().contiguous() for name, weight in self.network.trained.items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{key}": value.contiguous() for key, value in state.items()}
        return write_tensors(tensors, {"step": str(self.step)})

    def resume(self, state: bytes) -> None:
        """Stand where a snapshot was taken."""
        tensors = read_tensors(state)
        memory: dict[int, dict[str, Tensor]] = {}
        with torch.no_grad():
            for name, weight in self.network.trained.items():
                weight.copy_(tensors[f"model.{name}"])
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, index, key = name.split(".", 2)
                memory.setdefault(int(index), {})[key] = value
        self.optimizer.load_state_dict({"state": memory, "param_groups": self.optimizer.state_dict()["param_groups"]})
        size = int.from_bytes(state[:8], "little")
        self.step = int(json.loads(state[8 : 8 + size])["__metadata__"]["step"])


def plan(spec: Spec, n_rows: int) -> Plan:
    """How the learning rate moves: a short warm-up, then half a cosine down to nothing."""
    steps = spec.n_steps(n_rows)
    return Plan(
        steps=steps,
        lr=spec.lr,
        warmup=max(1, round(WARMUP * steps)),
        final_lr=0.0,
        betas=BETAS,
        weight_decay=WEIGHT_DECAY,
        seed=spec.seed,
    )
