"""What a picture's tokens are: patches, each written as the number of the nearest of K typical patches.

DALL-E and its kin train a network for it (a VQ-VAE); k-means on the raw pixels is the same idea with nothing learnt
about looks: cut the picture into patches, find K centres, keep one number per patch, and paint the centres back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.records import Codebook, Floats

PATCH, LONGEST = 8, 128  # pixels
SIZES = (4, 8, 16, 32, 64)
ROUNDS = 30  # of k-means; it stops as soon as nothing moves
Pixels = NDArray[np.uint8]


def cut(image: Image.Image) -> Pixels:
    """The picture [row, column, rgb] no longer than 128 pixels, its sides whole patches."""
    ratio = LONGEST / max(image.size)
    width, height = (max(PATCH, round(side * ratio / PATCH) * PATCH) for side in image.size)
    return np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS))


def patches(picture: Pixels, size: int = PATCH) -> Floats:
    """Each patch as a vector, [row * columns + column, size * size * 3]."""
    rows, columns = picture.shape[0] // size, picture.shape[1] // size
    whole = picture.reshape(rows, size, columns, size, 3).swapaxes(1, 2)
    return whole.reshape(rows * columns, -1).astype(np.float32)


def together(vectors: NDArray[np.generic], rows: int, columns: int, size: int = PATCH) -> Pixels:
    """Patches as the picture that they make."""
    whole = np.asarray(vectors).reshape(rows, columns, size, size, 3).swapaxes(1, 2)
    return np.rint(whole.reshape(rows * size, columns * size, 3).clip(0, 255)).astype(np.uint8)


def k_means(vectors: Floats, k: int, seed: int = 0) -> tuple[Floats, NDArray[np.int64]]:
    """Centres [centre, value] and the nearest centre of each vector; no more centres than different vectors."""
    chance = np.random.default_rng(seed)
    centres = _spread(vectors, min(k, len(np.unique(vectors, axis=0))), chance)
    nearest = distances(vectors, centres).argmin(1)
    for _ in range(ROUNDS):
        centres = np.stack([_mean(vectors[nearest == i], centres[i]) for i in range(len(centres))])
        found = distances(vectors, centres).argmin(1)
        if (found == nearest).all():
            break
        nearest = found
    return centres, nearest


def _mean(members: Floats, before: Floats) -> Floats:
    """The middle of a centre's vectors; one that has none stays."""
    middle: Floats = members.mean(0) if len(members) else before
    return middle


def _spread(vectors: Floats, k: int, chance: np.random.Generator) -> Floats:
    """First centres (k-means++): each far from those before, with probability by its squared distance."""
    chosen = [int(chance.integers(len(vectors)))]
    for _ in range(k - 1):
        apart = distances(vectors, vectors[chosen]).min(1).astype(np.float64)
        chosen.append(int(chance.choice(len(vectors), p=apart / apart.sum())))
    return vectors[chosen]


def distances(vectors: Floats, centres: Floats) -> Floats:
    """Squared distances [vector, centre]."""
    apart: Floats = ((vectors[:, None] - centres[None]) ** 2).sum(-1)
    return apart


def psnr(one: NDArray[np.generic], other: NDArray[np.generic], peak: float = 255.0) -> float:
    """10 log10(peak² / MSE) in decibels; infinite for equal pictures."""
    error = float(np.mean((np.asarray(one, np.float64) - np.asarray(other, np.float64)) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(peak**2 / error))


def codebook(picture: Pixels, k: int, seed: int = 0) -> Codebook:
    """A picture as K patches and a number for each place."""
    rows, columns = picture.shape[0] // PATCH, picture.shape[1] // PATCH
    centres, nearest = k_means(patches(picture), k, seed)
    tiles = np.rint(centres.clip(0, 255)).astype(np.uint8)
    again = together(tiles[nearest], rows, columns)
    return Codebook(tiles.reshape(-1, PATCH, PATCH, 3), nearest.reshape(rows, columns), k, psnr(picture, again))
