"""What a visitor gives, as the keyword arguments of a model's forward pass; and what its positions say to a person."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from PIL import Image
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from models.records import Sequence
from models.zoo import languages
from models.zoo import text as texts
from models.zoo.errors import InputError, NothingToRead
from models.zoo.given import Given
from models.zoo.pictures import upright

MAX_ANSWER = 32  # tokens that an encoder-decoder writes if the visitor gives no target


@dataclass(frozen=True)
class Prepared:
    """Arguments of a forward pass, and the sequences they hold: "text", "target"."""

    arguments: dict[str, Any]
    sequences: dict[str, Sequence] = field(default_factory=dict)
    ids: tuple[int, ...] = ()  # of the text
    n_tokens: int = 0  # of the whole text
    start: int = 0
    notes: tuple[str, ...] = ()


class Reader:
    """Prepares what a model reads: text by its tokenizer, pictures by its image processor, both by its processor."""

    def __init__(
        self,
        module: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase | None,
        processor: Any,
        max_len: int,
        asks: bool = False,
    ) -> None:
        """`asks`: the model answers questions about a text, and reads the question first."""
        self.module, self.tokenizer, self.processor, self.max_len = module, tokenizer, processor, max_len
        self.asks = asks
        self.takes = frozenset(inspect.signature(module.forward).parameters)
        self.reads = self._reads()
        self._tokenizing = threading.Lock()  # a call sets truncation and special-token handling on the shared object

    def _reads(self) -> tuple[str, ...]:
        """What has to be given: "text", "target", "picture"."""
        main = self.module.main_input_name
        reads = []
        if self.tokenizer is not None and ("input_ids" in self.takes or "decoder_input_ids" in self.takes):
            if "input_ids" in self.takes:
                reads.append("text")
            if self.asks:
                reads.append("question")
            decodes = self.module.config.is_encoder_decoder or hasattr(self.module, "decoder_start_token_id")  # BLIP
            if decodes and "decoder_input_ids" in self.takes:
                reads.append("target")
        if self.processor is not None and ("pixel_values" in self.takes or main == "pixel_values"):
            reads.append("picture")
        return tuple(reads)

    def encode(self, given: Given, limit: int = 0) -> texts.Encoded:
        """Token ids and labels of the part of a text that fits, or of up to `limit` tokens; raises InputError."""
        assert self.tokenizer is not None
        limit = limit or self.max_len
        texts.clean(given.text)
        if self.asks and not (given.pair or "").strip():
            raise NothingToRead("There is no question yet. Ask one about the text, or start from an example.")
        first, second = (given.pair or "", given.text) if self.asks else (given.text, given.pair)
        with self._tokenizing:
            first = languages.into(self.tokenizer, first, given.languages)
            return texts.encode(self.tokenizer, first, limit, given.start, given.plain, second)

    def prepare(self, given: Given, begin: bool = False) -> Prepared:
        """The arguments of one forward pass; raises InputError with what is missing or too long.

        `begin`: a decoder that is given no target reads its start token alone, and writes no answer of its own.
        """
        if "picture" in self.reads and given.image is None:
            raise NothingToRead("This model reads a picture. Give it one, or start from the example.")
        if "picture" not in self.reads and given.image is not None:
            raise InputError("This model reads no pictures. Take the picture out, or choose a model that does.")
        prepared = self._both(given) if {"text", "picture"} <= set(self.reads) else self._one(given)
        return self._with_target(prepared, given, begin) if "target" in self.reads else prepared

    def _one(self, given: Given) -> Prepared:
        """A text, or a picture."""
        if "text" not in self.reads:
            assert given.image is not None
            return Prepared(self._tensors(self.processor(images=self.picture(given.image), return_tensors="pt")))
        encoded = self.encode(given)
        arguments: dict[str, Any] = {"input_ids": torch.tensor([encoded.ids])}
        if encoded.types is not None and "token_type_ids" in self.takes:
            arguments["token_type_ids"] = torch.tensor([encoded.types])
        return Prepared(
            arguments, {"text": encoded.sequence}, encoded.ids, n_tokens=encoded.n_tokens, start=encoded.start
        )

    def _both(self, given: Given) -> Prepared:
        """A text and a picture, put together by the model's own processor."""
        assert given.image is not None
        assert self.tokenizer is not None
        text = texts.clean(given.text)
        n = len(self.tokenizer(text, verbose=False)["input_ids"])
        if n > self.max_len:
            raise InputError(f"The text has {n:,} tokens; beside a picture this model reads up to {self.max_len:,}.")
        with self._tokenizing:
            processed = self.processor(
                images=self.picture(given.image), text=self._prompt(text), return_tensors="pt", padding=False
            )
            ids = tuple(processed["input_ids"][0].tolist())
            sequence = texts.sequence_of(self.tokenizer, ids)
        return Prepared(self._tensors(processed), {"text": self.patched(sequence, ids)}, ids, n_tokens=n)

    def picture(self, image: Image.Image) -> Image.Image:
        """The picture upright, grey for a model of one channel."""
        parts = (
            self.module.config,
            *(getattr(self.module.config, name, None) for name in ("encoder", "vision_config")),
        )
        grey = any(getattr(part, "num_channels", 3) == 1 for part in parts)
        return upright(image).convert("L") if grey else upright(image)

    def _prompt(self, text: str) -> str:
        """The text with the picture's place in it, for models that want to be told."""
        mark = getattr(self.processor, "image_token", None) or getattr(self.tokenizer, "image_token", None)
        if mark is None or mark in text:
            return text
        if getattr(self.processor, "chat_template", None):
            message = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}
            return str(self.processor.apply_chat_template([message], add_generation_prompt=True))
        return f"{mark}\n{text}"

    @property
    def mark(self) -> int | None:
        """The token that holds a patch's place in a text, None for models that put picture and text together alone."""
        names = ("image_token_id", "image_token_index")
        found = (getattr(self.module.config, name, None) for name in names)
        return next((value for value in found if isinstance(value, int)), None)

    def patched(self, sequence: Sequence, ids: tuple[int, ...]) -> Sequence:
        """The places of a picture's patches are numbered, and are no special tokens."""
        mark = self.mark
        if mark is None or mark not in ids:
            return sequence
        number, labels, special = 0, list(sequence.labels), sequence.special.copy()
        for place, id in enumerate(ids):
            if id == mark:
                labels[place], special[place] = f" ▦{number}", False
                number += 1
        return replace(sequence, labels=tuple(labels), special=special)

    def _with_target(self, prepared: Prepared, given: Given, begin: bool) -> Prepared:
        """The decoder's side: what the visitor gives, or what the model answers by itself."""
        assert self.tokenizer is not None
        notes: tuple[str, ...] = ()
        if given.target and given.target.strip():
            ids = self._target_ids(given.target)
        elif begin:
            ids = (self._start(),)
        elif self.module.can_generate():
            ids = self.answer(prepared.arguments, given)
            how = "word by word the likeliest" if given.beams == 1 else f"the best of {given.beams} beams"
            notes = (f"The decoder reads what the model itself answers, {how}.",)
        else:
            ids = self._target_ids(given.text or " ")
            notes = ("This checkpoint cannot write: its decoder reads the text again. Give it a target to read.",)
        sequence = texts.sequence_of(self.tokenizer, ids)
        return replace(
            prepared,
            arguments=prepared.arguments | {"decoder_input_ids": torch.tensor([ids])},
            sequences=prepared.sequences | {"target": sequence},
            notes=notes,
        )

    def _target_ids(self, target: str) -> tuple[int, ...]:
        """A text as the decoder reads it: the start token, then all but its own end."""
        assert self.tokenizer is not None
        with self._tokenizing:
            ids = self.tokenizer(text_target=texts.clean(target), verbose=False)["input_ids"]
        if ids and ids[-1] == self.tokenizer.eos_token_id:
            ids = ids[:-1]
        start = self._start()
        ids = ids if ids and ids[0] == start else [start, *ids]
        if len(ids) > self.max_len:
            raise InputError(f"The target has {len(ids):,} tokens; this model reads up to {self.max_len:,}.")
        return tuple(ids)

    def _start(self) -> int:
        """The token a decoder begins with."""
        settings = (self.module, getattr(self.module, "generation_config", None), self.module.config, self.tokenizer)
        names = ("decoder_start_token_id", "bos_token_id", "pad_token_id")
        found = (getattr(place, name, None) for name in names for place in settings)
        return next((value for value in found if isinstance(value, int)), 0)

    @torch.no_grad()
    def answer(self, arguments: Mapping[str, Any], given: Given | None = None) -> tuple[int, ...]:
        """What the model writes by itself, without its end token; at least the start token.

        Greedily, or by as many beams as `given` says, into the language it names.
        """
        module: Any = self.module
        given, where = given or Given(), module.device
        on_device = {name: value.to(where) for name, value in arguments.items() if name != "decoder_input_ids"}
        most = min(given.most or MAX_ANSWER, max(1, self.max_len - 1))  # its table of positions may be shorter
        options = {"max_new_tokens": most, "do_sample": False, "num_beams": given.beams}
        options |= languages.out_of(self.tokenizer, given.languages)
        try:
            ids = module.generate(**on_device, **options)[0].tolist()
        except IndexError:  # the library makes its cache as deep as the encoder: a deeper decoder goes without
            ids = module.generate(**on_device, **options, use_cache=False)[0].tolist()
        while len(ids) > 1 and ids[-1] in self.ends:
            ids.pop()
        return tuple(ids)

    @property
    def ends(self) -> tuple[int, ...]:
        """Tokens after which nothing follows: the end of a text, padding, BLIP's separator."""
        text = self.module.config.get_text_config()
        settings = (getattr(self.module, "generation_config", None), text, self.tokenizer)
        names = ("eos_token_id", "pad_token_id", *(("sep_token_id",) if text.model_type.startswith("blip") else ()))
        found = [getattr(place, name, None) for place in settings for name in names]
        return tuple({id for one in found for id in (one if isinstance(one, list) else [one]) if id is not None})

    def _tensors(self, processed: Mapping[str, Any]) -> dict[str, Any]:
        """What the processor made, as far as the model takes it."""
        kept = {key: value for key, value in processed.items() if key in self.takes and isinstance(value, torch.Tensor)}
        return {key: value.float() if value.is_floating_point() else value for key, value in kept.items()}
