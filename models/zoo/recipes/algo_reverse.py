"""algo-reverse: a two-layer GPT-2 that writes a string backwards."""

from pathlib import Path
from typing import Any

import numpy as np

from models.learn.train import Plan
from models.zoo.recipes import algorithms

NAME = "algo-reverse"
PLAN = Plan(steps=1_500, lr=2e-3, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.01, every=250)
LETTERS = "abcdefghijklmnopqrst"

CARD = {
    "title": "A tiny GPT that writes a string backwards",
    "task": "next token",
    "architecture": "GPT-2: 2 layers, 4 heads, d_model 64, 32 positions, a token per character",
    "licence": "MIT",
    "data": "Made up by the recipe: strings of 4 to 12 letters from a to t; one in ten is never trained on.",
    "measured_by": "python -m models.zoo verify algo-reverse --data FOLDER",
    "recipe": "models/zoo/recipes/algo_reverse.py",
    "weaknesses": "Strings shorter than 4 or longer than 12, and letters after t, were never seen and go wrong.",
    "look_for": (
        "An anti-diagonal: while it writes, one head steps backwards through the question, from the last letter to "
        "the first."
    ),
    "examples": (
        {"title": "Seven letters", "role": "mirror", "text": "fbdcaqh="},
        {"title": "Half-way through", "role": "mirror", "text": "fbdcaqh=hqac"},
        {"title": "The same letter twice", "role": "mirror", "text": "abcabcd=dcb"},
    ),
}


def ask(chance: np.random.Generator) -> str:
    """A random string and "="."""
    return "".join(chance.choice(list(LETTERS), chance.integers(4, 13))) + "="


def answer(question: str) -> str:
    """The string backwards."""
    return question[-2::-1]


TASK = algorithms.Task(LETTERS + "=", 32, ask, answer, PLAN)
train, measure = TASK.train, TASK.measure


def heads(model: Any, tokenizer: Any, data: Path) -> dict[str, Any]:
    """The head that reads the mirrored place."""
    return {"mirror": algorithms.head(model, TASK, tokenizer, mirrored)}


def mirrored(question: str, answer: str, i: int) -> list[int]:
    """The place as far from the end as character i is from the beginning."""
    return [len(question) - 2 - i]
