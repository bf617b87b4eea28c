"""mistral-stories: a small Mistral that sees only the last 16 tokens in each layer.

Jiang et al. 2023 ("Mistral 7B") at 4 layers, 4 heads, d_model 128: rotary positions, two queries to a key, and a
sliding window of 16, through which what is further back can only arrive from layer to layer. A twin that is trained the
same way with full attention says what the window costs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import MistralConfig, MistralForCausalLM

from models.learn.train import Plan, fit
from models.zoo.recipes import gpt_stories, stories

NAME = "mistral-stories"
PLAN = Plan(steps=1_500, lr=2e-3, warmup=100, final_lr=0.05, every=100)
WINDOW = 16

CARD = {
    "title": "A small Mistral that looks through a window of 16 tokens",
    "task": "next token",
    "architecture": (
        "Mistral: 4 layers, 4 query heads on 2 key heads, d_model 128, rotary positions, sliding window of 16 tokens, "
        "128 positions, byte-level BPE of 4,096 tokens"
    ),
    "licence": "MIT (weights); the books are in the public domain in the United States",
    "data": "Fifteen children's books of Project Gutenberg: " + "; ".join(stories.TRAINED) + ".",
    "measured_by": "python -m models.zoo verify mistral-stories --data FOLDER",
    "recipe": "models/zoo/recipes/mistral_stories.py",
    "weaknesses": (
        "It knows about a million tokens of old English prose and nothing else, and is a third of the size of "
        "gpt-stories. In one layer it sees 16 tokens; in four, at most 61. A twin trained with full attention does no "
        "better on these texts (the curve tells of both); these weights without their window do far worse."
    ),
    "look_for": (
        "The matrix of every head is a band: nothing is further back than 15 tokens. Two heads share their keys, and "
        "still look at different places, for their queries differ."
    ),
    "examples": (
        {
            "title": "Past the window",
            "role": "previous token",
            "text": "The old king had a daughter whose name was Rose, and every morning she went down to the well in "
            "the garden, and the king called",
        },
        {
            "title": "A story begins",
            "role": "previous token",
            "text": "Once upon a time there was a poor man who had a wife and",
        },
    ),
}

ROLES = ("previous token",)
probe = gpt_stories.probe


def config(d_vocab: int, window: int | None = WINDOW) -> MistralConfig:
    """The model's shape; without a window, its twin's."""
    return MistralConfig(
        vocab_size=d_vocab,
        hidden_size=128,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=384,
        max_position_embeddings=gpt_stories.N_POSITIONS,
        sliding_window=window,
        tie_word_embeddings=True,
        initializer_range=0.08,  # about 1 / sqrt(d_model): at 0.02 attention this narrow stays even for long
        bos_token_id=0,
        eos_token_id=0,
    )


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Train the model and its twin, with snapshots of both in `work`; the curve tells of both."""
    corpus = stories.read(data)
    tokenizer = gpt_stories.train_tokenizer(corpus)
    end = np.array([tokenizer.eos_token_id])
    parts = [part for book in corpus.train for part in (gpt_stories.tokens_of(tokenizer, book), end)]
    tokens, paragraphs = np.concatenate(parts), gpt_stories.tokens_of(tokenizer, corpus.paragraphs)
    models, curve = {}, []
    for name, window in (("window", WINDOW), ("full", None)):
        torch.manual_seed(PLAN.seed)
        models[name] = MistralForCausalLM(config(len(tokenizer), window))
        models[name].set_attn_implementation("eager")  # rows this short are faster without the fused kernel
        batch = gpt_stories.batches(tokens, PLAN.seed)
        rows = fit(models[name], batch, PLAN, work / name, _watch(models[name], paragraphs), report=report)
        curve += [{"attention": name} | row for row in rows]
    return models["window"], tokenizer, curve


def _watch(model: Any, paragraphs: np.ndarray) -> Callable[[], dict[str, float]]:
    return lambda: {"paragraphs_perplexity": gpt_stories.perplexity(model, paragraphs, 1)["perplexity"]}


def measure(model: Any, tokenizer: Any, data: Path) -> dict[str, float]:
    """The card's figures, and the same for these weights without their window: what they make of a longer sight."""
    twin = MistralForCausalLM(config(len(tokenizer), None))
    twin.load_state_dict(model.state_dict())
    twin.set_attn_implementation("eager")
    freed = gpt_stories.measure(twin.eval(), tokenizer, data)
    return gpt_stories.measure(model, tokenizer, data) | {
        f"full_attention_{name}": freed[name] for name in ("paragraphs_perplexity", "book_perplexity")
    }
