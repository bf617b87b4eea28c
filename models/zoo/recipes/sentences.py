"""English sentences, everyday ones and those of the stories, for the models that fill gaps."""

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from models.zoo.recipes import stories, translations
from models.zoo.recipes.corpora import find
from models.zoo.recipes.splits import fingerprint

END = re.compile(r"(?:(?<=[.!?])|(?<=[.!?]['\"]))\s+")


@dataclass(frozen=True)
class Sentences:
    """Sentences to train on, and two held-out kinds; no sentence is on two sides, in whatever spelling."""

    train: tuple[str, ...]
    everyday: tuple[str, ...]  # held out of the English side of the translations, by the same rule as there
    stories: tuple[str, ...]  # of the stories' held-out paragraphs


def read(data: Path) -> Sentences:
    """Read and split both corpora in folder `data`."""
    with zipfile.ZipFile(find(data, translations.FILE, translations.WHAT)) as archive:
        lines = archive.read(translations.MEMBER).decode("utf-8").splitlines()
    corpus = stories.read(data)
    told = [paragraph for book in corpus.train for paragraph in book]
    return split((line.split("\t")[0] for line in lines), told, corpus.paragraphs)


def split(everyday: Iterable[str], told: Iterable[str], told_held_out: Iterable[str]) -> Sentences:
    """One sentence of each spelling; what is held out in one corpus is trained on in neither."""
    english = list(distinct(everyday))
    kept = [s for s in english if translations.is_held_out(s)]
    unseen = [s for s in distinct(cut(told_held_out)) if not translations.is_held_out(s)]
    held_out = {fingerprint(s) for s in (*kept, *unseen)}
    train = tuple(s for s in distinct((*english, *cut(told))) if fingerprint(s) not in held_out)
    train = tuple(s for s in train if not translations.is_held_out(s))
    return Sentences(train, tuple(kept), tuple(unseen))


def distinct(sentences: Iterable[str]) -> Iterable[str]:
    """The first spelling of each sentence that has words."""
    seen = {fingerprint("")}
    for sentence in sentences:
        mark = fingerprint(sentence)
        if mark not in seen:
            seen.add(mark)
            yield sentence


def cut(paragraphs: Iterable[str]) -> Iterable[str]:
    """Paragraphs into sentences, at full stops, question and exclamation marks."""
    for paragraph in paragraphs:
        yield from (sentence.strip() for sentence in END.split(paragraph) if sentence.strip())
