"""How a model speaks of pictures, and the input of the one pass that is looked at: all of its words at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from models.zoo import text as texts
from models.zoo.errors import InputError
from models.zoo.given import Given
from models.zoo.inputs import Prepared
from models.zoo.model import Model

MOST = 20  # tokens that are written at most, as the captioners' own examples do
PROMPT = "Describe the picture."  # for models that are spoken to
VQA = "answer about pictures"


@dataclass(frozen=True)
class Asked:
    """A pass that is ready: `prepared` holds the tokens `ids`, the last ones written by the model.

    `rows`: for each word the position at which it is foretold, or stands if it is a question's. `word_ids`: their ids.
    """

    prepared: Prepared
    rows: tuple[int, ...]
    word_ids: tuple[int, ...]
    ids: tuple[int, ...]  # all that the words' stack reads


def says(model: Model) -> str:
    """How a model speaks: "answers" (chooses one), "asked" (writes one), "target", "joined", "placed"; "" if not.

    "target": a decoder of its own. "joined": the model puts picture and text together itself; "placed": the picture has
    its place in the text.
    """
    reads = model.info.reads
    if "picture" not in reads:
        return ""
    if model.info.task == VQA:
        return "asked" if "target" in reads else "answers"
    if "target" in reads and "text" not in reads:
        return "target"
    if "text" in reads and model.info.task == "next token":
        return "joined" if model.reader.mark is None else "placed"
    return ""


def needs(model: Model) -> str:
    """What a visitor may say beside the picture: "question", "begin" (may be empty), "prompt" or ""."""
    return {"answers": "question", "asked": "question", "joined": "begin", "placed": "prompt"}.get(says(model), "")


def ask(model: Model, given: Given) -> Asked:
    """Let the model write, word by word the likeliest, and put together the pass over all of it. Raises InputError."""
    way = says(model)
    if way == "answers":
        return _question(model.reader.prepare(given))
    if way == "asked":
        return _question(model.reader.prepare(replace(given, target=None, most=MOST)))
    if way == "target":
        return _decoded(model, model.reader.prepare(replace(given, most=MOST)))
    if way == "joined":
        return _joined(model, given)
    if way == "placed":
        return _placed(model, replace(given, text=given.text.strip() or PROMPT))
    raise InputError(
        f"{model.info.name} says nothing of a picture: it neither writes about one nor answers questions. Choose a "
        "captioner (a vision encoder-decoder, BLIP, GIT, LLaVA) or one that answers (ViLT, BLIP); Vision and Detection "
        "show what other models read in pictures."
    )


def _question(prepared: Prepared) -> Asked:
    """The words are those of the question, each at its own row."""
    ids = tuple(prepared.arguments["input_ids"][0].tolist())
    return Asked(prepared, tuple(range(len(ids))), ids, ids)


def _decoded(model: Model, prepared: Prepared) -> Asked:
    """The decoder's tokens: its start, then the words."""
    ids = tuple(prepared.arguments["decoder_input_ids"][0].tolist())
    if len(ids) < 2:
        raise InputError(f"{model.info.name} ends before its first word: it says nothing of this picture. Try another.")
    return Asked(prepared, tuple(range(len(ids) - 1)), ids[1:], ids)


def _joined(model: Model, given: Given) -> Asked:
    """BLIP and GIT: the text begins with one token, and the picture is the model's own business."""
    assert given.image is not None
    reader = model.reader
    pixels = reader.processor(images=reader.picture(given.image), return_tensors="pt")["pixel_values"].float()
    before = texts.clean(given.text) if given.text.strip() else ""
    said = model.tokenizer(before, add_special_tokens=False, verbose=False)["input_ids"] if before else []
    start = _begin(model)
    _room(model, len(said) + 1)
    # BLIP's own code replaces the first token and drops the last one
    asks = [start, *said, start] if hasattr(model.module, "text_decoder") else [start, *said]
    arguments = {"pixel_values": pixels, "input_ids": torch.tensor([asks])}
    written = _written(model, arguments, 1 + len(said))
    ids = (start, *said, *written)
    prepared = Prepared(
        {"pixel_values": pixels, "input_ids": torch.tensor([ids])},
        {"text": texts.sequence_of(model.tokenizer, ids)},
        ids,
        n_tokens=len(ids),
    )
    return _after(prepared, 1 + len(said), ids)


def _placed(model: Model, given: Given) -> Asked:
    """LLaVA and its kin: patches are tokens of the text."""
    prompt = model.reader.prepare(given)
    _room(model, len(prompt.ids))
    ids = (*prompt.ids, *_written(model, prompt.arguments, len(prompt.ids)))
    arguments = prompt.arguments | {"input_ids": torch.tensor([ids])}
    for name in ("attention_mask", "token_type_ids", "mm_token_type_ids"):  # what goes on is text, and is read
        if name in arguments:
            more = torch.full((1, len(ids) - len(prompt.ids)), int(name == "attention_mask"))
            arguments[name] = torch.cat([arguments[name], more.to(arguments[name].dtype)], 1)
    sequence = model.reader.patched(texts.sequence_of(model.tokenizer, ids), ids)
    prepared = replace(prompt, arguments=arguments, sequences={"text": sequence}, ids=ids)
    return _after(prepared, len(prompt.ids), ids)


def _after(prepared: Prepared, n: int, ids: tuple[int, ...]) -> Asked:
    """The words after the first `n` tokens, each foretold by the token before it."""
    return Asked(prepared, tuple(range(n - 1, len(ids) - 1)), ids[n:], ids)


def _room(model: Model, n: int) -> None:
    if n >= model.info.max_len:
        raise InputError(f"{n:,} tokens are given; {model.info.name} reads {model.info.max_len:,}. Say less.")


def _begin(model: Model) -> int:
    """The token a caption begins with."""
    text = model.module.config.get_text_config()
    found = (text.bos_token_id, model.tokenizer.cls_token_id, model.tokenizer.bos_token_id)
    return int(next((id for id in found if id is not None), 0))


@torch.no_grad()
def _written(model: Model, arguments: Mapping[str, Any], n: int) -> tuple[int, ...]:
    """What the model goes on with after `n` tokens by the library's own greedy decoding, its end left out."""
    module: Any = model.module
    on_device = {k: v.to(module.device) for k, v in arguments.items() if isinstance(v, Tensor)}
    most = min(MOST, model.info.max_len - n)
    ids = module.generate(**on_device, max_new_tokens=most, do_sample=False, num_beams=1)[0].tolist()
    words = list(ids[n:])
    while words and words[-1] in model.reader.ends:
        words.pop()
    if not words:
        raise InputError(f"{model.info.name} ends before its first word: it says nothing of this picture. Try another.")
    return tuple(words)
