"""Attention against torch's own kernel, and against numbers done in the head."""

import math

import pytest
import torch
import torch.nn.functional as F
from jaxtyping import TypeCheckError
from torch import Tensor

from models.records import Config, Knobs
from models.scratch.attention import MultiHeadAttention, attention, attention_weights, fused_attention, shared, split
from models.scratch.positions import NoPosition


def heads(n_query: int = 5, n_key: int = 7, n_heads: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    return (
        torch.randn(2, n_heads, n_query, 8),
        torch.randn(2, n_heads, n_key, 8),
        torch.randn(2, n_heads, n_key, 6),
    )


def test_equal_keys_share_attention_equally() -> None:
    assert attention_weights(torch.ones(1, 1, 4), torch.ones(1, 2, 4)).tolist() == [[[0.5, 0.5]]]


def test_a_key_that_scores_one_more_is_read_e_times_as_much() -> None:
    weights = attention_weights(torch.tensor([[[2.0, 0, 0, 0]]]), torch.tensor([[[0.0] * 4, [1.0, 0, 0, 0]]]))
    assert weights[0, 0].tolist() == pytest.approx([1 / (1 + math.e), math.e / (1 + math.e)])


def test_a_masked_key_is_not_read_at_all() -> None:
    weights = attention_weights(torch.ones(1, 1, 4), torch.ones(1, 2, 4), torch.tensor([[True, False]]))
    assert weights.tolist() == [[[1.0, 0.0]]]


@pytest.mark.parametrize("attend", [attention, fused_attention])
@pytest.mark.parametrize("masked", [False, True])
def test_equals_torchs_own(attend: object, masked: bool) -> None:
    q, k, v = heads()
    mask = torch.ones(5, 7, dtype=torch.bool).tril(2) if masked else None
    torch.testing.assert_close(attend(q, k, v, mask), F.scaled_dot_product_attention(q, k, v, mask))


@pytest.mark.parametrize("attend", [attention, fused_attention])
def test_a_bias_is_added_to_the_scaled_scores(attend: object) -> None:
    q, k, v = heads()
    bias = torch.randn(3, 5, 7)
    torch.testing.assert_close(attend(q, k, v, None, bias), F.scaled_dot_product_attention(q, k, v, bias))
    mask = torch.ones(5, 7, dtype=torch.bool).tril(2)
    both = bias.masked_fill(~mask, -math.inf)
    torch.testing.assert_close(attend(q, k, v, mask, bias), F.scaled_dot_product_attention(q, k, v, both))


def test_equals_torchs_multi_head_attention() -> None:
    torch.manual_seed(0)
    ours = MultiHeadAttention(Config(d_vocab=9, d_model=12, n_heads=3))
    theirs = torch.nn.MultiheadAttention(12, 3, batch_first=True)
    parts = (ours.query, ours.key, ours.value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        theirs.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        theirs.out_proj.load_state_dict(ours.out.state_dict())
    x, y = torch.randn(2, 5, 12), torch.randn(2, 7, 12)
    nowhere = NoPosition(Config(d_vocab=9), causal=False)
    for fused in (True, False):
        torch.testing.assert_close(ours(x, y, None, nowhere, Knobs(fused=fused)), theirs(x, y, y)[0])


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_grouped_heads_are_heads_whose_keys_and_values_are_equal(kv_heads: int) -> None:
    torch.manual_seed(0)
    grouped = MultiHeadAttention(Config(d_vocab=9, d_model=16, n_heads=4, n_kv_heads=kv_heads))
    whole = MultiHeadAttention(Config(d_vocab=9, d_model=16, n_heads=4))
    whole.query, whole.out = grouped.query, grouped.out
    with torch.no_grad():
        for name in ("key", "value"):
            for part in ("weight", "bias"):
                few = getattr(getattr(grouped, name), part)
                many = few.unflatten(0, (kv_heads, 4)).repeat_interleave(4 // kv_heads, dim=0).flatten(0, 1)
                getattr(getattr(whole, name), part).copy_(many)
    x, nowhere = torch.randn(2, 5, 16), NoPosition(Config(d_vocab=9), causal=False)
    assert grouped.key.weight.shape == (kv_heads * 4, 16)
    torch.testing.assert_close(grouped(x, x, None, nowhere, Knobs()), whole(x, x, None, nowhere, Knobs()))


def test_heads_are_neighbouring_dimensions() -> None:
    x = torch.arange(12.0).reshape(1, 2, 6)
    assert split(x, 3)[0, 1].tolist() == [[2, 3], [8, 9]]
    assert shared(split(x, 3), 6)[0, :, 0, 0].tolist() == [0, 0, 2, 2, 4, 4]


def test_dropout_only_while_training() -> None:
    layer, x = MultiHeadAttention(Config(d_vocab=9)), torch.randn(1, 6, 64)
    nowhere = NoPosition(Config(d_vocab=9), causal=False)
    for fused in (True, False):
        calm, wild = Knobs(fused=fused), Knobs(dropout=0.5, fused=fused)
        assert torch.equal(layer.eval()(x, x, None, nowhere, wild), layer(x, x, None, nowhere, calm))
        assert not torch.allclose(layer.train()(x, x, None, nowhere, wild), layer(x, x, None, nowhere, calm))


def test_shapes_are_checked_here() -> None:
    q, k, _ = heads()
    with pytest.raises(TypeCheckError):
        attention_weights(q, k[..., :4])
