"""What a model makes of a text at one of the tasks, from its own logits, softmaxed in float32 over all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from models.language import gaps, spans
from models.records import Passage, Ranking, Reading
from models.zoo import text as texts
from models.zoo.errors import InputError
from models.zoo.given import Given
from models.zoo.inputs import Prepared

if TYPE_CHECKING:
    from models.zoo.model import Model

CLASSES = 1_000  # the most classes that are listed by name


def read(model: Model, given: Given, task: str, words: tuple[str, ...] = ()) -> Reading:
    """One pass and what it says. `words`: for gaps, words whose rank is wanted. Raises InputError."""
    return of_prepared(model, prepare(model, given, task), task, words)


@torch.no_grad()
def of_prepared(model: Model, prepared: Prepared, task: str, words: tuple[str, ...] = ()) -> Reading:
    """`read` for an input that is ready."""
    return of_output(model, model.output(prepared), prepared, task, words)


def prepare(model: Model, given: Given, task: str) -> Prepared:
    """The input of a task, which must hold what the task is about; raises InputError."""
    if task == "gaps":
        given = replace(given, text=gaps.marked(model, given.text))
    return model.reader.prepare(given)


def of_output(model: Model, output: Any, prepared: Prepared, task: str, words: tuple[str, ...] = ()) -> Reading:
    """What an output says at a task."""
    tokens = prepared.sequences["text"]
    reading = Reading(task, tokens, prepared.n_tokens)
    if task == "sentiment":
        return replace(reading, classes=classes(model, output))
    if task == "questions":
        return replace(reading, spans=spans.spans(model, output, prepared))
    if task == "gaps":
        return replace(reading, gaps=gaps.gaps(model, output, prepared, words))
    return replace(reading, passage=passage(model, output, prepared))


def classes(model: Model, output: Any) -> Ranking:
    """Every class with its probability, the likeliest first.

    Where one class alone has a score (a regression), or each is decided by itself, no sum of 1 is claimed: the sigmoid
    of each score is given, as transformers' own pipeline does.
    """
    scores: Any = getattr(output, "logits", None)
    if scores is None or scores.dim() != 2:
        raise InputError(f"{model.info.name} gives no score per class for this text.")
    logits = scores[0].float().cpu()
    config: Any = model.module.config
    alone = len(logits) == 1 or config.problem_type == "multi_label_classification"
    every = logits.sigmoid() if alone else logits.softmax(-1)
    order = every.argsort(descending=True, stable=True)[:CLASSES].tolist()
    names = tuple(str(config.id2label.get(number, f"class {number}")) for number in order)
    question = "each class by itself" if alone else "class"
    return Ranking(question, names, every[order].numpy(), len(every), tuple(order), every.numpy())


def passage(model: Model, output: Any, prepared: Prepared) -> Passage:
    """What the decoder wrote, each token with the probability it had when it was written."""
    ids = prepared.arguments["decoder_input_ids"][0]
    every = output.logits[0].float().softmax(-1).cpu()
    written = ids[1:]
    probabilities = every[torch.arange(len(written)), written] if len(written) else torch.zeros(0)
    whole = prepared.sequences["target"]
    tokens = replace(whole, labels=_spaced(model, ids.tolist(), whole.labels)[1:], special=whole.special[1:])
    text = model.tokenizer.decode(ids, skip_special_tokens=True).strip()
    return Passage(tokens, probabilities.numpy(), text)


def _spaced(model: Model, ids: list[int], labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels with the spaces that decoding puts between them, for tokenizers whose tokens carry none."""
    decoded = [model.tokenizer.decode(ids[:end]) for end in range(len(ids) + 1)]
    if any(label[:1].isspace() for label in labels) or " " not in decoded[-1]:
        return labels
    found = []
    for before, after, label in zip(decoded, decoded[1:], labels, strict=False):
        more = after[len(before) :] if after.startswith(before) else label
        found.append(more if more.strip() == label.strip() else label)
    return tuple(found)


def targets(model: Model, reading: Reading, prepared: Prepared, chosen: int | None = None) -> list[Any]:
    """What each row of an explanation is of: functions from the model's output to log-odds, differentiable.

    The log-odds of a candidate, its logit less the log of all others' exponentials together, say what speaks for it and
    not for another; a candidate that is decided by itself has its logit.

    `chosen`: the class that is explained, the best if None.
    """
    if reading.classes is not None:
        number = reading.classes.ids[0] if chosen is None else chosen
        alone = reading.classes.question != "class"
        return [lambda output: output.logits[0, number] if alone else odds(output.logits[0], number)]
    if reading.spans is not None:
        best = reading.spans.found[0]
        return [
            lambda output: odds(output.start_logits[0], best.first),
            lambda output: odds(output.end_logits[0], best.last),
        ]
    if reading.gaps:
        return [_logit(gap.place, gap.ranking.ids[0]) for gap in reading.gaps]
    ids = prepared.arguments["decoder_input_ids"][0].tolist()
    return [_logit(row, number) for row, number in enumerate(ids[1:])]


def odds(logits: Tensor, number: int) -> Tensor:
    """log(p / (1 - p)) of one candidate, from the logits of all of them."""
    logits = logits.float()
    others = torch.cat([logits[:number], logits[number + 1 :]])
    return logits[number] - others.logsumexp(-1)


def _logit(place: int, number: int) -> Any:
    def target(output: Any) -> Tensor:
        return odds(output.logits[0, place], number)

    return target


def places(model: Model, reading: Reading) -> list[int]:
    """The positions that each row is read from: of a class that where the head sits, of a gap the gap."""
    if reading.spans is not None:
        return [reading.spans.found[0].first, reading.spans.found[0].last]
    if reading.gaps:
        return [gap.place for gap in reading.gaps]
    return [len(reading.tokens) - 1 if model.causal else 0]


def labels(model: Model, ids: list[int]) -> tuple[str, ...]:
    """What tokens say by themselves."""
    return tuple(texts.token_texts(model.tokenizer, ids))


def joined(probabilities: Any) -> float:
    """The logarithm of a product of probabilities, in bits."""
    return float(np.log2(np.maximum(probabilities, np.finfo(np.float32).tiny)).sum())
