"""Made-up texts to fine-tune on, written by rule: no person wrote them, and nothing in them is true of anything.

They are in lower case with spaces around punctuation, as the film reviews are that `roberta-sentiment` has read.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from models.tuning.data import Data, labelled, plain

ROWS = 600
SEED = 20


@dataclass(frozen=True)
class Example:
    """A data set that comes with Headlight: what the page calls it and says of it, and what makes it."""

    title: str
    sentence: str
    make: Callable[[], Data]
    labelled: bool = True


THINGS = (
    "the concert", "the speech", "the party", "the walk", "the play", "the lesson", "the dinner", "the song",
    "the match", "the museum", "the letter", "the dance", "the tour", "the picnic", "the debate", "the evening",
)  # fmt: skip
GOOD = "moving warm funny charming lovely fresh clever brilliant touching delightful beautiful wonderful".split()
BAD = "dull tedious bland silly stale awful boring predictable lame pointless terrible ugly".split()
PLAIN = (
    "{thing} was {word} .",
    "{thing} was {word} , and that is all i have to say .",
    "we all thought that {thing} was {word} .",
    "{thing} was so {word} that we told everyone .",
    "there was {thing} , and it was {word} .",
)
TURNED = (  # the word means its contrary
    "{thing} was not {word} at all .",
    "nobody could call {thing} {word} .",
    "{thing} was anything but {word} .",
)
TURNED_SHARE = 0.3

FILM = (
    "the film", "the story", "the cast", "the plot", "the ending", "the music", "the script", "the camera work",
    "the first half", "the dialogue", "the humour", "the lead actor",
)  # fmt: skip
FILM_SAID = (
    "{thing} is {word} and {other} .",
    "{thing} was {word} , and the rest is {other} .",
    "{word} , {other} , and long after it one still thinks of {thing} .",
    "we all thought that {thing} was {word} .",
    "{thing} was so {word} that we told everyone .",
)
WRONG, FILM_ROWS = 1 / 3, 240  # share of the labels; few rows, so that wrong ones can be learnt by heart

TOPICS = {
    "weather": (
        "rain snow fog thunder frost wind".split(),
        ("{x} is expected over the hills by noon .", "the {x} lasted all night and half the morning .",
         "after the {x} the sky turned clear and pale .", "nobody had seen such {x} since the winter of last year ."),
    ),
    "food": (
        "soup bread rice cheese cake fish".split(),
        ("she put salt on the {x} and tasted it again .", "the {x} needs another ten minutes in the oven .",
         "they ate {x} with butter and a little lemon .", "add the {x} slowly and stir until it is smooth ."),
    ),
    "sport": (
        "goal race match jump throw team".split(),
        ("the {x} was decided in the very last minute .", "he trained all summer for this one {x} .",
         "the crowd stood up and cheered after the {x} .", "her second {x} was better than the first one ."),
    ),
    "travel": (
        "train ferry bus plane ticket suitcase".split(),
        ("the {x} was late and we missed the boat .", "we took the first {x} to the coast .",
         "he forgot the {x} at the station and had to go back .", "where do i find the {x} for the islands ?"),
    ),
}  # fmt: skip
WHEN = (
    "", "this time ", "on the first day ", "in the end ", "as we all know , ", "last week ", "to be fair , ",
    "in the morning ", "so they say : ", "on the way home ",
)  # fmt: skip

DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
HOURS = "five six seven eight nine ten eleven".split()
WINDS = "north east south west".split()
BOATS = ("the red boat", "the old ferry", "the small sloop", "the pilot", "the grey trawler")
LOADS = ("salt", "herring", "timber", "letters", "apples", "nothing")


def reviews() -> Data:
    """Praise and blame of everyday things, a part of it by saying what they were not."""
    chance = random.Random(SEED)

    def one() -> tuple[str, str]:
        praises, turned = chance.random() < 0.5, chance.random() < TURNED_SHARE
        pattern = chance.choice(TURNED if turned else PLAIN)
        word = chance.choice(BAD if praises == turned else GOOD)
        text = pattern.format(thing=chance.choice(THINGS), word=word)
        return chance.choice(WHEN) + text, "positive" if praises else "negative"

    return labelled(*_distinct(one))


def films(wrong: float = WRONG) -> Data:
    """Praise and blame of films, some labels of which are the wrong ones."""
    chance = random.Random(SEED)

    def one() -> tuple[str, str]:
        praises = chance.random() < 0.5
        words = chance.sample(GOOD if praises else BAD, 2)
        text = chance.choice(FILM_SAID).format(thing=chance.choice(FILM), word=words[0], other=words[1])
        return chance.choice(WHEN) + text, "positive" if praises else "negative"

    texts, labels = _distinct(one, FILM_ROWS)
    turned = {"positive": "negative", "negative": "positive"}
    slips = random.Random(SEED + 1)
    return labelled(texts, [turned[label] if slips.random() < wrong else label for label in labels])


def topics() -> Data:
    """Sentences of four topics."""
    chance = random.Random(SEED)

    def one() -> tuple[str, str]:
        topic = chance.choice(list(TOPICS))
        words, patterns = TOPICS[topic]
        return chance.choice(WHEN) + chance.choice(patterns).format(x=chance.choice(words)), topic

    return labelled(*_distinct(one))


def log() -> Data:
    """A harbour's log, every line by the same rule: what a language model can learn in a minute."""
    chance = random.Random(SEED)

    def one() -> tuple[str, str]:
        day, hour, wind = (chance.choice(words) for words in (DAYS, HOURS, WINDS))
        came = f"{chance.choice(BOATS)} came in at {hour} with {chance.choice(LOADS)} on board"
        return f"On {day.capitalize()} the wind was {wind}, and {came}.", ""

    return plain("\n".join(_distinct(one)[0]))


def _distinct(one: Callable[[], tuple[str, str]], n: int = ROWS) -> tuple[list[str], list[str]]:
    """So many different texts, each with its label."""
    found: dict[str, str] = {}
    while len(found) < n:
        text, label = one()
        found.setdefault(text, label)
    return list(found), list(found.values())


EXAMPLES: dict[str, Example] = {
    "reviews": Example(
        "Made-up reviews, many with a not",
        "Praise and blame of everyday things, written by rule. Three in ten say what a thing was not.",
        reviews,
    ),
    "films": Example(
        "Made-up film reviews, one label in three wrong",
        "Praise and blame of films, written by rule. One label in three is wrong, held-out ones too: to be right about "
        "all texts is to agree with two labels in three.",
        films,
    ),
    "topics": Example("Made-up topics", "Sentences about weather, food, sport and travel, written by rule.", topics),
    "log": Example("A made-up harbour log", "Lines of a log, all written by one rule.", log, labelled=False),
}
