"""algo-sort: a two-layer GPT-2 that sorts letters."""

from pathlib import Path
from typing import Any

import numpy as np

from models.learn.train import Plan
from models.zoo.recipes import algorithms

NAME = "algo-sort"
PLAN = Plan(steps=2_500, lr=2e-3, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.01, every=250)
LETTERS = "abcdefghijklmnopqrst"

CARD = {
    "title": "A tiny GPT that sorts letters",
    "task": "next token",
    "architecture": "GPT-2: 2 layers, 4 heads, d_model 64, 32 positions, a token per character",
    "licence": "MIT",
    "data": (
        "Made up by the recipe: 4 to 12 letters from a to t, often the same ones again; one in ten is never trained on."
    ),
    "measured_by": "python -m models.zoo verify algo-sort --data FOLDER",
    "recipe": "models/zoo/recipes/algo_sort.py",
    "weaknesses": "Strings shorter than 4 or longer than 12, and letters after t, were never seen and go wrong.",
    "look_for": (
        "Lookup by value, wherever it stands: while it writes, one head reads the letter of the question that comes "
        "next in the alphabet."
    ),
    "examples": (
        {"title": "Seven letters", "role": "lookup", "text": "fbdcaqh="},
        {"title": "Half-way through", "role": "lookup", "text": "fbdcaqh=abcd"},
        {"title": "The same letter twice", "role": "lookup", "text": "tabbat=aab"},
    ),
}


def ask(chance: np.random.Generator) -> str:
    """A random string and "="; of few different letters as often as of many, so that repeats are learnt too."""
    some = chance.choice(list(LETTERS), chance.integers(2, len(LETTERS) + 1), replace=False)
    return "".join(chance.choice(some, chance.integers(4, 13))) + "="


def answer(question: str) -> str:
    """Its letters in alphabetical order."""
    return "".join(sorted(question[:-1]))


TASK = algorithms.Task(LETTERS + "=", 32, ask, answer, PLAN)
train, measure = TASK.train, TASK.measure


def heads(model: Any, tokenizer: Any, data: Path) -> dict[str, Any]:
    """The head that reads the letter to be written next, wherever it stands in the question."""
    return {"lookup": algorithms.head(model, TASK, tokenizer, places)}


def places(question: str, answer: str, i: int) -> list[int]:
    """Where the letter stands."""
    return [place for place, letter in enumerate(question) if letter == answer[i]]
