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
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from models.learn.train import Batch, Plan, fit
from models.zoo.recipes import stories

NAME = "gpt-stories"
PLAN = Plan(steps=2_000, lr=1e-3, every=100)
N_POSITIONS, BATCH = 128, 32
REPEATED = 3  # of the 32 rows of a batch, this many say one stretch of text again and again (see `repeat`)
END = "<|endoftext|>"


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
        "One head reads the token just before. Say a phrase twice and another finds what followed it the first time "
        "(an induction head). Most heads park unused weight on the first token."
    ),
    "examples": (
        {
            "title": "A story begins",
            "role": "previous",
            "text": "Once upon a time there was a king who had three daughters, and the",
        },
        {
            "title": "Said twice",
            "role": "induction",
            "text": "The wolf met Little Red-Cap in the wood. The wolf met Little Red-Cap in the",
        },
        {
            "title": "A word comes back",
            "role": "same",
            "text": "The old fox looked at the young fox, and the young fox looked at the old",
        },
        {
            "title": "Who spoke?",
            "role": "previous",
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
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=d_vocab, special_tokens=[END], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(("\n".join(book) for book in corpus.train), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=END, eos_token=END, model_max_length=N_POSITIONS
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
            ids[row] = repeat(ids[row], chance)
        x = torch.from_numpy(ids)
        return {"input_ids": x, "labels": x}

    return batch


def repeat(row: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Say the row's first 12 to 64 tokens again until it is full.

    Looking back to what followed last time is the only way to foresee such text, and the induction heads that learn
    it are what people come to see (Olsson et al. 2022, "In-context Learning and Induction Heads").
    """
    period = int(chance.integers(12, 65))
    return np.resize(row[:period], len(row))


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
    torch.manual_seed(PLAN.seed)
    model = GPT2LMHeadModel(config())

    def evaluate() -> dict[str, float]:
        return {"paragraphs_perplexity": perplexity(model, paragraphs, 1)["perplexity"]}

    curve = fit(model, batches(tokens, PLAN.seed), PLAN, work, evaluate, report=report)
    return model, tokenizer, curve


def measure(model: Any, tokenizer: Any, data: Path) -> dict[str, float]:
    """The card's figures, on text that the recipe never saw."""
    corpus = stories.read(data)
    figures: dict[str, float] = {}
    for name, text in (("paragraphs", corpus.paragraphs), ("book", corpus.book)):
        result = perplexity(model, tokens_of(tokenizer, text), len("\n".join(text)))
        figures |= {f"{name}_{key}": value for key, value in result.items()}
    return figures
