"""A made-up world in the words of bAbI: people move between places, take things and put them down.

One list of events gives the story, the answer to any question about it with the sentence that supports the answer, and
a summary of how things stand at the end (Weston et al. 2015, "Towards AI-Complete Question Answering", task 1 and 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NAMES = ("Mary", "John", "Daniel", "Sandra", "Anna", "Peter", "Emma", "Paul")
PLACES = ("bathroom", "hallway", "garden", "office", "bedroom", "kitchen", "cellar", "library")
THINGS = ("milk", "football", "apple", "letter")
VERBS = {
    "move": ("moved to", "went to", "journeyed to", "travelled to", "went back to"),
    "take": ("took", "got", "grabbed", "picked up"),
    "leave": ("dropped", "left", "discarded", "put down"),
}


@dataclass(frozen=True)
class Event:
    """Somebody moves to a place, takes a thing or leaves it; `how` is the verb of the sentence."""

    who: str
    kind: str  # "move", "take" or "leave"
    what: str
    how: str

    @property
    def sentence(self) -> str:
        """In words."""
        return f"{self.who} {self.how} the {self.what}."


Story = tuple[Event, ...]


@dataclass(frozen=True)
class Question:
    """A question about the end of a story, its one-word answer, and the number of the sentence that says so."""

    text: str
    answer: str
    support: int


def happen(chance: np.random.Generator, n_events: int, n_people: int, n_things: int) -> Story:
    """A story in which people move before they do anything else, and take only what nobody has."""
    people = [NAMES[i] for i in chance.permutation(len(NAMES))[:n_people]]
    things = [THINGS[i] for i in chance.permutation(len(THINGS))[:n_things]]
    places: dict[str, str] = {}
    holder: dict[str, str] = {}
    story: list[Event] = []
    for _ in range(n_events):
        who = people[chance.integers(len(people))]
        choices = [("move", place) for place in PLACES if place != places.get(who)]
        if who in places:  # as likely to act on a thing, where there is one, as to move
            acts = [("take", thing) for thing in things if thing not in holder]
            acts += [("leave", thing) for thing in things if holder.get(thing) == who]
            choices = acts if acts and chance.random() < 0.5 else choices
        kind, what = choices[chance.integers(len(choices))]
        if kind == "move":
            places[who] = what
        elif kind == "take":
            holder[what] = who
        else:
            del holder[what]
        story.append(Event(who, kind, what, VERBS[kind][chance.integers(len(VERBS[kind]))]))
    return tuple(story)


def told(story: Story) -> str:
    """The story in words."""
    return " ".join(event.sentence for event in story)


def questions(story: Story) -> tuple[Question, ...]:
    """Everything that can be asked: where each person is, and who has each thing that somebody has."""
    last_move = {event.who: i for i, event in enumerate(story) if event.kind == "move"}
    last_act = {event.what: i for i, event in enumerate(story) if event.kind != "move"}
    where = [Question(f"Where is {who}?", story[i].what, i) for who, i in last_move.items()]
    has = [Question(f"Who has the {thing}?", story[i].who, i) for thing, i in last_act.items() if _held(story[i])]
    return (*where, *has)


def _held(event: Event) -> bool:
    return event.kind == "take"


def overruled(sentences: Sequence[str]) -> tuple[bool, ...]:
    """Per sentence, whether a later one says something newer: of the same person's place, or of the same thing."""
    subjects = []
    for sentence in sentences:
        first, *_, last = sentence.removesuffix(".").split()
        subjects.append(first if last in PLACES else last)
    return tuple(subject in subjects[i + 1 :] for i, subject in enumerate(subjects))


def holding(sentences: Sequence[str]) -> list[float]:
    """Per word and full stop of a story: 1 in sentences that still hold at its end, 0 in overruled ones."""
    pairs = zip(sentences, overruled(sentences), strict=True)
    return [float(not gone) for sentence, gone in pairs for _ in range(len(sentence.split()) + 1)]


def summary(story: Story) -> str:
    """How things stand at the end: a sentence per person, in the order in which they came up."""
    place = {event.who: event.what for event in story if event.kind == "move"}  # the last one stays
    last_act = {event.what: event for event in story if event.kind != "move"}
    held = [(event.who, thing) for thing, event in last_act.items() if _held(event)]
    sentences = []
    for who in dict.fromkeys(event.who for event in story):
        things = " and ".join(f"the {thing}" for thing in THINGS if (who, thing) in held)
        sentences.append(f"{who} is in the {place[who]}" + (f" with {things}." if things else "."))
    return " ".join(sentences)


def vocabulary() -> tuple[str, ...]:
    """Every word and mark of stories, questions and summaries, in lower case."""
    phrases = (*NAMES, *PLACES, *THINGS, *(verb for verbs in VERBS.values() for verb in verbs))
    said = " ".join(phrases).lower().split() + "the is in with and where who has . ?".split()
    return tuple(dict.fromkeys(said))
