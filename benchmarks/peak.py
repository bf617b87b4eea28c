"""Prints by how many bytes one forward pass raises this process's peak: `python -m benchmarks.peak VARIANT TOKENS`."""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path
from typing import Any

import torch

from benchmarks.inputs import gpt2_size, quiet
from models.capture import interface
from models.capture.active import Capture, Modules


def main(variant: str, n_tokens: int) -> int:
    """`variant`: "bare" (SDPA), "capture" or "eager" (with output_attentions=True)."""
    quiet()
    model = gpt2_size()
    model.set_attn_implementation("eager" if variant == "eager" else "sdpa")
    if variant == "capture":
        interface.enable(model)
    forward(model, variant, 16)  # what the first pass of a process allocates once is not the pass's own
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # resets the high-water mark to what is resident now
    before = resident("VmHWM")
    kept = forward(model, variant, n_tokens)
    after = resident("VmHWM")
    del kept
    return after - before


@torch.no_grad()
def forward(model: Any, variant: str, n_tokens: int) -> Any:
    """One pass and everything that has to be kept to look at its attention."""
    ids = torch.zeros(1, n_tokens, dtype=torch.long)
    if variant != "capture":
        return model(input_ids=ids, use_cache=False, output_attentions=variant == "eager")
    with Capture(Modules.of(model)) as capture:
        output = model(input_ids=ids, use_cache=False)
    return output, capture


def resident(line: str) -> int:
    """Bytes, from a line of the kernel's account of this process."""
    status = Path("/proc/self/status").read_text()
    return next(int(entry.split()[1]) * 1024 for entry in status.splitlines() if entry.startswith(line))


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2])))
