"""What answers rest on: shapes, and numbers against finite differences, the library's weights, and by hand."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from models.language import attribution, reading, summary
from models.records import Scores
from models.zoo.given import Given
from models.zoo.model import Model

Load = Callable[[str], Model]
CASES = {
    "roberta-sentiment": ("sentiment", Given("a dull , predictable mess that wastes its talented cast .")),
    "bert-qa": ("questions", Given("Mary moved to the bathroom. John went to the hallway.", "Where is John?")),
    "bert-stories": ("gaps", Given("The [MASK] had a [MASK] daughter.")),
    "marian-en-fr": ("translation", Given("She bought a red car.", most=20)),
    "llama-classes": ("sentiment", Given("The cat sat on the mat.")),
    "albert-gaps": ("gaps", Given("The <mask> sat on the mat.")),
    "xlmr-questions": ("questions", Given("The cat sat on the mat.", "Who sat?")),
    "m2m100": ("translation", Given("The cat sat.", languages=("eng_Latn", "fra_Latn"), most=6)),
    "t5": ("translation", Given("translate English to German: The cat sat.", most=6)),
}


@pytest.mark.parametrize("name", CASES)
def test_every_row_has_a_value_per_token(task_model: Load, name: str) -> None:
    model, (task, given) = task_model(name), CASES[name]
    read = reading.read(model, given, task)
    prepared = reading.prepare(model, given, task)
    targets = reading.targets(model, read, prepared)
    raw = attribution.attention(model, model.look(given), read)
    found = attribution.gradients(model, prepared, read, lambda target: model.look(given, gradient_of=target))
    assert raw
    for scores in (*raw, *found):
        assert scores.values.shape == (len(targets), len(read.tokens))
        assert np.isfinite(scores.values).all()
    for scores in raw:
        np.testing.assert_allclose(scores.values.sum(-1), 1, atol=1e-4)
    assert [scores.signed for scores in found] == [False] * (len(found) - 1) + [True]


@pytest.mark.parametrize("name", ["roberta-sentiment", "bert-qa", "marian-en-fr", "llama-classes"])
def test_gradient_times_input_is_the_slope_along_each_embedding(task_model: Load, name: str) -> None:
    """d/dt of the logit with one embedding scaled by 1 + t, by central differences in float64."""
    model, (task, given) = task_model(name), CASES[name]
    read = reading.read(model, given, task)
    prepared = reading.prepare(model, given, task)
    target = reading.targets(model, read, prepared)[0]
    found = attribution.gradient_times_input(model, prepared, [target]).values[0]
    scale = model.info.d_model**0.5 if name == "marian-en-fr" else 1
    embedded = scale * model.module.get_input_embeddings()(prepared.arguments["input_ids"]).detach()
    rest = {key: value for key, value in prepared.arguments.items() if key != "input_ids"}

    def logit(place: int, by: float) -> float:
        moved = embedded.clone()
        moved[0, place] *= 1 + by
        with torch.no_grad():
            return float(target(model.module(inputs_embeds=moved, **rest)))

    step = 0.02
    slopes = [(logit(i, step) - logit(i, -step)) / (2 * step) for i in range(len(found))]
    np.testing.assert_allclose(found, slopes, atol=0.02 * max(1, np.abs(slopes).max()))


def test_attention_is_the_librarys_own(task_model: Load) -> None:
    model, (task, given) = task_model("roberta-sentiment"), CASES["roberta-sentiment"]
    read = reading.read(model, given, task)
    found = attribution.attention(model, model.look(given), read)[0].values[0]
    before = model.module.config._attn_implementation
    try:
        model.module.set_attn_implementation("eager")
        ids = torch.tensor([reading.prepare(model, given, task).ids])
        with torch.no_grad():
            expected = model.module(ids, output_attentions=True).attentions[-1][0].mean(0)[0]
    finally:
        model.module.set_attn_implementation(before)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_cross_attention_rows_are_where_a_token_was_written(task_model: Load) -> None:
    model, (task, given) = task_model("marian-en-fr"), CASES["marian-en-fr"]
    trace, read = model.look(given), reading.read(model, given, task)
    cross = next(stack for stack in trace.attentions if stack.kind == "cross")
    assert read.passage is not None
    found = attribution.attention(model, trace, read)
    expected = np.mean([layer.mean(0) for layer in cross.weights], 0)[: len(read.passage.tokens)]
    np.testing.assert_allclose(found[0].values, expected, atol=1e-6)


def test_another_class_is_explained_when_it_is_chosen(task_model: Load) -> None:
    model, (task, given) = task_model("roberta-sentiment"), CASES["roberta-sentiment"]
    read, prepared = reading.read(model, given, task), reading.prepare(model, given, task)
    one, other = (
        attribution.gradient_times_input(model, prepared, reading.targets(model, read, prepared, number)).values
        for number in (0, 1)
    )
    assert np.abs(one - other).max() > 1e-3


def test_agreement_is_spearmans() -> None:
    a = Scores("a", np.array([[0.1, 0.4, 0.2, 0.3, 9]], np.float32), "")
    b = Scores("b", np.array([[-1, -4, 2, 3, 0]], np.float32), "", signed=True)
    c = Scores("c", np.array([[4, 1, 3, 2, 7]], np.float32), "")
    special = np.array([False] * 4 + [True])
    assert attribution.agreement(a, b, special) == pytest.approx(1)
    assert attribution.agreement(a, c, special) == pytest.approx(-1)
    assert attribution.agreement(a, Scores("d", np.ones((1, 5), np.float32), ""), special) is None


def test_a_summary_is_entropy_and_the_strongest_pairs(task_model: Load) -> None:
    model = task_model("roberta-sentiment")
    trace = model.look(CASES["roberta-sentiment"][1])
    stack = trace.attentions[0]
    found = summary.summary(trace)
    every = np.concatenate(list(stack.weights))
    rows = every[:, ~stack.queries.special]
    entropy = -(rows * np.log2(np.where(rows > 0, rows, 1))).sum(-1) / np.log2(rows.shape[-1])
    assert found.entropy == pytest.approx(float(entropy.mean()), abs=1e-5)
    mean = every.mean(0)
    a, b, share = found.pairs[0]
    best = max(
        (float(mean[i, j]), i, j)
        for i in range(len(mean))
        for j in range(len(mean))
        if i != j and not stack.queries.special[i] and not stack.keys.special[j]
    )
    assert share == pytest.approx(best[0], abs=1e-6)
    assert (a, b) == (stack.queries.labels[best[1]].strip(), stack.keys.labels[best[2]].strip())
