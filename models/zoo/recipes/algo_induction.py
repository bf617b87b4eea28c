"""algo-induction: a two-layer, one-head GPT-2 in which the two halves of an induction circuit can be seen apart.

A block of different letters is said again and again; what comes next follows from what came after the same letter last
time (Olsson et al. 2022, "In-context Learning and Induction Heads"). Some periods are never trained, so that a model
which merely counts letters back fails. The embedding starts wide and the output is not tied to it: with a tied output
or GPT-2's narrow start the circuit forms in few runs or none.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from models.learn.train import Batch, Plan, fit
from models.zoo.recipes import tokens

NAME = "algo-induction"
SEEDS = 5
BATCH, LENGTH = 64, 32
LETTERS = "abcdefghijklmnopqrstuvwxyz"
END = "."
TRAINED = (2, 3, 4, 6, 7, 8, 10, 11, 12, 15, 16)  # periods; the last two teach the later rows of the position table
UNSEEN = (5, 9, 13, 14)
WORKS = 99.0  # per cent of letters foreseen, on unseen periods, from which a seed counts as one that worked
WATCHED, TESTED, PROBED = 50, 500, 5  # sequences per unseen period for the curve, the card and the heads
ROLES = ("previous token", "induction")

CARD = {
    "title": "A tiny GPT that continues what was said before",
    "task": "next token",
    "architecture": "GPT-2: 2 layers of 1 head, d_model 64, 32 positions, a token per letter, output not tied",
    "licence": "MIT",
    "data": (
        "Made up by the recipe: blocks of different letters, said again and again, of 2 to 16 letters. Blocks of 5, 9, "
        "13 and 14 letters are never trained on, and the figures are theirs. Five of five seeds learnt it; this is the "
        "first."
    ),
    "measured_by": "python -m models.zoo verify algo-induction --data FOLDER",
    "recipe": "models/zoo/recipes/algo_induction.py",
    "weaknesses": "The first time a letter comes, it can only guess. It reads 32 letters, spaces left out.",
    "look_for": (
        "The head of layer 0 reads the letter before; the head of layer 1 reads what followed the same letter last "
        "time. Switch either off and the model guesses."
    ),
    "examples": (
        {"title": "A period it never saw", "role": "induction", "text": "qwertqwertqwe"},
        {"title": "Nine letters", "role": "induction", "text": "zoxbunticzoxbunt"},
        {"title": "The first half of the circuit", "role": "previous token", "text": "wolfdancewolfda"},
    ),
}


def plan(seed: int) -> Plan:
    """How every seed is trained."""
    return Plan(
        steps=1_200, lr=2e-3, warmup=50, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.0, seed=seed, every=100
    )


def tokenizer_of() -> PreTrainedTokenizerFast:
    """A token per letter; "." is there because GPT-2 wants an end, and is never trained."""
    return tokens.characters(END + LETTERS, eos_token=END, model_max_length=LENGTH)


def network(seed: int) -> GPT2LMHeadModel:
    """Two layers of one head; embedding of standard deviation 1 and an output of its own, of 1 / sqrt(d_model)."""
    torch.manual_seed(seed)
    settings = GPT2Config(
        vocab_size=len(tokenizer_of()),
        n_positions=LENGTH,
        n_embd=64,
        n_layer=2,
        n_head=1,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=0,
        eos_token_id=0,
        tie_word_embeddings=False,
    )
    model = GPT2LMHeadModel(settings)
    model.set_attn_implementation("eager")  # rows this short are faster without the fused kernel
    torch.nn.init.normal_(model.transformer.wte.weight)
    torch.nn.init.normal_(model.lm_head.weight, std=settings.n_embd**-0.5)
    return model


def sequences(chance: np.random.Generator, period: int, n: int) -> NDArray[np.int64]:
    """Token ids [sequence, position]: `period` different letters, repeated to the end."""
    letters = 1 + chance.permuted(np.tile(np.arange(len(LETTERS)), (n, 1)), axis=1)[:, :period]
    return letters[:, np.arange(LENGTH) % period]


def batches(seed: int) -> Callable[[int], Batch]:
    """Batch number `step`: 64 sequences, each of a period that is trained."""

    def batch(step: int) -> Batch:
        chance = np.random.default_rng([seed, step])
        rows = [sequences(chance, int(period), 1) for period in chance.choice(TRAINED, BATCH)]
        ids = torch.from_numpy(np.concatenate(rows))
        return {"input_ids": ids, "labels": ids}

    return batch


@torch.no_grad()
def accuracy(model: Any, n: int, seed: int) -> dict[str, float]:
    """Percentage of letters foreseen after the first block, and of sequences without a mistake; unseen periods."""
    model.eval()
    letters, whole = [], []
    for period in UNSEEN:
        ids = torch.from_numpy(sequences(np.random.default_rng([seed, period]), period, n))
        right = (model(input_ids=ids).logits[:, :-1].argmax(-1) == ids[:, 1:])[:, period - 1 :]
        letters.append(right.double().mean().item())
        whole.append(right.all(-1).double().mean().item())
    return {
        "letters_percent": round(100 * float(np.mean(letters)), 2),
        "exact_percent": round(100 * float(np.mean(whole)), 2),
    }


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Train five seeds and return the first that worked; the curve tells of all, and nothing is read from `data`."""
    runs = [_run(seed, work / f"seed-{seed}", report) for seed in range(SEEDS)]
    worked = [model for model, rows in runs if rows[-1]["letters_percent"] >= WORKS]
    report(f"{len(worked)} of {SEEDS} seeds worked")
    return [*worked, runs[0][0]][0], tokenizer_of(), [row for _, rows in runs for row in rows]


def _run(seed: int, work: Path, report: Callable[[str], None]) -> tuple[GPT2LMHeadModel, list[dict[str, Any]]]:
    """One seed, and its curve with the seed in every row."""
    model = network(seed)
    curve = fit(model, batches(seed), plan(seed), work, lambda: accuracy(model, WATCHED, 1), report=report)
    return model, [{"seed": seed} | row for row in curve]


def measure(model: Any, tokenizer: Any, data: Path) -> dict[str, float]:
    """The card's figures, on periods that the recipe never trained."""
    return accuracy(model, TESTED, 2)


def probe(data: Path) -> tuple[str, ...]:
    """Sequences of unseen periods, on which the heads' roles are measured."""
    rows = [row for period in UNSEEN for row in sequences(np.random.default_rng([3, period]), period, PROBED)]
    return tuple("".join(LETTERS[token - 1] for token in row) for row in rows)
