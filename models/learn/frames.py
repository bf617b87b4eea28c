"""Frames of a run as bytes: what the model looked like at one step, in npz, which no code can hide in."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.records import Floats

if TYPE_CHECKING:
    from models.learn.looking import Spread


def packed(weights: Floats, predicted: NDArray[np.int64], spread: Spread | None = None) -> bytes:
    """Weights as float32 [layer, head, query, key], tokens foretold as [row, position], histograms if there are any."""
    file = io.BytesIO()
    more: dict[str, Any] = {"counts": spread.counts.astype(np.int32), "edges": spread.edges} if spread else {}
    np.savez_compressed(file, weights=weights, predicted=predicted.astype(np.int32), **more)
    return file.getvalue()


def unpacked(data: bytes) -> tuple[Floats, NDArray[np.int32], NDArray[np.int32], Floats]:
    """All of them; histograms of no parts where an older run kept none."""
    with np.load(io.BytesIO(data), allow_pickle=False) as frame:
        counts = frame["counts"] if "counts" in frame else np.zeros((0, 2, 0), np.int32)
        edges = frame["edges"] if "edges" in frame else np.zeros((0, 2), np.float32)
        return frame["weights"], frame["predicted"], counts, edges
