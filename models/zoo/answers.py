"""What a model answers beside its best next token: a translation, a span of the text, boxes, a drawn picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from models.records import Answer, Ranking
from models.zoo import text as texts
from models.zoo.given import Given
from models.zoo.inputs import Prepared

if TYPE_CHECKING:
    from models.zoo.model import Model

SMALL = 20_000_000  # parameters up to which a text is also continued: it costs a pass per token
CONTINUED = 16  # tokens
SURE = 0.7  # from which probability on an object counts as detected; DETR's own demonstrations take as much
LONGEST_SPAN = 30  # tokens of an answer that is a part of the text, as in BERT's own evaluation
PAINT = "<paint>"  # where dalle-shapes goes on with cells of a picture


def answer(model: Model, output: Any, prepared: Prepared, given: Given, edited: bool = False) -> Answer | None:
    """The answer in words, or drawn; None where the ranking says it all.

    `edited`: heads were changed after the input was prepared, so what the decoder reads is not what they would write.
    """
    task = model.info.task
    if task == "answer questions":
        return _span(model, output, prepared)
    if task == "detect":
        return _objects(model, output, given)
    if "target" in model.info.reads and not given.target:
        ids = model.reader.answer(prepared.arguments, given) if edited else prepared.arguments["decoder_input_ids"][0]
        return Answer("writes", model.tokenizer.decode(ids, skip_special_tokens=True).strip())
    if task == "next token" and model.info.reads == ("text",) and model.info.n_params <= SMALL:
        return _painted(model, given) if PAINT in model.tokenizer.get_vocab() else _continued(model, prepared)
    return None


def hidden(output: Any) -> Any:
    """The last layer's hidden states, float32 [position, d_model]; None where the output has none."""
    states = getattr(output, "last_hidden_state", None)
    if states is None:
        states = (getattr(output, "hidden_states", None) or (None,))[-1]
    if not isinstance(states, Tensor) or states.dim() != 3:
        return None
    return states[0].detach().float().cpu().numpy()


def _span(model: Model, output: Any, prepared: Prepared) -> Answer:
    """The likeliest span of the text (Devlin et al. 2019, section 4.2); its probability is start times end."""
    sequence = prepared.sequences["text"]
    inside = torch.tensor([segment == 1 for segment in sequence.segments or ()])
    start, end = (_within(logits[0], inside) for logits in (output.start_logits, output.end_logits))
    pairs = (start[:, None] * end[None]).triu().tril(LONGEST_SPAN - 1)
    first, last = divmod(int(pairs.argmax()), len(end))
    said = "".join(sequence.labels[first : last + 1]).strip()
    return Answer("answers", said, probability=float(pairs.max()))


def _within(logits: Tensor, inside: Tensor) -> Tensor:
    """Probabilities over the positions of the passage alone."""
    return logits.detach().float().cpu().masked_fill(~inside, -torch.inf).softmax(-1)


def spans(model: Model, output: Any, prepared: Prepared) -> Ranking:
    """Where the answer begins: every position of the text, best first."""
    sequence = prepared.sequences["text"]
    inside = torch.tensor([segment == 1 for segment in sequence.segments or ()])
    every = _within(output.start_logits[0], inside)
    best = every.sort(descending=True)
    places = tuple(best.indices[: int(inside.sum())].tolist())
    labels = tuple(sequence.labels[place].strip() for place in places)
    shares = best.values[: len(places)].numpy()
    return Ranking("start of the answer", labels, shares, len(places), places, every.numpy())


def _objects(model: Model, output: Any, given: Given) -> Answer:
    """Each detected object with its probability, surest first."""
    assert given.image is not None
    processor = model.reader.processor
    sizes = [(given.image.height, given.image.width)]
    found = processor.post_process_object_detection(output, threshold=SURE, target_sizes=sizes)[0]
    names: Any = model.module.config.id2label
    sure = sorted(
        zip(found["scores"].tolist(), found["labels"].tolist(), found["boxes"].tolist(), strict=True), reverse=True
    )
    said = ", ".join(f"{names[label]} {score:.2f}" for score, label, _ in sure)
    boxes = tuple((str(names[label]), score, tuple(box)) for score, label, box in sure)
    return Answer("sees", said or f"nothing it is {SURE:.0%} sure of", boxes=boxes)


def _painted(model: Model, given: Given) -> Answer | None:
    """The picture that follows the caption, drawn cell by cell."""
    from models.zoo.recipes import dalle_shapes, scenes

    caption, mark, _ = given.text.partition(PAINT)
    if not mark:
        return None
    codes = dalle_shapes.paint(model.module, model.tokenizer, [caption.strip()], seed=0)[0]
    colours = np.array([(scenes.NIGHT,) * 3, *scenes.COLOURS.values()], np.uint8)
    return Answer("paints", caption.strip(), picture=colours[codes])


@torch.no_grad()
def _continued(model: Model, prepared: Prepared) -> Answer:
    """What the model says next, greedily."""
    ids = list(prepared.ids)
    room = min(CONTINUED, model.info.max_len - len(ids))
    end = model.tokenizer.eos_token_id
    step: Any = torch.tensor([ids])
    cache, new = None, []
    for _ in range(room):
        output: Any = model.module(input_ids=step, past_key_values=cache, use_cache=True)
        cache, token = output.past_key_values, int(output.logits[0, -1].argmax())
        if token == end:
            break
        new.append(token)
        step = torch.tensor([[token]])
    return Answer("goes on", "".join(texts.token_texts(model.tokenizer, new)).rstrip())
