"""The permutation test: without positions an encoder's answer to shuffled words is its answer, shuffled."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models import zoo
from models.positions.shuffling import SAME, order_of, shuffled, silenced
from models.records import Config
from models.scratch.vision import build

TEXT = "The cat sat on the mat because it was tired."


def test_equivariance_is_exact_but_for_rounding() -> None:
    """In float64 the largest difference over ten orders is below 1e-12; with any encoding it is not."""
    for name in ("none", "learned", "sinusoidal", "rope", "alibi", "t5"):
        torch.manual_seed(0)
        shape = Config(d_vocab=30, kind="encoder", position=name, init_std=0.3, embedding_std=0.3)
        model = build(shape).double().eval()
        tokens = torch.randint(0, 30, (1, 12))
        apart = []
        for _ in range(10):
            order = torch.randperm(12)
            with torch.no_grad():
                apart.append((model(tokens)[:, order] - model(tokens[:, order])).abs().max().item())
        assert (max(apart) < 1e-12) == (name == "none"), (name, max(apart))


@pytest.mark.parametrize(
    "name", ["bert-stories", "roformer-stories", "marian-en-fr", "bart-summary", "distil-sentiment", "bert-qa"]
)
def test_real_encoders_read_a_set_without_their_positions(name: str) -> None:
    found = shuffled(zoo.load(name), "Mary went to the kitchen then John left", 3)
    assert found.largest > 0.1
    assert found.largest_without is not None
    assert found.largest_without < 5e-6
    assert "reads a set of words" in found.verdict


@pytest.mark.parametrize("name", ["gpt-stories", "mistral-stories"])
def test_a_mask_tells_order_by_itself(name: str) -> None:
    found = shuffled(zoo.load(name), TEXT, 1)
    assert found.causal
    assert found.largest_without is not None
    assert found.largest_without > 0.01
    assert "the mask by itself" in found.verdict


@pytest.mark.parametrize("name", ["bert", "distilbert", "albert", "roberta", "t5", "bart"])
def test_tiny_encoders_of_every_kind(folders: Path, name: str) -> None:
    found = shuffled(zoo.load(str(folders / name)), TEXT, 1)
    assert found.largest_without is not None
    assert found.largest_without <= SAME


def test_bloom_without_its_slopes_has_only_the_mask(folders: Path) -> None:
    """One layer's last token reads everything: with every distance 0 it becomes the same in any order before it."""
    model = zoo.load(str(folders / "bloom")).module
    model.transformer.h = model.transformer.h[:1]
    ids = torch.randint(3, 40, (1, 9))
    order = torch.tensor([3, 1, 0, 2, 5, 4, 7, 6, 8])

    def last(given: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return model.transformer(input_ids=given).last_hidden_state[0, -1]

    before = last(ids)
    assert (last(ids[:, order]) - before).abs().max() > 1e-4
    with silenced(model):
        torch.testing.assert_close(last(ids[:, order]), last(ids), atol=1e-5, rtol=0)
    torch.testing.assert_close(last(ids), before, atol=0, rtol=0)  # its positions came back


def test_other_threads_keep_their_positions() -> None:
    model = zoo.load("bert-stories").module
    ids = torch.randint(5, 500, (1, 10))

    def run() -> Any:
        with torch.no_grad():
            return model(input_ids=ids).logits

    before, seen = run(), []
    with silenced(model):
        thread = threading.Thread(target=lambda: seen.append(run()))
        thread.start()
        thread.join()
        assert not torch.equal(run(), before)
    assert torch.equal(seen[0], before)
    assert torch.equal(run(), before)


def test_orders_are_orders_and_never_the_same() -> None:
    for seed in range(50):
        order = order_of(8, [1, 2, 3, 4, 5, 6], seed)
        assert sorted(order) == list(range(8))
        assert (order[0], order[7]) == (0, 7)
        assert order != list(range(8))
    assert order_of(8, [1, 2, 3], 4) == order_of(8, [1, 2, 3], 4)


def test_special_tokens_keep_their_places() -> None:
    found = shuffled(zoo.load("bert-stories"), TEXT, 2)
    assert found.order[0] == 0
    assert found.order[-1] == len(found.tokens) - 1
    assert len(found.apart) == len(found.tokens)
    assert np.isfinite(found.apart).all()


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("vit-fashion", TEXT, "reads no text by itself"),
        ("bert-stories", "king", "give it 3 or more"),
        ("bert-stories", "   ", "There is no text yet"),
    ],
)
def test_bad_inputs_say_sentences(name: str, text: str, sentence: str) -> None:
    with pytest.raises((zoo.InputError, zoo.NothingToRead), match=sentence):
        shuffled(zoo.load(name), text, 1)
