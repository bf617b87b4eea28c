"""Query, key and what lies between them and the weights, as the workbench sends them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models import zoo
from models.records import Head, Trace
from tests.viz import traces
from tests.viz.decoder import unpack
from viz.views import neurons, workbench

TEXT = "The cat sat on the mat because it was tired."


def weights_of(header: dict, parts: dict[str, np.ndarray], n_keys: int) -> np.ndarray:
    """The weights [row, key] that follow from what was sent, by plain reading of the formula."""
    said = header["neurons"]
    query, key = (parts[f"neurons_{name}"].astype(float) for name in ("query", "key"))
    scores = query @ key.T * (1 if said["scale"] is None else said["scale"])
    if "softcap" in said:
        scores = said["softcap"] * np.tanh(scores / said["softcap"])
    if "neurons_bias" in parts:
        scores = scores + parts["neurons_bias"]
    rows = np.arange(len(query)) if "query" not in said else np.array([said["query"]])
    allowed = np.ones(scores.shape, bool)
    if said["mask"] == "causal":
        allowed = np.arange(n_keys) <= rows[:, None]
    if said["mask"] == "bits":
        allowed = np.unpackbits(parts["neurons_mask"])[: allowed.size].reshape(allowed.shape).astype(bool)
    powers = np.where(allowed, np.exp(scores), 0)
    return powers / (powers.sum(-1, keepdims=True) + (np.exp(said["sink"]) if "sink" in said else 0))


MODELS = ["gpt2", "llama", "mistral", "gemma2", "gpt_oss", "bert", "distilbert", "albert", "t5", "bart", "bloom"]


@pytest.mark.parametrize("name", MODELS)
def test_what_is_sent_makes_the_models_weights(folders: Path, name: str) -> None:
    model = zoo.load(str(folders / name))
    target = {"target": "Dog is here"} if name in ("t5", "bart") else {}
    trace = model.trace(TEXT, keep={"scores"} if name == "bloom" else set(), **target)
    for number, stack in enumerate(trace.attentions):
        for layer, head in ((0, 0), (1, 3)):
            part = trace.qkv(number, layer, head)
            header, parts = unpack(workbench.view(trace, attention=number, neurons=(layer, head)).pack())
            assert header["neurons"]["head"] == [layer, head]
            assert np.array_equal(parts["neurons_query"], part.query)
            assert np.array_equal(parts["neurons_key"], part.key)
            worst = abs(weights_of(header, parts, len(stack.keys)) - part.weights).max()
            assert worst <= 1e-6
            assert header["neurons"]["check"] == pytest.approx(worst, rel=0.06)


def test_what_each_family_adds(folders: Path) -> None:
    def said(name: str, attention: int = 0, layer: int = 1, **options: object) -> tuple[dict, set[str]]:
        trace = zoo.load(str(folders / name)).trace(TEXT, **options)  # type: ignore[arg-type]
        view = workbench.view(trace, attention=attention, neurons=(layer, 2))
        return view.header["neurons"], {part[8:] for part in view.parts if part.startswith("neurons_")}

    plain = {"query", "key"}
    assert said("gpt2") == ({**said("gpt2")[0], "mask": "causal", "scale": 8**-0.5, "d": 8}, plain)
    assert said("bert")[0]["mask"] == "all"
    assert (said("gemma2")[0]["softcap"], said("gemma2")[1]) == (2.0, plain)
    assert "sink" in said("gpt_oss")[0]
    assert said("mistral") == ({**said("mistral")[0], "mask": "bits"}, {*plain, "mask"})  # a window
    assert said("t5", target="Dog")[1] == {*plain, "bias"}  # relative positions
    assert said("t5", attention=2, target="Dog")[1] == plain  # cross-attention has none
    bloom, parts = said("bloom", keep={"scores"})
    assert (bloom["scale"], parts) == (8**-0.5, {*plain, "bias"})  # ALiBi, read off the scores


def test_grouped_heads_share_a_key(folders: Path) -> None:
    trace = zoo.load(str(folders / "llama")).trace(TEXT)
    keys = [workbench.view(trace, neurons=(1, head)).parts["neurons_key"] for head in range(4)]
    assert np.array_equal(keys[0], keys[1])
    assert np.array_equal(keys[2], keys[3])
    assert not np.array_equal(keys[1], keys[2])


def test_a_model_that_hides_query_or_scores_says_so(folders: Path) -> None:
    for name, why in (("xlnet", neurons.UNSEEN), ("bloom", neurons.NO_SCORES)):
        view = workbench.view(zoo.load(str(folders / name)).trace(TEXT), neurons=(1, 2))
        assert view.header["neurons"] == {"head": [1, 2], "why": why}
        assert not [part for part in view.parts if part.startswith("neurons")]
    view = workbench.view(traces.trace(), neurons=(1, 2))
    assert view.header["neurons"] == {"head": [1, 2], "why": neurons.NOTHING}


def made(n: int, d: int, bias: bool = False, seed: int = 0) -> Trace:
    """A trace whose heads all compute with the same random query and key, causal."""
    rng = np.random.default_rng(seed)
    query, key = rng.normal(size=(2, n, d)).astype(np.float32)
    past = np.tri(n, dtype=bool)
    scores = query @ key.T / np.float32(np.sqrt(d))
    if bias:
        scores += (np.arange(n) - np.arange(n)[:, None]).astype(np.float32) * np.float32(0.01)
    weights = traces.softmax(np.where(past, scores, -np.inf))
    trace = traces.trace([weights[None]], labels=n)
    scores = np.where(past, scores, np.finfo(np.float32).min).astype(np.float32)
    head = Head(query, key, None, scores, weights, None, float(d**-0.5))
    return replace(trace, parts=lambda *_: head)


def test_a_head_that_is_too_large_comes_a_row_at_a_time() -> None:
    trace = made(600, 1024)
    whole = 2 * 4 * 600 * 1024
    assert whole > neurons.LIMIT
    for asked, row in (((0, 0), 599), ((0, 0, 17), 17)):
        view = workbench.view(trace, neurons=asked)
        assert view.header["neurons"]["query"] == row
        assert view.parts["neurons_query"].shape == (1, 1024)
        assert view.parts["neurons_key"].shape == (600, 1024)
        sent = weights_of(view.header, view.parts, 600)
        np.testing.assert_allclose(sent[0], trace.attentions[0].at(0, 0)[row], atol=1e-6)
    with_bias = workbench.view(made(1100, 16, bias=True), neurons=(0, 0))  # 1100 x 1100 x 4 bytes of bias
    assert with_bias.parts["neurons_bias"].shape == (1, 1100)
    assert "query" not in workbench.view(made(1100, 16), neurons=(0, 0)).header["neurons"]


def test_a_wrong_weight_shows_in_the_check() -> None:
    trace = made(12, 4)
    head = trace.qkv(0, 0, 0)
    wrong = head.weights.copy()
    wrong[5, 2] += 0.03
    trace = replace(trace, parts=lambda *_: replace(head, weights=wrong))
    assert workbench.view(trace, neurons=(0, 0)).header["neurons"]["check"] == pytest.approx(0.03, abs=1e-3)


def test_scores_that_are_no_multiple_of_the_product_are_one_number() -> None:
    trace = made(12, 4)
    head = trace.qkv(0, 0, 0)
    rng = np.random.default_rng(1)
    scores = (head.scores + rng.normal(size=(12, 12)) * (head.scores > -5_000)).astype(np.float32)
    weights = traces.softmax(np.where(scores > -5_000, scores, -np.inf))
    part = replace(head, scores=scores, weights=weights, scale=None)
    view = workbench.view(replace(trace, parts=lambda *_: part), neurons=(0, 0))
    assert view.header["neurons"]["scale"] is None
    np.testing.assert_allclose(weights_of(view.header, view.parts, 12), weights, atol=1e-6)


def test_heads_are_asked_for_in_words() -> None:
    assert neurons.asked("3.2") == (3, 2)
    assert neurons.asked("3.2.17") == (3, 2, 17)
    assert [neurons.asked(text) for text in ("", "3", "3.2.1.0", "x.2", "3.2,1.0", "-1.2")] == [None] * 6
    view = workbench.view(traces.trace(), state={"heads": "2.1"})
    assert neurons.head_of(view, "3.0.4") == (3, 0, 4)
    assert neurons.head_of(view, "9.0", ((1, 3),)) == (1, 3)
    assert neurons.head_of(view, "") == (2, 1)
    assert neurons.added(view, traces.trace(), 0, (9, 9)) is view


def test_the_same_head_is_the_same_bytes(folders: Path) -> None:
    trace = zoo.load(str(folders / "gpt2")).trace(TEXT)
    assert workbench.view(trace, neurons=(1, 1)).pack() == workbench.view(trace, neurons=(1, 1)).pack()
