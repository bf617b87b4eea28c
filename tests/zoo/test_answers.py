"""Bundled models answer their own examples, through the same door as any other model."""

import re

import numpy as np
import pytest
from PIL import Image

from models import zoo
from models.records import Answer, Card, Trace
from models.zoo import __main__ as command
from models.zoo.model import Model
from models.zoo.recipes import caption_shapes, scenes

CARDS = {card.name: card for card in zoo.bundled()}


@pytest.fixture(scope="module")
def look():
    """A trace of one example of a bundled model, by its title; models are loaded once."""
    loaded: dict[str, Model] = {}

    def trace(name: str, example: dict[str, str]) -> Trace:
        model = loaded.setdefault(name, zoo.load(name))
        picture = example.get("picture")
        image = Image.open(zoo.folder(name) / picture) if picture else None
        return model.trace(example.get("text", ""), pair=example.get("question"), image=image)

    return trace


@pytest.mark.parametrize("name", CARDS)
def test_every_example_is_read_and_drawn(name: str, look) -> None:
    card: Card = CARDS[name]
    for example in card.examples:
        trace = look(name, example)
        assert trace.info.name == name
        assert trace.ranking is not None or trace.answer is not None
        names = [stack.name for stack in trace.attentions]
        stack = trace.attentions[names.index(card.stack) if card.stack else 0]
        for role in card.heads.values():
            weights = stack.at(role["layer"], role["head"])
            assert np.abs(weights.sum(-1) - 1).max() < 1e-4


def said(look, name: str, title: str) -> Answer:
    example = next(example for example in CARDS[name].examples if example["title"] == title)
    answer = look(name, example).answer
    assert answer is not None
    return answer


def test_sums_are_right(look) -> None:
    for example in CARDS["algo-add"].examples:
        left, right, *begun = map(str, re.findall(r"\d+", example["text"]))
        answer = look("algo-add", example).answer
        whole = "".join(begun) + answer.text
        assert int(whole[::-1]) == int(left) + int(right)


def test_letters_come_out_backwards_and_sorted(look) -> None:
    for name, order in (("algo-reverse", lambda s: s[::-1]), ("algo-sort", lambda s: "".join(sorted(s)))):
        for example in CARDS[name].examples:
            asked, _, begun = re.sub(r"\s", "", example["text"]).partition("=")
            if not asked.isalpha():
                asked, begun = re.match(r"([a-z]+)\W+([a-z]*)", re.sub(r"\s", "", example["text"])).groups()
            assert begun + look(name, example).answer.text == order(asked)


def test_questions_are_answered_from_the_text(look) -> None:
    assert said(look, "bert-qa", "The last move counts").text == "office"


def test_sentences_are_translated(look) -> None:
    assert said(look, "marian-en-fr", "Word for word").text == "Le chat est sous la table."


def test_shapes_are_boxed(look) -> None:
    answer = said(look, "detr-shapes", "Three shapes")
    assert sorted(name for name, _, _ in answer.boxes) == ["circle", "square", "triangle"]
    for _, probability, (left, top, right, bottom) in answer.boxes:
        assert probability > 0.9
        assert right - left > 8
        assert bottom - top > 8


def test_a_caption_is_painted(look) -> None:
    picture = said(look, "dalle-shapes", "One shape").picture
    assert picture is not None
    red = (picture[..., 0] > 150) & (picture[..., 1] < 120)
    assert 8 <= red.sum() <= 30


def test_a_captioner_says_what_it_sees(look) -> None:
    drawn = [caption_shapes.sample(caption_shapes.TEST_SEED, number)[0] for number in range(20)]
    unseen = caption_shapes.sample(caption_shapes.TEST_SEED, 0, scenes.UNSEEN)[0]
    one, two = (next(scene for scene in drawn if len(scene.things) == count) for count in (1, 2))
    titles = ("One shape", "Two shapes", "A pair it never saw")
    for title, scene in zip(titles, (one, two, unseen), strict=True):
        assert said(look, "caption-shapes", title).text == caption_shapes.caption(scene)


def test_a_questioner_without_a_question_is_asked_for_one() -> None:
    with pytest.raises(zoo.NothingToRead, match="no question"):
        zoo.load("bert-qa").trace("Mary went to the office.", pair="  ")


def test_the_table_in_the_docs_is_made_from_the_cards() -> None:
    assert command.TABLE.read_text("utf-8") == command.table()
