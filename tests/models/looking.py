"""A pass of a model with everything that went through it, for tests of how odd attention is shown."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import torch
import transformers as hf
from torch import Tensor, nn

from models.capture import display, functions, interface
from models.capture.active import Capture, Modules
from models.capture.calls import Call
from models.capture.display import Scene, Side
from tests.coverage.base import random
from tests.coverage.table import ARCHITECTURES

TABLE = {architecture.name: architecture for architecture in ARCHITECTURES}
WIDE = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}


@dataclass
class Look:
    """One pass of a model: what was captured, and what went into and came out of every module."""

    model: nn.Module
    inputs: dict[str, Any]
    calls: list[Call] = field(default_factory=list)
    went_in: dict[str, list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    came_out: dict[str, list[Tensor]] = field(default_factory=lambda: defaultdict(list))

    def layers(self, pattern: str = "") -> list[Call]:
        """The first call of every layer whose name holds the pattern."""
        found = [call for call in self.calls if pattern in call.layer and call.number == 0]
        assert found, f"no layer's name holds {pattern!r}"
        return found

    def scene(self, call: Call, item: int = 0) -> Scene:
        own = tuple(other for other in self.calls if other.layer == call.layer)
        module = self.model if call.tier == "library" else self.model.get_submodule(call.layer)
        return Scene(self.model, module, self.inputs, item, own)

    def weights(self, call: Call, item: int = 0) -> Tensor:
        return display.weights(call, self.scene(call, item))

    def sides(self, call: Call, item: int = 0) -> tuple[Side | None, Side | None]:
        return display.sides(call, self.scene(call, item))


def look(model: hf.PreTrainedModel, inputs: dict[str, Any]) -> Look:
    """Run a model once, watching all of its modules."""
    found = Look(model, inputs)
    interface.enable(model)
    functions.install(model, functions.candidates(model))
    for name, module in model.named_modules():
        module.register_forward_hook(
            lambda _, args, kwargs, out, name=name: _note(found, name, args, kwargs, out), with_kwargs=True
        )
    with torch.no_grad(), Capture(Modules.of(model)) as capture:
        torch.manual_seed(0)
        model(**inputs)
    found.calls = capture.calls
    return found


def _note(found: Look, name: str, args: Any, kwargs: Any, out: Any) -> None:
    for kept, values in ((found.went_in, (*args, *kwargs.values())), (found.came_out, (out,))):
        flat = [v[0] if isinstance(v, tuple | list) and v else v for v in values]
        kept[name].extend([v for v in flat if isinstance(v, Tensor)][:1])


def table(name: str, **inputs: Any) -> Look:
    """A row of the coverage table, with its own inputs or others."""
    return look(TABLE[name].make(), inputs or dict(TABLE[name].inputs()))


def picture(height: int, width: int) -> Tensor:
    return torch.randn(2, 3, height, width, generator=random())


def mixed(weights: Tensor, values: Tensor) -> Tensor:
    """What heads [head, query, key] make of values [key, all heads], side by side: [query, all heads]."""
    n_heads = len(weights)
    return (weights @ values.unflatten(-1, (n_heads, -1)).transpose(0, 1)).transpose(0, 1).flatten(1)


def assert_close(found: Tensor, expected: Tensor) -> None:
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= 2e-5 * max(1.0, expected.abs().max().item())


def assert_rows_sum_to_one(weights: Tensor) -> None:
    assert weights.dtype == torch.float32
    torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:2]), atol=1e-5, rtol=0)
