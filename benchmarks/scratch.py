"""What readable code costs: training steps of models.scratch against a minimal GPT of the same shape.

Once the model alone, under the same loop and optimiser; once the playground's own loop against nanoGPT's as it is on a
CPU, where its AdamW is not fused (`configure_optimizers` in its model.py asks for that on CUDA only).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.inputs import quiet
from benchmarks.rows import Ratio, Row, cpu_seconds, figure, pairs

SHAPES = {  # name -> layers, heads, d_model, tokens, batch
    "nanoGPT's on a CPU": (4, 4, 128, 64, 12),
    "twice as wide and long": (4, 4, 256, 128, 8),
}
VOCABULARY = 65  # characters, as in nanoGPT's Shakespeare
STEPS, PAIRS = 10, 15  # steps of a measurement; measurements of each of the two
CHARACTERS = 20_000  # of the text that the playground's loop reads


def run() -> list[Row]:
    """One row per shape, and one for the loop."""
    quiet()
    return [*(_row(name, *shape) for name, shape in SHAPES.items()), _loop(*next(iter(SHAPES.values())))]


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
    a, b = (
        _steps(
            model, torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True), lambda: (tokens[:, :-1], tokens[:, 1:])
        )
        for model in (theirs, ours)
    )
    found = _compared(a, b)
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


def _steps(model: Any, optimizer: Any, batch: Callable[[], tuple[Any, Any]]) -> Callable[[], None]:
    """Ten steps: what is read and what is asked, forward, backward, clip, step."""
    import torch
    from torch.nn import functional

    def steps() -> None:
        for _ in range(STEPS):
            read, asked = batch()
            loss = functional.cross_entropy(model(read).flatten(0, 1), asked.flatten())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

    return steps


def _compared(a: Callable[[], None], b: Callable[[], None]) -> Ratio:
    """The CPU time of one beside the other's, both warm."""
    for _ in range(3):
        a()
        b()
    return pairs(lambda: cpu_seconds(a), lambda: cpu_seconds(b), PAIRS)


def _loop(n_layers: int, n_heads: int, d_model: int, n_tokens: int, batch_size: int) -> Row:
    """The playground's `Trainer` on a text of random letters, batches and bookkeeping included."""
    import random

    import torch

    from benchmarks.nano import Nano
    from models.learn.spec import Spec
    from models.learn.trainer import Trainer

    letters = random.Random(0).choices("abcdefghijklmnopqrstuvwxyz ", k=CHARACTERS)
    spec = Spec(
        task="characters",
        text="".join(letters),
        length=n_tokens,
        examples=2_000,
        n_layers=n_layers,
        n_heads=n_heads,
        d_model=d_model,
        d_ff=4 * d_model,
        batch_size=batch_size,
        steps=50_000,
        activation="gelu",
        tied=True,
    )
    ours = Trainer(spec)
    torch.manual_seed(0)
    d_vocab = len(ours.data.symbols)
    theirs = Nano(d_vocab, spec.config.max_len, n_layers, n_heads, d_model)
    assert sum(p.numel() for p in theirs.parameters()) == sum(p.numel() for p in ours.model.parameters())
    data = torch.randint(d_vocab, (CHARACTERS,))

    def batch() -> tuple[Any, Any]:  # get_batch of nanoGPT's train.py
        starts = torch.randint(len(data) - n_tokens, (batch_size,))
        windows = torch.stack([data[i : i + n_tokens + 1] for i in starts])
        return windows[:, :-1], windows[:, 1:]

    a = _steps(theirs, torch.optim.AdamW(theirs.parameters(), lr=1e-3), batch)

    def b() -> None:
        for _ in range(STEPS):
            ours.advance()

    found = _compared(a, b)
    return Row(
        name="the playground's training loop, nanoGPT's on a CPU",
        measured=found.median,
        budget=1.0,
        unit="x",
        against="CPU time of nanoGPT's loop as it is on a CPU: its batches, its AdamW, which is fused on CUDA only",
        detail=f"{found.spread}; {figure(STEPS / found.b)} steps per CPU second here, {figure(STEPS / found.a)} there; "
        f"{n_layers} layers, {n_heads} heads, d_model {d_model}, {batch_size} texts of {n_tokens} tokens",
    )
