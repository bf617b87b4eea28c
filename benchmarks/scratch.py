"""What readable code costs: training steps of models.scratch against a minimal GPT of the same shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.inputs import quiet
from benchmarks.rows import Row, cpu_seconds, figure, pairs

SHAPES = {  # name -> layers, heads, d_model, tokens, batch
    "nanoGPT's on a CPU": (4, 4, 128, 64, 12),
    "twice as wide and long": (4, 4, 256, 128, 8),
}
VOCABULARY = 65  # characters, as in nanoGPT's Shakespeare
STEPS, PAIRS = 10, 15  # steps of a measurement; measurements of each of the two


def run() -> list[Row]:
    """One row per shape."""
    quiet()
    return [_row(name, *shape) for name, shape in SHAPES.items()]


def _row(name: str, n_layers: int, n_heads: int, d_model: int, n_tokens: int, batch: int) -> Row:
    import torch

    from benchmarks.nano import Nano
    from models.records import Config
    from models.scratch.transformer import Decoder

    torch.manual_seed(0)
    config = Config(
        d_vocab=VOCABULARY,
        max_len=n_tokens,
        n_layers=n_layers,
        n_heads=n_heads,
        d_model=d_model,
        d_ff=4 * d_model,
        activation="gelu",
    )
    tokens = torch.randint(0, VOCABULARY, (batch, n_tokens + 1))
    theirs, ours = Nano(VOCABULARY, n_tokens, n_layers, n_heads, d_model), Decoder(config)
    assert sum(p.numel() for p in theirs.parameters()) == sum(p.numel() for p in ours.parameters())
    a, b = (_steps(model, tokens) for model in (theirs, ours))
    for _ in range(3):
        a()
        b()
    found = pairs(lambda: cpu_seconds(a), lambda: cpu_seconds(b), PAIRS)
    noise = pairs(lambda: cpu_seconds(a), lambda: cpu_seconds(a), PAIRS // 2)
    pace = f"{figure(STEPS / found.b)} steps per CPU second here, {figure(STEPS / found.a)} there"
    return Row(
        name=f"the plain training loop, {name}",
        measured=found.median,
        budget=1.0,
        unit="x",
        against="CPU time of a minimal GPT of the same shape (nanoGPT's), same loop and optimiser, fused SDPA",
        detail=f"{found.spread}; that GPT against itself {figure(noise.median)}, {noise.spread}; {pace}; {n_layers} "
        f"layers, {n_heads} heads, d_model {d_model}, {batch} texts of {n_tokens} tokens",
        reason="query, key and value are three matrices here, and three products cost more than one.",
    )


def _steps(model: Any, tokens: Any) -> Callable[[], None]:
    """Ten steps: forward, backward, clip, AdamW."""
    import torch
    from torch.nn import functional

    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)

    def steps() -> None:
        for _ in range(STEPS):
            logits = model(tokens[:, :-1])
            loss = functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

    return steps
