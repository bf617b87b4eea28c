"""The training loop of the playground: one step at a time, knobs turned between steps, the same bits every time.

Every draw follows from a seed and a count, never from what was drawn before: the weights from `init_seed`, the rows
from `data_seed`, their order from `order_seed` and how many were read, dropout from `order_seed` and the step. So a
snapshot, the Spec and the changes since are enough to go on as if nothing had happened.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load as read_tensors
from safetensors.torch import save as write_tensors
from torch import Tensor, nn

from models.learn import samples, tasks
from models.learn.spec import Change, Spec, read
from models.records import Floats
from models.zoo.recipes.decoding import right_throughout

BETAS = (0.9, 0.98)
MOMENTUM = 0.9
IGNORED = -100
BLOWN = 20  # times the loss of guessing: from there on nothing is learnt any more


class Diverged(ArithmeticError):
    """The loss is no number any more, or beyond all measure; the sentence says at which step, and what to try."""


@dataclass(frozen=True)
class Step:
    """What one step measured: loss on its batch, the gradient's norm before clipping, the learning rate."""

    step: int
    loss: float
    norm: float
    lr: float


@dataclass(frozen=True)
class Evaluation:
    """On held-out rows: mean loss, share of graded tokens foretold, share of rows without a mistake."""

    step: int
    loss: float
    accuracy: float
    exact: float


class Trainer:
    """A run in memory: `advance` takes a step, `change` turns a knob, `state` and `resume` are its snapshot."""

    def __init__(self, spec: Spec) -> None:
        torch.set_num_threads(1)  # more make small models slower, much slower on a busy machine
        self.start = self.spec = spec
        self.data = samples.data(spec)
        torch.manual_seed(spec.init_seed)
        self.model: Any = tasks.TASKS[spec.task].model(spec.config)  # a Decoder, or a Vision for pictures
        self.average: dict[str, Tensor] = {}
        self.step = self.seen = self.turned = 0  # steps taken, rows read, knobs turned
        self.optimiser = self._optimiser()
        self._start_average(running=False)
        self.batch: tuple[Tensor, Tensor] | None = None  # what was read last, and what was to be foretold
        self._epoch: tuple[int, samples.Ids] = (-1, np.empty(0, np.int64))
        self._noise: tuple[Floats, samples.Ids] | None = None

    # ---- a step

    def advance(self) -> Step:
        """One step of the optimiser. Raises Diverged; the weights are then those before or after it, not to be used."""
        lr = self.begin()
        value = self.backward()
        norm = self.clip()
        self.check(value, norm)
        self.update()
        return Step(self.step, value, norm, lr)

    def begin(self) -> float:
        """Before a step: its learning rate is set, its dropout drawn from its own seed, the last gradient forgotten."""
        self.step += 1
        lr = self.spec.lr_at(self.step)
        torch.manual_seed((self.spec.order_seed * 1_000_003 + self.step) % 2**63)
        for group in self.optimiser.param_groups:
            group["lr"] = lr
        self.model.train()
        self.optimiser.zero_grad(set_to_none=True)
        return lr

    def backward(self) -> float:
        """Forward and backward, `accumulation` times; the mean loss."""
        losses = []
        for _ in range(self.spec.accumulation):
            self.batch = self._batch()
            loss = self._loss(*self.batch)
            (loss / self.spec.accumulation).backward()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    def clip(self) -> float:
        """No gradient longer than `clip`; the norm before."""
        return nn.utils.clip_grad_norm_(self.model.parameters(), self.spec.clip or math.inf).item()

    def check(self, value: float, norm: float) -> None:
        """Raises Diverged for a loss that means nothing any more."""
        if not (math.isfinite(value) and math.isfinite(norm)):
            raise Diverged(self._why("no longer a number"))
        if value > BLOWN * math.log(len(self.data.symbols)):
            raise Diverged(self._why(f"{value:,.0f}, more than {BLOWN} times that of guessing"))

    def update(self) -> None:
        """The weights move; their average goes after them."""
        self.optimiser.step()
        self._follow()

    def _why(self, what: str) -> str:
        rate = f"the learning rate was {self.spec.lr_at(self.step):.2g}"
        return f"At step {self.step:,} the loss was {what}; {rate}. Try a smaller one."

    def _loss(self, tokens: Tensor, labels: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.spec.precision == "bfloat16"):
            logits = self.model(tokens, self.spec.knobs)
        return F.cross_entropy(
            logits.float().flatten(0, -2),
            labels.flatten(),
            ignore_index=IGNORED,
            label_smoothing=self.spec.label_smoothing,
        )

    def _batch(self) -> tuple[Tensor, Tensor]:
        """The next rows in this run's order, each epoch shuffled anew: what is read, and what is to be foretold."""
        rows, wanted = self.data.train, self.spec.batch_size
        picked: list[samples.Ids] = []
        while wanted:
            epoch, place = divmod(self.seen, len(rows))
            if self._epoch[0] != epoch:
                self._epoch = epoch, np.random.default_rng([self.spec.order_seed, epoch]).permutation(len(rows))
            part = self._epoch[1][place : place + wanted]
            picked.append(part)
            self.seen += len(part)
            wanted -= len(part)
        index = np.concatenate(picked)
        tokens = rows.tokens[index]
        labels = np.where(rows.trained[index], self._noisy(tokens, index), IGNORED)
        return asked(rows, index), torch.from_numpy(labels[:, 1:])

    def _noisy(self, tokens: samples.Ids, index: samples.Ids) -> samples.Ids:
        """Labels of which some are wrong, the same ones whenever a row comes round."""
        if not self.spec.label_noise:
            return tokens
        if self._noise is None:
            chance, shape = np.random.default_rng([self.spec.data_seed, 2]), self.data.train.tokens.shape
            self._noise = chance.random(shape, np.float32), chance.integers(len(self.data.symbols) - 1, size=shape)
        wrong, instead = self._noise
        return np.where(wrong[index] < self.spec.label_noise, instead[index], tokens)

    def _follow(self) -> None:
        """The average of weights goes after the weights."""
        with torch.no_grad():
            for name, weight in self.model.named_parameters():
                if name in self.average:
                    self.average[name].lerp_(weight, 1 - self.spec.ema)

    # ---- knobs

    def change(self, knob: str, value: Any) -> Change:
        """Turn a live knob, from the next step on; raises ConfigError. Another optimiser begins without memory."""
        old, self.spec = getattr(self.spec, knob, None), self.spec.changed(knob, value)
        self.turned += 1
        if knob == "optimiser":
            self.optimiser = self._optimiser()
        if knob == "weight_decay":
            self.optimiser.param_groups[0]["weight_decay"] = value
        if knob == "ema":
            self._start_average(running=bool(old))
        return Change(self.step, knob, old, value)

    def _start_average(self, running: bool) -> None:
        if not self.spec.ema:
            self.average = {}
        elif not running:
            self.average = {name: weight.detach().clone() for name, weight in self.model.named_parameters()}

    def _optimiser(self) -> torch.optim.Optimizer:
        """Matrices decay, vectors do not."""
        parameters = list(self.model.parameters())
        groups = [
            {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": self.spec.weight_decay},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
        groups = [group for group in groups if group["params"]]  # without norms and biases there are no vectors
        lr, name = self.spec.lr, self.spec.optimiser
        if name in ("SGD", "momentum"):
            return torch.optim.SGD(groups, lr=lr, momentum=MOMENTUM if name == "momentum" else 0.0, fused=True)
        kind = torch.optim.AdamW if name == "AdamW" else torch.optim.Adam
        return kind(groups, lr=lr, betas=BETAS, fused=True)

    # ---- looking

    @torch.no_grad()
    def evaluate(self) -> Evaluation:
        """On the held-out rows, with the averaged weights where they are kept. Training is not touched by it."""
        rows = self.data.held_out
        tokens = torch.from_numpy(rows.tokens)
        logits = self.logits(asked(rows))
        labels, graded = (tokens.where(torch.from_numpy(m), IGNORED)[:, 1:] for m in (rows.trained, rows.graded))
        loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED).item()
        right = (logits.argmax(-1) == graded)[graded != IGNORED].double().mean().item()
        exact = right_throughout(logits, graded).double().mean().item()
        return Evaluation(self.step, loss, right, exact)

    def logits(self, inputs: Tensor) -> Tensor:
        """What the model says [row, position, symbol], a picture being one position; averaged weights if kept."""
        self.model.eval()
        names: dict[str, Tensor] = self.average
        if not names:
            said = self.model(inputs, self.spec.knobs)
        else:
            said = torch.func.functional_call(self.model, names, (inputs, self.spec.knobs))
        return said if said.ndim == 3 else said[:, None]

    # ---- snapshots

    def state(self) -> bytes:
        """Everything that follows from the past, as safetensors."""
        tensors = {f"model.{name}": value.detach().contiguous() for name, value in self.model.named_parameters()}
        tensors |= {f"average.{name}": value.contiguous() for name, value in self.average.items()}
        for index, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{k}": v.contiguous() for k, v in state.items() if isinstance(v, Tensor)}
        counts = {"step": self.step, "seen": self.seen, "turned": self.turned}
        facts = counts | {"spec": self.spec.as_json()}
        return write_tensors(tensors, {"facts": json.dumps(facts)})

    def keep(self, state: bytes) -> tuple[list[str], list[str]]:
        """Begin with the weights of another run's snapshot where they fit: names of those kept, and of the new ones."""
        tensors, kept, new = read_tensors(state), [], []
        with torch.no_grad():
            for name, weight in self.model.named_parameters():
                old = tensors.get(f"model.{name}")
                if old is not None and old.shape == weight.shape:
                    weight.copy_(old)
                    kept.append(name)
                else:
                    new.append(name)
        self._start_average(running=False)
        return kept, new

    def resume(self, state: bytes) -> None:
        """Be as the run was when `state` was written. Raises ValueError for a snapshot of another shape."""
        size = int.from_bytes(state[:8], "little")
        facts = json.loads(json.loads(state[8 : 8 + size])["__metadata__"]["facts"])
        tensors = read_tensors(state)
        self.spec = read(facts["spec"])
        self.step, self.seen, self.turned = facts["step"], facts["seen"], facts["turned"]
        self.average = {name[8:]: value for name, value in tensors.items() if name.startswith("average.")}
        with torch.no_grad():
            for name, weight in self.model.named_parameters():
                weight.copy_(tensors[f"model.{name}"])
        self.optimiser = self._optimiser()
        kept: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("optimiser."):
                _, index, key = name.split(".", 2)
                kept.setdefault(int(index), {})[key] = value
        self.optimiser.load_state_dict({"state": kept, "param_groups": self.optimiser.state_dict()["param_groups"]})


def replay(spec: Spec, changes: Iterable[Change], until: int) -> Trainer:
    """The run of a Spec and its changes, once more, up to a step: bit for bit the same on a CPU."""
    trainer = Trainer(spec)
    for _ in again(trainer, changes, until):
        pass
    return trainer


def again(trainer: Trainer, changes: Iterable[Change], until: int) -> Iterator[Step]:
    """Steps up to `until`, each knob turned where it was; what came before the trainer's own step is left out."""
    waiting = sorted(changes, key=lambda change: change.step)[trainer.turned :]
    while True:
        while waiting and waiting[0].step <= trainer.step:
            change = waiting.pop(0)
            trainer.change(change.knob, change.new)
        if trainer.step >= until:
            return
        yield trainer.advance()


def asked(rows: samples.Rows, index: samples.Ids | slice = slice(None)) -> Tensor:
    """What the model reads of some rows: all tokens but the last, or pictures, black -1 and white 1."""
    if rows.pictures is None:
        return torch.from_numpy(rows.tokens[index, :-1])
    return torch.from_numpy(rows.pictures[index]).float() / 127.5 - 1
