"""gpt-stories: a small GPT-2 that tells fairy tales.

The architecture of Radford et al. 2019 ("Language Models are Unsupervised Multitask Learners") at 4 layers, 4 heads,
d_model 256, with its own byte-level BPE of 4,096 tokens and 128 positions.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from models.learn.train import Batch, Plan, fit
from models.zoo.recipes import stories, tokens

NAME = "gpt-stories"
READING = Plan(steps=2_000, lr=1e-3, every=100)  # stories
PRACTICE = Plan(steps=600, lr=1e-3, warmup=20, every=50)  # half stories, half text that repeats itself
SETTLING = Plan(steps=400, lr=6e-4, warmup=20, every=50)  # mostly stories again
# In the last two parts some rows of a batch repeat themselves, True: with their tokens shuffled first. Reading alone
# left the model without an induction head (best score 0.08); practice alone left one that made it repeat itself.
PRACTICE_ROWS = (False, True) * 8
SETTLING_ROWS = (False, False, True, True, True, True)
N_POSITIONS, BATCH = 128, 32
REPEATED = 3  # of the 32 rows of a batch, this many say one stretch of text again and again (see `repeat`)
END = "<|endoftext|>"

ROLES = ("previous token", "induction", "broad")

CARD = {
    "title": "A small GPT that tells fairy tales",
    "task": "next token",
    "architecture": "GPT-2: 4 layers, 4 heads, d_model 256, 128 positions, own byte-level BPE of 4,096 tokens",
    "licence": "MIT (weights); the books are in the public domain in the United States",
    "data": "Fifteen children's books of Project Gutenberg: " + "; ".join(stories.TRAINED) + ".",
    "measured_by": "python -m models.zoo verify gpt-stories --data FOLDER",
    "recipe": "models/zoo/recipes/gpt_stories.py",
    "weaknesses": (
        "It knows about a million tokens of old English prose and nothing else: no facts, no names of today, no other "
        "language. Sentences hold together, stories do not; after 128 tokens it has forgotten the beginning."
    ),
    "look_for": (
        "A head of the first layer reads the token just before. Say a phrase twice, and heads of the last layer find "
        "what followed it the first time: an induction circuit (Olsson et al. 2022)."
    ),
    "examples": (
        {
            "title": "A story begins",
            "role": "previous token",
            "text": "Once upon a time there was a king who had three daughters, and the",
        },
        {
            "title": "Said twice",
            "role": "induction",
            "text": "A red hen and a blue bird. A red hen and a blue",
        },
        {
            "title": "Old and young",
            "role": "broad",
            "text": "The old fox looked at the young fox, and the young fox looked at the old",
        },
        {
            "title": "Who spoke?",
            "role": "previous token",
            "text": "'Who is there?' cried the old woman. 'It is only I,' said the fox. 'Let me in,",
        },
    ),
}


def probe(data: Path) -> tuple[str, ...]:
    """Held-out passages, each said twice, on which the heads' roles are measured."""
    paragraphs = [p for p in stories.read(data).paragraphs if 150 <= len(p) <= 200]
    return tuple(f"{p} {p}" for p in paragraphs[:20])


def config(d_vocab: int = 4_096) -> GPT2Config:
    """The model's shape; GPT-2's own defaults put the special tokens at 50256, outside our vocabulary."""
    return GPT2Config(
        vocab_size=d_vocab, n_positions=N_POSITIONS, n_embd=256, n_layer=4, n_head=4, bos_token_id=0, eos_token_id=0
    )


def train_tokenizer(corpus: stories.Stories, d_vocab: int = 4_096) -> PreTrainedTokenizerFast:
    """Byte-level BPE (Radford et al. 2019, section 2.2) learnt on the training part only."""
    return tokens.byte_level(
        ("\n".join(book) for book in corpus.train),
        d_vocab,
        special=[END],
        bos_token=END,
        eos_token=END,
        model_max_length=N_POSITIONS,
    )


def tokens_of(tokenizer: PreTrainedTokenizerFast, book: tuple[str, ...]) -> np.ndarray:
    """A book as one run of token ids, a newline between paragraphs."""
    return np.array(tokenizer.backend_tokenizer.encode("\n".join(book)).ids, dtype=np.int64)


def batches(tokens: np.ndarray, seed: int) -> Callable[[int], Batch]:
    """Batch number `step`: rows of 128 tokens; an epoch visits every token once, from a new offset, in a new order."""
    rows_an_epoch = len(tokens) // N_POSITIONS - 1
    steps_an_epoch = rows_an_epoch // BATCH

    def batch(step: int) -> Batch:
        epoch, place = divmod(step, steps_an_epoch)
        order = np.random.default_rng([seed, epoch])
        offset = int(order.integers(N_POSITIONS))
        rows = order.permutation(rows_an_epoch)[place * BATCH : (place + 1) * BATCH]
        ids = np.stack([tokens[offset + r * N_POSITIONS :][:N_POSITIONS] for r in rows])
        chance = np.random.default_rng([seed, step, 1])
        for row in range(REPEATED):
            ids[row] = repeat(ids[row], int(chance.integers(12, 65)))
        x = torch.from_numpy(ids)
        return {"input_ids": x, "labels": x}

    return batch


def repeat(row: np.ndarray, period: int) -> np.ndarray:
    """Say the row's first `period` tokens again until it is full.

    Looking back to what followed last time is the only way to foresee such text, and the induction heads that learn
    it are what people come to see (Olsson et al. 2022, "In-context Learning and Induction Heads").
    """
    return np.resize(row[:period], len(row))


def look_back(tokens: np.ndarray, seed: int, shuffled: tuple[bool, ...]) -> Callable[[int], Batch]:
    """Batch number `step` of a part in which the first rows repeat themselves, some of them shuffled.

    Shuffled tokens cannot be foreseen from their neighbours, so that nothing but looking back helps.
    """
    read = batches(tokens, seed)

    def batch(step: int) -> Batch:
        ids = read(step)["input_ids"].numpy().copy()
        chance = np.random.default_rng([seed + 4, step])
        for row, mixed in enumerate(shuffled):
            said = chance.permutation(ids[row]) if mixed else ids[row]
            ids[row] = repeat(said, int(chance.integers(8, 65)))
        x = torch.from_numpy(ids)
        return {"input_ids": x, "labels": x}

    return batch


@torch.no_grad()
def perplexity(model: GPT2LMHeadModel, tokens: np.ndarray, characters: int) -> dict[str, float]:
    """Perplexity per token and bits per character of a text, every token after the first scored exactly once.

    Windows of 128 tokens move on by 64, so that a token is foreseen from at least 64 before it, where there are any.
    """
    model.eval()
    half = N_POSITIONS // 2
    nats = 0.0
    for start in range(0, max(1, len(tokens) - half), half):
        x = torch.from_numpy(tokens[start : start + N_POSITIONS])[None]
        losses = torch.nn.functional.cross_entropy(model(input_ids=x).logits[0, :-1], x[0, 1:], reduction="none")
        nats += losses[0 if start == 0 else half - 1 :].double().sum().item()
    return {
        "perplexity": round(math.exp(nats / (len(tokens) - 1)), 2),
        "bits_per_character": round(nats / math.log(2) / characters, 3),
    }


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Train from the corpus in `data`, with snapshots in `work`; returns model, tokenizer and curve."""
    corpus = stories.read(data)
    tokenizer = train_tokenizer(corpus)
    end = np.array([tokenizer.eos_token_id])
    tokens = np.concatenate([part for book in corpus.train for part in (tokens_of(tokenizer, book), end)])
    paragraphs = tokens_of(tokenizer, corpus.paragraphs)
    report(f"{len(tokens):,} tokens to train on, {len(paragraphs):,} in held-out paragraphs")
    torch.manual_seed(READING.seed)
    model = GPT2LMHeadModel(config())

    def evaluate() -> dict[str, float]:
        return {"paragraphs_perplexity": perplexity(model, paragraphs, 1)["perplexity"]}

    parts = {
        "reading": (READING, batches(tokens, READING.seed)),
        "practice": (PRACTICE, look_back(tokens, 1, PRACTICE_ROWS)),
        "settling": (SETTLING, look_back(tokens, 2, SETTLING_ROWS)),
    }
    curve: list[dict[str, Any]] = []
    for name, (plan, batch) in parts.items():
        done = curve[-1]["step"] if curve else 0
        part = fit(model, batch, plan, work / name, evaluate, report=report)
        curve += [row | {"step": done + row["step"]} for row in part]
    return model, tokenizer, curve


def measure(model: Any, tokenizer: Any, data: Path) -> dict[str, float]:
    """The card's figures, on text that the recipe never saw."""
    corpus = stories.read(data)
    figures: dict[str, float] = {}
    for name, text in (("paragraphs", corpus.paragraphs), ("book", corpus.book)):
        result = perplexity(model, tokens_of(tokenizer, text), len("\n".join(text)))
        figures |= {f"{name}_{key}": value for key, value in result.items()}
    return figures
