"""roberta-sentiment: a small RoBERTa that tells praise from blame in film reviews.

Liu et al. 2019 ("RoBERTa") at 3 layers, 4 heads, d_model 128: first masked language modelling on whole reviews, with
new masks every time and no next-sentence task, then fine-tuning on labelled sentences.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaForMaskedLM, RobertaForSequenceClassification

from models.learn.train import Batch, Plan, fit
from models.records import Bools, Floats
from models.zoo.recipes import attended, bucketed, masked, reviews, tokens

NAME = "roberta-sentiment"
READING = Plan(steps=4_000, lr=1e-3, warmup=300, final_lr=0.05, betas=(0.9, 0.98), weight_decay=0.01, every=500)
TUNING = Plan(steps=400, lr=3e-4, warmup=40, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.05, every=50)
BATCH, D_VOCAB, N_POSITIONS = 64, 4_096, 64
START, PAD, END, MASK = "<s>", "<pad>", "</s>", "<mask>"  # in the order of RoBERTa's ids
PROBED = 200  # test sentences on which heads are measured

DATA = (
    "10,662 sentences of film reviews with their polarity (2005) and the text of 2,000 whole reviews (2004), both by "
    "Bo Pang and Lillian Lee, CC BY 4.0, by way of NLTK. Split by what a sentence says: a tenth to measure on, a "
    "twentieth to look at while training."
)

CARD = {
    "title": "A small RoBERTa that tells praise from blame",
    "task": "classify",
    "architecture": "RoBERTa: 3 layers, 4 heads, d_model 128, 64 positions, own byte-level BPE of 4,096 tokens",
    "licence": "MIT (weights); reviews CC BY 4.0",
    "data": DATA,
    "measured_by": "python -m models.zoo verify roberta-sentiment --data FOLDER",
    "recipe": "models/zoo/recipes/roberta_sentiment.py",
    "weaknesses": (
        "One sentence in four comes out wrong, most often irony, praise with a but, and films whose plot sounds sad. "
        "It has read film reviews in lower case only, knows two answers and no neutral one."
    ),
    "look_for": (
        "The token <s>, from which the answer is read, looks at words that praise or blame: brilliant, dull, moving, "
        "tedious."
    ),
    "examples": (
        {"title": "Praise", "role": "opinion", "text": "a moving and wonderfully acted film , full of warmth ."},
        {"title": "Blame", "role": "opinion", "text": "a dull , predictable mess that wastes its talented cast ."},
        {"title": "Praise with a but", "role": "opinion", "text": "funny at first , but tedious long before the end ."},
        {"title": "Negation", "role": "opinion", "text": "it is not a bad film at all ."},
    ),
}


def config(d_vocab: int) -> RobertaConfig:
    """The model's shape; its table of positions begins after the padding id, hence two rows more."""
    return RobertaConfig(
        vocab_size=d_vocab,
        hidden_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=512,
        max_position_embeddings=N_POSITIONS + 2,
        type_vocab_size=1,
        initializer_range=0.08,  # about 1 / sqrt(d_model): at 0.02 attention this narrow stays even for long
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
        id2label=dict(enumerate(reviews.CLASSES)),
        label2id={name: index for index, name in enumerate(reviews.CLASSES)},
    )


def train_tokenizer(corpus: reviews.Reviews, d_vocab: int = D_VOCAB) -> PreTrainedTokenizerFast:
    """<s> sentence </s>, byte-level BPE learnt on the training part only."""
    mask = masked.mask_token(MASK)
    return tokens.byte_level(
        text_of(corpus),
        d_vocab,
        special=[START, PAD, END, mask],
        single=f"{START} $A {END}",
        pair=f"{START} $A {END} {END} $B {END}",
        bos_token=START,
        pad_token=PAD,
        eos_token=END,
        cls_token=START,
        sep_token=END,
        mask_token=mask,
        model_max_length=N_POSITIONS,
    )


def text_of(corpus: reviews.Reviews) -> tuple[str, ...]:
    """All sentences that may be read without their label."""
    return (*corpus.plain, *(text for text, _ in corpus.train))


def encode(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of sentences, long ones cut."""
    return tokenizer(list(texts), truncation=True)["input_ids"]


def batches(tokenizer: Any, labelled: Sequence[reviews.Labelled], seed: int) -> Callable[[int], Batch]:
    """Batch number `step`: 64 labelled sentences of similar length."""
    rows = encode(tokenizer, [text for text, _ in labelled])
    pick = bucketed.epochs(np.array([len(row) for row in rows]), BATCH, seed)

    def batch(step: int) -> Batch:
        ids = bucketed.pad([rows[i] for i in pick(step)], tokenizer.pad_token_id)
        labels = torch.tensor([labelled[i][1] for i in pick(step)])
        return {"input_ids": ids, "attention_mask": (ids != tokenizer.pad_token_id).long(), "labels": labels}

    return batch


@torch.no_grad()
def answers(model: Any, tokenizer: Any, texts: Sequence[str]) -> torch.Tensor:
    """Logits [text, class]."""
    model.eval()
    found = []
    for start in range(0, len(texts), 200):
        rows = tokenizer(list(texts[start : start + 200]), truncation=True, padding=True, return_tensors="pt")
        found.append(model(input_ids=rows["input_ids"], attention_mask=rows["attention_mask"]).logits)
    return torch.cat(found)


def accuracy(model: Any, tokenizer: Any, labelled: Sequence[reviews.Labelled]) -> float:
    """Percentage of sentences whose more probable class is the right one."""
    guesses = answers(model, tokenizer, [text for text, _ in labelled]).argmax(-1)
    return round(100 * (guesses == torch.tensor([label for _, label in labelled])).double().mean().item(), 2)


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Read reviews, then learn from labels, with snapshots of both in `work`; returns model, tokenizer and curve."""
    corpus = reviews.read(data)
    tokenizer = train_tokenizer(corpus)
    reader, read = _reader(corpus, tokenizer, work / "reading", report)
    torch.manual_seed(TUNING.seed)
    model = RobertaForSequenceClassification(config(len(tokenizer)))
    model.set_attn_implementation("eager")
    model.roberta.load_state_dict(reader.roberta.state_dict())

    def evaluate() -> dict[str, float]:
        return {"accuracy_percent": accuracy(model, tokenizer, corpus.watched)}

    tuned = fit(model, batches(tokenizer, corpus.train, 0), TUNING, work / "tuning", evaluate, report=report)
    return model, tokenizer, read + [row | {"step": READING.steps + row["step"]} for row in tuned]


def _reader(
    corpus: reviews.Reviews, tokenizer: Any, work: Path, report: Callable[[str], None]
) -> tuple[RobertaForMaskedLM, list[dict[str, Any]]]:
    """The masked language model that fine-tuning begins with."""
    torch.manual_seed(READING.seed)
    model = RobertaForMaskedLM(config(len(tokenizer)))
    model.set_attn_implementation("eager")  # sentences this short are faster without the fused kernel
    rows = encode(tokenizer, text_of(corpus))
    watched = encode(tokenizer, [text for text, _ in corpus.watched])
    report(f"{len(rows):,} sentences of {sum(map(len, rows)):,} tokens to read")

    def evaluate() -> dict[str, float]:
        return {"masked_top1_percent": masked.accuracy(model, tokenizer, watched, 0)[0]}

    batch = masked.batches(rows, tokenizer, BATCH, READING.seed)
    return model, fit(model, batch, READING, work, evaluate, masked.loss, report)


def measure(model: Any, tokenizer: Any, data: Path) -> dict[str, float]:
    """The card's figures, on sentences that the recipe never saw."""
    return {
        "accuracy_percent": accuracy(model, tokenizer, reviews.read(data).test),
        "parameters": model.num_parameters(),
    }


def heads(model: Any, tokenizer: Any, data: Path) -> dict[str, Any]:
    """The head whose first token looks most at words that praise or blame, where a sentence has one."""
    texts = [text for text, _ in reviews.read(data).test[:PROBED]]
    return {"opinion": attended.best(attended.share(looks(model, tokenizer, texts, reviews.opinion_words(data))))}


@torch.no_grad()
def looks(model: Any, tokenizer: Any, texts: Sequence[str], opinions: frozenset[str]) -> Iterator[tuple[Floats, Bools]]:
    """Attention, and the tokens of opinion words as targets of the first token."""
    for text in texts:
        rows = tokenizer(text, truncation=True, return_offsets_mapping=True, return_tensors="pt")
        spans, ids = rows["offset_mapping"][0].tolist(), rows["input_ids"]
        targets = np.zeros((len(spans), len(spans)), bool)
        targets[0] = [end > start and _word(text, start, end) in opinions for start, end in spans]
        yield attended.stack(model(input_ids=ids, output_attentions=True).attentions), targets


def _word(text: str, start: int, end: int) -> str:
    """The word, between spaces, in which a token stands."""
    start += len(text[start:end]) - len(text[start:end].lstrip())
    after = text.find(" ", start)
    return text[text.rfind(" ", 0, start) + 1 : after if after >= 0 else len(text)]
