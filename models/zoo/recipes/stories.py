"""The corpus of children's books that the language models are trained on, split by content.

`stories.txt.gz`: one paragraph a line, books separated by a line `<|endofbook|>`. Each book is a public domain text
of Project Gutenberg with its header, footer and name removed; the cards list them by number.
"""

import gzip
from dataclasses import dataclass
from pathlib import Path

from models.zoo.recipes.splits import fingerprint

FILE = "stories.txt.gz"
END_OF_BOOK = "<|endofbook|>"
UNSEEN_BOOK = 7  # Through the Looking-Glass: no line of it is trained on
HELD_OUT = 50  # one paragraph in 50 (2 %) of the other books is held out

BOOKS = (
    "Grimms' Fairy Tales (2591)",
    "Andersen's Fairy Tales (1597)",
    "The Blue Fairy Book (503)",
    "The Red Fairy Book (540)",
    "English Fairy Tales (7439)",
    "Fifty Famous Stories Retold (18442)",
    "Alice's Adventures in Wonderland (11)",
    "Through the Looking-Glass (12)",
    "The Wonderful Wizard of Oz (55)",
    "The Marvelous Land of Oz (54)",
    "The Adventures of Pinocchio (500)",
    "The Story of Doctor Dolittle (501)",
    "The Secret Garden (113)",
    "The Jungle Book (236)",
    "Black Beauty (271)",
    "The Princess and the Goblin (708)",
)

TRAINED = tuple(book for index, book in enumerate(BOOKS) if index != UNSEEN_BOOK)


@dataclass(frozen=True)
class Stories:
    """Three texts with no paragraph in common; books and paragraphs in the order of the file."""

    train: tuple[tuple[str, ...], ...]  # [book][paragraph]
    paragraphs: tuple[str, ...]  # held out of the training books
    book: tuple[str, ...]  # paragraphs of the book that was never trained on


def read(data: Path, unseen_book: int = UNSEEN_BOOK) -> Stories:
    """Read and split the corpus in folder `data`; raises FileNotFoundError with where the public finds the books."""
    path = data / FILE
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is not there. It is one paragraph a line, a line {END_OF_BOOK} between books; the books are these "
            f"numbers of gutenberg.org, in this order, without the header and footer: {', '.join(BOOKS)}."
        )
    with gzip.open(path, "rt", encoding="utf-8") as file:
        books = [block.split("\n") for block in file.read().split(END_OF_BOOK)]
    books = [[line.strip() for line in book if line.strip()] for book in books]
    unseen = set(books[unseen_book])
    train: list[tuple[str, ...]] = []
    held_out: dict[str, None] = {}
    for index, book in enumerate(books):
        if index == unseen_book:
            continue
        kept = []
        for paragraph in book:
            if paragraph in unseen:
                continue
            if is_held_out(paragraph):
                held_out[paragraph] = None  # a dict keeps the order and drops a paragraph that two books share
            else:
                kept.append(paragraph)
        train.append(tuple(kept))
    return Stories(tuple(train), tuple(held_out), tuple(books[unseen_book]))


def is_held_out(paragraph: str) -> bool:
    """Decide by what a paragraph says, not where it stands: the same words always land on the same side."""
    return fingerprint(paragraph) % HELD_OUT == 0
