"""Answers that are parts of a passage (Devlin et al. 2019, section 4.2): where they begin, where they end.

Start and end are softmaxed over all positions, as the model was trained: the question and the special tokens compete,
and the first token ([CLS], <s>) stands for "no answer" (Rajpurkar et al. 2018). An answer's score is the probability of
its start times that of its end.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import torch

from models.records import Found, Sequence, Spans
from models.zoo.errors import InputError
from models.zoo.inputs import Prepared

if TYPE_CHECKING:
    from models.zoo.model import Model

LONGEST = 30  # tokens of an answer, as in BERT's own evaluation
MOST = 5  # answers that are listed


def spans(model: Model, output: Any, prepared: Prepared) -> Spans:
    """The distributions and the best answers, none of which lies within a better one. Raises InputError."""
    tokens = prepared.sequences["text"]
    start, end = (logits[0].float().softmax(-1).cpu() for logits in (output.start_logits, output.end_logits))
    inside = torch.tensor(  # a word that the model does not know may be an answer, although its token is a special one
        [not mark for mark in tokens.special] if tokens.segments is None else [one == 1 for one in tokens.segments]
    )
    if not inside.any():
        raise InputError("There is no passage to answer from. Put a text below the question.")
    pairs = (start[:, None] * end[None]).triu().tril(LONGEST - 1) * (inside[:, None] & inside[None])
    first = model.tokenizer.cls_token_id
    begins = [i for i, id in enumerate(prepared.ids) if id == first] if first is not None else []
    nothing = float(start[begins[0]] * end[begins[0]]) if begins else None
    return Spans(start.numpy(), end.numpy(), _best(pairs, tokens), nothing)


def _best(pairs: torch.Tensor, tokens: Sequence) -> tuple[Found, ...]:
    """The best pairs of start and end that do not overlap."""
    n = pairs.shape[1]
    order = pairs.flatten().topk(min(200, pairs.numel()))
    found: list[Found] = []
    for score, place in zip(order.values.tolist(), order.indices.tolist(), strict=True):
        first, last = divmod(place, n)
        if last < first or any(first <= other.last and other.first <= last for other in found):
            continue
        text, span = spelled(tokens, first, last)
        found.append(Found(text, span, first, last, score))
        if len(found) == MOST:
            break
    return tuple(found)


def spelled(tokens: Sequence, first: int, last: int) -> tuple[str, tuple[int, int]]:
    """The characters of the passage at positions `first` to `last`, spaces around them left out, and which they are.

    Where the tokenizer does not say which characters a token stands for, its labels are joined instead.
    """
    passage = tokens.texts[-1] if tokens.texts else ""
    known = [span for span in (tokens.spans or ())[first : last + 1] if span is not None]
    if not known:
        text = "".join(tokens.labels[first : last + 1])
        return text.strip(), (0, 0)
    start, end = min(span[0] for span in known), max(span[1] for span in known)
    while end < len(passage) and unicodedata.category(passage[end]).startswith("M"):
        end += 1  # an accent that the tokenizer drops belongs to the letter before it
    cut = passage[start:end]
    start += len(cut) - len(cut.lstrip())
    return cut.strip(), (start, start + len(cut.strip()))
