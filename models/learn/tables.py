"""The visitor's own table of texts and labels: read, bounded, and turned into words and one answer for each row.

What a Spec carries of it is plain: a line per row, the text, a tab, the label. It is one string, so that a run with a
table is still JSON, and replays.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import product

MOST_ROWS = 20_000  # of a table; of a longer one the first are taken
MOST_CHARACTERS = 1_000_000  # of all of them together
FEWEST_ROWS = 20
MOST_CLASSES = 50
MOST_WORDS = 1_000  # different ones; rarer ones are unknown to the model
LONGEST_LABEL = 40  # characters
LONGEST_ROW = 64  # words of a text that are kept
ARROW = "→ "  # begins the symbol of a label, so that it is never taken for a word
ABSENT = ("", "nan", "null", "none", "n/a")  # labels that are none

Pairs = tuple[tuple[tuple[str, ...], str], ...]  # words and label of each row


def kept(texts: list[str], labels: list[str]) -> tuple[str, list[str]]:
    """The rows as a Spec carries them, and a sentence for everything that was left out or cut."""
    notes: list[str] = []
    lines: list[str] = []
    size = 0
    empty = long = 0
    for text, label in zip(texts[:MOST_ROWS], labels, strict=False):
        said, name = words(text), " ".join(label.split())[:LONGEST_LABEL]
        if not said or name.lower() in ABSENT:
            empty += 1
            continue
        long += len(said) > LONGEST_ROW
        line = f"{' '.join(said[:LONGEST_ROW])}\t{name}"
        size += len(line) + 1
        if size > MOST_CHARACTERS:
            notes.append(
                f"The table is long: its first {len(lines):,} rows are taken ({MOST_CHARACTERS:,} characters)."
            )
            break
        lines.append(line)
    if len(texts) > MOST_ROWS:
        notes.append(f"The table has {len(texts):,} rows; the first {MOST_ROWS:,} are taken.")
    if empty:
        notes.append(f"{empty:,} rows have no text or no label; they are left out.")
    if long:
        notes.append(f"{long:,} texts are longer than {LONGEST_ROW} words; their beginning is read.")
    return "\n".join(lines), notes


def words(text: str) -> list[str]:
    """Words and marks in small letters."""
    return re.findall(r"\w+|[^\w\s]", text.lower())


@lru_cache(maxsize=8)
def pairs(table: str) -> Pairs:
    """Words and label of each row; a text that comes twice counts once, with its first label."""
    found: dict[tuple[str, ...], str] = {}
    for line in (table or EXAMPLE).split("\n"):
        text, _, label = line.rpartition("\t")
        if text and label:
            found.setdefault(tuple(text.split(" ")), label)
    return tuple(found.items())


@lru_cache(maxsize=8)
def labels(table: str) -> tuple[str, ...]:
    """All of them, in order."""
    return tuple(sorted({label for _, label in pairs(table)}))


@lru_cache(maxsize=8)
def vocabulary(table: str) -> tuple[str, ...]:
    """The words that come most often, then the labels as symbols of their own."""
    often = Counter(word for text, _ in pairs(table) for word in text)
    return (
        *(w for w, _ in sorted(often.items(), key=lambda c: (-c[1], c[0]))[:MOST_WORDS]),
        *map(symbol, labels(table)),
    )


def symbol(label: str) -> str:
    """What a label is among the tokens."""
    return f"{ARROW}{label}"


def problem(table: str) -> str:
    """Why nothing can be learnt from it, in a sentence; "" if something can."""
    rows, kinds = len(pairs(table)), len(labels(table))
    if len(table) > MOST_CHARACTERS:
        return f"A table may have {MOST_CHARACTERS:,} characters; this one has {len(table):,}. Leave rows out."
    if rows < FEWEST_ROWS:
        return f"A table needs {FEWEST_ROWS} different texts with a label or more; this one has {rows}. Add rows."
    if kinds < 2:
        return f"All {rows:,} rows have the same label, so there is nothing to tell apart. Choose another column."
    if kinds > MOST_CLASSES:
        return (
            f"The labels are {kinds:,} different ones; up to {MOST_CLASSES} can be told apart here. Choose a column "
            "that sorts the texts into a few kinds."
        )
    return ""


def _example() -> str:
    """Short judgements, made up: “not” turns each of them round."""
    things = "the film,the soup,this book,that song,the hotel,my coffee,the game,her speech,the garden,our trip".split(
        ","
    )
    good = "wonderful,great,lovely,brilliant,delightful,charming,fine,superb".split(",")
    bad = "awful,boring,terrible,dull,horrible,weak,poor,dreadful".split(",")
    lines = []
    for thing, between, word in product(things, ("was", "was really", "was not", "was never"), good + bad):
        kind = (word in good) != (between in ("was not", "was never"))
        lines.append(f"{thing} {between} {word}\t{'good' if kind else 'bad'}")
    return "\n".join(lines)


EXAMPLE = _example()
