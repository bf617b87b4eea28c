"""The permutation test: the same tokens in another order, with a model's positions and without.

Attention reads a set. Without positions, f(π x) = π f(x) for every order π of the tokens: what each one becomes does
not depend on where it stands. A causal mask gives order away by itself.

Without positions means: every place is told that it is the first. Tables give their first row to all, RoPE turns
nothing, biases are those of distance 0. The hooks that do it stay on the model, act in the thread that asked alone, and
do nothing otherwise.
"""

from __future__ import annotations

import inspect
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.positions.reading import Found, read
from models.records import Floats, Sequence
from models.zoo.errors import InputError
from models.zoo.given import Given
from models.zoo.model import Model

LEAST = 3  # tokens that can be put in another order worth looking at
SAME = 1e-3  # of the largest output: apart by no more than this, float32 rounded differently
ALIBI = ("alibi", "position_bias")  # how BLOOM and Falcon, and MPT, hand slopes to their layers
_silent: ContextVar[bool] = ContextVar("positions_silent", default=False)
_hooked: weakref.WeakSet[nn.Module] = weakref.WeakSet()
_hooking = threading.Lock()


@dataclass(frozen=True)
class Shuffled:
    """What a model made of a text and of the same tokens in another order.

    `apart` and `apart_without`: largest difference per token between what it became in one text and in the other,
    divided by the largest number in the output, [token]; the second with every place told that it is the first.
    """

    tokens: tuple[str, ...]
    order: tuple[int, ...]  # order[i]: the token that stands at place i of the shuffled text
    apart: Floats
    apart_without: Floats | None  # None: its positions cannot be taken away here
    causal: bool
    output: str  # what was compared
    why_not: str = ""

    @property
    def largest(self) -> float:
        """Over all tokens, with positions."""
        return float(self.apart.max())

    @property
    def largest_without(self) -> float | None:
        """Over all tokens, without positions."""
        return None if self.apart_without is None else float(self.apart_without.max())

    @property
    def verdict(self) -> str:
        """What the numbers say, in a sentence or two."""
        if self.apart_without is None:
            return self.why_not
        if self.largest <= SAME:
            return "Even with its positions the model makes the same of every token, wherever it stands."
        if float(self.apart_without.max()) <= SAME:
            return (
                "With every place told that it is the first, each token becomes the same in both texts, to the digits "
                "that float32 has: without positions this model reads a set of words, not a sentence."
            )
        if self.causal:
            return (
                "Even with every place told that it is the first, the two texts differ: a decoder reads backwards "
                "only, so that the mask by itself tells it what came before what."
            )
        return (
            "Even with every place told that it is the first, the two texts differ: something else in this model, a "
            "window perhaps or a convolution, tells it of order."
        )


def shuffled(model: Model, text: str, seed: int) -> Shuffled:
    """Run the model on a text and on its tokens in another order; special tokens keep their places.

    Raises InputError for a model that reads no text, or a text too short to shuffle.
    """
    if "text" not in model.info.reads or "picture" in model.info.reads:
        raise InputError(f"{model.info.name} reads no text by itself, so there are no words to shuffle. Take another.")
    with torch.no_grad():
        prepared = model.reader.prepare(Given(text, pair="Who?" if "question" in model.info.reads else None))
    sequence = prepared.sequences["text"]
    places = _places(sequence)
    if len(places) < LEAST:
        raise InputError(f"This text has {len(places)} tokens; give it {LEAST} or more, so that they can be shuffled.")
    order = order_of(len(sequence.labels), places, seed)
    ids = torch.tensor([prepared.ids])
    found = read(model.module)
    why_not = _why_not(found)
    apart, output = _apart(model, prepared.arguments, ids, order)
    without = None
    if not why_not:
        with silenced(model.module, found):
            without = _apart(model, prepared.arguments, ids, order)[0]
    return Shuffled(sequence.labels, tuple(order), apart, without, _causal(model), output, why_not)


def _places(sequence: Sequence) -> list[int]:
    """Tokens that may change places: no special ones, and of two texts those of the longer."""
    plain = [i for i, special in enumerate(sequence.special) if not special]
    segments = sequence.segments
    if segments is None:
        return plain
    sides = [[i for i in plain if segments[i] == side] for side in (0, 1)]
    return max(sides, key=len)


def order_of(n: int, places: list[int], seed: int) -> list[int]:
    """An order of `n` tokens in which these places are mixed, and never as they were."""
    chance = np.random.default_rng(seed)
    order, mixed = list(range(n)), list(places)
    while mixed == places:
        mixed = [places[i] for i in chance.permutation(len(places))]
    for place, token in zip(places, mixed, strict=True):
        order[place] = token
    return order


def _apart(model: Model, arguments: dict[str, Any], ids: Tensor, order: list[int]) -> tuple[Floats, str]:
    """Per token, how far apart what it became in the two texts is; and what that was."""
    straight, name = _output(model, arguments, ids)
    mixed, _ = _output(model, arguments, ids[:, order])
    if name == "the answer":  # one for the whole text: it should not change
        order = [0]
    largest = max(float(straight.abs().max()), 1e-12)
    difference = (mixed - straight[order]).abs().amax(-1) / largest
    by_token = torch.empty_like(difference)
    by_token[torch.tensor(order)] = difference
    return by_token.cpu().numpy().astype(np.float32), name


@torch.no_grad()
def _output(model: Model, arguments: dict[str, Any], ids: Tensor) -> tuple[Tensor, str]:
    """What the model's last layer made of each token [token, d_model]; of an encoder-decoder, its encoder."""
    module: Any = model.module
    where = module.device
    if module.config.is_encoder_decoder:
        return module.get_encoder()(input_ids=ids.to(where)).last_hidden_state[0].float(), "the encoder's output"
    given = {name: value.to(where) for name, value in arguments.items()} | {"input_ids": ids.to(where)}
    body = getattr(module, module.base_model_prefix, module) if module.base_model_prefix else module
    result = body(**given)
    return result.last_hidden_state[0].float(), "the last layer's output"


def _causal(model: Model) -> bool:
    """Whether what was compared was read backwards only."""
    return not model.module.config.is_encoder_decoder and model.causal


def _why_not(found: tuple[Found, ...]) -> str:
    """Why positions cannot be taken away, in a sentence; empty if they can."""
    fixed = [one for one in found if one.module is None and one.kind not in ("queries", "alibi")]
    if not fixed:
        return ""
    return f"{fixed[0].name} cannot be taken away here: the model adds it where nothing can be put in its place."


@contextmanager
def silenced(model: nn.Module, found: tuple[Found, ...] | None = None) -> Iterator[None]:
    """While the block runs, in this thread, the model is told that every place is the first."""
    _hook(model, read(model) if found is None else found)
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def _hook(model: nn.Module, found: tuple[Found, ...]) -> None:
    """Put the hooks on, once per model."""
    with _hooking:
        if model in _hooked:
            return
        for module in {one.module for one in found if one.module is not None}:
            kind = next(one.kind for one in found if one.module is module)
            module.register_forward_hook(_first_distance if kind == "bias" else _first_place)
        if any(one.kind == "alibi" for one in found):
            for module in model.modules():
                if set(ALIBI) & set(inspect.signature(module.forward).parameters):
                    module.register_forward_pre_hook(_no_slope, with_kwargs=True)
        _hooked.add(model)


def _first_place(module: nn.Module, args: Any, output: Any) -> Any:
    """The first row for every place: of a table, or of RoPE's cosines and sines."""
    if not _silent.get():
        return None
    if isinstance(output, tuple):
        return tuple(_spread(part) for part in output)
    return _spread(output)


def _spread(rows: Tensor) -> Tensor:
    """[..., position, dimension] with the first position's numbers at all of them."""
    return rows[..., :1, :].expand_as(rows)


def _first_distance(module: nn.Module, args: Any, output: Tensor) -> Tensor | None:
    """[query, key, head] with the number of distance 0 everywhere."""
    return output[..., :1, :1, :].expand_as(output) if _silent.get() else None


def _no_slope(module: nn.Module, args: Any, kwargs: dict[str, Any]) -> Any:
    """ALiBi's numbers, all 0."""
    if not _silent.get():
        return None
    return args, {name: _zero(value) if name in ALIBI else value for name, value in kwargs.items()}


def _zero(value: Any) -> Any:
    return torch.zeros_like(value) if isinstance(value, Tensor) else value
