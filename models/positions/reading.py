"""Where a loaded model keeps its positions: found by what its modules are and hold, not by a list of classes.

A table     an embedding whose name says pos or wpe, or a parameter `position_embeddings`; sines if its numbers are
Rotation    a buffer `inv_freq` (one per kind of layer in some models), or a table of sines that only turns
Bias        an embedding `relative_attention_bias` (T5, MPNet), `relative_position_bias_table` (BEiT, Swin), or
            slopes that are computed (ALiBi: BLOOM, MPT, Falcon)

Not everything with such a name is one: DETR's `query_position_embeddings` are its object queries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.records import Floats
from models.scratch import positions

TABLE = re.compile(r"pos|wpe", re.I)
PARAMETERS = ("position_embeddings", "pos_embed", "position_embedding", "absolute_pos_embed")
QUERIES = ("query_position_embeddings",)  # DETR's: objects, not places
ROWS, FAR = 512, 128  # rows of a table, and distances of a bias, that are read
BUILDERS = ("build_alibi_tensor", "build_mpt_alibi_tensor")  # BLOOM's and MPT's
COUNTS = ("num_attention_heads", "n_head", "n_heads")
CLOSE = 2e-3  # how far fp16 weights may be from sines


@dataclass(frozen=True)
class Found:
    """What one module tells of places.

    `kind`: "learned", "sinusoidal" (tables), "rope", "bias" (by distance), "grid" (by rows and columns), "alibi",
    "queries". `values`: a table [position, dimension], frequencies [pair], a bias [head, distance] with its `offsets`
    (key - query), or [head, row, column].
    """

    kind: str
    name: str  # where it is in the model
    values: Floats
    says: str
    offsets: np.ndarray | None = None
    n: int = 0  # places it has been built for; 0: any number
    scale: float = 1.0  # of RoPE: what queries and keys are lengthened by
    module: nn.Module | None = None  # what computes it; None where only the numbers are known


def read(model: nn.Module) -> tuple[Found, ...]:
    """Everything in the model that tells of places, in the order of its modules; empty where nothing does."""
    slopes = list(_slopes(model))
    turning = [] if slopes else _rotations(model)  # Falcon makes frequencies that it does not use beside slopes
    found = [*_tables(model), *_parameters(model), *turning, *_biases(model), *slopes]
    kept: dict[tuple[str, bytes], Found] = {}
    for one in found:  # tables that several parts share, or that were made alike, are one
        kept.setdefault((one.kind, one.values.tobytes()), one)
    return tuple(kept.values())


def _tables(model: nn.Module) -> Iterator[Found]:
    """Embeddings called by place."""
    for name, module in model.named_modules():
        last = name.rpartition(".")[2]
        if not isinstance(module, nn.Embedding) or not TABLE.search(last) or "relative" in last:
            continue
        rows = _numpy(module.weight)
        if last in QUERIES:
            yield Found("queries", name, rows[:ROWS], "What DETR looks for, an object each: no places.", n=len(rows))
            continue
        first = int(getattr(module, "offset", 0) or 0) or _unused(module)
        rows = rows[first:]
        skipped = f" The first {first} rows stand for no place." if first else ""
        if type(module).__name__.startswith("RoFormer"):
            half = rows.shape[1] // 2
            turn = np.arctan2(rows[1, :half], rows[1, half:]).astype(np.float32)
            says = f"A table of sines and cosines that turns queries and keys, for {len(rows):,} places."
            yield Found("rope", name, turn, says, n=len(rows), module=module)
            continue
        yield _table(name, rows, module, skipped)


def _table(name: str, rows: Floats, module: nn.Module | None, skipped: str = "") -> Found:
    """A table that is added; sines are known by their numbers."""
    layout = sines(rows)
    if layout:
        says = f"Sines and cosines, {layout}, for {len(rows):,} places of {rows.shape[1]:,} dimensions; not learnt."
        return Found("sinusoidal", name, rows[:ROWS], says + skipped, n=len(rows), module=module)
    says = f"Learnt vectors for {len(rows):,} places of {rows.shape[1]:,} dimensions: beyond the last there is nothing."
    return Found("learned", name, rows[:ROWS], says + skipped, n=len(rows), module=module)


def _unused(module: nn.Embedding) -> int:
    """Rows before the first place: RoBERTa counts from the padding's number on."""
    return 0 if module.padding_idx is None else int(module.padding_idx) + 1


def sines(rows: Floats) -> str:
    """Whether a table holds sines and cosines of base 10,000: how they are laid out, or nothing."""
    n, d = min(len(rows), ROWS), rows.shape[1]
    if d % 2 or n < 2:
        return ""
    angle = np.arange(n)[:, None] * 10_000.0 ** (-np.arange(0, d, 2) / d)
    sine, cosine = np.sin(angle), np.cos(angle)
    layouts = {
        "side by side": np.stack([sine, cosine], -1).reshape(n, d),
        "all sines first": np.concatenate([sine, cosine], 1),
    }
    return next((name for name, table in layouts.items() if np.abs(rows[:n] - table).max() < CLOSE), "")


def _parameters(model: nn.Module) -> Iterator[Found]:
    """Tables that are parameters and no modules (ViT and its kind)."""
    for name, value in model.named_parameters():
        if name.rpartition(".")[2] in PARAMETERS and value.ndim == 3:
            yield _table(name, _numpy(value)[0], None)


def _rotations(model: nn.Module) -> Iterator[Found]:
    """RoPE: the frequencies that a module holds, or GPT-J's table of sines."""
    for path, module in model.named_modules():
        for name, value in module.named_buffers(recurse=False):
            if name == "inv_freq" or (name.endswith("_inv_freq") and "original" not in name):
                kind = name.removesuffix("inv_freq").strip("_").replace("_", " ")
                scale = float(getattr(module, "attention_scaling", 1.0) or 1.0)
                yield Found(
                    "rope", f"{path}.{name}", _numpy(value), _turns(value, kind, scale), scale=scale, module=module
                )
            if name == "embed_positions" and value.ndim == 2:
                half = value.shape[1] // 2
                turn = torch.atan2(value[1, :half], value[1, half:])
                yield Found("rope", f"{path}.{name}", _numpy(turn), _turns(turn, "", 1.0), n=len(value))


def _turns(frequency: Tensor, kind: str, scale: float) -> str:
    """RoPE in a sentence; the base is only told where the frequencies are those of a plain one."""
    pairs = len(frequency)
    base = float(frequency[1]) ** -pairs if pairs > 1 and frequency[1] > 0 else 0.0
    plain = pairs > 1 and np.allclose(_numpy(frequency), base ** (-np.arange(pairs) / pairs), rtol=1e-3)
    how = f"base {base:,.0f}" if plain else "stretched for longer texts"
    longer = f", queries and keys lengthened by {scale:.3f}" if abs(scale - 1) > 1e-6 else ""
    where = f" of {kind} layers" if kind else ""
    return f"Queries and keys{where} are turned in {pairs:,} pairs of dimensions, {how}{longer}."


def _biases(model: nn.Module) -> Iterator[Found]:
    """A learnt number per head and distance, or per head and step over a grid."""
    for name, module in model.named_modules():
        if name.endswith("relative_attention_bias") and isinstance(module, nn.Embedding):
            yield _by_distance(model, name, module)
    for name, value in model.named_parameters():
        if name.endswith("relative_position_bias_table") and value.ndim == 2:
            grid = _grid(value)
            if grid is not None:
                says = f"A learnt number per head and step over the grid of patches, {grid.shape[0]} heads."
                yield Found("grid", name, grid, says)


def _by_distance(model: nn.Module, name: str, module: nn.Embedding) -> Found:
    """T5's and MPNet's bias at every distance up to FAR, through the model's own rule for buckets."""
    parent: Any = model.get_submodule(name.rpartition(".")[0])
    offset = torch.arange(-FAR, FAR + 1)
    n_buckets = module.num_embeddings
    if hasattr(parent, "relative_position_bucket"):  # MPNet
        numbers = parent.relative_position_bucket(offset, num_buckets=n_buckets)
        both = True
    else:
        both = not getattr(parent, "is_decoder", False)
        numbers = positions.bucket(
            offset, both, n_buckets, int(getattr(parent, "relative_attention_max_distance", 128))
        )
    values = _numpy(module.weight)[numbers.cpu().numpy()].T
    sides = "both ways" if both else "backwards"
    says = (
        f"A learnt number per head and distance, {module.embedding_dim} heads and {n_buckets} buckets, read {sides}; "
        "layers share it."
    )
    return Found("bias", name, np.ascontiguousarray(values), says, offset.numpy(), module=module)


def _grid(value: Tensor) -> Floats | None:
    """[head, row step, column step] of a table over a square grid; BEiT's last three rows are the class token's."""
    for extra in (0, 3):
        side = int((len(value) - extra) ** 0.5)
        if side % 2 and side * side == len(value) - extra:
            return _numpy(value)[: side * side].T.reshape(-1, side, side)
    return None


def _slopes(model: nn.Module) -> Iterator[Found]:
    """ALiBi has no stored numbers: BLOOM, MPT and Falcon compute its slopes from the number of heads."""
    config: Any = getattr(model, "config", None)
    whole: Any = config.get_text_config() if hasattr(config, "get_text_config") else config
    builds = any(hasattr(part, name) for part in model.modules() for name in BUILDERS)
    said = getattr(getattr(whole, "attn_config", None), "alibi", getattr(whole, "alibi", None))
    if said is False or not (builds or said):
        return
    n_heads = next(int(getattr(whole, name)) for name in COUNTS if hasattr(whole, name))
    offset = np.arange(-FAR, 1)
    values = (np.array(positions.slopes(n_heads))[:, None] * offset).astype(np.float32)
    says = f"A number that falls with distance, one slope per head, {n_heads} heads; nothing is learnt."
    yield Found("alibi", "computed from the number of heads", values, says, offset)


def _numpy(tensor: Tensor) -> Floats:
    return np.ascontiguousarray(tensor.detach().float().cpu().numpy())
