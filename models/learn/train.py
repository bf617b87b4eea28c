"""One training loop for every recipe: seeded, resumable after a kill, ignorant of what it trains.

A batch is a pure function of the step, and every step seeds torch from (seed, step), so a run that was killed and
resumed ends with the same bits as one that was not.
"""

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Plan:
    """How long and how hard to train: everything that is neither model nor data."""

    steps: int
    lr: float
    warmup: int = 100
    hold: float = 0.0  # fraction of the steps at full `lr` before it falls
    final_lr: float = 0.1  # fraction of `lr` that is left at the last step
    betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = 0.1  # on matrices only; biases and norms are left alone
    clip: float = 1.0  # largest norm of the whole gradient
    seed: int = 0
    every: int = 100  # steps between two evaluations and snapshots

    def lr_at(self, step: int) -> float:
        """Linear warm-up, `lr` until `hold`, half a cosine down to `final_lr * lr` (Loshchilov and Hutter 2017)."""
        if step < self.warmup:
            return self.lr * (step + 1) / self.warmup
        start = max(self.warmup, self.hold * self.steps)
        done = max(0.0, step - start) / max(1, self.steps - start)
        return self.lr * (self.final_lr + (1 - self.final_lr) * 0.5 * (1 + math.cos(math.pi * done)))


def model_loss(model: nn.Module, batch: Batch) -> Tensor:
    """The loss that a transformers model computes itself when it is given labels."""
    return model(**batch).loss


def fit(
    model: nn.Module,
    batch: Callable[[int], Batch],
    plan: Plan,
    folder: Path,
    evaluate: Callable[[], dict[str, float]] | None = None,
    loss: Callable[[nn.Module, Batch], Tensor] = model_loss,
    report: Callable[[str], None] = print,
) -> list[dict[str, Any]]:
    """Train `model` in place and return its curve, a row per evaluation; picks up `folder`'s snapshot if there is one.

    `batch(step)` must depend on nothing but the step. Raises FloatingPointError if the loss stops being finite.
    """
    optimizer = optimizer_of(model, plan)
    start, curve = restore(folder, model, optimizer)
    if start:
        report(f"resuming at step {start:,} of {plan.steps:,}")
    began, losses = time.process_time(), []
    for step in range(start, plan.steps):
        value, norm = advance(model, optimizer, plan, step, batch(step), loss)
        losses.append(value)
        done = step + 1
        if done % 10 == 0 or done == plan.steps:
            pace = (time.process_time() - began) / (done - start)
            left = pace * (plan.steps - done) / 60
            report(
                f"step {done:,}/{plan.steps:,}  loss {sum(losses[-10:]) / len(losses[-10:]):.3f}  "
                f"gradient {norm:.2f}  {pace:.2f} CPU-s/step  about {left:.0f} min left"
            )
        if done % plan.every == 0 or done == plan.steps:
            row = {"step": done, "loss": round(sum(losses) / len(losses), 4)} | (evaluate() if evaluate else {})
            losses = []
            curve.append(row)
            snapshot(folder, model, optimizer, done, curve)
            report("  ".join(f"{key} {value}" for key, value in row.items()))
    return curve


def optimizer_of(model: nn.Module, plan: Plan) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter 2019) over the weights that are to be trained."""
    return torch.optim.AdamW(_groups(model, plan.weight_decay), lr=plan.lr, betas=plan.betas, fused=True)


def advance(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    plan: Plan,
    step: int,
    batch: Batch,
    loss: Callable[[nn.Module, Batch], Tensor],
) -> tuple[float, float]:
    """Take step 0, 1, ... in place; returns its loss and the gradient's norm before clipping.

    Raises FloatingPointError if the loss is no number; the weights are then as they were.
    """
    torch.manual_seed(plan.seed * 1_000_003 + step)  # dropout: the same at this step in every run
    for group in optimizer.param_groups:
        group["lr"] = plan.lr_at(step)
    model.train()
    value = loss(model, batch)
    if not torch.isfinite(value):
        raise FloatingPointError(f"the loss became {value.item()} at step {step}: try a smaller learning rate")
    optimizer.zero_grad(set_to_none=True)
    value.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), plan.clip)
    optimizer.step()
    return value.item(), norm.item()


def snapshot(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer, step: int, curve: list[dict[str, Any]]
) -> None:
    """Write weights, optimiser state, step and curve as one file that is either the old or the new, never half."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"model.{name}": value.detach().contiguous() for name, value in _state(model).items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{key}": value.contiguous() for key, value in state.items()}
    part = folder / "snapshot.part"
    save_file(tensors, part, metadata={"step": str(step), "curve": json.dumps(curve)})
    os.replace(part, folder / "snapshot.safetensors")


def restore(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer | None = None
) -> tuple[int, list[dict[str, Any]]]:
    """Load the snapshot in `folder` into the model (and optimiser); (0, []) and nothing changed if there is none."""
    path = folder / "snapshot.safetensors"
    if not path.exists():
        return 0, []
    with safe_open(path, framework="pt") as file:
        names = list(file.keys())
        for name, value in _state(model).items():
            value.data.copy_(file.get_tensor(f"model.{name}"))
        if optimizer is not None:
            state: dict[int, dict[str, Tensor]] = {}
            for name in names:
                if name.startswith("optimizer."):
                    _, index, key = name.split(".", 2)
                    state.setdefault(int(index), {})[key] = file.get_tensor(name)
            optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
        metadata = file.metadata()
    return int(metadata["step"]), json.loads(metadata["curve"])


def _state(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name, a tied one only once (safetensors refuses shared memory)."""
    return dict(model.named_parameters()) | dict(model.named_buffers())


def _groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Matrices decay, vectors do not."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
