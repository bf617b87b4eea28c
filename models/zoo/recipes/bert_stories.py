"""bert-stories: a small BERT that fills gaps in sentences.

The masked language model of Devlin et al. 2019 ("BERT") at 4 layers, 4 heads, d_model 192, trained on single sentences
without next-sentence prediction.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

from models.learn.train import Plan, fit
from models.records import Bools, Floats
from models.zoo.recipes import attended, masked, sentences, stories, tokens

NAME = "bert-stories"
PLAN = Plan(steps=12_000, lr=1e-3, warmup=300, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.01, every=500)
BATCH, D_VOCAB, N_POSITIONS = 128, 4_096, 32
PAD, START, BREAK, MASK = "[PAD]", "[CLS]", "[SEP]", "[MASK]"
WATCHED, PROBED = 500, 100  # held-out sentences of each kind for the curve, and for the heads

DATA = (
    "About 115,000 English sentences by the contributors of Tatoeba (tatoeba.org), CC BY 2.0 France, as selected by "
    "www.manythings.org/anki; and the sentences of fifteen children's books of Project Gutenberg: "
    + "; ".join(stories.TRAINED)
    + ". Split by what a sentence says."
)

KNOWS = (
    "It reads 32 tokens, one sentence at a time, and knows everyday phrases and fairy tales: no facts. Where many "
    "words fit, it takes the commonest."
)

CARD = {
    "title": "A small BERT that fills the gap",
    "task": "fill mask",
    "architecture": "BERT: 4 layers, 4 heads, d_model 192, 32 positions, own byte-level BPE of 4,096 tokens",
    "licence": "MIT (weights); sentences CC BY 2.0 France; the books are in the public domain in the United States",
    "data": DATA,
    "measured_by": "python -m models.zoo verify bert-stories --data FOLDER",
    "recipe": "models/zoo/recipes/bert_stories.py",
    "weaknesses": KNOWS
    + " The aim was 40 % of the gaps: it fills as many in everyday sentences, fewer in stories. Two thirds as wide and "
    "trained for less than half as long, it came to 33.8 % of all.",
    "look_for": (
        "The mask looks left and right. Some heads read the token before, others the token after: compare with a GPT, "
        "whose heads cannot look ahead."
    ),
    "examples": (
        {"title": "A gap in the middle", "role": "next token", "text": "He was so [MASK] that he fell asleep."},
        {"title": "Left and right", "role": "previous token", "text": "The king [MASK] a beautiful daughter."},
        {"title": "Only what follows tells", "role": "next token", "text": "[MASK] are you going to do tomorrow?"},
    ),
}


def config(d_vocab: int) -> BertConfig:
    """The model's shape."""
    return BertConfig(
        vocab_size=d_vocab,
        hidden_size=192,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=768,
        initializer_range=0.08,  # about 1 / sqrt(d_model): at 0.02 attention this narrow stays even for long
        max_position_embeddings=N_POSITIONS,
        hidden_dropout_prob=0.05,
        attention_probs_dropout_prob=0.05,
        pad_token_id=0,
    )


def train_tokenizer(texts: tuple[str, ...], d_vocab: int = D_VOCAB) -> PreTrainedTokenizerFast:
    """[CLS] sentence [SEP], byte-level BPE learnt on the training part only."""
    mask = masked.mask_token(MASK)
    return tokens.byte_level(
        texts,
        d_vocab,
        special=[PAD, START, BREAK, mask],
        single=f"{START} $A {BREAK}",
        pair=f"{START} $A {BREAK} $B:1 {BREAK}:1",
        pad_token=PAD,
        cls_token=START,
        sep_token=BREAK,
        mask_token=mask,
        model_max_length=N_POSITIONS,
    )


def encode(tokenizer: PreTrainedTokenizerFast, texts: tuple[str, ...]) -> list[list[int]]:
    """Token ids of the sentences that fit."""
    return [ids for ids in tokenizer(list(texts), verbose=False)["input_ids"] if 3 < len(ids) <= N_POSITIONS]


def fitted(
    build: Callable[[int], Any], plan: Plan, data: Path, work: Path, report: Callable[[str], None]
) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Train the network that `build` makes on masked sentences; shared with roformer-stories."""
    corpus = sentences.read(data)
    tokenizer = train_tokenizer(corpus.train)
    rows = encode(tokenizer, corpus.train)
    report(f"{len(rows):,} sentences of {sum(map(len, rows)):,} tokens to train on")
    torch.manual_seed(plan.seed)
    model = build(len(tokenizer))
    model.set_attn_implementation("eager")  # sentences this short are faster without the fused kernel
    watched = encode(tokenizer, corpus.everyday)[:WATCHED] + encode(tokenizer, corpus.stories)[:WATCHED]

    def evaluate() -> dict[str, float]:
        return {"top1_percent": masked.accuracy(model, tokenizer, watched, 0)[0]}

    batch = masked.batches(rows, tokenizer, BATCH, plan.seed)
    return model, tokenizer, fit(model, batch, plan, work, evaluate, masked.loss, report)


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Train from the corpora in `data`, with snapshots in `work`; returns model, tokenizer and curve."""
    return fitted(lambda d_vocab: BertForMaskedLM(config(d_vocab)), PLAN, data, work, report)


def measure(model: Any, tokenizer: Any, data: Path) -> dict[str, float]:
    """The card's figures, on sentences that the recipe never saw: all of them, and each kind apart."""
    corpus = sentences.read(data)
    kinds = {name: encode(tokenizer, texts) for name, texts in vars(corpus).items() if name != "train"}
    kinds = {"": [row for rows in kinds.values() for row in rows]} | {f"{k}_": rows for k, rows in kinds.items()}
    figures = {}
    for name, rows in kinds.items():
        figures[f"{name}top1_percent"], figures[f"{name}top5_percent"] = masked.accuracy(model, tokenizer, rows, 1)
    return figures


def heads(model: Any, tokenizer: Any, data: Path) -> dict[str, Any]:
    """The heads that look most at the token before and at the one after, on held-out sentences."""
    corpus = sentences.read(data)
    rows = [*encode(tokenizer, corpus.everyday[:PROBED]), *encode(tokenizer, corpus.stories[:PROBED])]
    roles = {"previous token": -1, "next token": 1}
    return {name: attended.best(attended.share(looks(model, rows, step))) for name, step in roles.items()}


@torch.no_grad()
def looks(model: Any, rows: list[list[int]], step: int) -> Iterator[tuple[Floats, Bools]]:
    """Attention between the words of each sentence, and the neighbour `step` places on as target."""
    for ids in rows:
        words = slice(1, len(ids) - 1)  # without [CLS] and [SEP]
        weights = attended.stack(model(input_ids=torch.tensor([ids]), output_attentions=True).attentions)
        yield weights[:, :, words, words], np.eye(len(ids) - 2, k=step, dtype=bool)
