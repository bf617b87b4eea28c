"""The encodings side by side: what is drawn is what the papers' formulas give."""

import math

import numpy as np
import pytest

from models.learn.positions import files
from models.positions import encodings
from models.positions.encodings import buckets, hands, similarity, wavelengths
from models.scratch.stretched import frequencies


def by_name(**asked: int) -> dict[str, encodings.Encoding]:
    return {one.name: one for one in encodings.encodings(**asked)}


def test_all_six_in_the_order_of_their_names() -> None:
    found = encodings.encodings(48, 32, 6, 5)
    assert tuple(one.name for one in found) == encodings.NAMES == tuple(encodings.TITLES)
    assert all(one.nearness.max() <= 1 + 1e-6 for one in found)
    assert {one.name: None if one.picture is None else one.picture.shape for one in found} == {
        "none": None,
        "learned": (32, 64),
        "sinusoidal": (48, 32),
        "rope": (48, 16),
        "alibi": (48, 48),
        "t5": (48, 48),
    }


def test_sines_by_the_formula() -> None:
    table = by_name(n=40, d=16)["sinusoidal"].picture
    assert table is not None
    for p, i in ((0, 0), (3, 2), (39, 7)):
        angle = p / 10_000 ** (2 * i / 16)
        assert table[p, 2 * i] == pytest.approx(math.sin(angle), abs=1e-6)
        assert table[p, 2 * i + 1] == pytest.approx(math.cos(angle), abs=1e-6)


def test_nearness_of_sines_is_the_dot_product_of_rows() -> None:
    one = by_name(n=40, d=8)["sinusoidal"]
    assert one.picture is not None
    dots = one.picture[5] @ one.picture[5:].T / 4
    np.testing.assert_allclose(one.nearness[:35], dots, atol=1e-5)
    assert [4 * one.nearness[k] for k in (0, 1, 5)] == pytest.approx([4, 3.535256, 3.159983], abs=1e-5)


def test_rope_turns_a_like_key_by_the_distance() -> None:
    d, base = 8, 100.0
    q = np.ones(d)
    frequency = frequencies(d, base).numpy()

    def turned(p: int) -> np.ndarray:
        cos, sin = np.cos(p * frequency), np.sin(p * frequency)
        return np.stack([q[0::2] * cos - q[1::2] * sin, q[0::2] * sin + q[1::2] * cos], -1).ravel()

    nearness = encodings.encodings(30, d, base=base)[3].nearness
    assert [turned(20) @ turned(20 - k) / d for k in range(20)] == pytest.approx(nearness[:20].tolist(), abs=1e-5)


@pytest.mark.parametrize(("n_heads", "head", "slope"), [(4, 0, 1 / 4), (6, 4, 0.5), (6, 5, 0.125), (12, 8, 2**-0.5)])
def test_alibi_of_a_head(n_heads: int, head: int, slope: float) -> None:
    one = by_name(n=10, n_heads=n_heads, head=head)["alibi"]
    assert one.picture is not None
    assert one.picture[7, 4] == pytest.approx(-3 * slope)
    assert np.isnan(one.picture[4, 7])  # a decoder reads backwards
    assert one.nearness[3] == pytest.approx(math.exp(-3 * slope))


def test_t5_is_the_shipped_models() -> None:
    t5 = files.load("t5").stack.position
    one = by_name(n=64, head=2)["t5"]
    assert one.picture is not None
    assert one.picture[60, 40] == pytest.approx(t5.table[17, 2].item())  # 20 back: 16 + floor(16 ln(20/16) / ln 8) = 17
    assert one.nearness.max() == 1


def test_bad_shapes_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="even number of them, not 7"):
        encodings.encodings(8, 7)
    with pytest.raises(ValueError, match="no head 4; there are 4"):
        encodings.encodings(8, 8, 4, 4)


def test_similarity_by_hand() -> None:
    mean, low, high = similarity(np.array([[1, 0], [0, 2], [3, 0], [0, 0]], np.float32))
    assert mean[:3].tolist() == pytest.approx([0.75, 0, 0.5])
    assert (low[2], high[2]) == (0, 1)


def test_wavelengths_and_hands() -> None:
    frequency = frequencies(4, 10_000.0).numpy()
    assert wavelengths(frequency).tolist() == pytest.approx([2 * math.pi, 200 * math.pi], rel=1e-6)
    assert hands(3, frequency)[2] == pytest.approx((math.cos(2) + math.cos(0.02)) / 2)


@pytest.mark.parametrize("both", [True, False])
def test_buckets_are_the_librarys(both: bool) -> None:
    import torch
    from transformers.models.t5.modeling_t5 import T5Attention

    theirs = T5Attention._relative_position_bucket(torch.arange(-300, 301), both, 32, 128)
    assert buckets(300, both).tolist() == theirs.tolist()
