"""marian-en-fr: the Transformer of 2017, translating short English sentences into French.

The encoder-decoder of Vaswani et al. 2017 ("Attention Is All You Need") in Marian's form (post-norm, sinusoidal
positions, one embedding for both languages and the output) at 3 + 3 layers, 4 heads, d_model 192.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sacrebleu.metrics.bleu import BLEU
from torch import Tensor
from transformers import MarianConfig, MarianMTModel, PreTrainedTokenizerFast

from models.learn.train import Batch, Plan, fit
from models.records import Bools, Floats
from models.zoo.recipes import attended, bucketed, decoding, tokens, translations

NAME = "marian-en-fr"
PLAN = Plan(steps=6_000, lr=1.2e-3, warmup=600, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.01, every=500)
BATCH, D_VOCAB, N_POSITIONS, LONGEST = 128, 6_000, 64, 48  # LONGEST: tokens of a translation
SMOOTHING = 0.1  # Vaswani et al. 2017, section 5.4
PAD, END = "<pad>", "</s>"
TESTED, WATCHED = 1_000, 100  # held-out sentences of the final figure, and of the curve while it trains
PROBED = 400  # held-out pairs on which heads are measured

CARD = {
    "title": "A small Transformer that translates English into French",
    "task": "translate",
    "architecture": (
        "Marian: 3 encoder and 3 decoder layers, 4 heads, d_model 192, sinusoidal positions, one byte-level BPE of "
        "6,000 tokens for both languages"
    ),
    "licence": "MIT (weights); sentences CC BY 2.0 France",
    "data": (
        "About 147,000 English-French pairs of 2 to 9 English words by the contributors of Tatoeba (tatoeba.org), "
        "CC BY 2.0 France, as selected by www.manythings.org/anki. Split by distinct English sentence; no French "
        "sentence stands on both sides either."
    ),
    "measured_by": "python -m models.zoo verify marian-en-fr --data FOLDER",
    "recipe": "models/zoo/recipes/marian_en_fr.py",
    "weaknesses": (
        "It has read only short everyday sentences, many of them variants of each other, so the score flatters it: "
        "long sentences, rare words and names come out wrong or in pieces. It chooses between tu and vous, and "
        "between il and elle, without knowing who is meant."
    ),
    "look_for": (
        "Cross-attention: while it writes a French word, one head reads the English word that it translates, in "
        "French order: the adjective after the noun, both halves of ne ... pas on one not."
    ),
    "stack": "cross-attention",
    "examples": (
        {"title": "Word for word", "role": "alignment", "text": "The cat is under the table."},
        {"title": "Adjective and noun swap", "role": "alignment", "text": "She bought a red car."},
        {"title": "One not, ne ... pas", "role": "alignment", "text": "I do not know your brother."},
        {"title": "A question turns round", "role": "alignment", "text": "Where did you buy this book?"},
    ),
}

# Words with one usual translation: where both stand in a pair, the one translates the other.
LEXICON = {
    "cat": "chat",
    "dog": "chien",
    "house": "maison",
    "book": "livre",
    "car": "voiture",
    "money": "argent",
    "water": "eau",
    "train": "train",
    "school": "école",
    "mother": "mère",
    "father": "père",
    "brother": "frère",
    "sister": "sœur",
    "door": "porte",
    "table": "table",
    "letter": "lettre",
    "doctor": "médecin",
    "french": "français",
    "three": "trois",
    "two": "deux",
    "time": "temps",
    "everyone": "monde",
    "friend": "ami",
    "boston": "boston",
    "why": "pourquoi",
    "tomorrow": "demain",
    "today": "aujourd'hui",
    "never": "jamais",
    "always": "toujours",
    "with": "avec",
}


def config(d_vocab: int) -> MarianConfig:
    """The model's shape; Marian begins every translation with the padding token."""
    return MarianConfig(
        vocab_size=d_vocab,
        d_model=192,
        encoder_layers=3,
        decoder_layers=3,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=768,
        decoder_ffn_dim=768,
        activation_function="relu",
        dropout=0.1,
        scale_embedding=True,
        max_position_embeddings=N_POSITIONS,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        forced_eos_token_id=None,
    )


def train_tokenizer(pairs: Sequence[translations.Pair], d_vocab: int = D_VOCAB) -> PreTrainedTokenizerFast:
    """One BPE for both languages, learnt on the training pairs; a sentence ends with </s>."""
    sentences = (sentence for pair in pairs for sentence in pair)
    return tokens.byte_level(
        sentences,
        d_vocab,
        special=[PAD, END],
        single=f"$A {END}",
        prefix_space=True,
        pad_token=PAD,
        eos_token=END,
        model_max_length=N_POSITIONS,
    )


def batches(english: list[list[int]], french: list[list[int]], seed: int) -> Callable[[int], Batch]:
    """Batch number `step`: 128 pairs of similar length, pads masked out of input and loss."""
    lengths = np.array([len(e) + len(f) for e, f in zip(english, french, strict=True)])
    rows = bucketed.epochs(lengths, BATCH, seed)
    return lambda step: bucketed.framed([english[i] for i in rows(step)], [french[i] for i in rows(step)], 0)


def smoothed(model: Any, batch: Batch) -> Tensor:
    """Cross-entropy with label smoothing, which the class's own loss leaves out."""
    labels = batch.pop("labels")
    logits = model(**batch, decoder_input_ids=model.prepare_decoder_input_ids_from_labels(labels)).logits
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), ignore_index=-100, label_smoothing=SMOOTHING
    )


def bleu(found: Sequence[str], references: Iterable[tuple[str, ...]]) -> float:
    """Corpus BLEU (Papineni et al. 2002) by sacrebleu, against every translation that the file knows."""
    streams = [list(stream) for stream in zip_longest(*references)]  # None where a sentence has fewer
    return round(BLEU().corpus_score(list(found), streams).score, 2)


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Train from the pairs in `data`, with snapshots in `work`; returns model, tokenizer and curve."""
    pairs = translations.read(data)
    tokenizer = train_tokenizer(pairs.train)
    english, french = (tokenizer(list(side))["input_ids"] for side in zip(*pairs.train, strict=True))
    report(f"{len(pairs.train):,} pairs to train on, {len(pairs.test):,} English sentences held out")
    torch.manual_seed(PLAN.seed)
    model = MarianMTModel(config(len(tokenizer)))
    model.set_attn_implementation("eager")  # sentences this short are faster without the fused kernel
    spare = list(pairs.test)[TESTED : TESTED + WATCHED]  # not those of the final figure

    def evaluate() -> dict[str, float]:
        return {"bleu": bleu(decoding.write(model, tokenizer, spare, LONGEST), (pairs.test[text] for text in spare))}

    curve = fit(model, batches(english, french, PLAN.seed), PLAN, work, evaluate, smoothed, report)
    return model, tokenizer, curve


def measure(model: Any, tokenizer: Any, data: Path) -> dict[str, float]:
    """The card's figures, on English sentences that the recipe never saw."""
    test = translations.read(data).test
    sentences = list(test)[:TESTED]
    figures = {}
    for name, beams in (("bleu", 1), ("bleu_beam_4", 4)):
        found = decoding.write(model, tokenizer, sentences, LONGEST, beams)
        figures[name] = bleu(found, (test[sentence] for sentence in sentences))
    return figures


def heads(model: Any, tokenizer: Any, data: Path) -> dict[str, Any]:
    """The cross-attention head that best finds the English word a French one translates, on held-out pairs."""
    pairs = [(english, french[0]) for english, french in translations.read(data).test.items()]
    known = [pair for pair in pairs if next(_known(*pair), None)][:PROBED]
    return {"alignment": attended.best(attended.share(aligned(model, tokenizer, *pair) for pair in known))}


@torch.no_grad()
def aligned(model: Any, tokenizer: Any, english: str, french: str) -> tuple[Floats, Bools]:
    """Cross-attention while the reference is written, and where it should look: query t is what foresees token t."""
    source, target = (tokenizer(text, return_offsets_mapping=True) for text in (english, french))
    labels = torch.tensor([target["input_ids"]])
    output = model(
        input_ids=torch.tensor([source["input_ids"]]),
        decoder_input_ids=model.prepare_decoder_input_ids_from_labels(labels),
        output_attentions=True,
    )
    targets = np.zeros((len(target["input_ids"]), len(source["input_ids"])), bool)
    for word, translation in _known(english, french):
        queries = _tokens_of(translation, target["offset_mapping"])
        targets[np.ix_(queries, _tokens_of(word, source["offset_mapping"]))] = True
    return attended.stack(output.cross_attentions), targets


def _known(english: str, french: str) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """Where a word of the lexicon and its translation stand in a pair."""
    for word, translation in LEXICON.items():
        found = [re.search(rf"\b{w}\b", text, re.IGNORECASE) for w, text in ((word, english), (translation, french))]
        if found[0] and found[1]:
            yield found[0], found[1]


def _tokens_of(word: re.Match[str], offsets: Sequence[tuple[int, int]]) -> list[int]:
    """The tokens that share a character with a word."""
    return [i for i, (start, end) in enumerate(offsets) if start < word.end() and end > word.start()]
