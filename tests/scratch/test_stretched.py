"""RoPE stretched for longer texts: the library's numbers, and what each way promises."""

import math
from typing import Any

import pytest
import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from models.records import Config
from models.scratch.positions import Position
from models.scratch.stretched import METHODS, frequencies, lengthening, stretch

SHAPES = [(d, base, trained) for d in (8, 16, 64, 128) for base in (10_000.0, 500_000.0) for trained in (32, 2_048)]


def library(d: int, base: float, method: str, s: float, trained: int) -> tuple[torch.Tensor, float]:
    """Frequencies and lengthening as transformers has them."""
    kinds: dict[str, dict[str, Any]] = {
        "plain": {"rope_type": "default"},
        "linear": {"rope_type": "linear", "factor": s},
        "ntk": {"rope_type": "dynamic", "factor": 1.0},
        "yarn": {"rope_type": "yarn", "factor": s, "original_max_position_embeddings": trained},
    }
    config = LlamaConfig(
        hidden_size=d,
        num_attention_heads=1,
        max_position_embeddings=trained,
        rope_parameters={"rope_theta": base, **kinds[method]},
    )
    rope = LlamaRotaryEmbedding(config)
    if method == "ntk":  # the library stretches when a text comes that is longer
        rope(torch.zeros(1, 1, d), torch.arange(int(s * trained))[None])
    return rope.inv_freq, float(rope.attention_scaling)


@pytest.mark.parametrize("method", ["plain", *METHODS])
@pytest.mark.parametrize(("d", "base", "trained"), SHAPES)
def test_frequencies_are_the_librarys(method: str, d: int, base: float, trained: int) -> None:
    for s in (2.0, 8.0):
        theirs, scaling = library(d, base, method, s, trained)
        torch.testing.assert_close(frequencies(d, base, method, s, trained).float(), theirs, rtol=2e-6, atol=0)
        assert lengthening(method, s) == pytest.approx(scaling)


@pytest.mark.parametrize("method", ["linear", "yarn"])
def test_a_stretched_rotation_is_the_librarys(method: str) -> None:
    d, base, trained, s, n = 16, 10_000.0, 32, 4.0, 100
    rope = Position.kinds["rope halves"](Config(d_vocab=9, d_model=d, n_heads=1, position="rope halves"), True)
    x = torch.randn(1, 1, n, d)
    config = LlamaConfig(
        hidden_size=d,
        num_attention_heads=1,
        max_position_embeddings=trained,
        rope_parameters={
            "rope_theta": base,
            "rope_type": method,
            "factor": s,
            **({"original_max_position_embeddings": trained} if method == "yarn" else {}),
        },
    )
    cos, sin = LlamaRotaryEmbedding(config)(x, torch.arange(n)[None])
    half = torch.cat([-x[..., d // 2 :], x[..., : d // 2]], -1)
    torch.testing.assert_close(stretch(rope, method, s, trained).rotate(x), x * cos + half * sin, atol=2e-5, rtol=0)


@pytest.mark.parametrize("method", METHODS)
def test_not_stretched_is_as_trained(method: str) -> None:
    plain = frequencies(16, 10_000.0)
    torch.testing.assert_close(frequencies(16, 10_000.0, method, 1.0, 32), plain)
    assert lengthening(method, 1.0) == 1.0


def test_what_each_way_promises() -> None:
    plain, s, trained = frequencies(16, 10_000.0), 8.0, 512
    torch.testing.assert_close(frequencies(16, 10_000.0, "linear", s, trained) * s, plain)
    ntk = frequencies(16, 10_000.0, "ntk", s, trained)
    assert ntk[0] == plain[0]  # the fastest hand is as it was
    assert (plain[-1] / ntk[-1]).item() == pytest.approx(s)  # the slowest s times slower
    yarn = frequencies(16, 10_000.0, "yarn", s, trained)
    slow = plain * trained < 2 * math.pi / 4
    torch.testing.assert_close(yarn[slow], plain[slow] / s)
    assert yarn[0] == plain[0]


def test_by_hand() -> None:
    assert frequencies(4, 10_000.0).tolist() == pytest.approx([1, 0.01])
    assert frequencies(4, 10_000.0, "linear", 4.0).tolist() == pytest.approx([0.25, 0.0025])
    assert frequencies(4, 10_000.0, "ntk", 4.0).tolist() == pytest.approx([1, 0.0025])
    assert lengthening("yarn", 4.0) == pytest.approx(1.138629)


def test_an_unknown_way_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="magic is no way to stretch RoPE; there are plain, linear, ntk, yarn"):
        frequencies(8, 10_000.0, "magic")


def test_stretching_is_no_encoding_of_its_own() -> None:
    assert "" not in Position.kinds
