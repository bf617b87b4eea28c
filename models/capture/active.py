"""Who is looking: one Capture per thread and request, which both ways of reading attention ask what to keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torch import Tensor, nn

from models.capture.calls import Call
from models.capture.edits import HeadEdit

if TYPE_CHECKING:
    from models.capture.functions import Mode

Place = tuple[str, int]  # a module's name, and which of its calls within a pass

_active: ContextVar[Capture | None] = ContextVar("headlight_capture", default=None)


@dataclass(frozen=True)
class Modules:
    """What has to be known of a model's modules before a pass, made once per model.

    Layer numbers collide between encoder, decoder and vision tower, so modules are known by name.
    """

    names: Mapping[int, str]  # id(module) -> name
    n_heads: Mapping[str, int] = field(default_factory=dict)  # of a module, where it says so itself
    axes: Mapping[Place, int] = field(default_factory=dict)  # head axis of the weights, where it is neither 0 nor 1

    @classmethod
    def of(cls, model: nn.Module) -> Modules:
        """Names and head counts, for a first look."""
        named = list(model.named_modules())
        counts = {name: _n_heads(module) for name, module in named}
        return cls({id(module): name for name, module in named}, {n: count for n, count in counts.items() if count})


def _n_heads(module: nn.Module) -> int | None:
    """How many heads a module says it has, under one of the names that transformers uses."""
    names = ("num_attention_heads", "num_heads", "n_heads", "n_head", "num_attn_heads", "self_attn_heads", "heads")
    found = (getattr(module, name, None) for name in names)
    return next((n for n in found if isinstance(n, int) and not isinstance(n, bool) and n > 0), None)


EVERY = -1  # in the place of an edit: all calls of the module
KEEP = frozenset({"scores", "values", "outputs"})  # what can be kept beside the weights


class Capture:
    """Keeps what the attention modules see while the block runs, and makes the edits that are in force.

    `keep`: names out of KEEP. `places`: the calls to keep, None for all; `look=False` keeps nothing (edits alone).
    `gradients`: leaves the weights in the graph, in `live`. A capture inside another one makes its edits too.
    """

    def __init__(
        self,
        modules: Modules,
        keep: frozenset[str] = frozenset(),
        places: frozenset[Place] | None = None,
        *,
        look: bool = True,
        gradients: bool = False,
        edits: Mapping[Place, tuple[HeadEdit, ...]] | None = None,
    ) -> None:
        if keep - KEEP:
            raise ValueError(f"keep takes {', '.join(sorted(KEEP))}; got {', '.join(sorted(keep - KEEP))}")
        self.modules, self.keep, self.places, self.look, self.gradients = modules, keep, places, look, gradients
        self.edits: dict[Place, tuple[HeadEdit, ...]] = dict(edits or {})
        self.calls: list[Call] = []
        self.live: list[Tensor] = []  # the weights of each call in the graph, in the module's own layout
        self.met: set[Place] = set()  # calls whose weights have been multiplied with values
        self.busy = False  # the attention function is at work: what it computes inside is not read a second time
        self.stack: list[tuple[str, nn.Module]] = []  # attention modules being run, outermost first
        self.mode: Mode | None = None
        self._counted: Counter[str] = Counter()
        self._token: Token[Capture | None] | None = None

    def __enter__(self) -> Capture:
        outer = _active.get()
        if outer is not None and outer.modules.names is self.modules.names:
            self.edits = {
                place: outer.edits.get(place, ()) + self.edits.get(place, ()) for place in outer.edits | self.edits
            }
        self._token = _active.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._token is not None
        _active.reset(self._token)

    def place(self, module: nn.Module) -> Place | None:
        """The name and number of the call that begins; None for a module of another model."""
        name = self.modules.names.get(id(module))
        return None if name is None else self.count(name)

    def count(self, name: str) -> Place:
        """The place of the next call of a module in this pass."""
        self._counted[name] += 1
        return name, self._counted[name] - 1

    def begin(self) -> None:
        """A pass begins: calls are counted from 0 again."""
        self._counted.clear()
        self.met.clear()

    def edits_at(self, place: Place) -> tuple[HeadEdit, ...]:
        """What is to be changed in this call, or in every call of its module."""
        return self.edits.get(place, ()) + self.edits.get((place[0], EVERY), ())

    def wants(self, place: Place) -> bool:
        """Whether this call is to be kept."""
        return self.look and (self.places is None or place in self.places)


def active() -> Capture | None:
    """The capture of this thread, if it is looking."""
    return _active.get()
