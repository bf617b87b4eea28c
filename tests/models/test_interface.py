"""Captured attention against the library's own eager `output_attentions`."""

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from models import zoo
from models.zoo.model import Model
from tests import tiny

SENTENCE = "The cat sat on the mat because it was tired, and the king said: 'Who is there?' naïve 😀"


def eager(model: Model, folder: Path, ids: tuple[int, ...]) -> tuple[list[np.ndarray], torch.Tensor]:
    """The library's attentions and first output, from a fresh copy of the model in eager mode."""
    module = type(model.module).from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    with torch.no_grad():
        out = module(input_ids=torch.tensor([ids]), output_attentions=True)
    return [a[0].numpy() for a in out.attentions], out[0]


@pytest.mark.parametrize("name", tiny.MODELS)
def test_weights_equal_the_librarys_own(folders: Path, name: str) -> None:
    model = zoo.load(str(folders / name))
    attention = model.trace(SENTENCE).attentions[0]
    expected, _ = eager(model, folders / name, model.encode(SENTENCE).ids)
    assert len(attention.weights) == len(expected) == model.info.n_layers
    for ours, theirs in zip(attention.weights, expected, strict=True):
        assert ours.dtype == np.float32
        assert ours.shape == theirs.shape == (4, len(attention.queries), len(attention.keys))
        assert np.abs(ours - theirs).max() <= 1e-5


def test_weights_equal_the_librarys_own_on_real_weights(minilm: Path) -> None:
    model = zoo.load(str(minilm))
    for text in ("A lighthouse.", SENTENCE, SENTENCE * 20):
        attention = model.trace(text).attentions[0]
        expected, _ = eager(model, minilm, model.encode(text).ids)
        worst = max(np.abs(a - b).max() for a, b in zip(attention.weights, expected, strict=True))
        assert worst <= 1e-5


@pytest.mark.parametrize("name", [n for n in tiny.MODELS if n != "gpt_oss"])
def test_rows_sum_to_one(folders: Path, name: str) -> None:
    for weights in zoo.load(str(folders / name)).trace(SENTENCE).attentions[0].weights:
        assert np.abs(weights.sum(-1) - 1).max() <= 1e-5


def test_rows_with_learnt_sinks_sum_to_less_than_one(folders: Path) -> None:
    for weights in zoo.load(str(folders / "gpt_oss")).trace(SENTENCE).attentions[0].weights:
        assert (weights.sum(-1) < 1).all()


@pytest.mark.parametrize("name", ["gpt2", "llama", "mistral", "gemma2", "gpt_oss"])
def test_nobody_reads_the_future(folders: Path, name: str) -> None:
    attention = zoo.load(str(folders / name)).trace(SENTENCE).attentions[0]
    assert attention.causal
    for weights in attention.weights:
        assert (np.triu(weights, 1) == 0).all()


def test_a_sliding_window_ends_where_it_says(folders: Path) -> None:
    weights = zoo.load(str(folders / "mistral")).trace(SENTENCE).attentions[0].weights[0]
    query, key = np.indices(weights.shape[1:])
    assert (weights[:, query - key >= 5] == 0).all()
    assert (weights[:, (query - key < 5) & (key <= query)] > 0).all()


def test_one_head_is_the_layers_slice(folders: Path) -> None:
    for name in ("gpt2", "llama", "gemma2"):
        attention = zoo.load(str(folders / name)).trace(SENTENCE).attentions[0]
        for head in range(4):
            np.testing.assert_allclose(attention.at(1, head), attention.weights[1][head], atol=1e-7)


@pytest.mark.parametrize("name", tiny.MODELS)
def test_looking_does_not_change_the_output(folders: Path, name: str) -> None:
    from models.capture.active import Capture

    model = zoo.load(str(folders / name))
    ids = torch.tensor([model.encode(SENTENCE).ids])
    with torch.no_grad():
        before = model.module(input_ids=ids)[0]
        with Capture(model.modules):
            during = model.module(input_ids=ids)[0]
    assert torch.equal(before, during)
    _, expected = eager(model, folders / name, model.encode(SENTENCE).ids)
    assert (before - expected).abs().max() <= 1e-4


def test_records_are_read_only(folders: Path) -> None:
    weights = zoo.load(str(folders / "gpt2")).trace(SENTENCE).attentions[0].weights[0]
    with pytest.raises(ValueError, match="read-only"):
        weights[0, 0, 0] = 1


def test_visitors_of_one_model_do_not_see_each_other(folders: Path) -> None:
    model = zoo.load(str(folders / "llama"))
    texts = [SENTENCE[: 10 + 7 * i] for i in range(8)]
    alone = [model.trace(text).attentions[0].weights[1] for text in texts]
    wrong: list[str] = []

    def visit(i: int) -> None:
        for _ in range(25):
            attention = model.trace(texts[i]).attentions[0]
            if len(attention.weights) != 2 or not np.array_equal(attention.weights[1], alone[i]):
                wrong.append(texts[i])

    threads = [threading.Thread(target=visit, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_capture_is_over_after_an_exception(folders: Path) -> None:
    from models.capture import active

    model = zoo.load(str(folders / "gpt2"))
    with pytest.raises(IndexError), active.Capture(model.modules):
        model.module(input_ids=torch.tensor([[10**6]]))
    assert active.active() is None
