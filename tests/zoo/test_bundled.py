"""The models that come with Headlight do what their cards say, as far as a few seconds and no data can tell.

`python -m models.zoo verify` measures every figure of every card again, with the data.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models.explain import heads
from models.records import Bools, Card, Floats
from models.zoo import cards, recipes
from models.zoo.recipes import (
    algo_add,
    algo_induction,
    algo_reverse,
    algo_sort,
    algorithms,
    attended,
    bart_summary,
    bert_qa,
    bert_stories,
    caption_shapes,
    dalle_shapes,
    detr_shapes,
    marian_en_fr,
    roberta_sentiment,
    scenes,
    shipped,
    vit_fashion,
)

BUNDLED = {card.name: card for card in cards.bundled() if card.name in recipes.names()}
LIMIT = 60_000_000  # bytes of all bundled models together

Pictures = Iterable[tuple[Floats, Bools]]


@pytest.fixture(scope="module")
def loaded() -> Callable[[str], tuple[Any, Any]]:
    """Model and processor by name, or a skip where the model is not bundled."""
    found: dict[str, tuple[Any, Any]] = {}

    def load(name: str) -> tuple[Any, Any]:
        if name not in BUNDLED:
            pytest.skip(f"{name} is not bundled yet")
        return found.setdefault(name, shipped.load(cards.BUNDLED / name))

    return load


def test_all_bundled_files_are_small() -> None:
    assert sum(file.stat().st_size for file in cards.BUNDLED.rglob("*") if file.is_file()) < LIMIT


@pytest.mark.parametrize("name", BUNDLED)
def test_a_card_is_the_recipes_with_figures(name: str) -> None:
    card = BUNDLED[name]
    said = json.loads(json.dumps(recipes.recipe(name).CARD))
    assert {key: json.loads(json.dumps(getattr(card, key))) for key in said} == said
    assert card.metrics
    assert {example["role"] for example in card.examples} <= set(card.heads)
    assert card.curve[-1]["step"] > 100


@pytest.mark.parametrize("name", BUNDLED)
def test_weights_are_half_precision_and_finite(name: str, loaded: Callable[[str], tuple[Any, Any]]) -> None:
    model, _ = loaded(name)
    size = sum(file.stat().st_size for file in (cards.BUNDLED / name).glob("*.safetensors"))
    assert size < 2.2 * model.num_parameters() + 100_000
    assert all(bool(value.isfinite().all()) for value in model.state_dict().values())


TASKS = {"algo-reverse": algo_reverse.TASK, "algo-sort": algo_sort.TASK, "algo-add": algo_add.TASK}


@pytest.mark.parametrize("name", TASKS)
def test_algorithms_are_exact_on_unseen_questions(name: str, loaded: Callable[[str], tuple[Any, Any]]) -> None:
    model, tokenizer = loaded(name)
    assert algorithms.exact(model, TASKS[name], tokenizer, algorithms.unseen(TASKS[name], 300, seed=9)) >= 98


def test_induction_works_on_unseen_periods_and_in_as_many_seeds_as_said(
    loaded: Callable[[str], tuple[Any, Any]],
) -> None:
    model, _ = loaded("algo-induction")
    card = BUNDLED["algo-induction"]
    assert algo_induction.accuracy(model, 50, 9)["letters_percent"] >= 99
    assert card.heads["induction"]["score"] > 0.5
    last = {row["seed"]: row["letters_percent"] for row in card.curve}
    assert len(last) == algo_induction.SEEDS == 5
    assert all(value >= algo_induction.WORKS for value in last.values())
    assert "Five of five seeds" in card.data


def test_answers_about_unseen_stories(loaded: Callable[[str], tuple[Any, Any]]) -> None:
    model, tokenizer = loaded("bert-qa")
    assert bert_qa.exact_match(model, tokenizer, bert_qa.own(9, 200, frozenset())) >= 95


def test_summaries_of_unseen_stories(loaded: Callable[[str], tuple[Any, Any]]) -> None:
    model, tokenizer = loaded("bart-summary")
    figures = bart_summary.graded(model, tokenizer, bart_summary.unseen(9, 50))
    assert figures["exact_percent"] >= BUNDLED["bart-summary"].metrics["exact_percent"] - 10


def test_objects_in_unseen_scenes(loaded: Callable[[str], tuple[Any, Any]]) -> None:
    model, _ = loaded("detr-shapes")
    assert detr_shapes.scored(model, 9, 100)["map_50"] >= 0.95


def test_captions_of_unseen_scenes(loaded: Callable[[str], tuple[Any, Any]]) -> None:
    model, (tokenizer, _) = loaded("caption-shapes")
    exact, _ = caption_shapes.exact(model, tokenizer, 9, 200)
    assert exact >= BUNDLED["caption-shapes"].metrics["exact_percent"] - 7


def test_pictures_of_unseen_captions(loaded: Callable[[str], tuple[Any, Any]]) -> None:
    model, tokenizer = loaded("dalle-shapes")
    right = dalle_shapes.right(model, tokenizer, dalle_shapes.unseen(9, 40), 9)
    assert right >= BUNDLED["dalle-shapes"].metrics["right_percent"] - 15


# What each card says a head does, on a few inputs of our own: role -> (weights, targets), as the recipe measures it.


def algorithm(name: str, looked_up: Any) -> Callable[[Any, Any], Pictures]:
    return lambda model, tokenizer: algorithms.looks(model, TASKS[name], tokenizer, looked_up, 20, 9)


def words(*sentences: str) -> Callable[[Any, Any], Pictures]:
    def pictures(model: Any, tokenizer: Any) -> Pictures:
        return bert_stories.looks(model, bert_stories.encode(tokenizer, sentences), -1)

    return pictures


def opinions(model: Any, tokenizer: Any) -> Pictures:
    texts = [example["text"] for example in roberta_sentiment.CARD["examples"][:3]]
    good_or_bad = frozenset("moving wonderfully warmth dull predictable mess wastes talented funny tedious".split())
    return roberta_sentiment.looks(model, tokenizer, texts, good_or_bad)


def clothes(model: Any, processor: Any) -> Pictures:
    names = [example["picture"] for example in BUNDLED["vit-fashion"].examples]
    return vit_fashion.looks(model, np.stack([np.array(Image.open(cards.BUNDLED / "vit-fashion" / n)) for n in names]))


PROBES: dict[tuple[str, str], tuple[Callable[[Any, Any], Pictures], float]] = {
    ("algo-reverse", "mirror"): (algorithm("algo-reverse", algo_reverse.mirrored), 0.5),
    ("algo-sort", "lookup"): (algorithm("algo-sort", algo_sort.places), 0.4),
    ("algo-add", "place"): (algorithm("algo-add", algo_add.digits), 0.3),
    ("bert-stories", "previous token"): (words("The king had a beautiful daughter.", "Where are you going?"), 0.3),
    ("roformer-stories", "previous token"): (words("The king had a beautiful daughter.", "Where are you going?"), 0.3),
    ("roberta-sentiment", "opinion"): (opinions, 0.3),
    ("distil-sentiment", "opinion"): (opinions, 0.2),  # an even share is 0.12, and no head has to do it alone
    ("vit-fashion", "cloth"): (clothes, 0.6),
    ("marian-en-fr", "alignment"): (
        lambda model, tokenizer: [
            marian_en_fr.aligned(model, tokenizer, "The cat is under the table.", "Le chat est sous la table."),
            marian_en_fr.aligned(model, tokenizer, "My brother has three dogs.", "Mon frère a trois chiens."),
        ],
        0.4,
    ),
    ("bert-qa", "supporting fact"): (
        lambda model, tokenizer: bert_qa.looks(model, tokenizer, bert_qa.own(9, 30, frozenset())),
        0.3,
    ),
    ("bart-summary", "last move"): (
        lambda model, tokenizer: [bart_summary.looks(model, tokenizer, s) for s in bart_summary.unseen(9, 20)],
        0.3,
    ),
    ("detr-shapes", "own box"): (lambda model, processor: detr_shapes.looks(model, 9, 30), 0.6),
    ("caption-shapes", "named thing"): (lambda model, pair: caption_shapes.looks(model, pair[0], 9, 30), 0.4),
    ("dalle-shapes", "colour word"): (lambda m, t: dalle_shapes.looks(m, t, "colour word", 20), 0.3),
    ("dalle-shapes", "shape word"): (lambda m, t: dalle_shapes.looks(m, t, "shape word", 20), 0.2),
}


@pytest.mark.parametrize(("name", "role"), PROBES)
def test_the_head_on_the_card_does_what_it_says(name: str, role: str, loaded: Callable[[str], tuple[Any, Any]]) -> None:
    model, processor = loaded(name)
    pictures, least = PROBES[name, role]
    head = BUNDLED[name].heads[role]
    seen = list(pictures(model, processor))
    scores = attended.share(seen)
    assert scores[head["layer"], head["head"]] >= least
    # the card's head was the best of many held-out inputs; on these few another may be, as far as chance allows
    best = attended.best(scores)
    ahead = [
        each[best["layer"], best["head"]] - each[head["layer"], head["head"]]
        for each in (attended.share([one]) for one in seen if one[1].any())
    ]
    assert np.mean(ahead) <= 0.1 + 2 * np.std(ahead) / len(ahead) ** 0.5
    assert head["score"] >= least


def test_every_role_of_an_example_is_probed_or_common() -> None:
    common = set(heads.ROLES)
    for name, card in BUNDLED.items():
        assert isinstance(card, Card)
        roles = {example["role"] for example in card.examples}
        assert roles - common <= {role for probed, role in PROBES if probed == name}


def test_unseen_pairs_are_named_on_the_cards_that_measure_them() -> None:
    for name in ("caption-shapes", "dalle-shapes"):
        text = recipes.recipe(name).CARD["data"].lower()
        assert all(f"{colour} {shape}" in text for colour, shape in scenes.UNSEEN)
    assert Path(cards.BUNDLED).is_dir()
