"""roberta-sentiment: a small RoBERTa that tells praise from blame in film reviews.

Liu et al. 2019 ("RoBERTa") at 2 layers, 4 heads, d_model 128: first masked language modelling on whole reviews, with
new masks every time and no next-sentence task, then fine-tuning on labelled sentences. Two million words are too few
to learn what 12,000 tokens mean by filling gaps alone, so the token table begins with vectors made by counting; what
filling gaps adds to them is within the noise of the watched sentences.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaForMaskedLM, RobertaForSequenceClassification

from models.learn.train import Batch, Plan, fit
from models.records import Bools, Floats
from models.zoo.recipes import attended, bucketed, counted, masked, reviews, tokens

NAME = "roberta-sentiment"
READING = Plan(steps=2_000, lr=1e-3, warmup=150, final_lr=0.05, betas=(0.9, 0.98), weight_decay=0.01, every=250)
TUNING = Plan(steps=600, lr=1e-3, warmup=100, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.05, every=100)
BATCH, N_POSITIONS, D_MODEL = 64, 64, 128
D_VOCAB = 12_000  # enough for nearly every word that praises or blames to be one token
DROPOUT = {"reading": 0.1, "tuning": 0.3}
COVERED = 0.1  # share of the tokens masked while tuning, so that no single word decides
SMOOTHING = 0.1  # of the labels: they are those of whole reviews, with which a single sentence may disagree
TOKEN_LENGTH = 0.9  # of the vectors in the token table: as long as random ones would be
START, PAD, END, MASK = "<s>", "<pad>", "</s>", "<mask>"  # in the order of RoBERTa's ids
PROBED = 200  # about so many test sentences, of both kinds, show what heads do

DATA = (
    "10,662 sentences of film reviews with their polarity (2005) and the text of 2,000 whole reviews (2004), both by "
    "Bo Pang and Lillian Lee, CC BY 4.0, by way of NLTK. Split by what a sentence says: a tenth to measure on, a "
    "twentieth to look at while training."
)

CARD = {
    "title": "A small RoBERTa that tells praise from blame",
    "task": "classify",
    "architecture": "RoBERTa: 2 layers, 4 heads, d_model 128, 64 positions, own byte-level BPE of 12,000 tokens",
    "licence": "MIT (weights); reviews CC BY 4.0",
    "data": DATA,
    "measured_by": "python -m models.zoo verify roberta-sentiment --data FOLDER",
    "recipe": "models/zoo/recipes/roberta_sentiment.py",
    "weaknesses": (
        "Nearly one sentence in four comes out wrong; counting words (naive Bayes) does a little better on so few "
        "sentences. It weighs words more than their order: 'not a bad film' is blame to it, and irony, praise with a "
        "but and films whose plot sounds sad mislead it. It has read film reviews in lower case only, knows two "
        "answers and no neutral one."
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


def config(d_vocab: int, dropout: float = DROPOUT["tuning"]) -> RobertaConfig:
    """The model's shape; its table of positions begins after the padding id, hence two rows more."""
    return RobertaConfig(
        vocab_size=d_vocab,
        hidden_size=D_MODEL,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=4 * D_MODEL,
        max_position_embeddings=N_POSITIONS + 2,
        type_vocab_size=1,
        initializer_range=0.08,  # about 1 / sqrt(d_model): at 0.02 attention this narrow stays even for long
        hidden_dropout_prob=dropout,
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
        prefix_space=True,  # or the first word would be another token than the same word later on
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


def batches(
    tokenizer: Any, labelled: Sequence[reviews.Labelled], seed: int, covered: float = 0.0
) -> Callable[[int], Batch]:
    """Batch number `step`: 64 labelled sentences of similar length, a share of their tokens `covered` by masks."""
    rows = encode(tokenizer, [text for text, _ in labelled])
    pick = bucketed.epochs(np.array([len(row) for row in rows]), BATCH, seed)
    special = torch.tensor(sorted(tokenizer.all_special_ids))

    def batch(step: int) -> Batch:
        ids = bucketed.pad([rows[i] for i in pick(step)], tokenizer.pad_token_id)
        labels = torch.tensor([labelled[i][1] for i in pick(step)])
        chance = torch.Generator().manual_seed(seed * 1_000_003 + step)
        gone = (torch.rand(ids.shape, generator=chance) < covered) & ~torch.isin(ids, special)
        seen = ids.masked_fill(gone, tokenizer.mask_token_id)
        return {"input_ids": seen, "attention_mask": (ids != tokenizer.pad_token_id).long(), "labels": labels}

    return batch


def loss(model: Any, batch: Batch) -> Tensor:
    """Cross-entropy with smoothed labels (Szegedy et al. 2016, section 7)."""
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return nn.functional.cross_entropy(logits, batch["labels"], label_smoothing=SMOOTHING)


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

    batch = batches(tokenizer, corpus.train, TUNING.seed, COVERED)
    tuned = fit(model, batch, TUNING, work / "tuning", evaluate, loss, report)
    return model, tokenizer, read + [row | {"step": READING.steps + row["step"]} for row in tuned]


def _reader(
    corpus: reviews.Reviews, tokenizer: Any, work: Path, report: Callable[[str], None]
) -> tuple[RobertaForMaskedLM, list[dict[str, Any]]]:
    """The masked language model that fine-tuning begins with."""
    rows = encode(tokenizer, text_of(corpus))
    model = beginner(tokenizer, rows)
    watched = encode(tokenizer, [text for text, _ in corpus.watched])
    report(f"{len(rows):,} sentences of {sum(map(len, rows)):,} tokens to read")

    def evaluate() -> dict[str, float]:
        return {"masked_top1_percent": masked.accuracy(model, tokenizer, watched, 0)[0]}

    batch = masked.batches(rows, tokenizer, BATCH, READING.seed)
    return model, fit(model, batch, READING, work, evaluate, masked.loss, report)


def beginner(tokenizer: Any, rows: Sequence[Sequence[int]]) -> RobertaForMaskedLM:
    """A model that knows which tokens are used alike and how often each comes, and nothing else yet."""
    plain = [row[1:-1] for row in rows]  # without <s> and </s>
    table = counted.vectors(plain, len(tokenizer), D_MODEL, TOKEN_LENGTH)
    torch.manual_seed(READING.seed)
    model = RobertaForMaskedLM(config(len(tokenizer), DROPOUT["reading"]))
    model.set_attn_implementation("eager")  # sentences this short are faster without the fused kernel
    special = len(tokenizer.all_special_ids)  # they come first, and keep their random vectors
    with torch.no_grad():
        model.roberta.embeddings.word_embeddings.weight[special:] = table[special:]
        model.lm_head.bias.copy_(counted.frequency(plain, len(tokenizer)).log())
    return model


def measure(model: Any, tokenizer: Any, data: Path) -> dict[str, float]:
    """The card's figures, on sentences that the recipe never saw."""
    return {
        "accuracy_percent": accuracy(model, tokenizer, reviews.read(data).test),
        "parameters": model.num_parameters(),
    }


def heads(model: Any, tokenizer: Any, data: Path) -> dict[str, Any]:
    """The head whose first token looks most at words that praise or blame, where a sentence has one."""
    test = reviews.read(data).test
    texts = [text for text, _ in test[:: max(1, len(test) // PROBED)]]  # blame comes first in the file, then praise
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
