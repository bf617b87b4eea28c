"""The readable path and the fused path compute the same, forward and backward, whatever the shape."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.records import CHOICES, PATTERNS, POSITIONS, Config, Knobs
from models.scratch.block import LayerNorm, RMSNorm
from models.scratch.vision import Transformer, build

KINDS = ("decoder", "encoder", "encoder-decoder", "vision")
VOCABULARY = 30


def made(kind: str, **shape: Any) -> Transformer:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"d_vocab": VOCABULARY, "d_model": 32, "d_ff": 48, "init_std": 0.2, "embedding_std": 0.5}
    sizes |= {"kind": kind} | ({"picture": (1, 12, 9), "patch": 3} if kind == "vision" else {"max_len": 14})
    return build(Config(**sizes | shape)).eval()


def given(kind: str) -> tuple[Tensor, ...]:
    torch.manual_seed(1)
    if kind == "vision":
        return (torch.randn(2, 1, 12, 9),)
    tokens = torch.randint(0, VOCABULARY, (2, 13))
    return (tokens, tokens[:, :8]) if kind == "encoder-decoder" else (tokens,)


def both(model: Transformer, inputs: tuple[Tensor, ...], **knobs: Any) -> list[tuple[Tensor, list[Tensor]]]:
    """Logits and gradients, readable and fused."""
    results = []
    for fused in (False, True):
        model.zero_grad()
        logits = model(*inputs, knobs=Knobs(fused=fused, **knobs))
        logits.square().mean().backward()
        results.append((logits.detach(), [p.grad.clone() for p in model.parameters() if p.grad is not None]))
    return results


def assert_same(model: Transformer, inputs: tuple[Tensor, ...], **knobs: Any) -> None:
    (logits, gradients), (fused, fused_gradients) = both(model, inputs, **knobs)
    assert logits.isfinite().all()
    torch.testing.assert_close(logits, fused, atol=1e-5, rtol=1e-4)
    assert len(gradients) == len(fused_gradients) > 0
    for one, other in zip(gradients, fused_gradients, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_position_with_every_pattern(kind: str, position: str, pattern: str) -> None:
    assert_same(made(kind, position=position), given(kind), pattern=pattern, width=2, step=3)


@pytest.mark.parametrize("activation", CHOICES["activation"])
@pytest.mark.parametrize("norm", CHOICES["norm"])
@pytest.mark.parametrize("place", CHOICES["norm_place"])
def test_every_norm_and_activation(place: str, norm: str, activation: str) -> None:
    model = made("decoder", norm=norm, norm_place=place, activation=activation, position="rope")
    assert_same(model, given("decoder"))


@pytest.mark.parametrize(
    "shape",
    [
        {"n_kv_heads": 1},
        {"n_kv_heads": 2, "bias": False, "norm": "rms"},
        {"tied": False},
        {"d_ff": 0},
        {"embedding_norm": True, "scale_embedding": True},
        {"n_layers": 1, "n_heads": 1},
        {"norm_place": "post", "bias": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", KINDS)
def test_other_shapes(kind: str, shape: dict[str, Any]) -> None:
    assert_same(made(kind, **shape), given(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_without_residual(kind: str) -> None:
    model = made(kind)
    assert_same(model, given(kind), residual=False)
    on, off = (model(*given(kind), knobs=Knobs(residual=residual)) for residual in (True, False))
    assert not torch.allclose(on, off)


def test_norms_are_torchs() -> None:
    x, config = 3 + 2 * torch.randn(2, 5, 64), Config(d_vocab=9)
    layer, rms = LayerNorm(config), RMSNorm(config)
    torch.nn.init.normal_(layer.weight)
    torch.nn.init.normal_(rms.weight)
    torch.testing.assert_close(layer(x, False), F.layer_norm(x, (64,), layer.weight, layer.bias, 1e-5))
    torch.testing.assert_close(rms(x, False), F.rms_norm(x, (64,), rms.weight, 1e-5))
    assert torch.equal(layer(x, True), F.layer_norm(x, (64,), layer.weight, layer.bias, 1e-5))


@pytest.mark.parametrize("position", POSITIONS)
def test_a_decoder_never_reads_ahead(position: str) -> None:
    model, (tokens,) = made("decoder", position=position), given("decoder")
    changed = tokens.clone()
    changed[:, 9:] = (changed[:, 9:] + 1) % VOCABULARY
    for pattern in PATTERNS:
        a, b = (model(t, knobs=Knobs(pattern=pattern, n_global=2)) for t in (tokens, changed))
        torch.testing.assert_close(a[:, :9], b[:, :9])
        assert not torch.allclose(a[:, 9:], b[:, 9:])


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_padding_is_read_by_nobody(pattern: str, fused: bool) -> None:
    knobs = Knobs(pattern=pattern, width=1, fused=fused, n_global=0)
    short = torch.randint(0, VOCABULARY, (1, 8))
    padded = torch.cat([short, torch.zeros(1, 5, dtype=torch.long)], dim=1)
    real = torch.arange(13)[None] < 8
    for kind in ("decoder", "encoder"):
        model = made(kind)
        torch.testing.assert_close(model(padded, knobs, real)[:, :8], model(short, knobs), atol=1e-5, rtol=1e-4)
        assert model(padded, knobs, real).isfinite().all()
    model, (_, target) = made("encoder-decoder"), given("encoder-decoder")
    alone = model(short, target[:1], knobs)
    torch.testing.assert_close(model(padded, target[:1], knobs, real), alone, atol=1e-5, rtol=1e-4)


def test_dropout_is_off_in_evaluation_and_drawn_in_training() -> None:
    model, inputs = made("decoder"), given("decoder")
    assert torch.equal(model(*inputs, knobs=Knobs(dropout=0.4)), model(*inputs))
    model.train()
    assert not torch.equal(model(*inputs, knobs=Knobs(dropout=0.4)), model(*inputs))


def test_a_tied_output_is_the_embedding() -> None:
    tied, free = made("decoder"), made("decoder", tied=False)
    assert tied.unembedding.weight is tied.embedding.tokens.weight
    assert sum(p.numel() for p in free.parameters()) - sum(p.numel() for p in tied.parameters()) == VOCABULARY * 32


def test_initialisation() -> None:
    torch.manual_seed(0)
    model = build(Config(d_vocab=500, d_model=256, d_ff=1024, n_layers=8, embedding_std=0.5))
    block = model.stack.blocks[0]
    assert model.embedding.tokens.weight.std().item() == pytest.approx(0.5, rel=0.02)
    assert block.attention.query.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert block.attention.out.weight.std().item() == pytest.approx(0.02 / 4, rel=0.02)
    assert block.feed_forward.down.weight.std().item() == pytest.approx(0.02 / 4, rel=0.02)
    assert not block.attention.query.bias.any()
    assert (block.attention_norm.weight == 1).all()


def test_a_fresh_model_guesses_so_its_loss_is_the_logarithm_of_the_vocabulary() -> None:
    torch.manual_seed(0)
    model, tokens = build(Config(d_vocab=113)), torch.randint(0, 113, (16, 32))
    loss = F.cross_entropy(model(tokens)[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
    assert loss.item() == pytest.approx(4.727, abs=0.05)
