"""What can be seen of a model while it trains: attention, answers, what each step does to it, what heads are for.

Nothing here changes a run: the same steps give the same bits, looked at or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.learn import samples
from models.learn.trainer import Step, Trainer, asked
from models.records import Floats, Knobs
from models.scratch.attention import attention_weights, shared, split

ROWS = 32  # held-out rows over which heads are scored
BINS = 40  # of a histogram
OUTPUT = "output"


@dataclass(frozen=True)
class Frame:
    """The model at one step: attention [layer, head, query, key] on a fixed row, and what it says on a few."""

    step: int
    weights: Floats
    predicted: samples.Ids  # [row, position]: the token foretold for that position; -1 for the first
    entropy: Floats  # [layer, head], in bits, the mean over queries of some held-out rows
    induction: Floats  # [layer, head]: weight on what followed earlier copies of the query's token


@dataclass(frozen=True)
class Moved:
    """What one step did to each part of the model: gradient's norm before clipping, |change| / |weights|."""

    parts: tuple[str, ...]
    norms: tuple[float, ...]
    ratios: tuple[float, ...]


@dataclass(frozen=True)
class Spread:
    """Histograms per part: how many weights, and how many of their gradients, lie in each of BINS equal bins.

    They run from -edge to edge. [part, 2, bin] and [part, 2]: first the weights, then the gradients.
    """

    counts: samples.Ids
    edges: Floats


# ---- attention and answers


@torch.no_grad()
def frame(trainer: Trainer) -> Frame:
    """Attention on the first held-out row, answers to the first few, scores of heads over some."""
    rows = trainer.data.held_out
    weights, logits = attention(trainer, asked(rows, slice(0, ROWS)))
    tokens = rows.tokens[: samples.SHOWN]
    predicted = np.full(tokens.shape, -1, np.int64)
    predicted[:, 1:] = logits[: samples.SHOWN].argmax(-1).numpy()
    real = _real(rows, weights.shape[-1])
    entropy, induction = _entropy(weights, real), _induction(weights, rows.tokens[:ROWS], real)
    return Frame(trainer.step, weights[:, 0].numpy(), predicted, entropy, induction)


@torch.no_grad()
def attention(trainer: Trainer, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Weights [layer, row, head, query, key] and logits."""
    caught: list[Tensor] = []
    blocks: Any = trainer.model.stack.blocks
    hooks = [
        block.attention.register_forward_pre_hook(lambda module, args: caught.append(_weights(module, *args)))
        for block in blocks
    ]
    try:
        logits = trainer.logits(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return torch.stack(caught), logits


def _weights(module: Any, x: Tensor, y: Tensor, mask: Tensor | None, position: Any, knobs: Knobs) -> Tensor:
    """Weights [row, head, query, key] of what an attention is about to read."""
    q, k = split(module.query(x), module.n_heads), split(module.key(y), module.n_kv_heads)
    q, k = position.rotate(q), shared(position.rotate(k), module.n_heads)
    return attention_weights(q, k, mask, position.bias(x.shape[1], y.shape[1]))


def _real(rows: samples.Rows, n: int) -> Tensor:
    """[row, query]: what is part of a row, not of what fills it up."""
    if rows.pictures is not None:
        return torch.ones(len(rows.tokens[:ROWS]), n, dtype=torch.bool)
    trained = torch.from_numpy(rows.trained[:ROWS, 1:])
    return trained.flip(-1).cumsum(-1).flip(-1) > 0


def _entropy(weights: Tensor, real: Tensor) -> Floats:
    bits = -torch.where(weights > 0, weights * weights.clamp_min(1e-30).log2(), 0.0).sum(
        -1
    )  # [layer, row, head, query]
    mean: Floats = bits.transpose(1, 2)[:, :, real].mean(-1).numpy()
    return mean


def _induction(weights: Tensor, tokens: samples.Ids, real: Tensor) -> Floats:
    """Mean weight on all positions that follow an earlier copy of the query's token, over queries that have one."""
    if weights.shape[-1] != tokens.shape[1] - 1:  # patches of a picture
        return np.zeros(weights.shape[::2][:2], np.float32)
    read = torch.from_numpy(tokens[:, :-1])
    follows = torch.zeros(len(read), read.shape[1], read.shape[1], dtype=torch.bool)
    follows[:, :, 1:] = (read[:, :, None] == read[:, None, :-1]).tril(-1)
    some = follows.any(-1) & real
    if not some.any():
        return np.zeros((weights.shape[0], weights.shape[2]), np.float32)
    found: Floats = (weights * follows[:, None]).sum(-1).transpose(1, 2)[:, :, some].mean(-1).numpy()
    return found


# ---- what a step does


def part_of(name: str) -> str:
    """The part of the model that a parameter belongs to, in words."""
    if name.startswith("stack.blocks."):
        layer, what = name.split(".")[2:4]
        return f"layer {layer} {'attention' if what.startswith('attention') else 'feed-forward'}"
    return OUTPUT if name.startswith(("unembedding", "stack.final_norm")) else "embedding"


def parts(model: nn.Module) -> dict[str, list[nn.Parameter]]:
    """Parameters by part, from the input to the output."""
    found: dict[str, list[nn.Parameter]] = {}
    for name, weight in model.named_parameters():
        found.setdefault(part_of(name), []).append(weight)
    return found


def norms(model: nn.Module) -> dict[str, float]:
    """The gradient's norm in each part, as it stands."""
    return {part: _norm([w.grad for w in weights if w.grad is not None]) for part, weights in parts(model).items()}


def watched(trainer: Trainer, advance: Callable[[], Step]) -> tuple[Step, Moved]:
    """One step, and what it did to each part."""
    before = {part: [w.detach().clone() for w in weights] for part, weights in parts(trainer.model).items()}
    step, clip = advance(), trainer.spec.clip
    factor = max(1.0, step.norm / clip) if clip else 1.0  # gradients are clipped in place
    felt, now = norms(trainer.model), parts(trainer.model)
    ratios = {part: change(now[part], before[part]) for part in now}
    return step, Moved(tuple(felt), tuple(factor * norm for norm in felt.values()), tuple(ratios.values()))


def change(now: list[nn.Parameter], before: list[Tensor]) -> float:
    """|change| / |weights| of one part."""
    moved = _norm([w.detach() - old for w, old in zip(now, before, strict=True)])
    return moved / max(_norm(before), 1e-12)


def _norm(tensors: list[Tensor]) -> float:
    return float(torch.stack([t.square().sum() for t in tensors]).sum().sqrt()) if tensors else 0.0


def spread(trainer: Trainer) -> Spread:
    """Histograms of the weights and of the gradient that last moved them."""
    counts, edges = [], []
    for weights in parts(trainer.model).values():
        values = torch.cat([w.detach().flatten() for w in weights]).numpy()
        grads = [w.grad.flatten() for w in weights if w.grad is not None]
        pair = [values, torch.cat(grads).numpy() if grads else np.zeros(0, np.float32)]
        top = [float(np.abs(v).max(initial=0.0)) or 1.0 for v in pair]
        counts.append([np.histogram(v, BINS, (-edge, edge))[0] for v, edge in zip(pair, top, strict=True)])
        edges.append(top)
    return Spread(np.array(counts, np.int64), np.array(edges, np.float32))


# ---- what heads are for


@contextmanager
def without(trainer: Trainer, layer: int, head: int) -> Iterator[None]:
    """The model with one head silent: what it would write to the stream is zero."""
    blocks: Any = trainer.model.stack.blocks
    out, size = blocks[layer].attention.out, trainer.spec.config.d_head

    def silence(module: nn.Module, given: tuple[Tensor]) -> tuple[Tensor]:
        heard = given[0].clone()
        heard[..., head * size : (head + 1) * size] = 0
        return (heard,)

    hook = out.register_forward_pre_hook(silence)
    try:
        yield
    finally:
        hook.remove()


def ablated(trainer: Trainer) -> tuple[float, Floats]:
    """Share of graded tokens right on held-out rows: as it is, and with each head [layer, head] off in turn."""
    config = trainer.spec.config
    found = np.zeros((config.n_layers, config.n_heads), np.float32)
    for layer, head in np.ndindex(*found.shape):
        with without(trainer, layer, head):
            found[layer, head] = trainer.evaluate().accuracy
    return trainer.evaluate().accuracy, found
