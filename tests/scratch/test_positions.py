"""Positions: what the papers promise of each, and the numbers that can be done by hand."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers.models.t5.modeling_t5 import T5Attention

from models.records import POSITIONS, Config
from models.scratch.positions import Position, bucket, offsets, slopes
from models.scratch.vision import build

PLACES = st.integers(0, 400)


def position(name: str, causal: bool = False, **shape: Any) -> Any:
    torch.manual_seed(0)
    return Position.kinds[name](Config(**{"d_vocab": 9, "position": name} | shape), causal)


def turned(rope: Any, x: Tensor, place: int) -> Tensor:
    """A vector as RoPE turns it at a place."""
    return rope.rotate(x.expand(1, 1, place + 1, -1))[0, 0, place]


def test_names_are_those_that_a_config_knows() -> None:
    assert tuple(Position.kinds) == POSITIONS


def test_what_an_encoding_leaves_out_does_nothing() -> None:
    nothing, x = position("none"), torch.randn(1, 5, 64)
    assert nothing.embed(x) is x
    assert nothing.rotate(x[None]) is not None
    assert nothing.bias(5, 5) is None


def test_learnt_positions_end() -> None:
    learned = position("learned", max_len=6)
    x = torch.randn(2, 6, 64)
    torch.testing.assert_close(learned.embed(x), x + learned.table)
    with pytest.raises(ValueError, match="7 positions were given; this table has learnt 6"):
        learned.embed(torch.randn(2, 7, 64))


def test_sines_by_hand() -> None:
    table = position("sinusoidal").table(6, 4)
    assert table[1].tolist() == pytest.approx([0.841471, 0.540302, 0.01, 0.99995], abs=1e-6)
    assert (table[0] @ table[1]).item() == pytest.approx(1.540252, abs=1e-5)
    assert (table[3] @ table[5]).item() == pytest.approx(0.583653, abs=1e-5)
    wide = position("sinusoidal").table(6, 8)
    assert [(wide[0] @ wide[k]).item() for k in (0, 1, 5)] == pytest.approx([4, 3.535256, 3.159983], abs=1e-5)


@given(p=PLACES, k=PLACES)
@settings(deadline=None)
def test_the_dot_product_of_two_places_is_a_sum_of_cosines_of_their_distance(p: int, k: int) -> None:
    for name in ("sinusoidal", "sinusoidal halves"):
        table = position(name).table(801, 8).double()
        expected = sum(math.cos(k * 10_000 ** (-i / 4)) for i in range(4))
        assert (table[p] @ table[p + k]).item() == pytest.approx(expected, abs=1e-5)


def test_rope_by_hand() -> None:
    rope, q, k = position("rope"), torch.tensor([1.0, 0, 0, 1]), torch.tensor([0.5, 0.5, 1, 0])
    assert turned(rope, q, 1).tolist() == pytest.approx([0.540302, 0.841471, -0.01, 0.99995], abs=1e-6)
    for m, n in ((5, 2), (103, 100)):
        assert (turned(rope, q, m) @ turned(rope, k, n)).item() == pytest.approx(-0.454432, abs=1e-5)


@pytest.mark.parametrize("name", ["rope", "rope halves"])
@given(m=PLACES, n=PLACES, shift=PLACES, seed=st.integers(0, 99))
@settings(deadline=None)
def test_rope_scores_depend_on_distance_only_and_lengths_are_kept(
    name: str, m: int, n: int, shift: int, seed: int
) -> None:
    rope = position(name)
    q, k = torch.randn(2, 16, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    score = turned(rope, q, m) @ turned(rope, k, n)
    assert (turned(rope, q, m + shift) @ turned(rope, k, n + shift)).item() == pytest.approx(score.item(), abs=1e-9)
    assert turned(rope, q, m).norm().item() == pytest.approx(q.norm().item())


def test_the_two_layouts_of_rope_are_one_rotation_on_other_pairs() -> None:
    x = torch.randn(1, 2, 9, 8)
    halves = torch.cat([x[..., 0::2], x[..., 1::2]], dim=-1)
    a, b = position("rope").rotate(x), position("rope halves").rotate(halves)
    torch.testing.assert_close(torch.cat([a[..., 0::2], a[..., 1::2]], dim=-1), b)
    assert not torch.allclose(a, position("rope halves").rotate(x))


@pytest.mark.parametrize(
    ("n_heads", "expected"),
    [
        (1, [2**-8]),
        (4, [1 / 4, 1 / 16, 1 / 64, 1 / 256]),
        (6, [0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125]),
        (8, [2.0**-i for i in range(1, 9)]),
        (12, [*(2.0**-i for i in range(1, 9)), 2**-0.5, 2**-1.5, 2**-2.5, 2**-3.5]),
    ],
)
def test_alibi_slopes(n_heads: int, expected: list[float]) -> None:
    assert slopes(n_heads) == pytest.approx(expected)


@pytest.mark.parametrize("n_heads", range(1, 33))
def test_alibi_slopes_are_those_of_bloom(n_heads: int) -> None:
    from transformers.models.bloom.modeling_bloom import build_alibi_tensor

    theirs = build_alibi_tensor(torch.ones(1, 3), n_heads, torch.float32).reshape(n_heads, 3)[:, 1]
    assert slopes(n_heads) == pytest.approx(theirs.tolist())


def test_alibi_falls_with_distance_on_both_sides() -> None:
    bias = position("alibi", n_heads=4).bias(3, 4)
    assert bias[0].tolist() == [[0, -0.25, -0.5, -0.75], [-0.25, 0, -0.25, -0.5], [-0.5, -0.25, 0, -0.25]]


@pytest.mark.parametrize("both_ways", [True, False])
def test_t5_buckets_are_the_librarys(both_ways: bool) -> None:
    offset = torch.arange(-300, 301)
    theirs = T5Attention._relative_position_bucket(offset, both_ways, 32, 128)
    assert bucket(offset, both_ways, 32, 128).tolist() == theirs.tolist()


def test_t5_buckets_by_hand() -> None:
    offset = torch.tensor([-200, -128, -127, -64, -16, -9, -8, -7, -1, 0, 1, 7, 8, 9, 16, 64, 127, 128, 200])
    both = [15, 15, 15, 14, 10, 8, 8, 7, 1, 0, 17, 23, 24, 24, 26, 30, 31, 31, 31]
    back = [31, 31, 31, 26, 16, 9, 8, 7, 1, *[0] * 10]
    assert bucket(offset, True, 32, 128).tolist() == both
    assert bucket(offset, False, 32, 128).tolist() == back


def test_t5_bias_is_the_number_of_the_bucket() -> None:
    t5 = position("t5", causal=True)
    assert torch.equal(t5.bias(5, 5)[2, 4, 1], t5.table[3, 2])
    assert offsets(2, 3).tolist() == [[0, 1, 2], [-1, 0, 1]]


@pytest.mark.parametrize("name", POSITIONS)
def test_without_positions_a_shuffled_text_gives_a_shuffled_answer(name: str) -> None:
    torch.manual_seed(0)
    shape = Config(d_vocab=30, kind="encoder", position=name, init_std=0.3, embedding_std=0.3)
    model, order = build(shape).eval(), torch.randperm(8)
    tokens = torch.randint(0, 30, (1, 8))
    with torch.no_grad():
        apart = (model(tokens)[:, order] - model(tokens[:, order])).abs().max().item()
    assert (apart < 1e-4) == (name == "none")
