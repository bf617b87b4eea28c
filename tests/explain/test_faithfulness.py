"""Deletion and insertion: on a made-up answer whose truth is known, and on the bundled model."""

from __future__ import annotations

import numpy as np
from PIL import Image

from models import zoo
from models.explain.faithfulness import faithfulness
from models.explain.position_similarity import embeddings, similarity
from models.explain.relevance import of_stack, read_out
from models.zoo.given import Given
from models.zoo.occluded import Occluded

TRUTH = np.arange(10, dtype=np.float32)  # patch i is worth i


def worth(painted: np.ndarray) -> np.ndarray:
    return (~painted @ TRUTH / TRUTH.sum()).astype(np.float32)


def test_the_best_order_falls_first_and_rises_first() -> None:
    found = faithfulness(TRUTH, worth, steps=10)
    np.testing.assert_allclose(found.shares, np.linspace(0, 1, 11), atol=1e-6)
    np.testing.assert_allclose(found.deletion[:3], [1, 1 - 9 / 45, 1 - 17 / 45], atol=1e-6)
    np.testing.assert_allclose(found.insertion[:3], [0, 9 / 45, 17 / 45], atol=1e-6)
    areas = found.areas
    assert areas["deletion"] < areas["random deletion"]
    assert areas["insertion"] > areas["random insertion"]
    wrong = faithfulness(-TRUTH, worth, steps=10).areas
    assert wrong["deletion"] > wrong["random deletion"]
    np.testing.assert_allclose(areas["deletion"] + wrong["insertion"], 1 - 0 * areas["deletion"], atol=0.5)


def test_curves_begin_and_end_alike_and_a_seed_is_a_seed() -> None:
    one, two = (faithfulness(TRUTH, worth, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.random_deletion, two.random_deletion)
    assert np.ptp(np.append(one.random_deletion[:, 0], one.deletion[0])) == 0
    assert np.ptp(np.append(one.random_insertion[:, -1], one.insertion[-1])) == 0
    assert not np.array_equal(one.random_deletion, faithfulness(TRUTH, worth, seed=4).random_deletion)


def test_vit_fashion_s_relevance_beats_random_orders() -> None:
    model = zoo.load("vit-fashion")
    falls, rises = 0, 0
    for path in sorted(zoo.folder("vit-fashion").glob("*.png")):
        given = Given(image=Image.open(path))
        trace = model.look(given, gradient_of=-1)
        attention = trace.attentions[0]
        assert trace.ranking is not None
        row = read_out(of_stack(attention), attention.queries)[~attention.keys.special]
        occluded = Occluded(model, given, attention.keys, trace.ranking.ids[0])
        areas = faithfulness(row, occluded).areas
        falls += areas["deletion"] < areas["random deletion"]
        rises += areas["insertion"] > areas["random insertion"]
    assert falls == 10
    assert rises >= 8


def test_nothing_painted_over_is_the_model_s_own_answer() -> None:
    model = zoo.load("vit-fashion")
    given = Given(image=Image.open(zoo.folder("vit-fashion") / "bag.png"))
    trace = model.look(given)
    ranking = trace.ranking
    assert ranking is not None
    occluded = Occluded(model, given, trace.attentions[0].keys, ranking.ids[0])
    found = occluded(np.array([[False] * 49, [True] * 49]))
    np.testing.assert_allclose(found[0], ranking.probabilities[0], atol=1e-5)
    assert found[1] < 0.9 * found[0]


def test_position_embeddings_are_most_like_themselves() -> None:
    model = zoo.load("vit-fashion")
    table = embeddings(model)
    assert table is not None
    alike = similarity(table, (7, 7))
    assert alike is not None
    np.testing.assert_allclose(np.diag(alike), 1, atol=1e-5)
    np.testing.assert_allclose(alike, alike.T, atol=1e-6)
    np.testing.assert_allclose(
        alike[3, 5], table[4] @ table[6] / np.linalg.norm(table[4]) / np.linalg.norm(table[6]), atol=1e-6
    )
    assert similarity(table, (9, 9)) is None
    assert embeddings(zoo.load("detr-shapes")) is None
