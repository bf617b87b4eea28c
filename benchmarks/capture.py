"""What it costs to look inside: a forward pass under Capture against the same pass of an untouched model."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.inputs import gpt2_size, minilm, quiet
from benchmarks.rows import Ratio, Row, cpu_seconds, figure, pairs
from tests.browser.site import ROOT

PAIRS = {128: 41, 512: 21}  # by tokens


def run() -> list[Row]:
    """Time on two models at two lengths, and memory at the longer one."""
    quiet()
    return [*_times("MiniLM", *_minilm()), *_times("GPT-2 size", *_gpt2_size()), _memory()]


def _minilm() -> tuple[Any, Any]:
    """MiniLM as transformers loads it, and as Headlight does."""
    from transformers import AutoModel

    from models import zoo

    bare = AutoModel.from_pretrained(minilm(), attn_implementation="sdpa").eval()
    return bare, zoo.load(str(minilm())).module


def _gpt2_size() -> tuple[Any, Any]:
    from models.capture import interface

    bare = gpt2_size()
    bare.set_attn_implementation("sdpa")
    ours = copy.deepcopy(bare)
    interface.enable(ours)
    return bare, ours


def _times(name: str, bare: Any, ours: Any) -> list[Row]:
    """One row per length; a second run of the bare model against itself shows what is noise."""
    import torch

    rows = []
    for n_tokens, n in PAIRS.items():
        ids = torch.randint(0, 256, (1, n_tokens), generator=torch.Generator().manual_seed(0))
        looking, noise = _looking(bare, ours, ids, n)
        rows.append(
            Row(
                name=f"capture of all layers, {name}, {n_tokens} tokens",
                measured=looking.median,
                budget=1.05,
                unit="x",
                against="CPU time of the bare SDPA forward of the same model",
                detail=f"{looking.spread}; the bare model against itself {figure(noise.median)}, {noise.spread}; "
                f"bare {1000 * looking.a:.0f} ms",
                reason="every layer keeps its query and key, and copies them where they are views of a fused buffer.",
            )
        )
    return rows


def _looking(bare: Any, ours: Any, ids: Any, n: int) -> tuple[Ratio, Ratio]:
    """Bare against captured, and bare against bare."""
    import torch

    from models.capture.active import Capture, Modules

    modules = Modules.of(ours)

    def plain() -> None:
        bare(input_ids=ids)

    def captured() -> None:
        with Capture(modules) as capture:
            ours(input_ids=ids)
        assert len(capture.calls) == ours.config.num_hidden_layers

    def timed(work: Callable[[], None]) -> Callable[[], float]:
        return lambda: cpu_seconds(work)

    with torch.no_grad():
        for _ in range(3):
            plain()
            captured()
        return pairs(timed(plain), timed(captured), n), pairs(timed(plain), timed(plain), n // 2)


def _memory() -> Row:
    """Peak memory that one pass of 512 tokens adds to the loaded model."""
    name, against = "capture, peak memory, GPT-2 size, 512 tokens", "what eager with output_attentions=True adds"
    if sys.platform != "linux":
        return Row(name, None, 0.25, "x", against, "", "the high-water mark is read from /proc, which only Linux has.")
    alive, resident = ({v: _peak(v, freed) for v in ("bare", "capture", "eager")} for freed in (True, False))
    own = (alive["capture"] - alive["bare"]) / (alive["eager"] - alive["bare"])
    in_mb = ", ".join(f"{variant} {size / 1e6:.0f}" for variant, size in alive.items())
    return Row(
        name=name,
        measured=alive["capture"] / alive["eager"],
        budget=0.25,
        unit="x",
        against=against,
        detail=f"high-water mark of resident memory above the loaded model, reset before the pass, each variant in a "
        f"process of its own whose allocator returns freed tensors at once (MB: {in_mb}); with the allocator's "
        f"defaults {resident['capture'] / resident['eager']:.2f}; beyond the bare pass alone {own:.2f}",
        reason="the pass's own activations, alike in all variants, use up most of the budget; and of a layer, what is "
        "kept (query and key) is 2 d_head / n_tokens of what eager keeps (weights): already 0.25 at this length.",
    )


def _peak(variant: str, freed: bool) -> int:
    """Bytes by which one pass raises the peak; `freed` makes the allocator hand freed tensors back at once."""
    environment = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"} if freed else {}
    command = [sys.executable, "-m", "benchmarks.peak", variant, "512"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the memory of {variant} could not be measured:\n{done.stderr[-2000:]}")
    return int(done.stdout)
