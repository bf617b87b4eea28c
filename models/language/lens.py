"""The logit lens: what a language model would say next if it stopped after each layer (nostalgebraist 2020).

    logits_l = head(norm(h_l)),   l = 0 (the embedding) ... n_layers

The trap: the library's last hidden state has been through the final norm already, the others have not. Which module
that norm is, and whether there is one, is found by watching a pass; and the last row must be the model's own answer.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from models.records import Lens
from models.zoo import text as texts
from models.zoo.errors import InputError

if TYPE_CHECKING:
    from models.zoo.given import Given
    from models.zoo.model import Model

TOP = 5
CLOSE = 2e-3  # how far the last row's logits may be from the model's own, as a share of their spread


def lens(model: Model, given: Given) -> Lens:
    """Best candidates by layer and position, and the rank and probability of the model's final answer on the way.

    Raises InputError for a model that has no head over a vocabulary, or whose head cannot be told.
    """
    return read_through(model, model.reader.prepare(given).arguments)


def read_through(model: Model, given: Mapping[str, Tensor]) -> Lens:
    """`lens` for arguments of the model's forward pass."""
    if model.info.task not in ("next token", "fill mask", "text to text"):
        raise InputError(f"{model.info.name} does not name tokens ({model.info.task}), so there is nothing to read.")
    arguments = {name: value.to(model.module.device) for name, value in given.items()}
    n_states, read, output = through_head(model.module, arguments)
    read_ids = "decoder_input_ids" if "decoder_input_ids" in arguments else "input_ids"
    ids = tuple(arguments[read_ids][0].tolist())
    final = output.logits[0].float().argmax(-1)  # [position]
    best, probability, rank, chance = [], [], [], []
    for layer in range(n_states):
        every = read(layer)[0].float().softmax(-1)  # [position, candidate]
        top = every.topk(TOP, dim=-1)
        own = every.gather(1, final[:, None])
        best.append(top.indices.cpu().numpy())
        probability.append(top.values.cpu().numpy())
        rank.append((every > own).sum(-1).cpu().numpy())
        chance.append(own[:, 0].cpu().numpy())
    numbers = np.unique(np.concatenate([np.stack(best).ravel(), final.cpu().numpy()]))
    names = dict(zip(numbers.tolist(), texts.token_texts(model.tokenizer, numbers.tolist()), strict=True))
    return Lens(
        tokens=texts.sequence_of(model.tokenizer, ids),
        layers=("embedding", *(f"layer {n}" for n in range(n_states - 1))),
        best=np.stack(best),
        probability=np.stack(probability),
        rank=np.stack(rank),
        answer=np.stack(chance),
        final=final.cpu().numpy(),
        names=names,
    )


def through_head(module: Any, arguments: dict[str, Tensor]) -> tuple[int, Callable[[int], Tensor], Any]:
    """One pass: how many hidden states there are, what makes logits of one of them, and the model's output.

    Raises InputError where the last of them does not give the model's own logits.
    """
    hidden, norm, output = _watched(module, arguments)
    return len(hidden), _reader(module, hidden, norm, output.logits), output


@torch.no_grad()
def _watched(module: Any, arguments: dict[str, Tensor]) -> tuple[list[Tensor], nn.Module | None, Any]:
    """Hidden states, the last as it left its layer; the norm that comes after it, None if there is none; the output."""
    seen: list[tuple[nn.Module, Tensor, Tensor]] = []

    def note(norm: nn.Module, given: tuple[Any, ...], made: Any) -> None:
        if given and isinstance(given[0], Tensor) and isinstance(made, Tensor):
            seen.append((norm, given[0], made))

    with ExitStack() as hooks:
        for part in module.modules():
            if "norm" in type(part).__name__.lower():
                hooks.callback(part.register_forward_hook(note).remove)
        output = module(**arguments, output_hidden_states=True, use_cache=False)
    states = getattr(output, "decoder_hidden_states", None) or getattr(output, "hidden_states", None)
    if not states or getattr(output, "logits", None) is None:
        raise InputError("This model hands out no hidden states, so its layers cannot be read.")
    states = list(states)
    for norm, given, made in reversed(seen):
        inside = any(given is state for state in states[:-1]) and norm is not seen[-1][0]
        if made is states[-1] or (made.shape == states[-1].shape and torch.equal(made, states[-1])):
            if not inside and not _of_a_layer(module, norm):
                return [*states[:-1], given], norm, output
            break
    return states, None, output


def _of_a_layer(module: nn.Module, norm: nn.Module) -> bool:
    """Whether a norm belongs to one of the layers, which stand in lists: post-norm models end in such a one."""
    name = next(name for name, part in module.named_modules() if part is norm)
    return any(piece.isdigit() for piece in name.split("."))


def _reader(module: Any, hidden: list[Tensor], norm: nn.Module | None, logits: Tensor) -> Callable[[int], Tensor]:
    """What makes logits of the hidden state of a layer; it gives the model's own answer for the last one."""
    spread = float(logits.float().std()) or 1.0
    for head in _heads(module):
        for scale in _scales(module.config.get_text_config()):
            read = _read(hidden, norm, head, scale)
            try:
                error = float((read(len(hidden) - 1).float() - logits.float()).abs().max())
            except (RuntimeError, TypeError, AttributeError):
                continue
            if error <= CLOSE * spread:
                return read
    raise InputError("How this model makes its answer of the last hidden state cannot be told, so no lens is drawn.")


def _read(
    hidden: list[Tensor], norm: nn.Module | None, head: Callable[[Tensor], Any], scale: Callable[[Tensor], Tensor]
) -> Callable[[int], Tensor]:
    """Logits [batch, position, candidate] of the hidden state of a layer."""

    @torch.no_grad()
    def read(layer: int) -> Tensor:
        state = hidden[layer]
        return scale(head(state if norm is None else norm(state)))

    return read


def _heads(module: Any) -> list[Callable[[Tensor], Any]]:
    """What may come after the last norm: the whole head of a masked language model, or the output embedding alone."""
    base = module.base_model_prefix
    children = {name: part for name, part in module.named_children() if name != base and name != "model"}
    found: list[Callable[[Tensor], Any]] = []
    if len(children) == 1:
        found += [next(iter(children.values()))]
    for first, second in itertools.permutations(children.values(), 2):  # a transformation, then the embedding
        found.append(nn.Sequential(first, second))
    out = module.get_output_embeddings()
    if out is not None:
        found.append(out)
        bias = getattr(module, "final_logits_bias", None)
        if isinstance(bias, Tensor):
            found.append(lambda state: out(state) + bias)
        inner = getattr(getattr(module, base, None), "decoder", None)
        project = getattr(inner, "project_out", None)
        if project is not None:
            found.append(lambda state: out(project(state)))
    if {"vocab_transform", "vocab_layer_norm", "vocab_projector"} <= set(children):  # DistilBERT's head, in three parts
        found.append(
            lambda state: children["vocab_projector"](
                children["vocab_layer_norm"](module.activation(children["vocab_transform"](state)))
            )
        )
    return found


def _scales(config: Any) -> list[Callable[[Tensor], Tensor]]:
    """What may be done to the logits at the very end."""
    found: list[Callable[[Tensor], Tensor]] = [lambda logits: logits]
    cap = getattr(config, "final_logit_softcapping", None)
    if cap:
        found.append(lambda logits: torch.tanh(logits / cap) * cap)
    for name, power in (("logit_scale", 1), ("logits_scaling", -1), ("d_model", -0.5)):
        value = getattr(config, name, None)
        if value:
            found.append(functools.partial(torch.mul, value**power))
    return found
