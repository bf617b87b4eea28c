"""What switching heads off changes, against torch and against arithmetic by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models import zoo
from models.capture.edits import Ablate
from models.explain import compare
from models.zoo.given import Given
from models.zoo.model import Model

TEXT = "Once upon a time there was a king who had"


def logits(model: Model, text: str) -> torch.Tensor:
    """The model's scores for the next token, as any caller gets them."""
    with torch.no_grad():
        return model.module(input_ids=torch.tensor([model.encode(text).ids])).logits[0, -1].double()


def test_the_bits_are_the_divergence_that_torch_computes_with_the_projections_rows_zeroed() -> None:
    model = zoo.load("gpt-stories")
    before = logits(model, TEXT).log_softmax(-1)
    weight = model.module.transformer.h[1].attn.c_proj.weight
    d_head, whole = model.info.d_head, weight.data.clone()
    try:
        for head in (0, 2):
            weight.data[head * d_head : (head + 1) * d_head] = 0
        after = logits(model, TEXT).log_softmax(-1)
    finally:
        weight.data.copy_(whole)
    expected = float((before.exp() * (before - after)).sum() / np.log(2))
    a, b = model.look(Given(TEXT)), model.look(Given(TEXT), edits=(Ablate(1, (0, 2)),))
    assert a.ranking is not None
    assert b.ranking is not None
    found = compare.shift(a.ranking, b.ranking)
    assert found is not None
    assert expected > 0.005
    assert found.bits == pytest.approx(expected, abs=1e-6)
    numbers = dict(zip(a.ranking.labels + b.ranking.labels, a.ranking.ids + b.ranking.ids, strict=True))
    for label, was, now in (*found.up, *found.down):
        assert was == pytest.approx(float(before[numbers[label]].exp()), abs=1e-6)
        assert now == pytest.approx(float(after[numbers[label]].exp()), abs=1e-6)


def test_layers_up_to_the_first_that_is_off_read_as_before() -> None:
    model = zoo.load("gpt-stories")
    a = model.look(Given(TEXT)).attentions[0].weights
    b = model.look(Given(TEXT), edits=(Ablate(1, 3),)).attentions[0].weights
    assert [bool(np.allclose(one, two, atol=1e-6)) for one, two in zip(a, b, strict=True)] == [True, True, False, False]


def test_a_decoder_goes_on_reading_what_the_whole_model_answers() -> None:
    model = zoo.load("bart-summary")
    given = Given(zoo.card("bart-summary").examples[0]["text"])  # type: ignore[union-attr]
    a, b = model.look(given), model.look(given, edits=(Ablate(0, None, attention=0), Ablate(1, None, attention=2)))
    assert a.attentions[1].queries.labels == b.attentions[1].queries.labels
    assert a.answer is not None
    assert b.answer is not None
    assert a.answer.text != b.answer.text
    with model.edit(Ablate(0, None, attention=0), Ablate(1, None, attention=2)):
        assert model.look(given).answer == b.answer
    assert model.look(given).answer == a.answer


@pytest.mark.parametrize("name", ["bert", "albert", "minilm"])
def test_a_model_without_an_answer_gives_its_last_hidden_states(folders: Path, minilm: Path, name: str) -> None:
    model = zoo.load(str(minilm if name == "minilm" else folders / name))
    trace = model.trace("The cat sat on the mat")
    assert trace.ranking is None
    with torch.no_grad():
        output = model.module(
            input_ids=torch.tensor([model.encode("The cat sat on the mat").ids]), output_hidden_states=True
        )
    assert trace.hidden is not None
    np.testing.assert_allclose(trace.hidden, output.hidden_states[-1][0], atol=1e-5)
    edited = model.look(Given("The cat sat on the mat"), edits=(Ablate(0, 1),))
    moved = compare.move(trace.hidden, edited.hidden)
    assert moved is not None
    assert edited.hidden is not None
    one, two = (torch.tensor(states).double().mean(0) for states in (trace.hidden, edited.hidden))
    assert moved.vector == pytest.approx(1 - float(torch.cosine_similarity(one, two, dim=0)), abs=1e-7)
    assert moved.vector > 0
    assert len(moved.positions) == len(trace.hidden)


def test_where_there_is_an_answer_no_hidden_states_are_kept(folders: Path) -> None:
    assert zoo.load(str(folders / "bert")).trace("The cat [MASK] on the mat").hidden is None
    assert zoo.load(str(folders / "gpt2")).trace("The cat").hidden is None


def test_a_move_by_hand() -> None:
    a = np.array([[1, 0], [0, 1], [0, 0]], np.float32)
    b = np.array([[0, 1], [0, 3], [1, 0]], np.float32)
    found = compare.move(a, b)
    assert found is not None
    np.testing.assert_allclose(found.positions, [1, 0, np.nan], atol=1e-7)
    assert found.vector == pytest.approx(1 - 5 / np.sqrt(2 * 17))
    assert compare.move(a, a[:2]) is None
    assert compare.move(None, a) is None
    same = compare.move(a, a)
    assert same is not None
    assert same.vector == pytest.approx(0, abs=1e-12)


def test_classes_and_spans_are_compared_over_all_candidates() -> None:
    card = zoo.card("bert-qa")
    assert card is not None
    model, example = zoo.load("bert-qa"), card.examples[0]
    given = Given(example["text"], example["question"])
    a, b = model.look(given).ranking, model.look(given, edits=(Ablate(1, 0),)).ranking
    assert a is not None
    assert b is not None
    assert a.every is not None
    assert a.every.sum() == pytest.approx(1, abs=1e-5)
    assert compare.shift(a, b) is not None
    model = zoo.load("vit-fashion")
    card = zoo.card("vit-fashion")
    assert card is not None
    seen = Given(image=Image.open(zoo.folder("vit-fashion") / card.examples[0]["picture"]))
    a, b = model.look(seen).ranking, model.look(seen, edits=(Ablate(0, 0),)).ranking
    assert a is not None
    assert b is not None
    assert a.every is not None
    assert b.every is not None
    found = compare.shift(a, b)
    assert found is not None
    p, q = a.every.astype(float), b.every.astype(float)
    assert found.bits == pytest.approx(float((p * np.log2(p / q)).sum()), abs=1e-6)
