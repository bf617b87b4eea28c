"""dalle-shapes: a small GPT-2 that paints a sentence, one cell after another.

A toy with the same parts as DALL-E (Ramesh et al. 2021, "Zero-Shot Text-to-Image Generation"): one decoder over the
words of a caption and then the codes of a picture, here 10 x 10 cells of nine palette colours. Not DALL-E.
"""

import functools
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from models.learn.train import Batch, Plan, fit
from models.records import Bools, Floats
from models.zoo.recipes import attended, bucketed, scenes, tokens
from models.zoo.recipes.splits import fingerprint

NAME = "dalle-shapes"
PLAN = Plan(steps=2_500, lr=1.5e-3, warmup=200, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.01, every=250)
BATCH, SIDE, RADIUS = 32, 10, 2.5  # RADIUS in cells: every shape is 5 x 5
PAD, END, PAINT = "<pad>", "<end>", "<paint>"  # PAINT stands between words and picture
CELLS = ("#night", *(f"#{colour}" for colour in scenes.COLOURS))  # by palette number
N_POSITIONS = 112  # 8 words, PAINT, 100 cells, and a little room
HELD_OUT = 10  # one caption in 10
WATCHED, TESTED, PROBED = 100, 500, 100  # held-out captions

CARD = {
    "title": "A small GPT that paints what you say",
    "task": "next token",
    "architecture": "GPT-2: 4 layers, 4 heads, d_model 128, 112 positions; words, then 10 x 10 cells of 9 colours",
    "licence": "MIT",
    "data": (
        "Made up by the recipe: captions of one shape or two, with a picture of 10 x 10 cells. One caption in ten is "
        "never trained on. Purple crosses, yellow rings, cyan triangles and red diamonds are never trained on either, "
        "and measured apart."
    ),
    "measured_by": "python -m models.zoo verify dalle-shapes --data FOLDER",
    "recipe": "models/zoo/recipes/dalle_shapes.py",
    "weaknesses": (
        "A toy with the same parts as DALL-E, not DALL-E: 20 words, six shapes, eight colours, 100 cells. Any other "
        "word is [UNK] to it. Pairs of colour and shape it never saw together come out worse."
    ),
    "look_for": (
        "While it paints a shape, one head reads the word for its colour, another the word for its form; others look "
        "at the cell above, ten places back."
    ),
    "examples": (
        {"title": "One shape", "role": "colour word", "text": f"a red circle {PAINT}"},
        {"title": "Two shapes", "role": "colour word", "text": f"a blue square left of a yellow diamond {PAINT}"},
        {"title": "Above", "role": "shape word", "text": f"a white triangle above a green ring {PAINT}"},
        {"title": "A pair it never saw", "role": "shape word", "text": f"a purple cross {PAINT}"},
    ),
}


def config(d_vocab: int) -> GPT2Config:
    """The model's shape; no dropout, for every scene is new."""
    return GPT2Config(
        vocab_size=d_vocab,
        n_positions=N_POSITIONS,
        n_embd=128,
        n_layer=4,
        n_head=4,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        initializer_range=0.08,  # about 1 / sqrt(d_model): at 0.02 attention this narrow stays even for long
        bos_token_id=1,
        eos_token_id=1,
        pad_token_id=0,
    )


def tokenizer_of() -> PreTrainedTokenizerFast:
    """A token per word and per cell; "#red" is a red cell."""
    return tokens.words(
        (PAINT, *scenes.words(), *CELLS),
        special=[PAD, END],
        marks=False,
        pad_token=PAD,
        eos_token=END,
        model_max_length=N_POSITIONS,
    )


def is_held_out(caption: str) -> bool:
    """True for the captions that are not trained on."""
    return fingerprint(caption) % HELD_OUT == 0


def sample(chance: np.random.Generator, held_out: bool, pairs: Collection[scenes.Pair] = scenes.SEEN) -> scenes.Scene:
    """A scene whose caption is on one side of the split."""
    while True:
        scene = scenes.couple(chance, SIDE, {"": RADIUS}, pairs, clear=1, on_grid=True)
        if is_held_out(caption(scene)) == held_out:
            return scene


def caption(scene: scenes.Scene) -> str:
    """The words of a scene."""
    return scenes.caption(scenes.saying(scene))


def painted(scene: scenes.Scene) -> str:
    """Caption and picture as the model reads them, row by row."""
    return " ".join([caption(scene), PAINT, *(CELLS[code] for code in scenes.palette(scene).ravel())])


def encode(tokenizer: PreTrainedTokenizerFast, drawn: Sequence[scenes.Scene]) -> Batch:
    """Painted scenes; only the cells count in the loss."""
    ids = bucketed.pad(tokenizer([painted(scene) for scene in drawn])["input_ids"], tokenizer.pad_token_id)
    return {"input_ids": ids, "labels": ids.where(ids >= first_cell(tokenizer), -100)}


def first_cell(tokenizer: Any) -> int:
    """The id of palette number 0; the others follow, and nothing comes after them."""
    return int(tokenizer.convert_tokens_to_ids(CELLS[0]))


def batches(tokenizer: PreTrainedTokenizerFast) -> Callable[[int], Batch]:
    """Batch number `step`: 32 new scenes, no caption of them held out."""

    def batch(step: int) -> Batch:
        chance = np.random.default_rng([PLAN.seed, step])
        return encode(tokenizer, [sample(chance, held_out=False) for _ in range(BATCH)])

    return batch


def unseen(seed: int, n: int, pairs: Collection[scenes.Pair] = scenes.SEEN) -> list[str]:
    """Held-out captions."""
    chance = np.random.default_rng([1, seed])
    return [caption(sample(chance, True, pairs)) for _ in range(n)]


@torch.no_grad()
def paint(model: Any, tokenizer: Any, captions: Sequence[str], seed: int) -> NDArray[np.int64]:
    """One picture per caption, [caption, row, column] of palette numbers, each cell drawn by its probability.

    Anything that is no cell is left out of the choice.
    """
    model.eval()
    chance = torch.Generator().manual_seed(seed)
    first = first_cell(tokenizer)
    pictures = np.zeros((len(captions), SIDE * SIDE), np.int64)
    asked = [tokenizer(f"{text} {PAINT}")["input_ids"] for text in captions]
    for length in {len(ids) for ids in asked}:  # captions of one length go together: no padding on the left
        rows = [i for i, ids in enumerate(asked) if len(ids) == length]
        step, past = torch.tensor([asked[i] for i in rows]), None
        for cell in range(SIDE * SIDE):
            output = model(input_ids=step, past_key_values=past, use_cache=True)
            past = output.past_key_values
            likely = output.logits[:, -1, first : first + len(CELLS)].softmax(-1)
            codes = torch.multinomial(likely, 1, generator=chance)
            pictures[rows, cell] = codes[:, 0].numpy()
            step = codes + first
    return pictures.reshape(-1, SIDE, SIDE)


def read(picture: NDArray[np.int64]) -> scenes.Saying | None:
    """What a picture [row, column] shows, None if it is not exactly one scene; the judge of what is painted."""
    seen = [thing for thing, covered, code in things() if (picture[covered] == code).all()]
    pairs = [(one, two) for i, one in enumerate(seen) for two in seen[i + 1 :]]
    for choice in (*((thing,) for thing in seen), *pairs):
        scene = scenes.Scene(SIDE, choice)
        if (scenes.palette(scene) == picture).all():
            return scenes.saying(scene)
    return None


@functools.cache
def things() -> tuple[tuple[scenes.Thing, Bools, int], ...]:
    """Every thing that can stand on the grid, with the cells it covers and its palette number."""
    places = np.arange(SIDE - 2 * RADIUS + 1) + RADIUS
    every = [
        scenes.Thing(shape, colour, float(x), float(y), RADIUS)
        for shape in scenes.SHAPES
        for colour in scenes.COLOURS
        for x in places
        for y in places
    ]
    codes = {colour: 1 + number for number, colour in enumerate(scenes.COLOURS)}
    return tuple((thing, scenes.footprint(thing, SIDE), codes[thing.colour]) for thing in every)


def right(model: Any, tokenizer: Any, captions: Sequence[str], seed: int) -> float:
    """Percentage of pictures, one per caption, that show exactly what the caption says."""
    pictures = paint(model, tokenizer, captions, seed)
    hits = [read(picture) == scenes.parse(text) for picture, text in zip(pictures, captions, strict=True)]
    return round(100 * float(np.mean(hits)), 2)


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Train on fresh scenes, with snapshots in `work`; nothing is read from `data`."""
    tokenizer = tokenizer_of()
    torch.manual_seed(PLAN.seed)
    model = GPT2LMHeadModel(config(len(tokenizer)))
    model.set_attn_implementation("eager")  # 109 positions are faster without the fused kernel
    seen, strange = unseen(0, WATCHED), unseen(0, WATCHED, scenes.UNSEEN)

    def evaluate() -> dict[str, float]:
        pair = {"right_percent": seen, "unseen_pairs_right_percent": strange}
        return {name: right(model, tokenizer, captions, 0) for name, captions in pair.items()}

    curve = fit(model, batches(tokenizer), PLAN, work, evaluate, report=report)
    return model, tokenizer, curve


def measure(model: Any, tokenizer: Any, data: Path) -> dict[str, float]:
    """The card's figures: one picture per caption, on captions the recipe never saw."""
    return {
        "right_percent": right(model, tokenizer, unseen(1, TESTED), 1),
        "unseen_pairs_right_percent": right(model, tokenizer, unseen(1, TESTED, scenes.UNSEEN), 1),
    }


def heads(model: Any, tokenizer: Any, data: Path) -> dict[str, Any]:
    """The heads that, while a shape is painted, read its colour word, its shape word, and the cell above."""
    roles = ("colour word", "shape word", "cell above")
    return {role: attended.best(attended.share(looks(model, tokenizer, role, PROBED))) for role in roles}


@torch.no_grad()
def looks(model: Any, tokenizer: Any, role: str, n: int) -> Iterator[tuple[Floats, Bools]]:
    """Attention while a held-out scene is painted; query t is what foresees token t + 1."""
    chance = np.random.default_rng([2, 0])
    for _ in range(n):
        scene = sample(chance, held_out=True)
        words, ids = caption(scene).split(), encode(tokenizer, [scene])["input_ids"]
        targets = np.zeros((ids.shape[1], ids.shape[1]), bool)
        naming = [i for i, word in enumerate(words) if word in scenes.COLOURS or word in scenes.SHAPES]
        for order, thing in enumerate(scenes.named(scene)):
            cells = len(words) + 1 + np.flatnonzero(scenes.footprint(thing, SIDE))
            if role == "cell above":
                inside = cells[np.isin(cells - SIDE, cells)]
                targets[inside - 1, inside - SIDE] = True
            else:
                targets[cells - 1, naming[2 * order + (role == "shape word")]] = True
        yield attended.stack(model(input_ids=ids, output_attentions=True).attentions), targets
