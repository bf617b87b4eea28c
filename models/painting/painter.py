"""A sentence painted cell by cell by dalle-shapes: every choice it had, what each cell read, and a judge of the result.

The model reads the words, `<paint>`, and the cells so far; what it says next is the next cell's colour. Each painting
has a generator of its own and draws once per cell: a colour put in by hand changes what follows, not the luck.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot
from transformers import TemperatureLogitsWarper, TopKLogitsWarper

from models.capture.active import Capture
from models.painting import masks
from models.records import Attention, Bools, Caption, Floats, Gallery, Painting, Sequence, Weights
from models.zoo import text as texts
from models.zoo.errors import InputError
from models.zoo.recipes import dalle_shapes as recipe
from models.zoo.recipes import scenes

if TYPE_CHECKING:
    from models.language.filters import Settings
    from models.zoo.model import Model

NAME, SIDE, N_CELLS = recipe.NAME, recipe.SIDE, recipe.SIDE**2
COLOURS: tuple[tuple[str, tuple[int, int, int]], ...] = (("night", (scenes.NIGHT,) * 3), *scenes.COLOURS.items())
MOST_WORDS = recipe.N_POSITIONS - N_CELLS  # <paint> stands after them; the last cell is painted, never read
UNPAINTED = 128  # red, green and blue of a cell that is still to come
NEVER = ("small", "big")  # words that have a token and stand in no caption it was trained on
Put = tuple[tuple[int, int], ...]  # (cell, palette number) that a visitor chose


@dataclass(frozen=True)
class Row:
    """One painting to make: its luck, what its cells may read, and the colours that are put in by hand."""

    seed: int
    mask: str = "full"
    put: Put = ()


@dataclass(frozen=True)
class Painted:
    """Paintings of one caption, one per row: palette numbers, and the distributions that they were drawn from."""

    codes: NDArray[np.int64]  # [row, cell]
    every: Floats  # [row, cell, token]: by the model itself
    offered: Floats  # [row, cell, colour]: after temperature and top-k, among colours alone


def read(model: Model, text: str) -> Caption:
    """The caption as the model reads it; raises InputError for one that is blank, too long, or holds cells."""
    words = texts.clean(text).lower().split()
    if len(words) > MOST_WORDS:
        raise InputError(f"The caption has {len(words)} words; {MOST_WORDS} fit before the picture. Shorten it.")
    cells = [word for word in words if word in (*recipe.CELLS, recipe.PAINT, recipe.PAD, recipe.END)]
    if cells:
        raise InputError(f"“{cells[0]}” is a mark inside the model, not a word of a caption. Write the words alone.")
    vocabulary = model.tokenizer.get_vocab()
    unknown = tuple(i for i, word in enumerate(words) if word not in vocabulary)
    ids = (*(vocabulary.get(word, model.tokenizer.unk_token_id) for word in words), vocabulary[recipe.PAINT])
    said = " ".join(words)
    asked = scenes.parse(said)
    return Caption(
        text=said,
        ids=ids,
        words=(*words, recipe.PAINT),
        unknown=unknown,
        untrained=tuple(i for i, word in enumerate(words) if word in NEVER),
        asked="" if asked is None else scenes.caption(_sizeless(asked)),
        strange=() if asked is None else tuple(pair for pair in _pairs(asked) if pair in scenes.UNSEEN),
        held_out=asked is not None and recipe.is_held_out(said),
    )


def _pairs(saying: scenes.Saying) -> list[scenes.Pair]:
    return [(colour, shape) for _, colour, shape in saying.things]


def _sizeless(saying: scenes.Saying) -> scenes.Saying:
    """Sizes are left out: this model paints one size."""
    return scenes.Saying(tuple(("", *pair) for pair in _pairs(saying)), saying.relation)


@torch.no_grad()
def paint(model: Model, caption: Caption, rows: Many[Row], settings: Settings) -> Painted:
    """Paint the caption once per row, a cell at a time in one batch; what is no cell is left out of the draw."""
    n_text, first = len(caption.ids), recipe.first_cell(model.tokenizer)
    seen = torch.from_numpy(np.stack([masks.mask(row.mask, n_text, SIDE, SIDE) for row in rows]))
    luck = [torch.Generator().manual_seed(row.seed) for row in rows]
    put = [dict(row.put) for row in rows]
    codes = torch.zeros((len(rows), N_CELLS), dtype=torch.long)
    every, offered = [], []
    step, past = torch.tensor([caption.ids] * len(rows)), None
    for cell in range(N_CELLS):
        end = n_text + cell
        begin = end - step.shape[1]
        output: Any = model.module(
            input_ids=step,
            attention_mask=seen[:, None, begin:end, :end],
            position_ids=torch.arange(begin, end)[None],
            past_key_values=past,
            use_cache=True,
        )
        logits, past = output.logits[:, -1].float(), output.past_key_values
        every.append(logits.softmax(-1))
        offered.append(choices(logits[:, first : first + len(COLOURS)], settings))
        drawn = [
            int(torch.multinomial(likely, 1, generator=one)) for likely, one in zip(offered[-1], luck, strict=True)
        ]
        codes[:, cell] = torch.tensor([mine.get(cell, code) for mine, code in zip(put, drawn, strict=True)])
        step = codes[:, cell, None] + first
    return Painted(codes.numpy(), torch.stack(every, 1).numpy(), torch.stack(offered, 1).numpy())


def choices(logits: Tensor, settings: Settings) -> Tensor:
    """What a colour [row, colour] is drawn from: temperature, then top-k, as the library's `generate` applies them."""
    if settings.greedy:
        return one_hot(logits.argmax(-1), logits.shape[-1]).float()
    if settings.temperature != 1:
        logits = TemperatureLogitsWarper(settings.temperature)(None, logits)
    if 0 < settings.top_k < logits.shape[-1]:
        logits = TopKLogitsWarper(settings.top_k)(None, logits)
    return logits.softmax(-1)


def coloured(codes: NDArray[np.int64], shown: int) -> NDArray[np.uint8]:
    """The first cells of a painting as pixels [row, column, rgb]; those that are not painted yet are grey."""
    palette = np.array([(UNPAINTED,) * 3, *(rgb for _, rgb in COLOURS)], np.uint8)
    return palette[np.where(np.arange(N_CELLS) < shown, codes.ravel() + 1, 0)].reshape(SIDE, SIDE, 3)


def painting(caption: Caption, row: Row, painted: Painted, number: int) -> Painting:
    """One of the paintings, judged."""
    codes = painted.codes[number]
    shown = recipe.read(codes.reshape(SIDE, SIDE))
    says = "" if shown is None else scenes.caption(shown)
    first = painted.every.shape[-1] - len(COLOURS)  # cells are the last tokens
    own = painted.every[number][np.arange(N_CELLS), first + codes]
    return Painting(
        codes=codes.reshape(SIDE, SIDE),
        probability=own,
        seed=row.seed,
        mask=row.mask,
        put=row.put,
        shows=says,
        right=None if not caption.asked else says == caption.asked,
    )


def gallery(model: Model, caption: Caption, settings: Settings, n: int, mask: str, which: int, put: Put) -> Gallery:
    """`n` paintings under a mask, each by the next seed, and the chosen one, with what was put in, under every mask."""
    rows = [Row(settings.seed + i, mask) for i in range(n)]
    rows += [Row(settings.seed + which, name, put) for name in masks.RULES]
    painted = paint(model, caption, rows, settings)
    made = tuple(painting(caption, row, painted, number) for number, row in enumerate(rows))
    chosen = n + list(masks.RULES).index(mask)
    return Gallery(
        caption=caption,
        names=names(model),
        colours=COLOURS,
        candidates=made[:n],
        which=which,
        under=made[n:],
        chosen=made[chosen],
        masks={name: masks.mask(name, len(caption.ids), SIDE, SIDE) for name in masks.RULES},
        every=painted.every[chosen],
        offered=painted.offered[chosen],
        attention=attention(model, caption, made[chosen].codes, mask),
    )


@torch.no_grad()
def attention(model: Model, caption: Caption, codes: NDArray[np.int64], name: str) -> Attention:
    """What every position reads once the picture is there: words, `<paint>`, and all cells but the last."""
    n_text, first = len(caption.ids), recipe.first_cell(model.tokenizer)
    n = n_text + N_CELLS - 1
    ids = torch.tensor([[*caption.ids, *(codes.ravel()[:-1] + first)]])
    allowed: Bools = masks.mask(name, n_text, SIDE, SIDE)[:n, :n]
    with Capture(model.modules) as capture:
        model.module(
            input_ids=ids,
            attention_mask=torch.from_numpy(allowed)[None, None],
            position_ids=torch.arange(n)[None],
            use_cache=False,
        )
    layers = [call.weights()[0].float().cpu().numpy() for call in capture.calls]
    labels = (*caption.words, *(f"{cell // SIDE},{cell % SIDE}" for cell in range(N_CELLS - 1)))
    sequence = Sequence(labels, np.zeros(n, bool))
    weights = Weights(len(layers), lambda layer: layers[layer], nbytes=sum(layer.nbytes for layer in layers))
    heads = tuple(len(layer) for layer in layers)
    return Attention("self", sequence, sequence, weights, tuple(call.layer for call in capture.calls), heads)


def names(model: Model) -> tuple[str, ...]:
    """Every token of its vocabulary, in order; the colours of cells come last."""
    vocabulary = model.tokenizer.get_vocab()
    return tuple(sorted(vocabulary, key=vocabulary.__getitem__))
