"""A sentence as it is painted cell by cell: what each cell could have been and read, candidates and masks beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import numpy as np

from models.records import Floats, Gallery, Painting
from viz import codes
from viz.view import View

KEYS = ("base", "mask", "candidate", "put")  # what the browser asks for, as in "mask=row&candidate=3&put=37.4,52.0"


@dataclass(frozen=True)
class Asked:
    """Which painting is looked at; `notes` says, in sentences, what was asked for and cannot be had."""

    base: str = ""  # the caption and settings that it was asked of
    mask: str = "full"
    candidate: int = 0
    put: tuple[tuple[int, int], ...] = ()  # (cell, palette number)
    notes: tuple[str, ...] = ()


def asked(words: str, masks: tuple[str, ...], n: int, n_cells: int, n_colours: int) -> Asked:
    """What a browser or a link asks for, as far as it can be had."""
    fields = {name: values[-1] for name, values in parse_qs(words).items()}
    notes = []
    mask = fields.get("mask", masks[0])
    if mask not in masks:
        notes.append(f"The link asks for the mask “{mask[:20]}”; there are {', '.join(masks)}.")
        mask = masks[0]
    candidate = _whole(fields.get("candidate", "0"))
    if not 0 <= candidate < n:
        notes.append(f"The link asks for candidate {fields['candidate'][:20]}; there are {n}, counted from 0.")
        candidate = 0
    put = [tuple(map(_whole, one.split("."))) for one in fields.get("put", "").split(",") if one]
    good = {one[0]: one[1] for one in put if len(one) == 2 and 0 <= one[0] < n_cells and 0 <= one[1] < n_colours}
    if len(good) < len(put):
        notes.append(
            f"The link puts in colours as cell.colour, cells 0 to {n_cells - 1} and colours 0 to {n_colours - 1}; "
            "what did not fit is left out."
        )
    return Asked(fields.get("base", ""), mask, candidate, tuple(sorted(good.items())), tuple(notes))


def _whole(text: str) -> int:
    """A small whole number, -1 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else -1


def view(gallery: Gallery, *, base: str = "", notes: tuple[str, ...] = (), title: str = "Text to image") -> View:
    """The chosen painting with its candidates and masks; `base` comes back with what the browser asks for."""
    caption, chosen = gallery.caption, gallery.chosen
    rows, columns = chosen.codes.shape
    header: dict[str, Any] = {
        "words": list(caption.words),
        "unknown": list(caption.unknown),
        "asked": caption.asked,
        "grid": [rows, columns],
        "colours": [[name, list(rgb)] for name, rgb in gallery.colours],
        "names": list(gallery.names),
        "heads": list(gallery.attention.n_heads),
        "candidates": [_told(one) for one in gallery.candidates],
        "which": gallery.which,
        "under": [_told(one) for one in gallery.under],
        "masks": [[name, int(mask.sum()), int(gallery.masks["full"].sum())] for name, mask in gallery.masks.items()],
        "mask": chosen.mask,
        "put": [list(one) for one in chosen.put],
        "base": base,
        "notes": list(notes),
    }
    weights, share = _weights(gallery)
    parts: dict[str, Any] = {
        "pictures": np.stack([one.codes.ravel() for one in (*gallery.candidates, *gallery.under)]).astype(np.uint8),
        "every": gallery.every.astype(np.float32),
        "offered": gallery.offered.astype(np.float32),
        "weights": weights,
        "fine": codes.fine(weights.ravel(), share[0].ravel()),
        "on_words": share[1],
        "allowed": np.packbits(np.stack(list(gallery.masks.values())).reshape(len(gallery.masks), -1), axis=1),
    }
    return View("painting", header, parts, title)


def _told(one: Painting) -> dict[str, Any]:
    """A painting beside its picture."""
    verdict = {None: -1, False: 0, True: 1}[one.right]
    return {"seed": one.seed, "mask": one.mask, "shows": one.shows, "right": verdict, "log": round(one.likelihood, 3)}


def _weights(gallery: Gallery) -> tuple[codes.Bytes, tuple[codes.Words, codes.Words]]:
    """Codes [head, lower triangle] of all layers' heads; their halves, and those of each cell's share on the words."""
    n_text = len(gallery.caption.words)
    every: Floats = np.concatenate([gallery.attention.weights[i] for i in range(len(gallery.attention.weights))])
    fine, _ = codes.clean(every)  # [head, query, key]
    triangle = codes.flat(fine, causal=True)
    words = np.minimum(fine[:, n_text - 1 :, :n_text].sum(-1), 1)
    return codes.sqrt8(triangle), (codes.halves(triangle), codes.halves(words))


def is_of(words: str, base: str) -> bool:
    """Whether the browser asked this of the caption and settings that are shown now."""
    return parse_qs(words).get("base", [""])[-1] == base
