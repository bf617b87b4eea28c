"""The only cache and session state: loaded models and traces, shared by all visitors and bounded by bytes."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st
from cachetools import LRUCache
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from models import zoo
from models.records import Aggregates, Head, HeadStatistics, Trace
from models.zoo import pictures
from models.zoo.given import Given

if TYPE_CHECKING:
    from PIL import Image

    from models.capture.edits import Edit
    from models.jobs.protocol import Engine
    from models.zoo.model import Model
    from viz.view import View

MODELS = int(float(os.environ.get("HEADLIGHT_MODELS_GB", "6")) * 1e9)  # bytes of weights held at once
TRACES = int(float(os.environ.get("HEADLIGHT_TRACES_GB", "1")) * 1e9)  # bytes of queries, keys and payloads
STATISTICS = 1_024  # tokens up to which every head is measured; beyond, the wait would be longer than the worth
DEFAULT_MODEL = "gpt-stories"
CHEAP_DOWNLOAD, CHEAP_MEMORY = 50_000_000, 1_500_000_000  # bytes; what costs more is asked about first
HEAD_START = 0.2  # seconds: the browser fetches a new page's scripts before the import of torch takes the interpreter
T = TypeVar("T")


class Shelf:
    """Values by key, the least recently used dropped when their bytes exceed the limit; one thread makes each."""

    def __init__(self, nbytes: int) -> None:
        self._values: LRUCache[Hashable, tuple[Any, int]] = LRUCache(nbytes, getsizeof=lambda item: item[1])
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable) -> Any:
        """The value, or None."""
        with self._lock:
            item = self._values.get(key)
        return None if item is None else item[0]

    def put(self, key: Hashable, value: Any, nbytes: int) -> None:
        """Keep the value; one that is larger than the shelf drives out all others, for it is in use."""
        with self._lock:
            self._values[key] = (value, min(max(1, nbytes), int(self._values.maxsize)))

    def make(self, key: Hashable, create: Callable[[], T], size: Callable[[T], int]) -> T:
        """The value of `key`, made by `create` if it is not there; visitors who ask meanwhile wait for it."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        try:
            with making:
                value = self.get(key)
                if value is None:
                    value = create()
                    self.put(key, value, size(value))
                return value
        finally:
            with self._lock:
                self._making.pop(key, None)


@dataclass
class Load:
    """A model on its way, in a thread of its own, so that the page stays alive."""

    ref: str
    progress: zoo.Progress = field(default_factory=lambda: zoo.Progress("Waiting"))
    error: zoo.LoadError | None = None
    model: Model | None = None
    cost: zoo.Preflight | None = None  # what is known of it before it is loaded
    agreed: threading.Event = field(default_factory=threading.Event)  # the visitor has seen what it costs
    done: threading.Event = field(default_factory=threading.Event)
    waits: bool = False  # for the visitor to agree


class Models:
    """Loaded models, and loads under way: two visitors who want the same model share one load."""

    def __init__(self) -> None:
        self.shelf = Shelf(MODELS)
        self._loads: dict[Hashable, Load] = {}
        self._lock = threading.Lock()

    def peek(self, ref: str) -> Model | None:
        """The model, if it is loaded already."""
        found: Model | None = self.shelf.get(_identity(ref))
        return found

    def load(self, ref: str) -> Load:
        """The load of this model: finished, under way, or started now. A failed one starts again."""
        key = _identity(ref)
        model = self.peek(ref)
        if model is not None:
            load = Load(ref, model=model)
            load.done.set()
            return load
        with self._lock:
            if key not in self._loads:
                self._loads[key] = Load(ref)
                threading.Thread(target=self._run, args=(key, self._loads[key]), daemon=True).start()
            return self._loads[key]

    def _run(self, key: Hashable, load: Load) -> None:
        def report(progress: zoo.Progress) -> None:
            load.progress = progress

        try:
            if "torch" not in sys.modules:
                time.sleep(HEAD_START)
            if load.ref != DEFAULT_MODEL:  # whose cost is known to be small, and whose picture should come at once
                _weigh(load)
            load.model = zoo.load(load.ref, report)
            self.shelf.put(key, load.model, load.model.nbytes)
        except zoo.LoadError as error:
            load.error = error
        except MemoryError:
            load.error = zoo.LoadError(f"{load.ref} needs more memory than this computer has free.")
        except Exception as error:  # a bug in a library must not leave the visitor with a bar that never moves
            load.error = zoo.LoadError(f"{load.ref} could not be loaded ({type(error).__name__}).")
        finally:
            with self._lock:
                self._loads.pop(key, None)
            load.done.set()


def _weigh(load: Load) -> None:
    """Find out what a model costs; a costly one waits for the visitor. Raises LoadError if it cannot be had."""
    load.progress = zoo.Progress(f"Looking at {load.ref}")
    load.cost = zoo.preflight(load.ref)
    if not load.cost.fits:
        raise zoo.LoadError(load.cost.sentence())
    if load.cost.download > CHEAP_DOWNLOAD or load.cost.needs > CHEAP_MEMORY:
        load.waits = True
        load.agreed.wait()
        load.waits = False


def _identity(ref: str) -> Hashable:
    """A folder is another model after someone saved into it."""
    try:
        return ref, max(file.stat().st_mtime_ns for file in Path(ref).expanduser().glob("*.safetensors"))
    except (OSError, ValueError, RuntimeError):
        return ref


@st.cache_resource(show_spinner=False)
def _models() -> Models:
    return Models()


@st.cache_resource(show_spinner=False)
def _traces() -> Shelf:
    return Shelf(TRACES)


@st.cache_resource(show_spinner=False)
def engine() -> Engine:
    """What runs jobs, the same for all visitors; its first worker gets warm from now on."""
    from models.jobs.opening import opened

    return opened()


def owner() -> str:
    """Whose the jobs are that this visitor starts: a name that means nothing, and ends with the visit."""
    if "owner" not in st.session_state:
        st.session_state["owner"] = secrets.token_hex(8)
    return str(st.session_state["owner"])


def here() -> Callable[[], bool]:
    """Tells, in any thread, whether the page of this visit is open in a browser."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return lambda: True
    return partial(runtime.get_instance().is_active_session, context.session_id)


def warm() -> None:
    """Start loading the model that most visits begin with, so that it is there when it is asked for."""
    if zoo.card(DEFAULT_MODEL) is not None:
        _models().load(DEFAULT_MODEL)


def load(ref: str) -> Load:
    """The load of a model, started if need be; the page shows its progress."""
    return _models().load(ref)


def reads(ref: str) -> tuple[str, ...]:
    """What a model reads, as far as is known: most read text, the others say so once they are loaded."""
    model = _models().peek(ref)
    if model is not None:
        return model.info.reads
    card = zoo.card(ref)
    named = {name for example in card.examples for name in example} if card else {"text"}
    return tuple(name for name in ("text", "question", "picture") if name in named)


@dataclass(frozen=True)
class Kept:
    """A trace; `key` names it in other caches' keys."""

    key: Hashable
    trace: Trace
    again: Callable[[], Trace] | None = field(default=None, repr=False)  # the same pass with every head's scores kept
    before: Kept | None = field(default=None, repr=False)  # the pass with all its heads, where `off` are switched off
    off: tuple[tuple[int, int, int], ...] = ()  # (attention, layer, head)
    asked: str = ""  # what the visitor wanted off, in the browser's words
    refused: str = ""  # why that cannot be had: a sentence

    def head(self, attention: int, layer: int, number: int) -> Head:
        """What one head computed with; scores that were not kept come from a second pass. ValueError: weights only."""
        head = self.trace.qkv(attention, layer, number)
        if head.query is None or head.key is None or head.scores is not None or self.again is None:
            return head
        scored: Trace = _traces().make(("scores", self.key), self.again, lambda made: 2 * made.nbytes)
        return scored.qkv(attention, layer, number)

    def by_words(self) -> Kept:
        """The same trace with its tokens merged to words."""
        from models.explain.words import merged

        return Kept(("words", self.key), merged(self.trace))

    def statistics(self, attention: int) -> HeadStatistics | None:
        """Figures of every head of one of its stacks; None for a very long text."""
        stack = self.trace.attentions[attention]
        if max(len(stack.queries), len(stack.keys)) > STATISTICS:
            return None

        def create() -> HeadStatistics:
            from models.explain.heads import statistics

            return statistics(stack)

        return _traces().make(("statistics", self.key, attention), create, lambda _: 4_096)

    def aggregates(self, attention: int, over: tuple[tuple[int, int], ...]) -> Aggregates:
        """These heads (layer, head) of one of its stacks as one."""

        def create() -> Aggregates:
            from models.explain.aggregates import aggregates

            return aggregates(self.trace.attentions[attention], over)

        return _traces().make(("aggregates", self.key, attention, over), create, lambda made: made.nbytes)


def trace(model: Model, given: Given) -> Kept:
    """The model's trace of an input; raises zoo.InputError."""
    key = (model.id, given.key)
    return _traces().make(
        ("trace", key),
        lambda: Kept(key, model.look(given), lambda: model.look(given, frozenset({"scores"}))),
        lambda made: made.trace.nbytes + given.nbytes,
    )


def edited(model: Model, given: Given, edits: tuple[Edit, ...]) -> Kept:
    """`trace` while heads are changed, a decoder reading what it read before; raises zoo.InputError."""
    key = (model.id, given.key, edits)
    look = partial(model.look, given, edits=edits)
    return _traces().make(
        ("trace", key),
        lambda: Kept(key, look(), lambda: look(frozenset({"scores"}))),
        lambda made: made.trace.nbytes + given.nbytes,
    )


def picture(data: bytes) -> Image.Image:
    """The picture in a file, decoded once for every rerun; raises zoo.InputError."""
    return _traces().make(
        ("picture", hashlib.sha256(data).digest()),
        lambda: pictures.read(data),
        lambda made: 3 * made.width * made.height,
    )


def made(key: Hashable, create: Callable[[], T], size: Callable[[T], int]) -> T:
    """Any other value by the inputs it is made from; `size` says how many bytes it holds."""
    return _traces().make(("made", key), create, size)


@dataclass(frozen=True)
class Packed:
    """A view and its bytes, packed once for every rerun."""

    view: View
    data: bytes


def packed(key: Hashable, create: Callable[[], View]) -> Packed:
    """A view by the inputs it is made from, packed."""

    def pack() -> Packed:
        view = create()
        return Packed(view, view.pack())

    return _traces().make(("view", key), pack, lambda made: 2 * len(made.data))
