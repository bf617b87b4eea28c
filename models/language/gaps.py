"""Gaps in a text: what a masked language model would put there, and how it ranks a word of the visitor's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import torch

from models.records import Gap, Ranking
from models.zoo import text as texts
from models.zoo.errors import InputError
from models.zoo.inputs import Prepared

if TYPE_CHECKING:
    from models.zoo.model import Model

MARKS = re.compile(r"\[MASK\]|<mask>|_{3,}")  # what people write for a gap, whatever the model's own token is
TOP = 50
MOST = 8  # gaps of one text that are shown


def marked(model: Model, text: str) -> str:
    """The text with the model's own mask token in its gaps; raises InputError if there is no gap."""
    mask = model.tokenizer.mask_token
    if mask is None:
        raise InputError(f"{model.info.name} has no mask token: it cannot be asked what is missing.")
    text = MARKS.sub(lambda _: mask, text)
    if text.strip() and mask not in text:
        raise InputError(f"There is no gap in the text. Put {mask} or ___ where a word is missing.")
    return text


def gaps(model: Model, output: Any, prepared: Prepared, words: tuple[str, ...] = ()) -> tuple[Gap, ...]:
    """Each gap's candidates over the whole vocabulary, all gaps left open; raises InputError if none was read."""
    places = [i for i, id in enumerate(prepared.ids) if id == model.tokenizer.mask_token_id]
    if not places:
        raise InputError("The gap lies beyond what the model reads at a time. Shorten the text before it.")
    if len(places) > MOST:
        raise InputError(f"The text has {len(places)} gaps; up to {MOST} are filled at a time.")
    return tuple(_gap(model, output.logits[0, place], place, words, prepared) for place in places)


def _gap(model: Model, logits: Any, place: int, words: tuple[str, ...], prepared: Prepared) -> Gap:
    every = logits.float().softmax(-1).cpu()
    best = every.topk(min(TOP, len(every)))
    ids = best.indices.tolist()
    names = tuple(texts.token_texts(model.tokenizer, ids))
    ranking = Ranking(f"token at position {place}", names, best.values.numpy(), len(every), tuple(ids), every.numpy())
    return Gap(place, ranking, tuple(_asked(model, word, every) for word in words if word.strip()))


def _asked(model: Model, word: str, every: torch.Tensor) -> tuple[str, int, float]:
    """The word, its rank from 0 and its probability; of the ways to write it as one token, the likeliest."""
    number = max(numbers(model, word), key=lambda number: float(every[number]))
    return (
        texts.token_texts(model.tokenizer, [number])[0].strip() or word,
        int((every > every[number]).sum()),
        float(every[number]),
    )


def numbers(model: Model, word: str) -> list[int]:
    """The tokens that are this word, with and without a space before it; raises InputError if it is several tokens."""
    word = word.strip()
    found, pieces = [], []
    for text in (f" {word}", word):
        ids = model.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        if len(ids) == 1 and ids[0] != model.tokenizer.unk_token_id:
            found.append(ids[0])
        pieces = ids
    if found:
        return list(dict.fromkeys(found))
    if model.tokenizer.unk_token_id in pieces or not pieces:
        raise InputError(f"“{word[:60]}” is not in this model's vocabulary of {len(model.tokenizer):,} tokens.")
    listed = ", ".join(f"“{piece.strip()}”" for piece in texts.token_texts(model.tokenizer, pieces)[:6])
    raise InputError(
        f"“{word[:60]}” is {len(pieces)} tokens to this model ({listed}); a gap holds one. Type a shorter word, or put "
        f"{len(pieces)} gaps into the text."
    )
