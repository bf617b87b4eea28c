"""English-French sentence pairs, split by distinct English sentence with no French sentence on two sides either.

`fra-eng.zip` holds `fra-eng/fra.txt`: one pair a line, English, tab, French, sorted by length. The sentences are
Tatoeba's (CC BY 2.0 France, tatoeba.org), the selection is that of www.manythings.org/anki.
"""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from models.zoo.recipes.corpora import find
from models.zoo.recipes.splits import fingerprint

FILE = "fra-eng.zip"
MEMBER = "fra-eng/fra.txt"
WHAT = "the English-French sentence pairs of www.manythings.org/anki (file fra-eng.zip, with fra-eng/fra.txt in it)"
HELD_OUT = 50  # one English sentence in 50 (2 %) is held out
ENGLISH_WORDS, FRENCH_WORDS = (2, 9), 11  # short sentences only: a small model can learn them well

Pair = tuple[str, str]  # English, French


@dataclass(frozen=True)
class Translations:
    """Pairs to train on, and held-out English sentences, each with all French translations the file knows."""

    train: tuple[Pair, ...]
    test: dict[str, tuple[str, ...]]  # English -> references, in random order


def read(data: Path) -> Translations:
    """Read and split the pairs in folder `data`; raises FileNotFoundError with where they come from."""
    with zipfile.ZipFile(find(data, FILE, WHAT)) as archive:
        text = archive.read(MEMBER).decode("utf-8")
    return split(_pair(line) for line in text.splitlines() if "\t" in line)


def split(pairs: Iterable[Pair]) -> Translations:
    """Held-out English by fingerprint; a pair whose French is a held-out reference is dropped, not trained on."""
    short = [pair for pair in dict.fromkeys(pairs) if _is_short(*pair)]
    test: dict[str, tuple[str, ...]] = {}
    for english, french in short:
        if is_held_out(english):
            test[english] = (*test.get(english, ()), french)
    references = {fingerprint(french) for known in test.values() for french in known}
    train = tuple(
        (english, french)
        for english, french in short
        if not is_held_out(english) and fingerprint(french) not in references
    )
    return Translations(train, dict(sorted(test.items(), key=lambda item: fingerprint(item[0]))))


def is_held_out(english: str) -> bool:
    """True for the English sentences that no recipe trains on, in any spelling."""
    return fingerprint(english) % HELD_OUT == 0


def _pair(line: str) -> Pair:
    """English and French of a line, with ordinary spaces for the thin and the unbreakable ones before ! ? : ;"""
    english, french = line.replace("\u202f", " ").replace("\u00a0", " ").split("\t")[:2]
    return english, french


def _is_short(english: str, french: str) -> bool:
    least, most = ENGLISH_WORDS
    return least <= len(english.split()) <= most and len(french.split()) <= FRENCH_WORDS
