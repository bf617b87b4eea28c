"""The only cache and session state: loaded models and traces, shared by all visitors and bounded by bytes."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st
from cachetools import LRUCache

from models import zoo
from models.records import HeadStatistics, Trace

if TYPE_CHECKING:
    from models.zoo.model import Model
    from viz.view import View

MODELS = int(float(os.environ.get("HEADLIGHT_MODELS_GB", "6")) * 1e9)  # bytes of weights held at once
TRACES = int(float(os.environ.get("HEADLIGHT_TRACES_GB", "1")) * 1e9)  # bytes of queries, keys and payloads
STATISTICS = 1_024  # tokens up to which every head is measured; beyond, the wait would be longer than the worth
DEFAULT_MODEL = "gpt-stories"
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
    done: threading.Event = field(default_factory=threading.Event)


class Models:
    """Loaded models, and loads under way: two visitors who want the same model share one load."""

    def __init__(self) -> None:
        self.shelf = Shelf(MODELS)
        self._loads: dict[Hashable, Load] = {}
        self._lock = threading.Lock()

    def load(self, ref: str) -> Load:
        """The load of this model: finished, under way, or started now. A failed one starts again."""
        key = _identity(ref)
        with self._lock:
            model = self.shelf.get(key)
            if model is not None:
                load = Load(ref, model=model)
                load.done.set()
                return load
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


def warm() -> None:
    """Start loading the model that most visits begin with, so that it is there when it is asked for."""
    if any(card.name == DEFAULT_MODEL for card in zoo.bundled()):
        _models().load(DEFAULT_MODEL)


def load(ref: str) -> Load:
    """The load of a model, started if need be; the page shows its progress."""
    return _models().load(ref)


@dataclass(frozen=True)
class Kept:
    """A trace with the statistics of its heads (None for a very long text); `key` names it in other caches' keys."""

    key: Hashable
    trace: Trace
    statistics: HeadStatistics | None


def trace(model: Model, text: str, start: int = 0, plain: bool = False) -> Kept:
    """The model's trace of a text; raises zoo.InputError."""
    key = (model.id, text, start, plain)

    def create() -> Kept:
        from models.explain.heads import statistics

        trace = model.trace(text, start=start, plain=plain)
        attention = trace.attentions[0]
        return Kept(key, trace, statistics(attention) if len(attention.queries) <= STATISTICS else None)

    return _traces().make(("trace", key), create, lambda made: made.trace.nbytes + len(text))


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
