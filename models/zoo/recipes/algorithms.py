"""Small tasks whose answer a two-layer GPT-2 can compute: what the four algo recipes share.

A task is a question in characters and its answer; the model reads "fbdca=" and writes "acdbf.". A tenth of all
questions, chosen by their content, is never trained on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from models.learn.train import Batch, Plan, fit
from models.records import Bools, Floats
from models.zoo.recipes import attended, decoding, tokens
from models.zoo.recipes.splits import fingerprint

BATCH = 128
HELD_OUT = 10  # one question in 10
END = "."
WATCHED, TESTED, PROBED = 300, 2_000, 200  # held-out questions of the curve, of the card, and for its heads

# (question, answer, i) -> the places in the question on which character i of the answer depends
Lookup = Callable[[str, str, int], list[int]]


@dataclass(frozen=True)
class Task:
    """A made-up exercise: `ask` draws a question that ends in "=", `answer` solves it, both in `alphabet`."""

    alphabet: str
    n_positions: int
    ask: Callable[[np.random.Generator], str]
    answer: Callable[[str], str]
    plan: Plan

    def solved(self, question: str) -> str:
        """Question and answer as the model sees them."""
        return question + self.answer(question) + END

    def train(
        self, data: Path, work: Path, report: Callable[[str], None] = print
    ) -> tuple[Any, Any, list[dict[str, Any]]]:
        """Train on fresh questions, with snapshots in `work`; nothing is read from `data`."""
        tokenizer = tokenizer_of(self)
        torch.manual_seed(self.plan.seed)
        model = GPT2LMHeadModel(config(tokenizer))
        model.set_attn_implementation("eager")  # questions this short are faster without the fused kernel
        watched = unseen(self, WATCHED, seed=1)

        def evaluate() -> dict[str, float]:
            return {"exact_percent": exact(model, self, tokenizer, watched)}

        curve = fit(model, batches(self, tokenizer), self.plan, work, evaluate, report=report)
        return model, tokenizer, curve

    def measure(self, model: Any, tokenizer: Any, data: Path) -> dict[str, float]:
        """The card's figure, on questions that the recipe never saw."""
        return {"exact_percent": exact(model, self, tokenizer, unseen(self, TESTED, seed=2))}


def is_held_out(question: str) -> bool:
    """True for the questions that no recipe trains on."""
    return fingerprint(question) % HELD_OUT == 0


def questions(task: Task, chance: np.random.Generator, n: int, held_out: bool) -> list[str]:
    """Draw `n` questions of one side of the split."""
    found: list[str] = []
    while len(found) < n:
        question = task.ask(chance)
        if is_held_out(question) == held_out:
            found.append(question)
    return found


def unseen(task: Task, n: int, seed: int) -> list[str]:
    """Distinct held-out questions, the same ones for the same seed."""
    chance = np.random.default_rng([seed, 1])
    found: dict[str, None] = {}
    while len(found) < n:
        found |= dict.fromkeys(questions(task, chance, n - len(found), held_out=True))
    return list(found)


def tokenizer_of(task: Task) -> PreTrainedTokenizerFast:
    """A token per character; "." ends an answer."""
    return tokens.characters(END + task.alphabet, eos_token=END, pad_token=END, model_max_length=task.n_positions)


def config(tokenizer: PreTrainedTokenizerFast, n_heads: int = 4) -> GPT2Config:
    """Two layers, d_model 64, no dropout: every batch is new, so there is nothing to learn by heart."""
    return GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=tokenizer.model_max_length,
        n_embd=64,
        n_layer=2,
        n_head=n_heads,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def encode(task: Task, tokenizer: PreTrainedTokenizerFast, asked: list[str]) -> Batch:
    """Solved questions padded to one length; only the answers count in the loss."""
    rows = tokenizer([task.solved(question) for question in asked], padding=True, return_tensors="pt")
    ids, real = rows["input_ids"], rows["attention_mask"].bool()
    place = torch.arange(ids.shape[1])
    start = torch.tensor([len(question) for question in asked])[:, None]
    return {"input_ids": ids, "labels": ids.where(real & (place >= start), -100)}


def batches(task: Task, tokenizer: PreTrainedTokenizerFast) -> Callable[[int], Batch]:
    """Batch number `step`: 128 new questions, none of them held out."""

    def batch(step: int) -> Batch:
        asked = questions(task, np.random.default_rng([task.plan.seed, 0, step]), BATCH, held_out=False)
        return encode(task, tokenizer, asked)

    return batch


@torch.no_grad()
def exact(model: Any, task: Task, tokenizer: PreTrainedTokenizerFast, asked: list[str]) -> float:
    """Percentage of questions answered without a mistake by greedy decoding."""
    model.eval()
    batch = encode(task, tokenizer, asked)
    right = decoding.right_throughout(model(input_ids=batch["input_ids"]).logits[:, :-1], batch["labels"][:, 1:])
    return round(100 * right.double().mean().item(), 2)


def head(model: Any, task: Task, tokenizer: Any, looked_up: Lookup) -> dict[str, Any]:
    """The head that best looks up, before each character of an answer, the places on which it depends."""
    return attended.best(attended.share(looks(model, task, tokenizer, looked_up, PROBED, seed=3)))


@torch.no_grad()
def looks(
    model: Any, task: Task, tokenizer: Any, looked_up: Lookup, n: int, seed: int
) -> Iterator[tuple[Floats, Bools]]:
    """Attention on held-out questions, and where each character of the answer should be looked up."""
    for question in unseen(task, n, seed):
        answer = task.answer(question)
        ids = encode(task, tokenizer, [question])["input_ids"]
        targets = np.zeros((ids.shape[1], ids.shape[1]), bool)
        for i in range(len(answer)):
            targets[len(question) - 1 + i, looked_up(question, answer, i)] = True
        yield attended.stack(model(input_ids=ids, output_attentions=True).attentions), targets
