"""A loaded model that turns text into traces, safe to share between visitors."""

import secrets
import threading
import time
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from models.capture.interface import Call, Capture, module_names
from models.records import Attention, ModelInfo, Ranking, Sequence, Trace, Weights
from models.zoo import text as texts

MAX_TOKENS = 2_048  # more is no picture; the pages offer a window
TOP = 50  # candidates kept of a ranking; their probabilities are over all of them


class Model:
    """One cached model for every visitor: `trace` may be called from many threads at once."""

    def __init__(
        self,
        info: ModelInfo,
        module: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        warnings: tuple[str, ...] = (),
    ) -> None:
        self.info, self.module, self.tokenizer, self.warnings = info, module, tokenizer, warnings
        self.names = module_names(module)
        self.id = secrets.token_hex(8)  # tells this load from every other in a cache's keys
        self._tokenizing = threading.Lock()  # a call sets truncation and special-token handling on the shared object

    @property
    def nbytes(self) -> int:
        """Bytes of the weights in memory."""
        return sum(p.nbytes for p in self.module.parameters()) + sum(b.nbytes for b in self.module.buffers())

    @property
    def causal(self) -> bool:
        """True if a token reads only what came before it."""
        return self.info.task == "next token" or bool(getattr(self.module.config, "is_decoder", False))

    def encode(self, text: str, start: int = 0, plain: bool = False) -> texts.Encoded:
        """Token ids and labels of the part of a text that fits, from token `start` on; raises InputError."""
        with self._tokenizing:
            return texts.encode(self.tokenizer, text, self.info.max_len, start, plain)

    def special_strings(self, text: str) -> tuple[str, ...]:
        """Special tokens that stand in the text as characters and could be read either way."""
        return texts.special_strings(self.tokenizer, text)

    @torch.no_grad()
    def trace(self, text: str, *, start: int = 0, plain: bool = False) -> Trace:
        """Run the model once on `text` and keep what its attention saw, computed lazily in float32.

        `start` moves the window when the text is longer than `info.max_len` tokens; `plain` reads special-token
        strings as ordinary characters. Raises InputError for a text that cannot be read.
        """
        encoded = self.encode(text, start, plain)
        ids = torch.tensor([encoded.ids])
        options: dict[str, Any] = {"use_cache": False} if self.info.task == "next token" else {}
        began = time.perf_counter()
        with Capture(self.names) as capture:
            output = self.module(input_ids=ids, **options)
        seconds = time.perf_counter() - began
        return Trace(
            info=self.info,
            attentions=(_attention(capture.calls, encoded.sequence, self.causal),),
            ranking=self._ranking(output, encoded),
            seconds=seconds,
            n_tokens=encoded.n_tokens,
            start=encoded.start,
        )

    def _ranking(self, output: Any, encoded: texts.Encoded) -> Ranking | None:
        """The model's answer, if its head gives one on this text."""
        if self.info.task == "next token":
            return self._vocabulary("next token", output.logits[0, -1])
        if self.info.task == "classify":
            names: Any = self.module.config.id2label
            return _rank("class", output.logits[0], lambda ids: [str(names[i]) for i in ids])
        if self.info.task == "fill mask" and self.tokenizer.mask_token_id in encoded.ids:
            place = encoded.ids.index(self.tokenizer.mask_token_id)
            return self._vocabulary(f"token at position {place}", output.logits[0, place])
        return None

    def _vocabulary(self, question: str, logits: torch.Tensor) -> Ranking:
        return _rank(question, logits, lambda ids: texts.token_texts(self.tokenizer, ids))


def _rank(question: str, logits: torch.Tensor, names: Any) -> Ranking:
    """The best candidates by softmax over all logits, in float32."""
    probabilities = logits.float().softmax(-1)
    best = probabilities.topk(min(TOP, len(probabilities)))
    return Ranking(question, tuple(names(best.indices.tolist())), best.values.numpy(), len(probabilities))


def _attention(calls: list[Call], sequence: Sequence, causal: bool) -> Attention:
    """A record over the calls of one forward pass; weights are computed when they are read."""

    def layer(index: int) -> Any:
        return calls[index].weights().numpy()

    def head(index: int, number: int) -> Any:
        return calls[index].weights(slice(number, number + 1))[0].numpy()

    return Attention(
        kind="self" if causal else "encoder",
        queries=sequence,
        keys=sequence,
        weights=Weights(len(calls), layer, head, sum(call.nbytes for call in calls)),
        layers=tuple(call.layer for call in calls),
        n_heads=tuple(call.n_heads for call in calls),
    )
