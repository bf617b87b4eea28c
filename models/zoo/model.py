"""A loaded model that turns texts and pictures into traces, safe to share between visitors."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from transformers import PreTrainedModel

from models.capture import catalogue as catalogues
from models.capture import display
from models.capture.active import EVERY, Capture, Modules, Place
from models.capture.calls import Call
from models.capture.catalogue import Catalogue, Layer
from models.capture.edits import Ablate, Edit, HeadEdit, note
from models.capture.functions import EditRefused
from models.capture.shapes.base import SEED
from models.records import ModelInfo, Ranking, Seen, Trace
from models.zoo import answers, detections, device, memory, public, windows
from models.zoo import text as texts
from models.zoo.errors import InputError
from models.zoo.given import Given
from models.zoo.inputs import Prepared, Reader
from models.zoo.seen import seen
from models.zoo.stacks import Calls, Pass, is_whole

TOP = 50  # candidates kept of a ranking; their probabilities are over all of them
KEPT = 1_000_000_000  # bytes of weights a pass may keep; beyond, they are made again a layer at a time
WORK = 4  # times its weights that computing one layer takes while it lasts: scores, mask, weights, a copy

Target = Callable[[Any], Tensor]  # a number to take gradients of, from the model's output


class Model:
    """One cached model for every visitor: `trace` and `edit` may be used by many threads at once."""

    def __init__(
        self,
        info: ModelInfo,
        module: PreTrainedModel,
        reader: Reader,
        catalogue: Catalogue,
        warnings: tuple[str, ...] = (),
    ) -> None:
        self.info, self.module, self.reader, self.catalogue, self.warnings = info, module, reader, catalogue, warnings
        self._drawing = threading.Lock()
        self.id = secrets.token_hex(8)  # tells this load from every other in a cache's keys

    @property
    def tokenizer(self) -> Any:
        """The model's tokenizer, None if it reads no text."""
        return self.reader.tokenizer

    @property
    def modules(self) -> Modules:
        """What a Capture of this model needs to know."""
        return self.catalogue.modules

    @property
    def nbytes(self) -> int:
        """Bytes of the weights in memory."""
        return device.nbytes(self.module)

    @property
    def causal(self) -> bool:
        """True if a token reads only what came before it."""
        return all(layer.kind == "self" for layer in self.catalogue.layers)

    def encode(self, text: str, start: int = 0, plain: bool = False, pair: str | None = None) -> texts.Encoded:
        """Token ids and labels of the part of a text that fits, from token `start` on; raises InputError."""
        return self.reader.encode(Given(text, pair, start=start, plain=plain))

    def n_tokens(self, given: Given) -> int:
        """Tokens of the whole text; 0 if the model reads none. Raises InputError."""
        return self.reader.encode(given).n_tokens if "text" in self.info.reads else 0

    def special_strings(self, text: str) -> tuple[str, ...]:
        """Special tokens that stand in the text as characters and could be read either way."""
        return () if self.tokenizer is None else texts.special_strings(self.tokenizer, text)

    def trace(
        self,
        text: str = "",
        *,
        pair: str | None = None,
        target: str | None = None,
        image: Image.Image | None = None,
        start: int = 0,
        plain: bool = False,
        keep: frozenset[str] | set[str] = frozenset(),
        gradient_of: Target | int | None = None,
    ) -> Trace:
        """Run the model once and keep what its attention saw, computed lazily in float32.

        `pair`: a second text. `target`: what the decoder of an encoder-decoder reads; left out, what the model itself
        answers. `start` moves the window when the text is longer than `info.max_len` tokens; `plain` reads
        special-token strings as ordinary characters. `keep`: "values", "outputs", "scores" of every head, for
        `Trace.qkv`. `gradient_of`: a candidate's number (a token id, a class; -1: the best), or a function from the
        model's output to a number; the attentions then carry gradients. Raises InputError.
        """
        return self.look(Given(text, pair, target, image, start, plain), frozenset(keep), gradient_of)

    def look(
        self,
        given: Given,
        keep: frozenset[str] = frozenset(),
        gradient_of: Target | int | None = None,
        edits: tuple[Edit, ...] = (),
    ) -> Trace:
        """`trace` for an input that was put together before.

        `edits` are made to the pass alone: a decoder goes on reading what the unedited model answers, so that the two
        passes can be compared position by position; `answer` is what the edited one writes.
        """
        if given.stride and self.n_tokens(given) > self.info.max_len:
            with self.edit(*edits):
                return _told(self._look_in_windows(given, keep, gradient_of), edits)
        prepared = self.reader.prepare(given)
        with self.edit(*edits):
            output, passed, seconds = self._pass(prepared, keep, gradient_of)
            answer = answers.answer(self, output, prepared, given, edited=bool(edits))
            found = detections.of(self, output)
        stacks = self.catalogue.stacks()
        attentions = passed.attentions()
        ranking = self._ranking(output, prepared)
        made = Trace(
            info=self.info,
            attentions=attentions,
            ranking=ranking,
            seconds=seconds,
            n_tokens=prepared.n_tokens,
            start=prepared.start,
            notes=prepared.notes,
            answer=answer,
            detections=found,
            hidden=answers.hidden(output) if ranking is None else None,
            sees=lambda: self.seen(given),
            parts=lambda attention, layer, head: passed.head(stacks[attention][layer], head),
            extra=passed.calls.nbytes - sum(attention.weights.nbytes for attention in attentions),
            given=given,
        )
        return _told(made, edits)

    def passed(self, prepared: Prepared, gradient_of: Target | None = None) -> Pass:
        """One forward pass on an input that is ready, with what its attention saw; with gradients of a number."""
        return self._pass(prepared, frozenset(), gradient_of)[1]

    def run(self, prepared: Prepared) -> tuple[Any, Pass]:
        """One forward pass on an input that is ready: the model's own output, and what its attention saw."""
        output, passed, _ = self._pass(prepared, frozenset(), None)
        return output, passed

    def output(self, prepared: Prepared) -> Any:
        """The model's own output on an input that is ready, nothing looked at; gradients as the caller has set them."""
        self._afford(prepared)
        return self._forward(prepared)

    def seen(self, given: Given) -> Seen | None:
        """The picture as the model was shown it; None if there is none, or it is cut into several."""
        return None if given.image is None else seen(self.reader, given.image)

    @property
    def matches(self) -> bool:
        """Whether it says how well a text and a picture match (CLIP, SigLIP), in place of naming classes."""
        return {"text", "picture"} <= set(self.info.reads) and hasattr(self.module, "logit_scale")

    @property
    def pools(self) -> bool:
        """Whether its answer is read from the mean of all patches although there is a class token (BEiT)."""
        return bool(getattr(self.module.config, "use_mean_pooling", False))

    @property
    def slides(self) -> bool:
        """Whether a text that is too long can be read whole, in windows: an encoder that reads text alone."""
        return self.info.reads == ("text",) and all(layer.kind == "encoder" for layer in self.catalogue.layers)

    def _look_in_windows(self, given: Given, keep: frozenset[str], gradient_of: Target | int | None) -> Trace:
        if not self.slides:
            raise InputError(f"{self.info.name} does not read a long text in windows: only encoders do. Shorten it.")
        if keep or gradient_of is not None:
            raise InputError("A text read in windows has weights only. Take a part of it to see more of its heads.")
        return windows.trace(self, given, public.limits().tokens)

    @property
    def switches(self) -> bool:
        """Whether heads can be changed: not where only the model's own code knows what they read."""
        return self.catalogue.tier != "library"

    @contextmanager
    def edit(self, *edits: Edit) -> Iterator[None]:
        """Change heads while the block runs, in this thread alone; nothing of the model itself is touched.

        Edits are read by the attention functions from the thread's own context, so there is nothing to undo and no
        other visitor can see them; edits inside one another add up. Raises InputError for heads that are not there.
        """
        with Capture(self.modules, look=False, edits=self._compiled(edits)):
            yield

    def _pass(
        self, prepared: Prepared, keep: frozenset[str], gradient_of: Target | int | None
    ) -> tuple[Any, Pass, float]:
        """One pass that can be afforded: the model's output, what was seen, seconds."""
        self._afford(prepared)
        output, calls, gradients, seconds = self._run(prepared, keep, gradient_of)
        return output, Pass(self.module, self.catalogue, calls, prepared, gradients), seconds

    def _run(
        self, prepared: Prepared, keep: frozenset[str], gradient_of: Target | int | None
    ) -> tuple[Any, Calls, Mapping[Place, Tensor] | None, float]:
        """One pass: output, calls, gradients, seconds."""
        if self.catalogue.tier == "library":
            return self._run_by_library(prepared, keep, gradient_of)
        places = self._kept_places(prepared)
        capture = Capture(self.modules, keep, places, gradients=gradient_of is not None)
        began = time.perf_counter()
        with capture, torch.set_grad_enabled(gradient_of is not None):
            edits = capture.edits
            output = self._forward(prepared, **self._hidden(prepared))
            gradients = None if gradient_of is None else self._gradients(output, prepared, gradient_of, capture)
        seconds = time.perf_counter() - began

        def again(place: Place) -> Call:
            with torch.no_grad(), Capture(self.modules, keep, frozenset([place]), edits=edits) as second:
                self._forward(prepared)
            return second.calls[0]

        return output, Calls(capture.calls, again), gradients, seconds

    def _run_by_library(
        self, prepared: Prepared, keep: frozenset[str], gradient_of: Target | int | None
    ) -> tuple[Any, Calls, None, float]:
        """A pass of a model that only its own code can tell the attention of."""
        if keep or gradient_of is not None:
            raise InputError(f"{self.info.name} hands out its weights only: no queries, keys, values or gradients.")
        began = time.perf_counter()
        with torch.no_grad():
            output = self._forward(prepared, output_attentions=True, **self._hidden(prepared))
        calls = [
            Call(field, index, "library", tensor.shape[1], given=tensor.detach())
            for field, tensors in catalogues.returned(output).items()
            for index, tensor in enumerate(tensors)
        ]
        return output, Calls(calls, _never), None, time.perf_counter() - began

    def _hidden(self, prepared: Prepared) -> dict[str, bool]:
        """Asks a model whose head would leave them out for its hidden states, where it has no answer to give."""
        silent = self.info.task == "fill mask" and self.tokenizer.mask_token_id not in prepared.ids
        gives = bool(self.reader.takes & {"output_hidden_states", "kwargs"})
        return {"output_hidden_states": True} if silent and gives else {}

    def _forward(self, prepared: Prepared, **options: Any) -> Any:
        if "use_cache" in self.reader.takes:
            options["use_cache"] = False
        where = self.module.device
        arguments = {name: value.to(where) for name, value in prepared.arguments.items()}
        try:
            if not self.catalogue.draws:
                return self.module(**arguments, **options)
            with self._drawing, torch.random.fork_rng(devices=[]):  # torch has one generator for all threads
                torch.manual_seed(SEED)
                return self.module(**arguments, **options)
        except EditRefused as refused:
            raise InputError(f"This edit cannot be made: {refused}.") from refused
        except (RuntimeError, IndexError, ValueError) as error:
            raise InputError(
                f"{self.info.name} does not take this input ({type(error).__name__}). It may be too long or too small "
                "for it: try another."
            ) from error

    def _gradients(
        self, output: Any, prepared: Prepared, target: Target | int, capture: Capture
    ) -> Mapping[Place, Tensor]:
        """Gradients of one number with respect to the weights of every call, in the modules' own layouts."""
        if callable(target):
            number = target(output)
        else:
            logits = self._logits(output, prepared)
            if logits is None:
                raise InputError("This model answers nothing that a gradient could be taken of. Give it a function.")
            number = logits[1].max() if target < 0 else logits[1][target]
        found = torch.autograd.grad(number, capture.live, allow_unused=True)
        return {
            (call.layer, call.number): torch.zeros_like(live) if gradient is None else gradient
            for call, live, gradient in zip(capture.calls, capture.live, found, strict=True)
        }

    def _kept_places(self, prepared: Prepared) -> frozenset[Place] | None:
        """What a pass keeps: everything (None), or the first layer of each stack if all would be too much."""
        modules = (self.module.get_submodule(layer.place[0]) for layer in self.catalogue.layers)
        plain = all(display.shape_of(module) is None for module in modules)
        if not plain or sum(self._held(layer, prepared) for layer in self.catalogue.layers) <= KEPT:
            return None
        return frozenset(stack[0].place for stack in self.catalogue.stacks())

    def _held(self, layer: Layer, prepared: Prepared) -> int:
        """About how many bytes keeping a layer costs."""
        n = self._length(prepared)
        return 8 * n * self.info.d_head * layer.n_heads if layer.tier == "interface" else self._matrix(layer, n)

    def _matrix(self, layer: Layer, n: int) -> int:
        return 4 * layer.n_heads * n * n

    def _length(self, prepared: Prepared) -> int:
        """Tokens that are read; pictures are of one size per model and were tried when it was loaded."""
        return max((len(sequence) for sequence in prepared.sequences.values()), default=0)

    def _afford(self, prepared: Prepared) -> None:
        """Raise InputError, with the numbers, if drawing one layer would take more memory than there is."""
        need = WORK * max(self._matrix(layer, self._length(prepared)) for layer in self.catalogue.layers)
        free = memory.free_bytes()
        if need > free:
            raise InputError(
                f"One layer's weights on {self._length(prepared):,} tokens take {need / 1e9:.1f} GB while they are "
                f"computed; {free / 1e9:.1f} GB are free. Take a shorter text."
            )

    def _compiled(self, edits: tuple[Edit, ...]) -> dict[Place, tuple[HeadEdit, ...]]:
        """Edits by the calls they change; raises InputError for a layer or head that is not there."""
        if edits and not self.switches:
            raise InputError(
                f"{self.info.name} computes its attention in blocks of its own: its heads cannot be edited."
            )
        compiled: dict[Place, tuple[HeadEdit, ...]] = {}
        for edit in edits:
            for layer, whole in self._edited_layers(edit):
                heads = _heads(whole, layer)
                place = (layer.place[0], EVERY) if is_whole(self.module, layer) else layer.place
                compiled[place] = (*compiled.get(place, ()), HeadEdit(whole, heads))
        return compiled

    def _edited_layers(self, edit: Edit) -> list[tuple[Layer, Edit]]:
        """The layers an edit is for, each with the edit completed by what a reference text gives."""
        stacks = self.catalogue.stacks()
        if not 0 <= edit.attention < len(stacks):
            raise InputError(f"There is no attention {edit.attention}; this model has {len(stacks)}, counted from 0.")
        stack = stacks[edit.attention]
        if edit.layer is not None and not 0 <= edit.layer < len(stack):
            raise InputError(f"There is no layer {edit.layer}; this stack has {len(stack)}, counted from 0.")
        numbers = range(len(stack)) if edit.layer is None else [edit.layer]
        if not isinstance(edit, Ablate) or edit.by in ("zero", "mean"):
            return [(stack[number], edit) for number in numbers]
        reference = self.trace(edit.by, keep={"outputs"})
        return [(stack[number], replace(edit, means=_means(reference, edit.attention, number))) for number in numbers]

    def _logits(self, output: Any, prepared: Prepared) -> tuple[str, Tensor] | None:
        """What the model's head says on this input: the question, and a score per candidate."""
        task = self.info.task
        scores: Any = getattr(output, "logits", None)
        if task in ("next token", "text to text"):
            return "next token", scores[0, -1]
        if task == "classify" and scores is not None and scores.dim() == 2:
            return "class", scores[0]
        if task == "fill mask" and self.tokenizer.mask_token_id in prepared.ids:
            place = prepared.ids.index(self.tokenizer.mask_token_id)
            return f"token at position {place}", scores[0, place]
        return None

    def _ranking(self, output: Any, prepared: Prepared) -> Ranking | None:
        """The model's answer, if its head gives one on this input."""
        if self.info.task == "answer questions":
            return answers.spans(self, output, prepared)
        found = self._logits(output, prepared)
        if found is None:
            return None
        question, logits = found
        logits = logits.detach().float().cpu()
        if question == "class":
            names: Any = self.module.config.id2label
            return _rank(question, logits, lambda ids: [str(names[i]) for i in ids])
        return _rank(question, logits, lambda ids: texts.token_texts(self.tokenizer, ids))


def _rank(question: str, logits: Tensor, names: Any) -> Ranking:
    """The best candidates by softmax over all logits, in float32."""
    probabilities = logits.softmax(-1)
    best = probabilities.topk(min(TOP, len(probabilities)))
    ids = best.indices.tolist()
    every = probabilities.numpy()
    return Ranking(question, tuple(names(ids)), best.values.numpy(), len(every), tuple(ids), every)


def _heads(edit: Edit, layer: Layer) -> tuple[int, ...]:
    """The numbers of the heads an edit is for; raises InputError if one is not there."""
    chosen = range(layer.n_heads) if edit.head is None else (edit.head,) if isinstance(edit.head, int) else edit.head
    heads = tuple(dict.fromkeys(chosen))
    if not all(0 <= head < layer.n_heads for head in heads):
        raise InputError(f"Heads {heads} are not all there: this layer has {layer.n_heads}, counted from 0.")
    return heads


def _means(reference: Trace, attention: int, layer: int) -> Any:
    """Mean output of every head of a layer over the positions of a reference text, [head, d_value]."""
    import numpy as np

    outputs = [
        reference.qkv(attention, layer, head).output for head in range(reference.attentions[attention].n_heads[layer])
    ]
    if any(output is None for output in outputs):
        raise InputError("This layer does not let its heads' output be seen, so they have no mean to put in place.")
    return np.stack([output.mean(0) for output in outputs])  # type: ignore[union-attr]


def _never(place: Place) -> Call:
    raise AssertionError(f"{place} was kept")


def _told(trace: Trace, edits: tuple[Edit, ...]) -> Trace:
    """The trace, saying what was changed in its pass."""
    if not edits:
        return trace
    names = [attention.name for attention in trace.attentions]
    return replace(trace, edits=edits, notes=(*trace.notes, note(edits, names)))
