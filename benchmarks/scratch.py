"""What readable code costs: training steps of models.scratch against a minimal GPT of the same shape.

Once the model alone, under the same loop and optimiser; once the playground's own loop against nanoGPT's as it is on a
CPU, where its AdamW is not fused (`configure_optimizers` in its model.py asks for that on CUDA only).
"""

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


def _loop(n_layers: int, n_heads: int, d_model: int, n_tokens: int, batch: int) -> Row:
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
        batch_size=batch,
        steps=50_000,
        activation="gelu",
        tied=True,
    )
    ours = Trainer(spec)
    torch.manual_seed(0)
    d_vocab = len(ours.data.symbols)
    theirs = Nano(d_vocab, spec.config.max_len, n_layers, n_heads, d_model)
    assert sum(p.numel() for p in theirs.parameters()) == sum(p.numel() for p in ours.model.parameters())
    a = _nano_steps(theirs, torch.randint(d_vocab, (CHARACTERS,)), n_tokens, batch)

    def b() -> None:
        for _ in range(STEPS):
            ours.advance()

    for _ in range(3):
        a()
        b()
    found = pairs(lambda: cpu_seconds(a), lambda: cpu_seconds(b), PAIRS)
    return Row(
        name="the playground's training loop, nanoGPT's on a CPU",
        measured=found.median,
        budget=1.0,
        unit="x",
        against="CPU time of nanoGPT's loop as it is on a CPU: its batches, its AdamW, which is fused on CUDA only",
        detail=f"{found.spread}; {figure(STEPS / found.b)} steps per CPU second here, {figure(STEPS / found.a)} there; "
        f"{n_layers} layers, {n_heads} heads, d_model {d_model}, {batch} texts of {n_tokens} tokens",
    )


def _nano_steps(model: Any, data: Any, n_tokens: int, batch: int) -> Callable[[], None]:
    """Ten steps of nanoGPT's train.py: get_batch, forward, backward, clip, step."""
    import torch
    from torch.nn import functional

    groups = [
        {"params": [p for p in model.parameters() if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95))

    def steps() -> None:
        for _ in range(STEPS):
            starts = torch.randint(len(data) - n_tokens, (batch,))
            read = torch.stack([data[i : i + n_tokens] for i in starts])
            asked = torch.stack([data[i + 1 : i + 1 + n_tokens] for i in starts])
            logits = model(read)
            loss = functional.cross_entropy(logits.view(-1, logits.size(-1)), asked.view(-1), ignore_index=-1)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    return steps
