"""Rounding to few bits: half a step at most, nothing where nothing is rounded, and what it does to attention."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models import zoo
from models.tuning import rounding
from models.tuning.examples import EXAMPLES
from models.tuning.spec import CLASSIFY, GAPS


@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize("bits", rounding.BITS)
def test_a_weight_moves_by_half_a_step_at_most(channel: int, bits: int) -> None:
    weight = torch.randn(40, 30, generator=torch.Generator().manual_seed(bits)) * torch.logspace(-3, 1, 30)
    found = rounding.rounded(weight, channel, bits)
    assert found.scale.shape == ((40, 1) if channel == 0 else (1, 30))
    assert found.codes.abs().max() == 2 ** (bits - 1) - 1
    assert ((found.weight() - weight).abs() <= found.scale / 2 * 1.0001).all()
    largest = weight.abs().amax(1 - channel, keepdim=True)
    assert torch.allclose(found.weight().abs().amax(1 - channel, keepdim=True), largest)  # the ends stay


def test_by_hand() -> None:
    found = rounding.rounded(torch.tensor([[1.27, -0.5, 0.004], [0.0, 0.0, 0.0]]))
    assert found.codes.tolist() == [[127, -50, 0], [0, 0, 0]]
    assert found.scale.flatten().tolist() == pytest.approx([0.01, 1.0])
    assert found.nbytes == 6 + 8


def test_the_tables_stay_and_the_sizes_add_up(folders: Path, tmp_path: Path) -> None:
    rounding.save(str(folders / "gpt2"), 8, tmp_path)
    before, after = zoo.load(str(folders / "gpt2")).module, zoo.load(str(tmp_path)).module
    small = sum(weight.numel() for weight, _ in rounding.matrices(before))
    channels = sum(weight.shape[channel] for weight, channel in rounding.matrices(before))
    every = sum(weight.numel() for weight in before.parameters())
    assert rounding.sizes(tmp_path) == (4 * every, 4 * (every - small) + small + 4 * channels)
    assert torch.equal(before.transformer.wte.weight, after.transformer.wte.weight)
    assert not torch.equal(before.transformer.h[0].attn.c_attn.weight, after.transformer.h[0].attn.c_attn.weight)


def test_attention_stays_where_nothing_is_rounded_and_moves_more_with_fewer_bits(tmp_path: Path) -> None:
    texts = EXAMPLES["reviews"].make().texts
    plain = zoo.load("roberta-sentiment")
    same = rounding.moved(plain, zoo.load("roberta-sentiment"), texts[:4])
    assert (same.mean.max(), same.largest.max(), same.agreed, same.n_texts) == (0.0, 0.0, 1.0, 4)
    far = []
    for bits in (8, 3):
        rounding.save("roberta-sentiment", bits, tmp_path / str(bits))
        far.append(rounding.moved(plain, zoo.load(str(tmp_path / str(bits))), texts[:4]))
    eight, three = far
    assert 0 < eight.mean.max() < 0.01 < three.mean.max()
    assert eight.agreed == 1.0
    assert (eight.mean <= eight.largest).all()
    assert eight.mean[eight.most] == np.max(eight.mean)


def test_it_is_graded_on_data_whose_classes_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    reviews = EXAMPLES["reviews"].make()
    found = rounding.graded("roberta-sentiment", CLASSIFY, reviews)
    assert found is not None
    assert len(found.answers) == 120
    assert found.accuracy == pytest.approx(0.667, abs=0.01)
    assert rounding.graded("roberta-sentiment", CLASSIFY, EXAMPLES["topics"].make()) is None
    monkeypatch.setattr(rounding, "find_spec", lambda name: None)
    assert rounding.speed("roberta-sentiment", "dull") is None  # true 8-bit weights need torchao
    assert rounding.graded("bert-stories", GAPS, EXAMPLES["log"].make()) is not None
