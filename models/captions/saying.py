"""What a model says of a picture: one pass over its words, with what each of them looks at and how sure it was."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models.captions import asking, looking
from models.captions.asking import Asked
from models.explain import relevance
from models.records import Attention, Floats, Ranking, Said, Sequence, Trace, Word
from models.zoo import text as texts
from models.zoo.errors import InputError
from models.zoo.given import Given
from models.zoo.model import Model

BEST = 6  # alternatives of a word that are named
GREY = (128, 128, 128)
NO_RELEVANCE = "This model hands out no number for its words, so there is nothing to take a gradient of."


@dataclass(frozen=True)
class Saying:
    """What was said, and what is needed to ask more about it."""

    said: Said
    model: Model = field(repr=False)
    asked: Asked = field(repr=False)
    at: looking.Place = field(repr=False)
    stacks: tuple[str, ...] = ()  # kinds of the pass's stacks

    @property
    def nbytes(self) -> int:
        """Bytes held in memory."""
        return self.said.nbytes


def say(model: Model, given: Given) -> Saying:
    """Let the model speak about `given.image`; raises InputError for one that does not, or reads no patches."""
    began = time.perf_counter()
    asked = asking.ask(model, given)
    output, passed = model.run(asked.prepared)
    attentions = passed.attentions()
    at = looking.place(model, passed, attentions, asked)
    way = asking.says(model)
    reads = way in ("answers", "asked")
    logits = None if way in ("answers", "asked") else _logits(output, asked)
    words = _words(model, asked, logits)
    looks = looking.cut(attentions[at.stack], at, asked.rows, _sequence(words))
    answers = _answers(model, output) if way == "answers" else _answered(model, asked) if way == "asked" else None
    trace = Trace(
        info=model.info,
        attentions=(looks,),
        ranking=None,
        seconds=time.perf_counter() - began,
        n_tokens=len(asked.ids),
        notes=asked.prepared.notes if way == "target" and given.target else (),
        sees=lambda: model.seen(given),
        extra=passed.calls.nbytes,
        given=given,
    )
    kind = "question" if reads and at.words else "prefix" if at.words else "cross"
    said = Said(trace, words, kind, _text(model, asked, answers, reads), reads, answers)
    return Saying(said, model, asked, at, tuple(stack.kind for stack in attentions))


def on_grey(saying: Saying) -> tuple[float, ...]:
    """The probability of each word, or of each answer that is named, with a grey picture of the same size."""
    model, asked, given = saying.model, saying.asked, saying.said.trace.given
    assert given is not None
    assert given.image is not None
    grey = replace(given, image=Image.new("RGB", given.image.size, GREY))
    pixels = _pixels(model, grey)
    prepared = replace(asked.prepared, arguments=asked.prepared.arguments | pixels)
    changed = replace(asked, prepared=prepared)
    with torch.no_grad():
        way = asking.says(model)
        if way == "answers":
            every = _ranked(model, model.output(prepared)).every
            assert every is not None
            assert saying.said.answers is not None
            return tuple(float(every[id]) for id in saying.said.answers.ids[:BEST])
        if way == "asked":
            return tuple(_written_odds(model, changed)[0])
        return tuple(_odds(_logits(model.output(prepared), changed), asked.word_ids))


def _pixels(model: Model, given: Given) -> dict[str, Any]:
    """The picture as the model takes it."""
    assert given.image is not None
    processor: Any = model.reader.processor
    images = getattr(processor, "image_processor", processor)
    made = images(images=model.reader.picture(given.image), return_tensors="pt")
    return {name: made[name].float() for name in ("pixel_values",) if name in made}


def _sequence(words: tuple[Word, ...]) -> Sequence:
    special: Any = [word.special for word in words]
    return Sequence(tuple(word.label for word in words), special)


def _logits(output: Any, asked: Asked) -> Tensor:
    """Scores of what comes after each token of the text, [token, vocabulary]."""
    scores = output.logits[0].detach().float().cpu()
    return scores[-len(asked.ids) :]  # GIT answers for the picture's patches too, which come first


def _odds(logits: Tensor, asked_ids: tuple[int, ...]) -> list[float]:
    """How likely each of the last words was, over the full vocabulary."""
    n = len(asked_ids)
    rows = logits[-n - 1 : -1].softmax(-1)
    return [float(rows[i, id]) for i, id in enumerate(asked_ids)]


def _words(model: Model, asked: Asked, logits: Tensor | None) -> tuple[Word, ...]:
    """The words with their labels; those that were written also with how sure the model was."""
    name = "target" if "decoder_input_ids" in asked.prepared.arguments and logits is not None else "text"
    sequence = asked.prepared.sequences[name]
    first = len(asked.ids) - len(asked.word_ids)
    labels, marks = sequence.labels[first:], sequence.special[first:]
    if logits is None:
        return tuple(Word(*one) for one in zip(labels, asked.word_ids, map(bool, marks), strict=True))
    every = logits[list(asked.rows)].softmax(-1)
    found = []
    for label, id, mark, row in zip(labels, asked.word_ids, marks, every, strict=True):
        found.append(Word(label, id, bool(mark), float(row[id]), _best(model, row)))
    return tuple(found)


def _best(model: Model, row: Tensor) -> tuple[tuple[str, float], ...]:
    best = row.topk(min(BEST, len(row)))
    labels = texts.token_texts(model.tokenizer, best.indices.tolist())
    return tuple(zip(labels, best.values.tolist(), strict=True))


def _answers(model: Model, output: Any) -> Ranking:
    return _ranked(model, output)


def _ranked(model: Model, output: Any) -> Ranking:
    """Answers that a model chooses among, each with a probability of its own (ViLT was trained so: not shares of 1)."""
    every = output.logits[0].detach().float().cpu().sigmoid()
    best = every.topk(min(50, len(every)))
    names: Any = model.module.config.id2label
    ids = tuple(best.indices.tolist())
    labels = tuple(str(names[id]) for id in ids)
    return Ranking("answer", labels, best.values.numpy(), len(every), ids, every.numpy())


def _answered(model: Model, asked: Asked) -> Ranking:
    """The answer that was written (BLIP), word by word with what it was worth; the words in their order."""
    odds, every = _written_odds(model, asked)
    ids = tuple(asked.prepared.arguments["decoder_input_ids"][0].tolist())[1:]
    labels = asked.prepared.sequences["target"].labels[1:]
    return Ranking("word of the answer", labels, np.array(odds, np.float32), every, ids)


@torch.no_grad()
def _written_odds(model: Model, asked: Asked) -> tuple[list[float], int]:
    """How likely each word of BLIP's answer was, and out of how many words: its own forward pass keeps no scores."""
    module, where = model.module, model.module.device
    given = {name: value.to(where) for name, value in asked.prepared.arguments.items()}
    parts: Any = module
    seen = parts.vision_model(pixel_values=given["pixel_values"])[0]
    asked_for = parts.text_encoder(input_ids=given["input_ids"], encoder_hidden_states=seen)[0]
    ids = given["decoder_input_ids"]
    logits = parts.text_decoder(input_ids=ids, encoder_hidden_states=asked_for).logits[0].float().cpu()
    return _odds(logits, tuple(ids[0, 1:].tolist())), logits.shape[-1]


def _text(model: Model, asked: Asked, answers: Ranking | None, reads: bool) -> str:
    if not reads:
        return str(model.tokenizer.decode(list(asked.word_ids), skip_special_tokens=True)).strip()
    assert answers is not None
    if "decoder_input_ids" in asked.prepared.arguments:
        return str(model.tokenizer.decode(list(answers.ids), skip_special_tokens=True)).strip()
    return answers.labels[0]


# Relevance


def why_not(saying: Saying) -> str:
    """Why no relevance can be had, in a sentence; "" if it can."""
    model = saying.model
    if model.catalogue.tier == "library":
        return f"{model.info.name} hands out its weights only: no gradients to weigh them by."
    if asking.says(model) == "asked":
        return NO_RELEVANCE
    kinds = saying.stacks
    if not saying.at.words and not (("vision" in kinds or "encoder" in kinds) and "decoder" in kinds):
        return "No path of layers goes from this model's words to the patches it began with."
    return ""


def of_word(saying: Saying, number: int) -> Floats:
    """What word `number` rests on (of a model that answers: answer `number`), a value per position of the picture side.

    Chefer, Gur and Wolf 2021: gradients of its score. Raises InputError where there is none.
    """
    reason = why_not(saying)
    if reason:
        raise InputError(reason)
    model, asked, at = saying.model, saying.asked, saying.at
    chooses = asking.says(model) == "answers"
    row = 0 if chooses else asked.rows[number]

    def score(output: Any) -> Tensor:
        scores: Tensor = output.logits[0]
        return scores[number] if chooses else scores[-len(asked.ids) :][row, asked.word_ids[number]]

    stacks = model.passed(asked.prepared, gradient_of=score).attentions()
    if at.words:
        return looking.onto(relevance.of_stack(stacks[at.stack])[row], at)
    return looking.onto(_encoder_decoder(stacks, at)[row], at)


def _encoder_decoder(stacks: tuple[Attention, ...], at: looking.Place) -> Floats:
    cross = stacks[at.stack]
    encoder = next(one for one in stacks if len(one.queries) == len(one.keys) == len(cross.keys) and one is not cross)
    own = next(one for one in stacks if one.kind == "decoder")
    return relevance.of_encoder_decoder(encoder, own, cross)
