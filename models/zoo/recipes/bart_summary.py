"""bart-summary: a small BART that says how things stand after a made-up story.

The encoder-decoder of Lewis et al. 2020 ("BART") at 2 + 2 layers, 4 heads, d_model 128. What it summarizes is made up:
no news or prose summary of clear licence is small enough to learn from here. A throw-away head on the encoder helps it
to see which sentences still hold at the end.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import BartConfig, BartForConditionalGeneration, PreTrainedTokenizerFast

from models.learn.train import Batch, Plan, fit
from models.records import Bools, Floats
from models.zoo.recipes import attended, bucketed, decoding, holding, tokens, world
from models.zoo.recipes.splits import fingerprint

NAME = "bart-summary"
PLAN = Plan(steps=3_000, lr=1e-3, warmup=300, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.01, every=250)
BATCH, D_MODEL, N_POSITIONS, LONGEST = 64, 128, 112, 64  # LONGEST: tokens of a summary
EVENTS, PEOPLE = (4, 12), (2, 4)
HELD_OUT = 20  # one story in 20
WATCHED, TESTED, PROBED = 100, 1_000, 200  # held-out stories
PAD, START, END = "<pad>", "<s>", "</s>"

CARD = {
    "title": "A small BART that sums up what happened",
    "task": "summarize",
    "architecture": "BART: 2 encoder and 2 decoder layers, 4 heads, d_model 128, 112 positions, a token per word",
    "licence": "MIT",
    "data": (
        "Made up by the recipe: stories of 4 to 12 sentences in which two to four people move, take things and put "
        "them down; the summary says where each is and what they hold at the end. One story in 20, by its words, is "
        "never trained on."
    ),
    "measured_by": "python -m models.zoo verify bart-summary --data FOLDER",
    "recipe": "models/zoo/recipes/bart_summary.py",
    "weaknesses": (
        "This is not summarizing as a newspaper needs it: the world has eight people, eight places and four things, "
        "and a summary is the state at the end. Any other word is [UNK] to it."
    ),
    "look_for": (
        "Cross-attention: before it writes a place, one head reads the last sentence in which that person moved, and "
        "passes over the earlier ones, which are no longer true."
    ),
    "stack": "cross-attention",
    "examples": (
        {
            "title": "Only the last move counts",
            "role": "last move",
            "text": "Mary moved to the bathroom. John went to the hallway. Mary took the milk. Mary travelled to the "
            "office. John journeyed to the garden.",
        },
        {
            "title": "A thing changes hands",
            "role": "last move",
            "text": "Anna went to the garden. Anna took the milk. Peter moved to the garden. Anna dropped the milk. "
            "Peter picked up the milk. Peter went back to the kitchen.",
        },
    ),
}


class Trained(nn.Module):
    """The network, and the throw-away head on its encoder."""

    def __init__(self, d_vocab: int) -> None:
        super().__init__()
        self.bart = BartForConditionalGeneration(config(d_vocab))
        self.bart.set_attn_implementation("eager")  # stories this short are faster without the fused kernel
        self.holding = holding.Holding(D_MODEL)


def config(d_vocab: int) -> BartConfig:
    """The model's shape; no dropout, for every batch is new."""
    return BartConfig(
        vocab_size=d_vocab,
        d_model=D_MODEL,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=512,
        decoder_ffn_dim=512,
        dropout=0.0,
        init_std=0.08,  # about 1 / sqrt(d_model): at 0.02 attention this narrow stays even for long
        max_position_embeddings=N_POSITIONS,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=2,
        forced_eos_token_id=None,
    )


def tokenizer_of() -> PreTrainedTokenizerFast:
    """<s> text </s>, a token per word."""
    return tokens.words(
        world.vocabulary(),
        special=[PAD, START, END],
        single=f"{START} $A {END}",
        pad_token=PAD,
        bos_token=START,
        eos_token=END,
        model_max_length=N_POSITIONS,
    )


def tell(chance: np.random.Generator, held_out: bool) -> world.Story:
    """A story of one side of the split."""
    while True:
        n_events, n_people = (int(chance.integers(low, high + 1)) for low, high in (EVENTS, PEOPLE))
        story = world.happen(chance, n_events, n_people, int(chance.integers(3)))
        if is_held_out(world.told(story)) == held_out:
            return story


def is_held_out(story: str) -> bool:
    """True for the stories that are not trained on."""
    return fingerprint(story) % HELD_OUT == 0


def unseen(seed: int, n: int) -> list[world.Story]:
    """Held-out stories."""
    chance = np.random.default_rng([1, seed])
    return [tell(chance, held_out=True) for _ in range(n)]


def batches(tokenizer: PreTrainedTokenizerFast) -> Callable[[int], Batch]:
    """Batch number `step`: 64 new stories with their summaries."""

    def batch(step: int) -> Batch:
        chance = np.random.default_rng([PLAN.seed, step])
        stories = [tell(chance, held_out=False) for _ in range(BATCH)]
        long, short = ([f(s) for s in stories] for f in (world.told, world.summary))
        rows = bucketed.framed(tokenizer(long)["input_ids"], tokenizer(short)["input_ids"], tokenizer.pad_token_id)
        sentences = [[event.sentence for event in story] for story in stories]
        return rows | {"holds": holding.marks(sentences, [1] * BATCH, rows["input_ids"].shape[1])}

    return batch


def loss(trained: Any, batch: Batch) -> Tensor:
    """The summary's loss, and that of the throw-away head."""
    marks = batch.pop("holds")
    output = trained.bart(**batch)
    return output.loss + trained.holding.loss(output.encoder_last_hidden_state, marks)


def longest_common(one: Sequence[str], two: Sequence[str]) -> int:
    """Words of the longest common subsequence."""
    row: NDArray[np.int64] = np.zeros(len(two) + 1, np.int64)
    for word in one:
        step = np.concatenate([[0], row[:-1] + (np.array(two) == word)])
        row = np.maximum.accumulate(np.maximum(row, step))
    return int(row[-1])


def rouge_l(found: str, wanted: str) -> float:
    """F-measure of the longest common subsequence of words (Lin 2004, "ROUGE", section 3), from 0 to 1."""
    one, two = found.split(), wanted.split()
    common = longest_common(one, two) if one and two else 0
    return 2 * common / (len(one) + len(two)) if common else 0.0


def graded(model: Any, tokenizer: Any, stories: Sequence[world.Story]) -> dict[str, float]:
    """Exact summaries in per cent, and mean ROUGE-L out of 100."""
    found = decoding.write(model, tokenizer, [world.told(story) for story in stories], LONGEST)
    wanted = [tokenizer.decode(tokenizer(world.summary(s))["input_ids"], skip_special_tokens=True) for s in stories]
    pairs = list(zip(found, wanted, strict=True))
    return {
        "exact_percent": round(100 * float(np.mean([f == w for f, w in pairs])), 2),
        "rouge_l": round(100 * float(np.mean([rouge_l(f, w) for f, w in pairs])), 2),
    }


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Train on fresh stories, with snapshots in `work`; nothing is read from `data`."""
    tokenizer = tokenizer_of()
    torch.manual_seed(PLAN.seed)
    trained = Trained(len(tokenizer))
    watched = unseen(0, WATCHED)

    def evaluate() -> dict[str, float]:
        return graded(trained.bart, tokenizer, watched)

    curve = fit(trained, batches(tokenizer), PLAN, work, evaluate, loss, report)
    return trained.bart, tokenizer, curve


def measure(model: Any, tokenizer: Any, data: Path) -> dict[str, float]:
    """The card's figures, on stories that the recipe never saw."""
    return graded(model, tokenizer, unseen(1, TESTED))


def heads(model: Any, tokenizer: Any, data: Path) -> dict[str, Any]:
    """The cross-attention head that best reads, before a place is written, the last move of that person."""
    pictures = (looks(model, tokenizer, story) for story in unseen(2, PROBED))
    return {"last move": attended.best(attended.share(pictures))}


@torch.no_grad()
def looks(model: Any, tokenizer: Any, story: world.Story) -> tuple[Floats, Bools]:
    """Cross-attention while the right summary is written; query t is what foresees token t."""
    told, summed = world.told(story), world.summary(story)
    source, target = (tokenizer(text, return_tensors="pt") for text in (told, summed))
    output = model(**source, labels=target["input_ids"], output_attentions=True)
    targets = np.zeros((target["input_ids"].shape[1], source["input_ids"].shape[1]), bool)
    last = {event.who: i for i, event in enumerate(story) if event.kind == "move"}
    for who, i in last.items():
        first = len(" ".join(["", *(event.sentence for event in story[:i])]))
        read = [source.char_to_token(0, place) for place in (first, first + len(story[i].sentence) - 1)]
        written = summed.index(story[i].what, summed.index(f"{who} is in"))
        targets[target.char_to_token(0, written), read[0] : read[1] + 1] = True
    return attended.stack(output.cross_attentions), targets
