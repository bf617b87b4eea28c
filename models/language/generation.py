"""A text that a model writes token by token: forward, back, and along any other branch; one visitor's own.

Every pass goes through the cache of keys and values, as `generate` does, and what its attention saw is kept: stitched
together, the rows of all steps are the one lower triangle that a full pass over the whole text would give.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from models.capture import display
from models.capture.active import Capture, Place
from models.capture.calls import Call
from models.language import filters
from models.language.filters import Settings
from models.records import Attention, Draft, Filtered, Floats, Ranking, Sequence, Trace, Weights, Written
from models.zoo import text as texts
from models.zoo.errors import InputError
from models.zoo.given import Given
from models.zoo.stacks import Calls, Pass

if TYPE_CHECKING:
    from models.zoo.model import Model

MOST = 256  # tokens that are written at a time: each keeps its scores over the whole vocabulary
STITCHED = (
    "Every row was read when its token was written: keys and values before it came from the cache. The last token's "
    "row is what the next token is made of."
)
NAMED = 12  # candidates named before and after the filters
TASKS = ("next token", "text to text")


@dataclass
class Node:
    """A text so far: what its last token was, what comes after it, and what the passes up to here saw."""

    number: int
    parent: Node | None
    token: Written | None  # None at the root: the prompt
    logits: Tensor  # [candidate]: of the next token
    rows: dict[Place, Floats]  # [head, 1, key] of the pass that read this token; none at the root
    random: Tensor  # the generator's state before the next draw
    seconds: float
    children: list[Node] = field(default_factory=list)

    @property
    def path(self) -> list[Node]:
        """From the root to here."""
        return [self] if self.parent is None else [*self.parent.path, self]


class Generation:
    """A prompt, and everything that was written after it, as a tree that can be walked."""

    def __init__(self, model: Model, given: Given, chat: bool = False, seed: int = 0) -> None:
        """Reads the prompt; `chat` puts it into the model's chat template. Raises InputError."""
        if model.info.task not in TASKS or not {"text", "target"} >= set(model.info.reads):
            raise InputError(
                f"{model.info.name} does not write text ({model.info.task}). Take a language model, such as "
                "gpt-stories, or a translator."
            )
        self.model, self.decodes = model, "target" in model.info.reads
        self.prepared = model.reader.prepare(given, begin=True) if not chat else _chat(model, given)
        self.prompt = self._prompt()
        self._cache: Any = None
        self._cached: tuple[int, ...] = ()  # the tokens that the cache holds
        self._encoded: Any = None
        self.nodes: list[Node] = []
        began = time.perf_counter()
        output, capture = self._run(self.prompt)
        calls = Calls(capture.calls, _all_kept)
        self.first = Pass(model.module, model.catalogue, calls, self.prepared)
        random = torch.Generator().manual_seed(seed).get_state()
        logits = output.logits[0, -1].detach().float().cpu()
        self.root = self.here = self._add(None, None, logits, {}, random, time.perf_counter() - began)

    # ---- where we are

    @property
    def written(self) -> tuple[Written, ...]:
        """The tokens written up to here."""
        return tuple(node.token for node in self.here.path if node.token is not None)

    @property
    def ids(self) -> tuple[int, ...]:
        """All tokens up to here that the decoder reads: the prompt's (or the start token), and those written."""
        return (*self.prompt, *(token.id for token in self.written))

    @property
    def left_out(self) -> int:
        """Tokens of the prompt that were not read: it is longer than what the model reads at a time."""
        return self.prepared.n_tokens - len(self.prepared.ids)

    @property
    def ended(self) -> str:
        """Why nothing follows here, in words; "" where something does."""
        if self.written and self.written[-1].id in self.ends:
            return "the model ended its text"
        if len(self.ids) >= self.model.info.max_len:
            return f"the model reads {self.model.info.max_len:,} tokens, and they are full"
        if len(self.written) >= MOST:
            return f"{MOST} tokens are written at a time"
        return ""

    @property
    def cache_bytes(self) -> tuple[int, int]:
        """What keys and values of the tokens so far take: as held now, and by 2 x layers x heads x d_head x tokens x 4.

        The second is 0 where the shapes in the model's settings do not tell it.
        """
        held = 0 if self._cache is None else sum(_bytes(layer) for layer in _layers(self._cache))
        config = self.model.module.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or getattr(config, "num_attention_heads", 0)
        if self.decodes or not heads:
            return held, 0
        size = torch.finfo(self.model.module.dtype).bits // 8
        return held, 2 * self.model.info.n_layers * heads * self.model.info.d_head * len(self._cached) * size

    def stages(self, settings: Settings) -> tuple[Filtered, ...]:
        """The distribution of the next token over the whole vocabulary, as the model gives it and after each filter."""
        applied = filters.processors(self.model.module, settings, len(self.prompt))
        return filters.stages(self.here.logits, self.ids, applied)

    def draft(self, settings: Settings) -> Draft:
        """The text as it stands, for whoever draws it."""
        found = self.stages(settings)
        best = [np.argsort(-stage.every, kind="stable")[:NAMED] for stage in (found[0], found[-1])]
        numbers = sorted({int(number) for numbers in best for number in numbers})
        places = {node.number: node for node in self.nodes}
        return Draft(
            prompt=texts.sequence_of(self.model.tokenizer, self.prompt),
            nodes=tuple((node.parent.number, node.token) for node in places.values() if node.parent and node.token),
            here=self.here.number,
            stages=found,
            names=dict(zip(numbers, texts.token_texts(self.model.tokenizer, numbers), strict=True)),
            cache=(*self.cache_bytes, len(self._cached)),
            ended=self.ended,
        )

    @property
    def arguments(self) -> dict[str, Tensor]:
        """What a pass over the whole text so far takes."""
        ids = torch.tensor([self.ids])
        return self.prepared.arguments | {"decoder_input_ids": ids} if self.decodes else {"input_ids": ids}

    # ---- on and back

    def next(self, settings: Settings) -> Written:
        """Take one more token by these settings. Raises InputError where nothing follows."""
        if self.ended:
            raise InputError(f"Nothing follows here: {self.ended}. Go back, or start from another text.")
        found = self.stages(settings)
        random = torch.Generator()
        random.set_state(self.here.random)
        token = filters.take(found[-1], settings.greedy, random)
        return self._on(token, found, random.get_state(), chosen=False)

    def take(self, token: int, settings: Settings) -> Written:
        """Go on with a token of the visitor's choice. Raises InputError for one that is not in the vocabulary."""
        if self.ended:
            raise InputError(f"Nothing follows here: {self.ended}. Go back, or start from another text.")
        if not 0 <= token < len(self.here.logits):
            raise InputError(f"There is no token {token}: this model knows {len(self.here.logits):,}, from 0.")
        return self._on(token, self.stages(settings), self.here.random, chosen=True)

    def write(self, text: str, settings: Settings) -> int:
        """Go on with the tokens of the visitor's own words; returns how many. Raises InputError."""
        ids = self.model.tokenizer(texts.clean(text), add_special_tokens=False, verbose=False)["input_ids"]
        for token in ids:
            self.take(token, settings)
        return len(ids)

    def draw_anew(self, seed: int) -> None:
        """From here on, draw by another seed."""
        self.here.random = torch.Generator().manual_seed(seed).get_state()

    def go(self, number: int) -> None:
        """To another place of the tree, by its number. Raises InputError if it is not there."""
        if not 0 <= number < len(self.nodes):
            raise InputError(f"There is no place {number} in this text; there are {len(self.nodes)}, from 0.")
        self.here = self.nodes[number]

    def back(self) -> None:
        """One token back; what was written stays in the tree."""
        self.here = self.here.parent or self.here

    def _on(self, token: int, found: tuple[Filtered, ...], random: Tensor, chosen: bool) -> Written:
        """To the child with this token: the one that is there, or a new one."""
        for child in self.here.children:
            assert child.token is not None
            if child.token.id == token:
                self.here = child
                return child.token
        own = found[0].every
        written = Written(
            id=token,
            label=self.label(token),
            probability=float(own[token]),
            offered=float(found[-1].every[token]),
            rank=int((own > own[token]).sum()),
            chosen=chosen,
        )
        ids = (*self.ids, token)
        began = time.perf_counter()
        output, capture = self._run(ids)
        logits = output.logits[0, -1].detach().float().cpu()
        rows = {place: _last_row(call) for place, call in _plain(capture.calls, self.model)}
        self.here = self._add(self.here, written, logits, rows, random, time.perf_counter() - began)
        return written

    def _add(
        self,
        parent: Node | None,
        token: Written | None,
        logits: Tensor,
        rows: dict[Place, Floats],
        random: Tensor,
        seconds: float,
    ) -> Node:
        node = Node(len(self.nodes), parent, token, logits, rows, random, seconds)
        self.nodes.append(node)
        if parent is not None:
            parent.children.append(node)
        return node

    # ---- the model

    @torch.no_grad()
    def _run(self, ids: tuple[int, ...]) -> tuple[Any, Capture]:
        """A pass over the last token, if the cache holds all others, else over all; with what its attention saw."""
        goes_on = self._cache is not None and self._cached == ids[:-1]
        step = torch.tensor([ids[-1:] if goes_on else ids], device=self.model.module.device)
        if not goes_on:
            self._cache = None
        options: dict[str, Any] = {"past_key_values": self._cache, "use_cache": True}
        capture = Capture(self.model.modules)
        try:
            with capture:
                output = self._forward(step, options)
        except (RuntimeError, IndexError, ValueError) as error:
            raise InputError(f"{self.model.info.name} cannot go on with this text ({type(error).__name__}).") from error
        self._cache, self._cached = getattr(output, "past_key_values", None), ids
        return output, capture

    def _forward(self, step: Tensor, options: dict[str, Any]) -> Any:
        module: Any = self.model.module
        if not self.decodes:
            return module(input_ids=step, **options)
        output = module(decoder_input_ids=step, **self.source(), **options)
        self._encoded = (output.encoder_last_hidden_state,)
        return output

    def source(self, n: int = 1) -> dict[str, Any]:
        """What a pass of the decoder takes beside its tokens, for `n` texts at once: what the encoder read, or made."""
        if not self.decodes:
            return {}
        device = self.model.module.device
        given = {k: v.to(device) for k, v in self.prepared.arguments.items() if k != "decoder_input_ids"}
        given = {name: value.repeat_interleave(n, 0) for name, value in given.items()}
        if self._encoded is None:
            return given
        given.pop("input_ids", None)
        return given | {"encoder_outputs": (self._encoded[0].repeat_interleave(n, 0),)}

    def _prompt(self) -> tuple[int, ...]:
        if self.decodes:
            return tuple(self.prepared.arguments["decoder_input_ids"][0].tolist())
        ids = self.prepared.ids
        return ids[:-1] if len(ids) > 1 and ids[-1] in self.ends else ids

    @property
    def ends(self) -> tuple[int, ...]:
        """The tokens that end a text."""
        end = getattr(self.model.module.generation_config, "eos_token_id", None)
        found = end if isinstance(end, list) else [end, self.model.tokenizer.eos_token_id]
        return tuple(id for id in found if id is not None)

    def label(self, token: int) -> str:
        """What a token says by itself."""
        return texts.token_texts(self.model.tokenizer, [token])[0]

    def ranking(self, most: int = 50) -> Ranking:
        """The best candidates for the next token, by the model's own probabilities over the whole vocabulary."""
        every = self.here.logits.softmax(-1)
        best = every.topk(min(most, len(every)))
        ids = best.indices.tolist()
        labels = tuple(texts.token_texts(self.model.tokenizer, ids))
        return Ranking("next token", labels, best.values.numpy(), len(every), tuple(ids), every.numpy())

    # ---- what the attention saw

    def sequence(self) -> Sequence:
        """What the decoder has read, as labels."""
        return _worded(texts.sequence_of(self.model.tokenizer, self.ids))

    def trace(self) -> Trace:
        """Everything up to here as one pass would show it, stitched from the steps' rows.

        Where a model lays its attention out in a way of its own, one pass over the whole text is made instead.
        """
        if not all(display.shape_of(m) is None for m in self._attention_modules()):
            raise InputError(f"{self.model.info.name} lays its attention out in blocks: its steps cannot be stitched.")
        read = self.sequence()
        path = self.here.path
        stacks = self.model.catalogue.stacks()
        first = self.first.attentions()
        attentions = tuple(
            stack if stack.kind == "encoder" else _stitched(stack, layers, path, read)
            for stack, layers in zip(first, [[layer.place for layer in stack] for stack in stacks], strict=True)
        )
        return Trace(
            info=self.model.info,
            attentions=attentions,
            ranking=self.ranking(),
            seconds=sum(node.seconds for node in path),
            n_tokens=len(self.ids),
            notes=(STITCHED,),
            extra=sum(sum(rows.nbytes for rows in node.rows.values()) for node in path),
        )

    def _attention_modules(self) -> Iterator[Any]:
        return (self.model.module.get_submodule(layer.place[0]) for layer in self.model.catalogue.layers)


def _chat(model: Model, given: Given) -> Any:
    """The prompt as a message in the model's chat template. Raises InputError where it has none."""
    if getattr(model.tokenizer, "chat_template", None) is None:
        raise InputError(f"{model.info.name} has no chat template: it is no chat model. Turn the template off.")
    text = model.tokenizer.apply_chat_template(
        [{"role": "user", "content": texts.clean(given.text)}], tokenize=False, add_generation_prompt=True
    )
    prepared = model.reader.prepare(replace(given, text=text), begin=True)
    begins = model.tokenizer.bos_token_id
    if prepared.ids[:2] == (begins, begins):  # the template has written it already
        return replace(prepared, ids=prepared.ids[1:], n_tokens=prepared.n_tokens - 1)
    return prepared


def _all_kept(place: Place) -> Call:
    raise AssertionError(f"{place} was kept")


def _plain(calls: list[Call], model: Model) -> Iterator[tuple[Place, Call]]:
    """The calls of the stacks that go on with every token."""
    going = {layer.place for layer in model.catalogue.layers if layer.kind != "encoder"}
    return (((call.layer, call.number), call) for call in calls if (call.layer, call.number) in going)


def _last_row(call: Call) -> Floats:
    """Weights [head, 1, key] of the last token."""
    weights = call.weights()[0, :, -1:]
    return weights.detach().float().cpu().numpy()


def _stitched(stack: Attention, places: list[Place], path: list[Node], read: Sequence) -> Attention:
    """The prompt's matrix, and below it a row per token that was written."""
    cross = stack.kind == "cross"
    n, n_keys = len(read), len(stack.keys) if cross else len(read)

    def layer(index: int) -> Floats:
        first = stack.weights[index]
        whole = np.zeros((first.shape[0], n, n_keys), np.float32)
        whole[:, : first.shape[1], : first.shape[2]] = first
        for step, node in enumerate(path[1:]):
            row = node.rows[places[index]]
            at, reach = first.shape[1] + step, n_keys if cross else first.shape[1] + step + 1
            whole[:, at, reach - row.shape[2] : reach] = row[:, 0]  # a sliding cache holds the last keys alone
        return whole

    keys = stack.keys if cross else read
    return replace(stack, queries=read, keys=keys, weights=Weights(len(places), layer, nbytes=stack.weights.nbytes))


def _worded(sequence: Sequence) -> Sequence:
    """The sequence with its words numbered: a space begins one."""
    number, words = -1, []
    for i, (label, special) in enumerate(zip(sequence.labels, sequence.special, strict=True)):
        number += i == 0 or special or label[:1].isspace() or bool(sequence.special[i - 1])
        words.append(None if special else number)
    return replace(sequence, words=tuple(words))


def _layers(cache: Any) -> list[Any]:
    """The layers of a cache; of a decoder's with two, those of its own tokens."""
    return list(getattr(getattr(cache, "self_attention_cache", cache), "layers", ()))


def _bytes(layer: Any) -> int:
    tensors = (getattr(layer, name, None) for name in ("keys", "values"))
    return sum(tensor.nbytes for tensor in tensors if isinstance(tensor, Tensor))
