"""Sentences from film reviews, praising or not, and whole reviews as plain text.

`sentence_polarity.zip` holds `sentence_polarity/rt-polarity.neg` and `.pos`, a sentence a line; `movie_reviews.zip`
holds `movie_reviews/{neg,pos}/*.txt`, of which only the text is used; `opinion_lexicon.zip` holds
`opinion_lexicon/{negative,positive}-words.txt`. The first two are by Bo Pang and Lillian Lee, the third by Minqing Hu
and Bing Liu; all CC BY 4.0.
"""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from models.zoo.recipes.corpora import find
from models.zoo.recipes.splits import fingerprint

POLARITY, REVIEWS, LEXICON = "sentence_polarity.zip", "movie_reviews.zip", "opinion_lexicon.zip"
WHAT = "from NLTK's data collection (nltk.org/nltk_data), package "
CLASSES = ("negative", "positive")

Labelled = tuple[str, int]  # sentence, class


@dataclass(frozen=True)
class Reviews:
    """Labelled sentences, three parts with no sentence in common, and unlabelled ones that are on no held-out side."""

    train: tuple[Labelled, ...]
    watched: tuple[Labelled, ...]  # one in 20, to look at while training
    test: tuple[Labelled, ...]  # one in 10
    plain: tuple[str, ...]


def read(data: Path) -> Reviews:
    """Read and split the sentences in folder `data`; raises FileNotFoundError with where they come from."""
    with zipfile.ZipFile(find(data, POLARITY, WHAT + "sentence_polarity")) as archive:
        texts = [archive.read(f"sentence_polarity/rt-polarity.{end}").decode("utf-8") for end in ("neg", "pos")]
    with zipfile.ZipFile(find(data, REVIEWS, WHAT + "movie_reviews")) as archive:
        files = sorted(name for name in archive.namelist() if name.endswith(".txt") and "/cv" in name)
        plain = [line for name in files for line in archive.read(name).decode("utf-8", "replace").splitlines()]
    return split([(line, label) for label, text in enumerate(texts) for line in text.splitlines()], plain)


def split(labelled: Iterable[Labelled], plain: Iterable[str]) -> Reviews:
    """By what a sentence says; of one that comes twice, the first, and none that comes with both labels."""
    parts: dict[str, list[Labelled]] = {"train": [], "watched": [], "test": []}
    known: dict[int, set[int]] = {}
    sentences = [(text.strip(), label) for text, label in labelled if text.strip()]
    for text, label in sentences:
        known.setdefault(fingerprint(text), set()).add(label)
    seen: set[int] = set()
    for text, label in sentences:
        mark = fingerprint(text)
        if mark not in seen and len(known[mark]) == 1:
            seen.add(mark)
            parts[side(text)].append((text, label))
    unseen = {fingerprint(text) for name in ("watched", "test") for text, _ in parts[name]}
    free = (line.strip() for line in plain)
    kept = (line for line in free if len(line.split()) > 3 and fingerprint(line) not in unseen)
    train, watched, test = (tuple(rows) for rows in parts.values())
    return Reviews(train, watched, test, tuple(kept))


def side(sentence: str) -> str:
    """The part of the split that a sentence belongs to."""
    place = fingerprint(sentence) % 20
    return "test" if place < 2 else "watched" if place == 2 else "train"


def opinion_words(data: Path) -> frozenset[str]:
    """Words that praise or blame, to see whether a model reads them; no recipe trains on them."""
    with zipfile.ZipFile(find(data, LEXICON, WHAT + "opinion_lexicon")) as archive:
        lines = [
            line
            for kind in CLASSES
            for line in archive.read(f"opinion_lexicon/{kind}-words.txt").decode("latin-1").splitlines()
        ]
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith(";"))
