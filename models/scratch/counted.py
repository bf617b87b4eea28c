"""What a model holds and does, counted part by part: the other side of the arithmetic in `models.cost`."""

import re
from collections import Counter
from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from models.records import Budget, Part, Stage

# A module or parameter of ours -> the part of a Budget that it is; {} stands for the stack
PARTS = (
    (r"embedding\.tokens\b.*", "token embedding"),
    (r"embedding\.segments\b.*", "segment embedding"),
    (r"embedding\.(project|class_token)\b.*", "patch embedding"),
    (r"(stack|encoder|decoder)\.position\b.*", "{}positions"),
    (r"(stack|encoder|decoder)\.blocks\.\d+\.attention\b.*", "{}attention"),
    (r"(stack|encoder|decoder)\.blocks\.\d+\.cross\b.*", "{}cross-attention"),
    (r"(stack|encoder|decoder)\.blocks\.\d+\.feed_forward\b.*", "{}feed-forward"),
    (r"(stack|encoder|decoder)\.(.*_norm)\b.*", "{}norms"),
    (r"(dense|norm)\b.*", "last dense layer"),
    (r"unembedding\b.*", "unembedding"),
)


def part_of(name: str) -> str:
    """The part that a parameter or module belongs to; "" if it is more than one."""
    for pattern, part in PARTS:
        found = re.fullmatch(pattern, name)
        if found:
            stack = found[1] if "{}" in part else ""
            return part.format("" if stack == "stack" else f"{stack} ")
    return ""


def counted(ours: nn.Module, run: Callable[[], object], stages: Iterable[Stage] = ()) -> Budget:
    """Parameters that are there, operations that torch counts while `run` runs, bytes of the keys and values kept."""
    params = Counter[str]()
    for name, parameter in ours.named_parameters():
        params[part_of(name)] += parameter.numel()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        run()
    flops = Counter[str]()
    leaves = {name for name, module in ours.named_modules() if part_of(name) and not part_of(name.rpartition(".")[0])}
    for name, counts in counter.get_flop_counts().items():
        inside = str(name).partition(".")[2]  # without the model's own name
        if inside in leaves:
            flops[part_of(inside)] += sum(counts.values())
    parts = tuple(Part(name, params[name], flops[name]) for name in dict.fromkeys([*params, *flops]))
    return Budget(parts, sum(stage.values.nbytes for stage in stages if _cached(stage)))


def _cached(stage: Stage) -> bool:
    """Whether a decoder keeps it for the next token: keys and values, before groups of heads share them."""
    return stage.name in ("keys", "values") and stage.module.startswith(("stack.", "decoder."))
