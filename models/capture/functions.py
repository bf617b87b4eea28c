"""Reads attention out of models that compute it in the open: softmax and products inside their attention modules.

Hooks are put on those modules once, at load. They do nothing unless this thread is looking; then torch's own calls
are watched while such a module runs, and the softmax's result is followed to the product with the values.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from models.capture.active import Capture, Place, active
from models.capture.calls import Call, Recipe, own, repeated, with_heads, without_heads
from models.capture.edits import Ablate, EditRefused, HeadEdit, Scale, edit_output, edited_softmax, touched
from models.capture.interface import leaf

SOFTMAX = {F.softmax, torch.softmax, Tensor.softmax}
PRODUCTS = {
    torch.matmul,
    Tensor.matmul,
    Tensor.__matmul__,
    torch.bmm,
    Tensor.bmm,
    torch.baddbmm,
    Tensor.baddbmm,
    torch.einsum,
}
ATTENTION = re.compile(r"attention|attn", re.IGNORECASE)
OVER_DEPTH = re.compile(r"AttentionResidual")  # weighs the layers before it, not tokens (Inkling 2)
# torch's own code for nn.MultiheadAttention, without the line that hands the whole of it to whoever watches
MULTI_HEAD = FunctionType(
    F.multi_head_attention_forward.__code__,
    {**vars(F), "has_torch_function": lambda _: False},
    argdefs=F.multi_head_attention_forward.__defaults__,
)


def candidates(model: nn.Module) -> tuple[str, ...]:
    """Modules that may hold attention, by the name of their class or their own."""
    return tuple(
        name
        for name, module in model.named_modules()
        if name and not OVER_DEPTH.search(type(module).__name__)
        if ATTENTION.search(type(module).__name__) or ATTENTION.search(name.rpartition(".")[2])
    )


def install(model: nn.Module, names: Iterable[str]) -> Callable[[], None]:
    """Watch these modules from now on; returns a function that stops it. Once, at load: hooks are seen by all threads.

    The model itself is watched too: where a pass begins, calls are counted from 0 again.
    """
    handles = [model.register_forward_pre_hook(_begin)]
    for name in names:
        module = model.get_submodule(name)
        handles.append(module.register_forward_pre_hook(_enter))
        handles.append(module.register_forward_hook(_leave, always_call=True))

    def remove() -> None:
        for handle in handles:
            handle.remove()

    return remove


def _begin(model: nn.Module, _: Any) -> None:
    capture = active()
    if capture is not None and capture.modules.names.get(id(model)) == "":
        capture.begin()


def _enter(module: nn.Module, _: Any) -> None:
    capture = active()
    if capture is None or id(module) not in capture.modules.names:
        return
    if not capture.stack:
        capture.mode = Mode(capture)
        capture.mode.__enter__()
    capture.stack.append((capture.modules.names[id(module)], module))


def _leave(module: nn.Module, *_: Any) -> None:  # a value would replace the module's output
    capture = active()
    if capture is None or not capture.stack or capture.stack[-1][1] is not module:
        return
    capture.stack.pop()
    if not capture.stack and capture.mode is not None:
        capture.mode.__exit__(None, None, None)
        capture.mode = None


@dataclass
class _Seen:
    """A softmax on its way to the values."""

    place: Place
    edits: tuple[HeadEdit, ...]  # of the heads' output, to be made when the values are summed
    axis: int
    n_heads: int
    weights: Tensor
    index: int | None  # in the capture's calls


class Mode(TorchFunctionMode):
    """Watches torch's functions while an attention module runs in this thread."""

    def __init__(self, capture: Capture) -> None:
        super().__init__()
        self.capture = capture
        self._scores: dict[int, tuple[Tensor, Tensor]] = {}  # id(scores) -> the two factors they came from
        self._weights: dict[int, _Seen] = {}  # id(weights) -> the softmax they came from
        self._alive: list[Tensor] = []  # ids are only good while their tensors live

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self.capture.busy or not self.capture.stack:
            return func(*args, **kwargs)
        if func is F.scaled_dot_product_attention:
            return self._fused(func, *args, **kwargs)
        if func is F.multi_head_attention_forward:
            with self:
                return MULTI_HEAD(*args, **kwargs)
        if func in SOFTMAX:
            return self._softmax(func, *args, **kwargs)
        if func is F.grid_sample:
            self._sampled(args[1] if len(args) > 1 else kwargs["grid"])
        out = func(*args, **kwargs)
        if isinstance(out, Tensor):
            equation = args[0] if func is torch.einsum else None
            return self._follow(func, out, list(_tensors((args, kwargs))), equation)
        return out

    def _sampled(self, grid: Tensor) -> None:
        """Where a deformable layer reads at one level, [batch * head, query, point, 2], noted with its weights."""
        calls, (name, _) = self.capture.calls, self.capture.stack[-1]
        if calls and f"{name}.".startswith(f"{calls[-1].layer}."):
            calls[-1] = replace(calls[-1], sampled=(*calls[-1].sampled, own(grid)))

    def _follow(self, func: Any, out: Tensor, operands: list[Tensor], equation: Any) -> Tensor:
        """Keep track of what became of scores and weights."""
        if func in PRODUCTS and len(operands) >= 2:
            left, right = operands[-2:]
            for weights, value in ((left, right), (right, left)):
                seen = self._weights.get(id(weights))
                if seen is not None:
                    return self._summed(seen, weights, value, out, equation, weights is left)
            if out.dim() >= 3 and equation is None:
                self._scores[id(out)] = (left, right)
                self._alive.append(out)
            return out
        for table in (self._scores, self._weights):  # scale, mask, dropout and views hand the origin on
            origin = next((table[id(t)] for t in operands if id(t) in table), None)
            if origin is not None:
                table.setdefault(id(out), origin)  # type: ignore[arg-type]
                self._alive.append(out)
                break
        return out

    def _softmax(self, func: Any, *args: Any, **kwargs: Any) -> Tensor:
        """Weights, edited and noted."""
        weights: Tensor = func(*args, **kwargs)
        scores, args = (args[0], args[1:]) if args else (kwargs.pop("input"), ())
        dim = kwargs.get("dim", args[0] if args else -1)
        if weights.dim() < 3 or dim not in (-1, weights.dim() - 1):
            return weights  # over another axis it is no row of keys: ConvBERT's kernels, GroupViT's assignment
        capture, (name, _) = self.capture, self.capture.stack[-1]
        place = capture.count(name)
        n_heads, axis = self._layout(place, weights)
        edits, wanted = capture.edits_at(place), capture.wants(place)
        pending: tuple[HeadEdit, ...] = ()
        if edits:
            weights, pending = _edited(func, scores, args, kwargs, edits, n_heads, axis)
        index = None
        if wanted:
            if capture.gradients:
                weights = leaf(weights)
                capture.live.append(weights)
            index = len(capture.calls)
            query, key = _factors(self._scores.get(id(scores)), weights, n_heads, axis)
            kept = scores.detach() if "scores" in capture.keep else None
            capture.calls.append(
                Call(
                    name,
                    place[1],
                    "function",
                    n_heads,
                    query,
                    key,
                    given=weights.detach(),
                    given_scores=kept,
                    head_axis=axis,
                )
            )
        passed = _silenced(weights, edits, n_heads, axis)
        self._weights[id(passed)] = _Seen(place, pending, axis, n_heads, passed, index)
        self._alive.append(passed)
        return passed

    def _layout(self, place: Place, weights: Tensor) -> tuple[int, int]:
        """Number of heads and their axis in the weights: 0 stands for [batch * head, query, key]."""
        n_heads = self.capture.modules.n_heads.get(place[0])
        if n_heads is None:  # some classes keep the number on the module around them
            around = [self.capture.modules.n_heads.get(outer) for outer, _ in self.capture.stack]
            n_heads = next((n for n in reversed(around) if n), None)
        if weights.dim() == 3:
            return (n_heads, 0) if n_heads and weights.shape[0] % n_heads == 0 else (1, 0)
        axis = self.capture.modules.axes.get(place)
        if axis is None:
            axis = 2 if n_heads and weights.shape[1] != n_heads and weights.shape[2] == n_heads else 1
        return weights.shape[axis], axis

    def _summed(
        self, seen: _Seen, weights: Tensor, value: Tensor, out: Tensor, equation: Any, weights_first: bool
    ) -> Tensor:
        """The heads' output, edited and noted; an einsum's is brought to [batch, head, query, d_value] for that."""
        if equation is None:
            return self._product(seen, weights, value, out, out.shape[:-1] == weights.shape[:-1])
        order = _order(equation, weights_first)
        if order is None:
            return self._product(seen, weights, value, out, False)
        there, back = order[1], [order[1].index(axis) for axis in range(len(order[1]))]
        return self._product(seen, weights, value.permute(order[0]), out.permute(there), True).permute(back)

    def _product(self, seen: _Seen, weights: Tensor, value: Tensor, out: Tensor, same: bool) -> Tensor:
        """The heads' output, edited and noted; `same` says that its layout is that of the weights."""
        if seen.place in self.capture.met:  # VITS goes on to multiply them with values for relative positions
            if seen.edits:
                raise EditRefused(f"the heads of {seen.place[0]} can be switched off or scaled, not replaced")
            return out
        self.capture.met.add(seen.place)
        axis = 0 if weights.dim() == 3 else seen.axis  # BLOOM merges batch and heads only for this product
        if seen.edits:
            if not same:
                raise EditRefused(f"the heads of {seen.place[0]} can be switched off or scaled, not replaced")
            out = without_heads(edit_output(with_heads(out, seen.n_heads, axis), seen.edits), axis)
        if seen.index is not None and same and weights.dim() in (3, 4, 5) and axis in (0, 1):
            call = self.capture.calls[seen.index]
            if "values" in self.capture.keep and value.dim() == weights.dim():
                call = replace(call, value=own(with_heads(value, seen.n_heads, axis)))
            if "outputs" in self.capture.keep:
                call = replace(call, output=own(with_heads(out, seen.n_heads, axis)))
            self.capture.calls[seen.index] = call
        return out

    def _fused(
        self,
        func: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        """A direct call of torch's fused attention (Falcon, Data2Vec): weights are made when they are asked for."""
        capture, (name, _) = self.capture, self.capture.stack[-1]
        place = capture.count(name)
        capture.met.add(place)
        edits, wanted = capture.edits_at(place), capture.wants(place)
        options = {"dropout_p": dropout_p, "is_causal": is_causal, "scale": scale, "enable_gqa": enable_gqa}
        if not wanted and not edits:
            out: Tensor = func(query, key, value, attn_mask=attn_mask, **options)
            return out
        merged = query.dim() == 3
        n_heads, _ = self._layout(place, query)
        q, k, v = (with_heads(t, n_heads, 0) if merged else t for t in (query, key, value))
        n_heads = q.shape[1]
        mask = None if attn_mask is None else _four(attn_mask, merged, n_heads)
        recipe = Recipe(query.shape[-1] ** -0.5 if scale is None else scale, mask, causal=is_causal)
        weights = None
        if (wanted and capture.gradients) or touched(edits):
            weights = edited_softmax(recipe.scores(q, repeated(k, n_heads)), recipe.softmax, edits).to(v.dtype)
            if wanted and capture.gradients:
                weights = leaf(weights)
                capture.live.append(weights)
            heads = F.dropout(weights, dropout_p) @ repeated(v, n_heads)
        else:
            out = func(query, key, value, attn_mask=attn_mask, **options)
            heads = with_heads(out, n_heads, 0) if merged else out
        heads = edit_output(heads, edits)
        if wanted:
            capture.calls.append(
                Call(
                    name,
                    place[1],
                    "function",
                    n_heads,
                    own(q),
                    own(k),
                    own(v) if "values" in capture.keep else None,
                    own(heads) if "outputs" in capture.keep else None,
                    recipe,
                    None if weights is None else weights.detach(),
                )
            )
        return heads.flatten(0, 1) if merged else heads


def _tensors(values: Any) -> Iterator[Tensor]:
    """The tensors among a call's arguments, also those in a list, as einsum may take them."""
    for value in values.values() if isinstance(values, dict) else values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list | dict):
            yield from _tensors(value)


def _order(equation: Any, weights_first: bool) -> tuple[list[int], list[int]] | None:
    """How an einsum's values and result are to be permuted to follow its weights; None if it is no sum over keys."""
    inputs, _, result = str(equation).replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != 2 or "." in inputs:
        return None
    weights, value = terms if weights_first else terms[::-1]
    rows, width = weights[:-1], [letter for letter in result if letter not in weights]
    if len(width) != 1 or sorted(result) != sorted([*rows, *width]):
        return None
    wanted = [*rows[:-1], weights[-1], *width]
    if sorted(value) != sorted(wanted):
        return None
    return [value.index(letter) for letter in wanted], [result.index(letter) for letter in (*rows, *width)]


def _edited(
    func: Any, scores: Tensor, args: Any, kwargs: Any, edits: tuple[HeadEdit, ...], n_heads: int, axis: int
) -> tuple[Tensor, tuple[HeadEdit, ...]]:
    """Weights after the edits, in the layout of the scores; and the edits left for when the values are summed."""
    if axis > 1 and touched(edits):
        raise EditRefused("the heads of a banded or blocked layer can be switched off or scaled, not steered")
    weights = edited_softmax(with_heads(scores, n_heads, axis), lambda s: func(s, *_last(args), **_dim(kwargs)), edits)
    left = tuple(one for one in edits if one.heads and not touched((one,)) and _factor_of(one) is None)
    return without_heads(weights, axis), left


def _last(args: Any) -> tuple[Any, ...]:
    return (-1, *args[1:]) if args else ()


def _dim(kwargs: Any) -> dict[str, Any]:
    return {**kwargs, "dim": -1} if "dim" in kwargs else kwargs


def _factor_of(one: HeadEdit) -> float | None:
    """What an edit multiplies the heads' output by, if that is all it does: it may then be done to their weights."""
    if isinstance(one.edit, Scale):
        return one.edit.factor
    return 0.0 if isinstance(one.edit, Ablate) and one.edit.by == "zero" else None


def _silenced(weights: Tensor, edits: tuple[HeadEdit, ...], n_heads: int, axis: int) -> Tensor:
    """The weights as they meet the values: a head that is switched off or scaled says so much less."""
    factors = [(one.heads, found) for one in edits if (found := _factor_of(one)) is not None]
    if not factors:
        return weights
    scaled = with_heads(weights, n_heads, axis).clone()
    for heads, factor in factors:
        scaled[:, list(heads)] *= factor
    return without_heads(scaled, axis)


def _factors(
    pair: tuple[Tensor, Tensor] | None, weights: Tensor, n_heads: int, axis: int
) -> tuple[Tensor | None, Tensor | None]:
    """Query [batch, head, query, d_head] and key [batch, head, key, d_head], if the scores were their plain product."""
    if pair is None or axis > 1 or weights.dim() not in (3, 4):
        return None, None
    query, key = pair
    if query.dim() == key.dim() == 3 and weights.dim() == 4 and query.shape[0] == weights.shape[0] * n_heads:
        axis = 0  # BLOOM merges batch and heads only for this product
    elif query.dim() != weights.dim() or key.dim() != weights.dim():
        return None, None
    n_query, n_key, d_head = *weights.shape[-2:], query.shape[-1]
    if query.shape[-2] != n_query or key.shape[-2:] != (d_head, n_key):
        return None, None
    return own(with_heads(query, n_heads, axis)), own(with_heads(key.transpose(-1, -2), n_heads, axis))


def _four(mask: Tensor, merged: bool, n_heads: int) -> Tensor:
    """A mask of the fused kernel as [1 or batch, 1 or head, query, key]."""
    if merged and mask.dim() == 3:
        return mask[:, None] if mask.shape[0] % n_heads else mask.unflatten(0, (-1, n_heads))
    return mask[(None,) * (4 - mask.dim())]
