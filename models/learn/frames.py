"""Frames of a run as bytes: what the model looked like at one step, in npz, which no code can hide in."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from models.records import Floats


def packed(weights: Floats, predicted: NDArray[np.int64]) -> bytes:
    """Weights as float32 [layer, head, query, key], tokens foretold as [row, position]."""
    file = io.BytesIO()
    np.savez_compressed(file, weights=weights, predicted=predicted.astype(np.int32))
    return file.getvalue()


def unpacked(data: bytes) -> tuple[Floats, NDArray[np.int32]]:
    """The two of them."""
    with np.load(io.BytesIO(data), allow_pickle=False) as frame:
        return frame["weights"], frame["predicted"]
