"""What an answer owes to each token: raw attention, attention followed through the layers, and gradients.

Gradient x input (Shrikumar et al. 2016, arXiv 1605.01713): with e the embedding of a position and y the log-odds of
what is explained, e . dy/de. Above 0 the token speaks for the answer, below 0 against it. The sum is not y.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from models.explain import relevance
from models.explain.rollout import rollout
from models.language import reading as readings
from models.records import Attention, Floats, Reading, Scores, Trace
from models.zoo.errors import InputError
from models.zoo.inputs import Prepared

if TYPE_CHECKING:
    from models.zoo.model import Model

LONGEST = 512  # tokens up to which layers are multiplied with one another
WORK = 6e9  # parameters times gradients that a page may ask for at once
SAME = 1e-3  # how far a logit may differ when the model is given embeddings in place of numbers


def attention(model: Model, trace: Trace, reading: Reading) -> tuple[Scores, ...]:
    """What the answer's positions read: the last layer's mean over heads; and rollout through all of them."""
    if reading.passage is not None:
        return _alignment(trace, reading)
    stack = _stack(trace, reading)
    if stack is None:
        return ()
    rows = readings.places(model, reading)
    last = len(stack.weights) - 1
    mean = stack.weights[last].mean(0)[rows]
    where = _where(reading)
    found = [Scores("Attention, last layer", mean, f"Mean of the heads of layer {last}, looking from {where}.")]
    if len(stack.weights) > 1 and len(stack.keys) <= LONGEST:
        through = rollout(layer.mean(0) for layer in stack.weights)[rows].astype(np.float32)
        about = f"Attention rollout: how much of each token reaches {where} through all layers."
        found.append(Scores("Attention, all layers", through, about))
    return tuple(found)


def gradients(
    model: Model, prepared: Prepared, reading: Reading, traced: Callable[[Any], Trace], chosen: int | None = None
) -> tuple[Scores, ...]:
    """Relevance (attention weighed by its gradient) and gradient x input of the same answer.

    `traced` makes a trace with gradients of a target; `chosen` is the class that is explained. Raises InputError with
    the reason where a model has none.
    """
    targets = readings.targets(model, reading, prepared, chosen)
    if model.info.n_params * len(targets) > WORK:
        raise InputError(
            f"{len(targets)} gradients of {model.info.n_params / 1e6:,.0f} million parameters take too long for a "
            "page: take a shorter text or a smaller model."
        )
    found = [gradient_times_input(model, prepared, targets)]
    if reading.passage is None and (stack := _stack(traced(targets[0]), reading)) is not None:
        found.insert(0, _relevance(model, reading, [traced(target) for target in targets], stack))
    return tuple(found)


def gradient_times_input(model: Model, prepared: Prepared, targets: list[Callable[[Any], Tensor]]) -> Scores:
    """Gradient x input of each target, [target, position]; raises InputError for models that take no embeddings."""
    if "inputs_embeds" not in model.reader.takes:
        raise InputError(f"{model.info.name} takes no embeddings, so there is no gradient to its input.")
    embedded = _embedded(model, prepared, targets)
    with torch.enable_grad():
        embedded.requires_grad_()
        output = model.output(_given(prepared, embedded))
        rows = []
        for i, target in enumerate(targets):
            logit = target(output)
            (slope,) = torch.autograd.grad(logit, embedded, retain_graph=i + 1 < len(targets))
            rows.append((slope * embedded).sum(-1)[0].detach().float().cpu().numpy())
    values = np.stack(rows) if rows else np.zeros((0, embedded.shape[1]), np.float32)
    about = "Each embedding times the gradient of the answer's score: what speaks for it, and what against."
    return Scores("Gradient × input", values, about, signed=True)


@torch.no_grad()
def _embedded(model: Model, prepared: Prepared, targets: list[Callable[[Any], Tensor]]) -> Tensor:
    """Embeddings [1, position, d_model] that make the model say what it says to the text's token numbers.

    Some models scale what comes from their table by the square root of its width before they go on (Marian).
    Raises InputError where neither does.
    """
    ids = prepared.arguments["input_ids"].to(model.module.device)
    embedded = model.module.get_input_embeddings()(ids)
    plain = model.output(prepared)
    for scale in (1.0, float(embedded.shape[-1]) ** 0.5):
        output = model.output(_given(prepared, embedded * scale))
        pairs = [(float(target(plain)), float(target(output))) for target in targets[:1]]
        if all(abs(a - b) <= SAME * max(1.0, abs(a)) for a, b in pairs):
            return embedded * scale
    raise InputError(f"{model.info.name} reads embeddings in a way of its own: no gradient to its input.")


def _given(prepared: Prepared, embedded: Tensor) -> Prepared:
    """The input with embeddings in place of the text's token numbers."""
    arguments = {name: value for name, value in prepared.arguments.items() if name != "input_ids"}
    return replace(prepared, arguments=arguments | {"inputs_embeds": embedded})


def _relevance(model: Model, reading: Reading, traces: list[Trace], stack: Attention) -> Scores:
    """Relevance through all layers, a row per target, from the position that its answer is read at."""
    rows = readings.places(model, reading)
    values = []
    for trace, row in zip(traces, rows, strict=True):
        own = _stack(trace, reading)
        assert own is not None
        through = relevance.of_stack(own)[row].copy()
        through[row] -= 1  # R starts as the identity: what the position is to itself before anything was read
        values.append(through)
    about = "Attention weighed by the answer's gradient, through all layers (Chefer et al. 2021)."
    return Scores("Attention × gradient", np.stack(values), about)


def _stack(trace: Trace, reading: Reading) -> Attention | None:
    """The attention among the tokens that were read, if it is laid out as a matrix over them."""
    n = len(reading.tokens)
    fits = (
        stack
        for stack in trace.attentions
        if stack.kind in ("encoder", "self", "text") and stack.view == "matrix" and len(stack.queries) == n
    )
    found = next(fits, None)
    return found if found is not None and len(found.keys) == n else None


def _alignment(trace: Trace, reading: Reading) -> tuple[Scores, ...]:
    """Cross-attention: a row per written token, read where it was written, that is at the token before it."""
    stack = next((one for one in trace.attentions if one.kind == "cross" and one.view == "matrix"), None)
    assert reading.passage is not None
    n = len(reading.passage.tokens)
    if stack is None or len(stack.keys) != len(reading.tokens) or len(stack.queries) <= n:
        return ()
    means = [_mean(stack, layer)[:n] for layer in range(len(stack.weights))]
    about = "Cross-attention, mean of all heads: what was read in the text while each token was written."
    return (
        Scores("Cross-attention, all layers", np.mean(means, 0, dtype=np.float32), about),
        *(
            Scores(f"Layer {layer}", mean, f"Cross-attention, mean of the heads of layer {layer}.")
            for layer, mean in enumerate(means)
            if len(means) > 1
        ),
    )


def _mean(stack: Attention, layer: int) -> Floats:
    mean: Floats = stack.weights[layer].mean(0)
    return mean


def _where(reading: Reading) -> str:
    if reading.spans is not None:
        return "the answer's first and last token"
    return "the gap" if reading.gaps else "the position that the answer is read from"


def agreement(one: Scores, other: Scores, special: Any) -> float | None:
    """Spearman's rank correlation of two explanations by size, over ordinary tokens, mean of the rows; None if flat."""
    found = []
    for a, b in zip(one.values, other.values, strict=True):
        keep = ~special
        ranks = [_ranks(np.abs(row[keep])) for row in (a, b)]
        if keep.sum() > 2 and all(rank.std() > 0 for rank in ranks):
            found.append(float(np.corrcoef(*ranks)[0, 1]))
    return float(np.mean(found)) if found else None


def _ranks(values: Floats) -> Any:
    """Ranks from 0, equal values sharing the mean of theirs."""
    order = np.argsort(values, kind="stable")
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values))
    for value in np.unique(values):
        same = values == value
        ranks[same] = ranks[same].mean()
    return ranks
