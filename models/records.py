"""The nouns everything else speaks in: frozen records of numpy arrays, which cost no torch to import."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from models.capture.edits import Edit
    from models.zoo.given import Given

VERSION = "0.1.0"  # of Headlight: what captions of saved pictures and exported files give

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Span = tuple[int, int]  # the first character of a text, and the one after the last


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
    trace's picture; `segments` says which text of a pair a position is of (0 or 1, None for neither). `spans` says
    which characters of `texts[segment]`, the texts as they were given, each position stands for, None where it stands
    for none; labels that are lower-cased or hold part of a character do not say it.
    """

    labels: tuple[str, ...]
    special: Bools
    words: tuple[int | None, ...] | None = None
    grid: tuple[int, int] | None = None
    patch: tuple[float, float] | None = None
    segments: tuple[int | None, ...] | None = None
    spans: tuple[Span | None, ...] | None = None
    texts: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "special", frozen(self.special, bool))
        if len(self.special) != len(self.labels):
            raise ValueError(f"special must have one entry per label: {len(self.labels)}, got {len(self.special)}")
        if self.spans is not None and len(self.spans) != len(self.labels):
            raise ValueError(f"spans must have one entry per label: {len(self.labels)}, got {len(self.spans)}")

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
    points: Weights | None = None  # of a "points" view: x and y in parts of width and height, [head, query, key, 2]
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
    revision: str = ""  # which weights: the hub's commit, or "sha256:..." of a bundled file; "" where it is not known
    versions: tuple[tuple[str, str], ...] = ()  # of what computed: (name, version) of Headlight and its libraries


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
class Filtered:
    """The next token's distribution over the whole vocabulary, on the way from the model's scores to the choice."""

    name: str  # what was done last, in words: "the model", "temperature 0.8", "top-k 40"
    every: Floats = field(repr=False)  # each candidate's probability, by its number; 0 where it was taken out

    def __post_init__(self) -> None:
        object.__setattr__(self, "every", frozen(self.every, np.float32))

    @property
    def n_left(self) -> int:
        """Candidates that may still be taken."""
        return int((self.every > 0).sum())


@dataclass(frozen=True)
class Written:
    """One token that a model wrote, or was made to write."""

    id: int
    label: str
    probability: float  # by the model itself, before any filter
    offered: float  # after all filters: what it was drawn with
    rank: int  # among all candidates by the model's own probabilities, from 0
    chosen: bool = False  # by the visitor

    @property
    def surprise(self) -> float:
        """-log2 of the model's own probability, in bits."""
        return float(-np.log2(max(self.probability, float(np.finfo(np.float32).tiny))))


@dataclass(frozen=True)
class Draft:
    """A text that is being written, as it stands: the prompt, all branches, and what may come next."""

    prompt: Sequence
    nodes: tuple[tuple[int, Written], ...]  # (parent, token) of node 1, 2, ...; node 0 is the prompt
    here: int  # the node that the text ends in
    stages: tuple[Filtered, ...]
    names: dict[int, str]  # labels of the candidates that are worth naming
    cache: tuple[int, int, int]  # keys and values: bytes held, bytes by the formula (0: not told), of how many tokens
    ended: str = ""  # why nothing follows, in words

    @property
    def path(self) -> tuple[int, ...]:
        """The nodes from the prompt to here, the prompt left out."""
        found, at = [], self.here
        while at:
            found.append(at)
            at = self.nodes[at - 1][0]
        return tuple(reversed(found))


@dataclass(frozen=True)
class Candidate:
    """One more token after one of the texts that a beam search keeps: what became of it."""

    parent: int  # the candidate before it, from 1; 0: the prompt
    step: int  # from 0
    id: int
    label: str
    probability: float  # of this token by the model itself, before the settings change it
    total: float  # sum of the log-probabilities of all its tokens, by which the search orders them
    fate: str  # "kept", "dropped", "finished", or "late": it ended, but not among the best, and does not count
    score: float | None = None  # total / tokens ** length penalty, of what finished


@dataclass(frozen=True)
class Beams:
    """A beam search as it stands: every text it looked at, by its steps and, within one, by their totals."""

    prompt: Sequence
    candidates: tuple[Candidate, ...]  # number 1, 2, ...
    n_beams: int
    length_penalty: float
    ended: str = ""  # why it has ended, in words

    @property
    def ranking(self) -> tuple[int, ...]:
        """The numbers of the texts that finished and are not outdone, best first."""
        done = [number for number, one in enumerate(self.candidates, 1) if one.score is not None]
        return tuple(sorted(done, key=lambda number: -(self.candidates[number - 1].score or 0.0))[: self.n_beams])

    def path(self, number: int) -> tuple[int, ...]:
        """The candidates from the prompt to this one, itself included."""
        found = []
        while number:
            found.append(number)
            number = self.candidates[number - 1].parent
        return tuple(reversed(found))


@dataclass(frozen=True)
class Lens:
    """What a model would say after each of its layers, arrays [layer, position, ...]; layer 0 is the embedding.

    `best` holds the numbers of the likeliest candidates, `probability` theirs; `rank` (from 0) and `answer` are rank
    and probability of what the model says in the end, whose number is in `final` [position]; `names` labels numbers.
    """

    tokens: Sequence
    layers: tuple[str, ...]
    best: NDArray[np.int64]
    probability: Floats
    rank: NDArray[np.int64]
    answer: Floats
    final: NDArray[np.int64]
    names: dict[int, str]

    def __post_init__(self) -> None:
        for name in ("best", "probability", "rank", "answer", "final"):
            object.__setattr__(self, name, frozen(getattr(self, name)))


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
class Detections:
    """What each object query of a detector answers.

    `probability` [query, class] is of the classes in `names`, "no object" left out; `several`: each class is scored by
    itself, so a query may name more than one. `boxes` [query, 4]: left, top, right, bottom in parts of the picture's
    width and height.
    """

    names: tuple[str, ...]
    probability: Floats
    boxes: Floats
    several: bool = False

    def __post_init__(self) -> None:
        for name in ("probability", "boxes"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float32))

    def __len__(self) -> int:
        return len(self.boxes)

    def above(self, threshold: float) -> tuple[tuple[int, int], ...]:
        """(query, class) of everything found with more than this probability, surest first."""
        sure = self.probability > np.float32(threshold)
        if not self.several:
            sure = sure & (np.arange(len(self.names)) == self.probability.argmax(1)[:, None])
        queries, classes = np.nonzero(sure)
        order = np.argsort(-self.probability[queries, classes], kind="stable")
        return tuple((int(queries[i]), int(classes[i])) for i in order)


@dataclass(frozen=True)
class Caption:
    """A caption as a painter reads it: `words` with the mark that begins the picture last, `ids` of the same."""

    text: str
    ids: tuple[int, ...]
    words: tuple[str, ...]
    unknown: tuple[int, ...]  # places of words that are not in its vocabulary
    untrained: tuple[int, ...]  # places of words that have a token and were never trained
    asked: str  # what the caption asks for, in the judge's words; "" if it is no caption of the kind it knows
    strange: tuple[tuple[str, str], ...]  # pairs of colour and shape that were kept from training
    held_out: bool  # whether the caption as a whole was kept from training


@dataclass(frozen=True)
class Painting:
    """A picture painted cell by cell: palette numbers [row, column], and what an exact judge says of it."""

    codes: NDArray[np.int64]
    probability: Floats  # [cell]: of its colour, by the model itself among all tokens
    seed: int
    mask: str = "full"
    put: tuple[tuple[int, int], ...] = ()  # (cell, palette number) chosen by hand
    shows: str = ""  # the scene that it is, exactly; "" for none
    right: bool | None = None  # whether that is what was asked; None if nothing was that can be judged

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", frozen(self.codes, np.int64))
        object.__setattr__(self, "probability", frozen(self.probability, np.float32))

    @property
    def likelihood(self) -> float:
        """Sum of the natural logarithms of its cells' probabilities."""
        return float(np.log(np.maximum(self.probability.astype(np.float64), np.finfo(np.float32).tiny)).sum())


@dataclass(frozen=True)
class Gallery:
    """What was painted of a caption: several pictures, and the chosen one's luck under every mask.

    `every` [cell, token], `offered` [cell, colour] and `attention` are the chosen one's: what each cell's colour was
    drawn from, by the model itself and after temperature and top-k; what each position read.
    """

    caption: Caption
    names: tuple[str, ...]  # of all tokens; the colours of cells come last
    colours: tuple[tuple[str, tuple[int, int, int]], ...]  # by palette number: name, red, green, blue
    candidates: tuple[Painting, ...]
    which: int  # of the candidates
    under: tuple[Painting, ...]  # one for each mask
    chosen: Painting  # of those
    masks: dict[str, Bools] = field(repr=False)  # [query, key], words and cells
    every: Floats = field(repr=False)
    offered: Floats = field(repr=False)
    attention: Attention = field(repr=False)


@dataclass(frozen=True)
class Codebook:
    """A picture as tokens: `tiles` uint8 [code, row, column, rgb], `codes` the tile at each place [row, column]."""

    tiles: NDArray[np.uint8]
    codes: NDArray[np.int64]
    asked: int  # tiles that were asked for; a picture may have fewer different patches
    psnr: float  # decibels; infinite where nothing was lost

    def __post_init__(self) -> None:
        object.__setattr__(self, "tiles", frozen(self.tiles))
        object.__setattr__(self, "codes", frozen(self.codes))


@dataclass(frozen=True)
class Seen:
    """What a model was shown of a picture.

    `pixels` uint8 [row, column, rgb]; `box` (left, top, right, bottom) in shares of the upright picture's sides.
    """

    pixels: NDArray[np.uint8]
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]


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
    hidden: Floats | None = None  # the last layer's hidden states [position, d_model], where there is no ranking
    sees: Callable[[], Seen | None] | None = field(default=None, repr=False)
    detections: Detections | None = None  # of a detector
    parts: Callable[[int, int, int], Head] | None = field(default=None, repr=False)
    extra: int = 0  # bytes held beside the weights: values, outputs
    given: Given | None = field(default=None, repr=False)  # what the model was given
    edits: tuple[Edit, ...] = ()  # changes to heads that `look` made for this pass

    def qkv(self, attention: int, layer: int, head: int) -> Head:
        """What one head of `attentions[attention]` computed with; raises ValueError if nothing but weights was kept."""
        if self.parts is None:
            raise ValueError("this trace keeps weights only: a model's trace keeps query and key")
        return self.parts(attention, layer, head)

    @cached_property
    def seen(self) -> Seen | None:
        """The picture as the model was shown it; None if there is no one such picture."""
        return None if self.sees is None else self.sees()

    @property
    def picture(self) -> NDArray[np.uint8] | None:
        """The pixels of what was seen, [row, column, rgb]."""
        return None if self.seen is None else self.seen.pixels

    @property
    def nbytes(self) -> int:
        """Bytes held in memory."""
        every = None if self.ranking is None else self.ranking.every
        answer = sum(array.nbytes for array in (every, self.hidden) if array is not None)
        return sum(attention.weights.nbytes for attention in self.attentions) + answer + self.extra


@dataclass(frozen=True)
class Word:
    """A token that a model writes about a picture, or reads with it."""

    label: str  # leading space included
    id: int
    special: bool = False
    probability: float | None = None  # of its being written, over the full vocabulary; None for a word that is read
    best: tuple[tuple[str, float], ...] = ()  # what would be likeliest there, best first


@dataclass(frozen=True)
class Said:
    """What a model says of a picture, and where it looks: the one attention of `trace` is from words to patches.

    `way`: "cross" (words read the picture by layers of their own), "prefix" (the picture stands before the words in one
    row and both are read by the same layers), "question" (so too, and what reads are words of the question). `asked`:
    the words are those of a question, not written ones.
    """

    trace: Trace
    words: tuple[Word, ...]
    way: str
    text: str  # all that was written
    asked: bool = False
    answers: Ranking | None = None  # of a model that chooses among answers

    @property
    def nbytes(self) -> int:
        """Bytes held in memory."""
        return self.trace.nbytes


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
    scores: dict[str, Floats] = field(default_factory=dict)  # what this input can be asked -> each head's figure


@dataclass(frozen=True)
class Aggregates:
    """Several heads of one stack as one: `weights[i]` [query, key] is what `names[i]` says of the heads in `over`.

    `names`: "mean", "max", "min" and, through at least two layers of self-attention, "rollout". A row that no head has
    usable weights for is all zero. Rows of max and min do not sum to 1.
    """

    names: tuple[str, ...]
    weights: Floats
    over: tuple[tuple[int, int], ...]  # layer, head

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", frozen(self.weights, np.float32))

    @property
    def nbytes(self) -> int:
        """Bytes held in memory."""
        return self.weights.nbytes


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
class Move:
    """How far hidden states moved, as cosine distances: 0 the same direction, 1 at right angles, 2 opposite.

    `vector`: of their mean over positions; `positions`: of each, [position]. NaN where a vector is zero.
    """

    vector: float
    positions: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", frozen(self.positions, np.float32))


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


POSITIONS = ("none", "learned", "sinusoidal", "sinusoidal halves", "rope", "rope halves", "alibi", "t5")
PATTERNS = ("full", "causal", "window", "dilated", "strided", "global", "block")
CHOICES = {
    "kind": ("decoder", "encoder", "encoder-decoder", "vision"),
    "position": POSITIONS,
    "norm": ("layer", "rms", "none"),
    "norm_place": ("pre", "post"),
    "activation": ("gelu", "gelu tanh", "relu", "swiglu"),
    "pattern": PATTERNS,
}


class ConfigError(ValueError):
    """A shape that cannot be built; `problems` says for each field, in a sentence, what is wrong with it."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


@dataclass(frozen=True)
class Config:
    """The shape of a transformer of `models.scratch`: what cannot change without building it anew.

    `kind`: "decoder" (GPT: foretells the next token), "encoder" (BERT: fills in what is masked), "encoder-decoder"
    (translates), "vision" (ViT: names a picture). Raises ConfigError, field by field, for what cannot be built.
    """

    d_vocab: int  # tokens; of "vision" the classes
    kind: str = "decoder"
    max_len: int = 128  # tokens it is built for; of "vision" the patches decide
    n_layers: int = 2  # of each stack
    n_heads: int = 4
    n_kv_heads: int | None = None  # fewer than n_heads: groups of heads share a key and a value; None: each its own
    d_model: int = 64
    d_ff: int = 256  # 0: attention only
    position: str = "learned"
    norm: str = "layer"
    norm_place: str = "pre"  # before each step, and once at the end; or after adding
    activation: str = "gelu tanh"
    bias: bool = True
    tied: bool = True  # the embedding, transposed, turns the last layer into logits
    n_segments: int = 0  # an embedding for the first and the second text of a pair (BERT)
    embedding_norm: bool = False  # one more norm before the first layer (BERT, BART)
    scale_embedding: bool = False  # token embeddings times sqrt(d_model) (Vaswani et al. 2017)
    norm_eps: float = 1e-5
    rope_base: float = 10_000.0
    init_std: float = 0.02
    embedding_std: float = 0.02
    picture: tuple[int, int, int] | None = None  # of "vision": channels, height, width
    patch: int = 0  # of "vision": pixels of a patch's side

    def __post_init__(self) -> None:
        problems = _choices(self) | self._sizes() | self._picture()
        problems = problems or self._fits()
        if problems:
            raise ConfigError(problems)

    @property
    def kv_heads(self) -> int:
        """Heads that have a key and a value of their own."""
        return self.n_heads if self.n_kv_heads is None else self.n_kv_heads

    @property
    def d_head(self) -> int:
        """Dimensions of one head."""
        return self.d_model // self.n_heads

    @property
    def n_positions(self) -> int:
        """Places a stack is built for: tokens, or the patches and the class token before them."""
        if self.picture is None:
            return self.max_len
        return 1 + (self.picture[1] // self.patch) * (self.picture[2] // self.patch)

    def _sizes(self) -> dict[str, str]:
        """What is wrong with each number by itself."""
        least = {"d_vocab": 2, "max_len": 2, "n_layers": 1, "n_heads": 1, "d_model": 1, "d_ff": 0, "n_segments": 0}
        if self.n_kv_heads is not None:
            least["n_kv_heads"] = 1
        problems = {
            name: f"{name} must be a whole number from {low} on; got {getattr(self, name)}."
            for name, low in least.items()
            if not _whole(getattr(self, name)) or getattr(self, name) < low
        }
        floats = {"norm_eps": 0.0, "rope_base": 1.0, "init_std": 0.0, "embedding_std": 0.0}
        return problems | {
            name: f"{name} must be a number above {low:g}; got {getattr(self, name)}."
            for name, low in floats.items()
            if not low < getattr(self, name) < float("inf")
        }

    def _picture(self) -> dict[str, str]:
        """A vision transformer cuts a picture into whole patches; the others read none."""
        if self.kind != "vision":
            seen = self.picture is not None or self.patch
            return {"picture": f"Only kind “vision” reads pictures; this is “{self.kind}”."} if seen else {}
        if self.picture is None or len(self.picture) != 3 or not all(_whole(n) and n > 0 for n in self.picture):
            return {"picture": f"picture must be channels, height and width in pixels; got {self.picture}."}
        _, height, width = self.picture
        if not _whole(self.patch) or self.patch < 1 or height % self.patch or width % self.patch:
            return {"patch": f"A picture of {height} x {width} pixels cannot be cut into patches of {self.patch}."}
        return {}

    def _fits(self) -> dict[str, str]:
        """What is wrong between numbers that are right by themselves."""
        problems = {}
        if self.d_model % self.n_heads:
            problems["n_heads"] = (
                f"{self.n_heads} heads cannot share d_model = {self.d_model} evenly: it must be a multiple of them."
            )
        if self.n_heads % self.kv_heads:
            problems["n_kv_heads"] = f"{self.n_heads} heads cannot be put into {self.kv_heads} equal groups."
        if self.position.startswith("rope") and self.d_head % 2:
            problems["position"] = f"RoPE turns pairs of dimensions: d_head must be even, and is {self.d_head}."
        if self.position.startswith("sinusoidal") and self.d_model % 2:
            problems["position"] = f"A sine and a cosine share a frequency: d_model must be even, not {self.d_model}."
        return problems


@dataclass(frozen=True)
class Knobs:
    """What may change in a transformer of `models.scratch` while it trains: it travels with each call.

    `pattern` limits who reads whom in self-attention; a decoder never reads ahead, whatever the pattern. `width`,
    `step` and `n_global` count positions and mean what `models.scratch.patterns` says. Raises ConfigError.
    """

    dropout: float = 0.0  # of attention weights, of what each step adds, and of the embeddings; only in training
    pattern: str = "full"
    width: int = 4
    step: int = 2
    n_global: int = 1
    residual: bool = True  # whether each step adds to what was there, or replaces it
    fused: bool = True  # one kernel, or the steps as they are taught: the numbers are the same

    def __post_init__(self) -> None:
        problems = _choices(self)
        if not 0 <= self.dropout < 1:
            problems["dropout"] = f"dropout must be at least 0 and below 1; got {self.dropout}."
        for name, low in {"width": 1, "step": 1, "n_global": 0}.items():
            if not _whole(getattr(self, name)) or getattr(self, name) < low:
                problems[name] = f"{name} must be a whole number from {low} on; got {getattr(self, name)}."
        if problems:
            raise ConfigError(problems)


def _choices(record: Config | Knobs) -> dict[str, str]:
    """The fields that name something there is not."""
    return {
        name: f"{name} “{getattr(record, name)}” is unknown; it can be {', '.join(known)}."
        for name, known in CHOICES.items()
        if getattr(record, name, known[0]) not in known
    }


def _whole(value: object) -> bool:
    """True for an int that is not a bool in disguise."""
    return isinstance(value, int) and not isinstance(value, bool)


@dataclass(frozen=True)
class Part:
    """One part of a transformer, all its layers together: what it holds, and what it works on one pass."""

    name: str
    n_params: int
    flops: int  # of matrix products alone, a multiplication and an addition counted as two


@dataclass(frozen=True)
class Budget:
    """What a transformer costs before it is built; `cache` in bytes, for the keys and values of what was read."""

    parts: tuple[Part, ...]
    cache: int

    @property
    def n_params(self) -> int:
        """Numbers that are learnt."""
        return sum(part.n_params for part in self.parts)

    @property
    def flops(self) -> int:
        """Of one forward pass."""
        return sum(part.flops for part in self.parts)


@dataclass(frozen=True)
class Code:
    """A function as it stands in its file, and which of its lines ran; lines are numbered as in the file."""

    path: str  # from the project's root
    function: str
    first: int
    lines: tuple[str, ...]
    ran: tuple[int, ...]


@dataclass(frozen=True)
class Stage:
    """One step of a forward pass: what came out of it, and how.

    `axes` names each axis of `values`: "position", "head", "query", "key", "dimension", "hidden", "pixel", "token" or
    "class". `reads` are the earlier stages it was computed from, as numbers into the anatomy. `rule` says how a cell is
    made of them and of the `operands`, which are weights and constants (`models.scratch.again`); `symbol` and `says`
    call the stage by a letter, and tell in a sentence what it is for.
    """

    name: str
    module: str  # of the model: "stack.blocks.0.attention"
    layer: int | None
    formula: str  # LaTeX
    axes: tuple[str, ...]
    values: NDArray[Any]
    reads: tuple[int, ...]
    code: Code
    symbol: str = ""
    says: str = ""
    rule: str = "given"
    operands: dict[str, Floats] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values))
        if self.values.ndim != len(self.axes):
            raise ValueError(f"{self.name}: axes must name {self.values.ndim} axes, got {len(self.axes)}")


@dataclass(frozen=True)
class Anatomy:
    """A forward pass taken apart, in the order it ran in; `difference` is the largest from the model's own logits.

    `sequences`: what stands at the positions, by the stack that reads them: "stack", "encoder", "decoder". `counted`:
    what the model holds and did in this pass, to be held against the arithmetic of `models.cost`.
    """

    config: Config
    sequences: dict[str, Sequence]
    stages: tuple[Stage, ...]
    difference: float
    counted: Budget

    @property
    def nbytes(self) -> int:
        """Bytes held in memory, the model's copied weights among them."""
        weights = {id(a.base if a.base is not None else a): a.nbytes for s in self.stages for a in s.operands.values()}
        return sum(stage.values.nbytes for stage in self.stages) + sum(weights.values())

    def find(self, name: str, layer: int | None = None, module: str = "") -> Stage:
        """The last stage of this name, in a layer, in a module whose name has `module` in it; raises KeyError."""
        for stage in reversed(self.stages):
            if stage.name == name and layer in (None, stage.layer) and module in stage.module:
                return stage
        raise KeyError(f"there is no stage “{name}” in layer {layer}")


@dataclass(frozen=True)
class Scores:
    """What an answer owes to each position, by one method: values [row, position], a row per thing that is explained.

    `signed`: what speaks against the answer is below 0. `about`: how to read it, in a sentence.
    """

    method: str
    values: Floats
    about: str
    signed: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, np.float32))


@dataclass(frozen=True)
class Found:
    """A part of a passage that answers a question: characters `span` of it, positions `first` to `last`."""

    text: str
    span: Span
    first: int
    last: int
    probability: float  # of the start times that of the end


@dataclass(frozen=True)
class Spans:
    """Where an answer begins and ends: probabilities [position] over all positions, and the best parts, best first.

    `nothing`: the probability of pointing at the first token, which is how models say that there is no answer; None
    where the model has no such token.
    """

    start: Floats
    end: Floats
    found: tuple[Found, ...]
    nothing: float | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", frozen(self.start, np.float32))
        object.__setattr__(self, "end", frozen(self.end, np.float32))


@dataclass(frozen=True)
class Gap:
    """What a model would put at one masked position; `asked`: (word, rank from 0, probability) of given words."""

    place: int
    ranking: Ranking
    asked: tuple[tuple[str, int, float], ...] = ()


@dataclass(frozen=True)
class Passage:
    """A text that a model wrote: `tokens` in their order, and the probability each was written with."""

    tokens: Sequence
    probabilities: Floats
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "probabilities", frozen(self.probabilities, np.float32))


@dataclass(frozen=True)
class Reading:
    """What a model makes of an input at one of the text tasks; of the last four, the one that the task has is there."""

    task: str
    tokens: Sequence  # what it read
    n_tokens: int  # of the whole text, before it was cut to what the model reads
    classes: Ranking | None = None
    spans: Spans | None = None
    gaps: tuple[Gap, ...] = ()
    passage: Passage | None = None


@dataclass(frozen=True)
class AttentionSummary:
    """A pass's attention in a few numbers.

    `entropy`: the mean over its rows as a share of the most it could be, None where there are none; `pairs`: what reads
    what most, (from, to, mean weight of all heads).
    """

    entropy: float | None
    pairs: tuple[tuple[str, str, float], ...]
