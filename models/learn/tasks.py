"""Small things to learn: one function per task, which draws a question and answers it.

A row is what the model reads: "fbdca=acdbf." for a question and its answer. Loss and accuracy count what comes after
"=" only, except where a task says otherwise. `models.learn.samples` draws many of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from models.learn import pictures, tables
from models.learn.texts import ALICE

if TYPE_CHECKING:
    from models.learn.spec import Spec
    from models.records import Config

END, ASKS = ".", "="
LETTERS = "abcdefghijklmnopqrstuvwxyz"
BRACKETS = ("()", "[]", "{}", "<>")
MONTHS = "january february march april may june july august september october november december".split()
UNSEEN_PERIODS = (5, 9, 13, 14)  # of induction: never trained on
PERIODS = (2, 3, 4, 6, 7, 8, 10, 11, 12)
UNKNOWN = "[UNK]"
MOST_CHARACTERS = 120  # different ones of a visitor's text; rarer ones become UNKNOWN


class Row(NamedTuple):
    """Symbols, from which of them on the loss counts, and from which on an answer is graded."""

    symbols: Sequence[str]
    trained: int
    graded: int


def decoder(config: Config) -> Any:
    """A model that reads symbols."""
    from models.scratch.transformer import Decoder

    return Decoder(config)


def vision(config: Config) -> Any:
    """A model that looks at pictures."""
    from models.scratch.vision import Vision

    return Vision(config)


@dataclass(frozen=True)
class Task:
    """What a task is called, what it may be asked, and how a row of it is drawn."""

    title: str
    sentence: str
    draw: Callable[[random.Random, Spec], tuple[Sequence[str], Sequence[str]]] | None
    length: tuple[int, int, int]  # lowest, highest, default
    vocabulary: tuple[int, int, int]
    alphabet: Callable[[Spec], Sequence[str]]  # without END and ASKS
    longest: Callable[[Spec], int]  # symbols of a row
    length_is: str = ""  # what length counts; "" where the task has none
    vocabulary_is: str = ""
    examples: int = 20_000  # a good number of them to start with
    apart: str = ""  # between symbols, where a row is written
    row: Callable[[random.Random, Spec, bool], Row] | None = None  # where a row is no question; True: held out
    rows: Callable[[Spec], list[Row]] | None = None  # where there are only so many of them
    seen: Callable[[Spec, bool, int], pictures.Drawn] | None = None  # where pictures are asked about
    picture: pictures.Kind | None = None
    model: Callable[[Config], Any] = decoder

    @property
    def looks(self) -> bool:
        """Whether its model looks at pictures."""
        return self.picture is not None


def word(chance: random.Random, spec: Spec) -> list[str]:
    """Letters, from half the length to all of it, so that the end has to be found."""
    n = chance.randint(max(1, (spec.length + 1) // 2), spec.length)
    return [LETTERS[chance.randrange(spec.vocabulary)] for _ in range(n)]


def copy(chance: random.Random, spec: Spec) -> tuple[Sequence[str], Sequence[str]]:
    """abcd=abcd"""
    asked = word(chance, spec)
    return asked, asked


def reverse(chance: random.Random, spec: Spec) -> tuple[Sequence[str], Sequence[str]]:
    """abcd=dcba"""
    asked = word(chance, spec)
    return asked, asked[::-1]


def sort(chance: random.Random, spec: Spec) -> tuple[Sequence[str], Sequence[str]]:
    """dbca=abcd"""
    asked = word(chance, spec)
    return asked, sorted(asked)


def addition(chance: random.Random, spec: Spec) -> tuple[Sequence[str], Sequence[str]]:
    """58+67=521: the sum backwards, ones first, so that a carry is known when it is needed."""
    one, two = (chance.randrange(10 ** chance.randint(1, spec.length)) for _ in range(2))
    return f"{one}+{two}", str(one + two)[::-1]


def modular(chance: random.Random, spec: Spec) -> tuple[Sequence[str], Sequence[str]]:
    """a b = (a + b) mod p; every number is a symbol of its own (Power et al. 2022, "Grokking")."""
    one, two = chance.randrange(spec.vocabulary), chance.randrange(spec.vocabulary)
    return [str(one), str(two)], [str((one + two) % spec.vocabulary)]


def brackets(chance: random.Random, spec: Spec) -> tuple[Sequence[str], Sequence[str]]:
    """([]{=}): the brackets that close what is still open."""
    asked: list[str] = []
    waiting: list[str] = []
    for _ in range(chance.randint(max(1, (spec.length + 1) // 2), spec.length)):
        if waiting and chance.random() < 0.4:
            asked.append(waiting.pop())
        else:
            pair = BRACKETS[chance.randrange(spec.vocabulary)]
            asked.append(pair[0])
            waiting.append(pair[1])
    return asked, waiting[::-1]


def majority(chance: random.Random, spec: Spec) -> tuple[Sequence[str], Sequence[str]]:
    """abbab=b: the letter that comes most often; of several the first in the alphabet."""
    asked = word(chance, spec)
    return asked, [max(sorted(set(asked)), key=asked.count)]


def dates(chance: random.Random, spec: Spec) -> tuple[Sequence[str], Sequence[str]]:
    """3 march 1999=1999-03-03, from three ways to write a day."""
    day, month, year = chance.randint(1, 28), chance.randint(1, 12), chance.randint(1900, 2099)
    ways = (f"{day} {MONTHS[month - 1]} {year}", f"{MONTHS[month - 1]} {day}, {year}", f"{month}/{day}/{year}")
    return ways[chance.randrange(3)], f"{year}-{month:02}-{day:02}"


def induction(chance: random.Random, spec: Spec, held_out: bool) -> Row:
    """A block of different letters, again and again (Olsson et al. 2022).

    Graded from the second letter of its first return on: that the block returns cannot be known before.
    """
    period = chance.choice(UNSEEN_PERIODS if held_out else PERIODS)
    block = chance.sample(LETTERS[: spec.vocabulary], period)
    return Row([block[i % period] for i in range(n_tokens(spec))], 1, period + 1)


def text(chance: random.Random, spec: Spec, held_out: bool) -> Row:
    """A piece of the visitor's text; the last tenth of it is held out. Every character counts."""
    whole = own_text(spec)
    known = set(symbols(spec))
    cut = len(whole) - max(n_tokens(spec), len(whole) // 10)
    part = whole[cut:] if held_out else whole[:cut]
    start = chance.randrange(max(1, len(part) - n_tokens(spec) + 1))
    return Row([c if c in known else UNKNOWN for c in part[start : start + n_tokens(spec)]], 1, 1)


def labelled(spec: Spec) -> list[Row]:
    """Rows of the visitor's table, each text once: its beginning, "=", its label."""
    known = set(symbols(spec))
    found: dict[tuple[str, ...], Row] = {}
    for whole, label in tables.pairs(spec.table):
        said = tuple(word if word in known else UNKNOWN for word in whole[: spec.length])
        row = Row([*said, ASKS, tables.symbol(label), END], len(said) + 1, len(said) + 1)
        found.setdefault(said, row)
    return list(found.values())


def letters(spec: Spec) -> Sequence[str]:
    """The first ones of the alphabet."""
    return LETTERS[: spec.vocabulary]


def characters(spec: Spec) -> Sequence[str]:
    """Those of the visitor's text that come most often, in order."""
    whole = own_text(spec)
    often = sorted(set(whole), key=lambda c: (-whole.count(c), c))[:MOST_CHARACTERS]
    return sorted(often)


def own_text(spec: Spec) -> str:
    """The visitor's text, or the one that is there for a start."""
    return spec.text or ALICE


def _twice(spec: Spec) -> int:
    return 2 * spec.length + 2


LETTER, DIGITS, NONE = (2, 26, 20), (12, 12, 12), (1, 113, 20)
TASKS = {
    "copy": Task("Copy a word", "Say the word again.", copy, (1, 24, 8), LETTER, letters, _twice, "letters", "letters"),
    "reverse": Task(
        "Reverse a word", "Say the word backwards.", reverse, (1, 24, 8), LETTER, letters, _twice, "letters", "letters"
    ),
    "sort": Task(
        "Sort letters",
        "Say the letters in the order of the alphabet.",
        sort,
        (1, 24, 8),
        LETTER,
        letters,
        _twice,
        "letters",
        "letters",
    ),
    "addition": Task(
        "Add two numbers",
        "Say the sum, ones first.",
        addition,
        (1, 4, 2),
        NONE,
        lambda spec: "0123456789+",
        lambda spec: 3 * spec.length + 4,
        "digits",
    ),
    "modular addition": Task(
        "Add on a clock",
        "Say (a + b) mod p, without being told that these are numbers.",
        modular,
        (1, 64, 2),
        (5, 113, 59),
        lambda spec: [str(i) for i in range(spec.vocabulary)],
        lambda spec: 5,
        "",
        "the modulus p",
        apart=" ",
    ),
    "induction": Task(
        "Go on with what repeats",
        "Different letters repeat: say the next one. Graded on periods that were never trained.",
        None,
        (24, 64, 32),
        (15, 26, 26),
        letters,
        lambda spec: spec.length + 1,
        "letters read",
        "letters",
        row=induction,
    ),
    "brackets": Task(
        "Close the brackets",
        "Close every bracket that is still open, the last one first.",
        brackets,
        (1, 24, 10),
        (1, 4, 3),
        lambda spec: "".join(BRACKETS[: spec.vocabulary]),
        _twice,
        "brackets",
        "kinds",
    ),
    "majority": Task(
        "Majority",
        "Say the letter that comes most often.",
        majority,
        (2, 24, 9),
        (2, 26, 3),
        letters,
        lambda spec: spec.length + 3,
        "letters",
        "letters",
    ),
    "dates": Task(
        "Translate a date",
        "Write the date as year-month-day.",
        dates,
        (1, 64, 8),
        NONE,
        lambda spec: sorted(set("".join(MONTHS)) | set("0123456789 ,/-")),
        lambda spec: len("september 28, 2099") + 12,
    ),
    "characters": Task(
        "Characters of your text",
        "Say the next character of a text of your own; its last tenth is held out.",
        None,
        (8, 64, 32),
        NONE,
        characters,
        lambda spec: spec.length + 1,
        "characters read",
        row=text,
    ),
    "labels": Task(
        "Label your own texts",
        "Read a text word by word and say its label; a table of your own, or short judgements made up for a start.",
        None,
        (2, 64, 12),
        NONE,
        lambda spec: tables.vocabulary(spec.table),
        lambda spec: spec.length + 3,
        "words read",
        apart=" ",
        rows=labelled,
    ),
    "clothes": Task(
        "Name clothes",
        "Look at a grey picture of 28 x 28 pixels and name the garment (Fashion-MNIST).",
        None,
        (1, 64, 8),
        NONE,
        pictures.classes,
        lambda spec: 2,
        examples=400,
        seen=pictures.clothes,
        picture=pictures.GREY,
        model=vision,
    ),
    "shapes": Task(
        "Name shapes",
        "Look at a picture and name the shape in it: any colour, any place.",
        None,
        (1, 64, 8),
        (2, 6, 4),
        pictures.classes,
        lambda spec: 2,
        "",
        "kinds of shapes",
        2_000,
        seen=pictures.shapes,
        picture=pictures.COLOURED,
        model=vision,
    ),
}


def symbols(spec: Spec) -> tuple[str, ...]:
    """What token ids stand for; END is 0 and fills short rows, the last is for what was never seen."""
    task = TASKS[spec.task]
    if task.picture:
        return tuple(task.alphabet(spec))
    first = [END, ASKS] if task.draw or task.rows else [END]
    return tuple(dict.fromkeys([*first, *task.alphabet(spec), UNKNOWN]))


def n_tokens(spec: Spec) -> int:
    """Tokens of a row: what is read, and one more to foretell."""
    return TASKS[spec.task].longest(spec)


def problems(spec: Spec) -> dict[str, str]:
    """What a task cannot be asked, field by field."""
    task, found = TASKS[spec.task], {}
    for name, (low, high, _) in {"length": task.length, "vocabulary": task.vocabulary}.items():
        value, what = getattr(spec, name), getattr(task, f"{name}_is")
        if what and not low <= value <= high:
            found[name] = f"“{task.title}” takes from {low} to {high} ({what}); got {value}."
    if spec.task == "labels" and (problem := tables.problem(spec.table)):
        found["table"] = problem
    if task.picture and spec.examples > task.picture.most:
        found["examples"] = f"“{task.title}” has {task.picture.most:,} pictures to train on; got {spec.examples:,}."
    if task.picture and spec.tied:
        found["tied"] = "Pictures have no embedding of symbols that could be the output too: switch it off."
    if spec.task == "characters":
        from models.learn.spec import LONGEST_TEXT

        if len(own_text(spec)) > LONGEST_TEXT:
            found["text"] = f"At most {LONGEST_TEXT:,} characters are trained on; this text has {len(spec.text):,}."
        elif len(own_text(spec)) < 4 * n_tokens(spec):
            found["text"] = f"The text needs {4 * n_tokens(spec):,} characters or more; it has {len(own_text(spec)):,}."
    return found
