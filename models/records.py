"""The nouns everything else speaks in: frozen records of numpy arrays, which cost no torch to import."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


MASKED = -5_000.0  # scores below are masked: masks are written as the lowest float, minus infinity, or -10,000


def frozen(array: Any, dtype: Any = None) -> NDArray[Any]:
    """The array, read-only: records are shared by every visitor of a cached model."""
    array = np.asarray(array, dtype=dtype)
    array.setflags(write=False)
    return array


@dataclass(frozen=True)
class Sequence:
    """What is attended from, or to: the tokens of a text or the patches of a picture.

    `labels` is what each position says to a person, leading space included, so that joining the labels of a text
    gives the text back; `special` marks positions that the tokenizer or the model added (CLS, BOS, SEP, registers,
    pads); `words` numbers the word each position belongs to, None where there is none; `grid` is (rows, columns)
    if the positions that are not special are patches, `patch` then how high and wide one of them is, in pixels of the
    trace's picture; `segments` says which text of a pair a position is of (0 or 1, None for neither).
    """

    labels: tuple[str, ...]
    special: Bools
    words: tuple[int | None, ...] | None = None
    grid: tuple[int, int] | None = None
    patch: tuple[float, float] | None = None
    segments: tuple[int | None, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "special", frozen(self.special, bool))
        if len(self.special) != len(self.labels):
            raise ValueError(f"special must have one entry per label: {len(self.labels)}, got {len(self.special)}")

    def __len__(self) -> int:
        return len(self.labels)


class Weights(Many[Floats]):
    """One float32 array [head, query, key] per layer, each computed when it is asked for.

    `layer(i)` computes all heads of layer i, `head(i, h)` only one: a long text is read a head at a time.
    """

    def __init__(
        self,
        n_layers: int,
        layer: Callable[[int], Any],
        head: Callable[[int, int], Any] | None = None,
        nbytes: int = 0,
    ) -> None:
        self._n_layers, self._layer, self._head = n_layers, layer, head
        self.nbytes = nbytes  # what is held in memory to compute them

    def __len__(self) -> int:
        return self._n_layers

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return frozen(self._layer(range(len(self))[index]), np.float32)

    def __iter__(self) -> Iterator[Floats]:
        return (self[i] for i in range(len(self)))

    def head(self, layer: int, head: int) -> Floats:
        """Weights [query, key] of one head."""
        if self._head is None:
            return frozen(self[layer][head], np.float32)
        return frozen(self._head(range(len(self))[layer], head), np.float32)


@dataclass(frozen=True)
class Attention:
    """The weights of one stack of attention layers on one input.

    `kind`: "self" (decoder-only, causal), "encoder", "decoder", "cross", "vision" or "text". `weights[layer]` is
    float32 [head, query, key], no batch axis, rows summing to 1. `layers` names the module of each layer.
    """

    kind: str
    queries: Sequence
    keys: Sequence
    weights: Weights
    layers: tuple[str, ...]
    n_heads: tuple[int, ...]  # per layer: some models change the number on the way up
    name: str = ""  # among the attentions of a trace: "encoder", "cross", "vision, stage 2"
    view: str = "matrix"  # or "points": keys are sampling points of each query's own, not positions
    looks_back: bool | None = None  # whether no query reads what comes after it; None: as the kind says
    gradients: Weights | None = None  # of the trace's target with respect to each weight, where they were asked for

    def at(self, layer: int, head: int) -> Floats:
        """Weights [query, key] of one head of one layer, both counted from 0."""
        return self.weights.head(layer, head)

    @property
    def causal(self) -> bool:
        """True if a position reads only itself and what came before."""
        return self.kind in ("self", "decoder") if self.looks_back is None else self.looks_back


@dataclass(frozen=True)
class ModelInfo:
    """What is worth knowing of a model before running it; sizes in the field's names, `max_len` in tokens."""

    name: str
    source: str  # "bundled", "folder" or "hub"
    family: str  # transformers' model_type: "gpt2", "bert", ...
    task: str  # "next token", "fill mask", "classify" or "embed"
    n_layers: int
    n_heads: int
    d_model: int
    d_head: int
    d_vocab: int
    n_params: int
    max_len: int
    reads: tuple[str, ...] = ("text",)  # what goes in: "text", "question", "target" (a decoder's side), "picture"
    device: str = "CPU"  # where it runs: "CPU" or "GPU"
    tier: str = ""  # how attention is read: "interface", "function", "mixed" or "library" (see models.capture)


@dataclass(frozen=True)
class Head:
    """What one head computed with, float32; None where the model does not let it be seen or nobody asked for it.

    `scores` are what the softmax was taken of; scale * query . key where nothing else came in between, else with
    position bias, soft cap and mask in it. `key` and `value` are those of the head's group where heads share them.
    """

    query: Floats | None  # [query, d_head], after rotation
    key: Floats | None  # [key, d_head], after rotation
    value: Floats | None  # [key, d_value]
    scores: Floats | None  # [query, key]
    weights: Floats  # [query, key]
    output: Floats | None  # [query, d_value]
    scale: float | None
    softcap: float | None = None
    sink: float | None = None  # a learnt score that competes in the softmax (GPT-OSS)


@dataclass(frozen=True)
class Ranking:
    """A model's answer, best first; probabilities over the FULL vocabulary, never renormalised over a top-k."""

    question: str  # what is ranked, in words: "next token"
    labels: tuple[str, ...]
    probabilities: Floats
    n_candidates: int  # how many there are in all
    ids: tuple[int, ...] = ()  # the number of each label among the candidates
    every: Floats | None = field(default=None, repr=False)  # each candidate's probability, by its number

    def __post_init__(self) -> None:
        object.__setattr__(self, "probabilities", frozen(self.probabilities, np.float32))
        if self.every is not None:
            object.__setattr__(self, "every", frozen(self.every, np.float32))


@dataclass(frozen=True)
class Answer:
    """What a model makes of an input, in words: `verb` as in "translates", `text` what it says.

    `boxes`: (name, probability, (left, top, right, bottom) in pixels of the picture given). `picture`: uint8
    [row, column, rgb], where the answer is drawn.
    """

    verb: str
    text: str
    probability: float | None = None
    boxes: tuple[tuple[str, float, tuple[float, ...]], ...] = ()
    picture: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Trace:
    """Everything one forward pass left behind, all in float32."""

    info: ModelInfo
    attentions: tuple[Attention, ...]
    ranking: Ranking | None
    seconds: float  # of the forward pass
    n_tokens: int  # of the whole text, before it was cut to what the model reads
    start: int = 0  # the first token that was read
    notes: tuple[str, ...] = ()  # what a reader of the pictures must know: sentences
    answer: Answer | None = None  # beside the ranking, where the model says more than one token
    picture: NDArray[np.uint8] | None = field(default=None, repr=False)  # as the model saw it, [row, column, rgb]
    parts: Callable[[int, int, int], Head] | None = field(default=None, repr=False)
    extra: int = 0  # bytes held beside the weights: values, outputs

    def qkv(self, attention: int, layer: int, head: int) -> Head:
        """What one head of `attentions[attention]` computed with; raises ValueError if nothing but weights was kept."""
        if self.parts is None:
            raise ValueError("this trace keeps weights only: a model's trace keeps query and key")
        return self.parts(attention, layer, head)

    @property
    def nbytes(self) -> int:
        """Bytes held in memory."""
        every = None if self.ranking is None else self.ranking.every
        answer = 0 if every is None else every.nbytes
        picture = 0 if self.picture is None else self.picture.nbytes
        return sum(attention.weights.nbytes for attention in self.attentions) + answer + picture + self.extra


@dataclass(frozen=True)
class HeadStatistics:
    """One number per head on one input, arrays [layer, head]; NaN where a layer has fewer heads than the widest.

    `entropy` and its maximum in bits, `distance` in tokens, `sink_mass` as a share of 1 on the positions marked in
    `sinks`; `role` is "" or one of `models.explain.heads.ROLES`, `role_score` the figure that earned it.
    """

    entropy: Floats
    max_entropy: float
    distance: Floats
    sink_mass: Floats
    sinks: Bools  # per key
    role: tuple[tuple[str, ...], ...]
    role_score: Floats
    scores: dict[str, Floats] = field(default_factory=dict)  # role -> how well each head fits it


Positions = tuple[int, ...]


@dataclass(frozen=True)
class Unit:
    """One row or column of a comparison: a word's positions in either pass, empty where it does not stand."""

    a: Positions
    b: Positions
    label_a: str = ""
    label_b: str = ""

    @property
    def paired(self) -> bool:
        """Whether both passes have it."""
        return bool(self.a and self.b)


Alignment = tuple[Unit, ...]  # in reading order; each position of either pass is in one unit


@dataclass(frozen=True)
class Comparison:
    """Two stacks of attention on common axes; `bits` is the mean Jensen-Shannon divergence, [layer, head].

    NaN where only one of them has the head, or no row can be compared.
    """

    rows: Alignment
    columns: Alignment
    bits: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "bits", frozen(self.bits))

    @property
    def ranked(self) -> tuple[tuple[int, int], ...]:
        """The heads that can be compared, those that differ most first."""
        order = np.argsort(-np.nan_to_num(self.bits, nan=-1.0), axis=None, kind="stable")
        heads = (divmod(int(index), self.bits.shape[1]) for index in order)
        return tuple(head for head in heads if np.isfinite(self.bits[head]))


@dataclass(frozen=True)
class Pair:
    """A head of A beside a head of B, [row unit, column unit]; NaN rows are not there or hold no weights."""

    a: Floats
    b: Floats
    bits: Floats  # per row; NaN where there is nothing to compare

    @property
    def change(self) -> Floats:
        """B - A; NaN in rows that only one of them has."""
        return self.b - self.a

    @property
    def mean(self) -> float:
        """Bits over the rows that can be compared; NaN if there is none."""
        good = self.bits[np.isfinite(self.bits)]
        return float(good.mean()) if len(good) else float("nan")


@dataclass(frozen=True)
class Shift:
    """How an answer moved: KL(A || B) in bits over all candidates, and (label, in A, in B) of those that moved most."""

    bits: float
    up: tuple[tuple[str, float, float], ...]
    down: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Card:
    """What a bundled model says of itself; metrics were measured on held-out data by the command in `measured_by`."""

    name: str
    title: str
    task: str
    architecture: str
    licence: str
    data: str
    metrics: dict[str, Any]
    measured_by: str
    recipe: str
    weaknesses: str
    look_for: str
    heads: dict[str, Any]  # role -> the head that plays it best on held-out text: layer, head, score
    stack: str = ""  # the attention that these heads are of, where a trace has several: "cross-attention"
    examples: tuple[dict[str, Any], ...] = ()
    curve: tuple[dict[str, Any], ...] = field(default=(), repr=False)
