"""The payload read back by plain Python, written from the format's description and not from the code that packs it."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import numpy as np


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and parts."""
    (size,) = struct.unpack_from("<I", data)
    header = json.loads(zlib.decompress(data[4 : 4 + size], -15))
    parts, at = {}, 4 + size
    for name, kind, shape, packed in header["parts"]:
        raw = zlib.decompress(data[at : at + packed], -15)
        parts[name] = np.frombuffer(raw, f"<{kind}").reshape(shape)
        at += packed
    assert at == len(data)
    return header, parts


def read_halves(codes: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """Half-thousandths of each weight, rounded down: what its code allows, and of that the one that `fine` names."""
    least = [max(0, 2 * code - 1) ** 2 * 2000 // 260_100 for code in range(256)]
    greatest = [min(2000, (2 * code + 1) ** 2 * 2000 // 260_100) for code in range(256)]
    offsets = iter(fine.tolist())
    read = [least[code] + (next(offsets) if greatest[code] > least[code] else 0) for code in codes.tolist()]
    assert next(offsets, None) is None
    return np.array(read)


def labels(sequence: dict[str, Any]) -> list[str]:
    mark = sequence["labels"][0]
    return sequence["labels"][1:].split(mark)


def matrices(data: bytes) -> dict[tuple[int, int], np.ndarray]:
    """Halves [query, key] of each head that was sent in full, zero where a causal head cannot read.

    What stands for several heads at once comes after them, as heads of a layer after the last.
    """
    header, parts = unpack(data)
    n = len(labels(header["queries"]))
    m = len(labels(header["keys"])) if "keys" in header else n
    counts = [*header["heads"], len(header.get("extra", []))]
    all_heads = [[layer, head] for layer, count in enumerate(counts) for head in range(count)]
    sent = [tuple(head) for head in header.get("sent", all_heads)]
    flat = read_halves(parts["codes"], parts["fine"]).reshape(len(sent), -1)
    where = np.tri(n, dtype=bool) if header["causal"] else np.ones((n, m), bool)
    found = {}
    for head, values in zip(sent, flat, strict=True):
        found[head] = np.zeros((n, m), int)
        found[head][where] = values
    return found
