"""algo-add: a two-layer GPT-2 that adds, writing the sum from its last digit to its first, as one does by hand."""

from pathlib import Path
from typing import Any

import numpy as np

from models.learn.train import Plan
from models.zoo.recipes import algorithms

NAME = "algo-add"
PLAN = Plan(steps=4_000, lr=2e-3, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.01, every=250)
LARGEST = 999

CARD = {
    "title": "A tiny GPT that adds two numbers",
    "task": "next token",
    "architecture": "GPT-2: 2 layers, 4 heads, d_model 64, 16 positions, a token per character",
    "licence": "MIT",
    "data": (
        "Made up by the recipe: sums of two numbers from 0 to 999, the answer written backwards (347+285=236). One sum "
        "in ten, by its digits, is never trained on."
    ),
    "measured_by": "python -m models.zoo verify algo-add --data FOLDER",
    "recipe": "models/zoo/recipes/algo_add.py",
    "weaknesses": "Numbers above 999 were never seen and go wrong. Read the answer from right to left.",
    "look_for": (
        "Before each digit of the sum, a head reads the two digits of that place: ones, then tens, then hundreds. The "
        "carry has to come along from the place before."
    ),
    "examples": (
        {"title": "A carry in every place", "role": "place", "text": "347+285="},
        {"title": "Tens: 4 + 8 and a carry", "role": "place", "text": "347+285=2"},
        {"title": "The carry runs through", "role": "place", "text": "999+1=000"},
    ),
}


def ask(chance: np.random.Generator) -> str:
    """Two numbers, each of one, two or three digits with the same chance, so that short ones are not rare."""
    one, two = (int(chance.integers(10 ** chance.integers(1, 4))) for _ in range(2))
    return f"{one}+{two}="


def answer(question: str) -> str:
    """The sum backwards: the ones come first, so that a carry is known when it is needed."""
    one, two = question[:-1].split("+")
    return str(int(one) + int(two))[::-1]


TASK = algorithms.Task("0123456789+=", 16, ask, answer, PLAN)
train, measure = TASK.train, TASK.measure


def heads(model: Any, tokenizer: Any, data: Path) -> dict[str, Any]:
    """The head that reads the digits of the place that is written."""
    return {"place": algorithms.head(model, TASK, tokenizer, digits)}


def digits(question: str, answer: str, i: int) -> list[int]:
    """Where digit i, counted from the ones, of each number stands; none beyond the first digit."""
    plus, equals = question.index("+"), len(question) - 1
    return [place for place, first in ((plus - 1 - i, 0), (equals - 1 - i, plus + 1)) if place >= first]
