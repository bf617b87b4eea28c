"""How colours look and how far apart they are, also to eyes that lack one kind of cone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.float64]  # linear red, green, blue from 0 to 1

# Machado, Oliveira, Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision Deficiency": the
# matrices of severity 1, on linear red, green, blue
SIGHTS = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}

# Ottosson 2020, "A perceptual color space for image processing": linear red, green, blue -> OKLab
_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OPPONENTS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(rgb: Sequence[int]) -> Colour:
    """Red, green, blue from 0 to 255, without their gamma."""
    share = np.asarray(rgb, float) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def oklab(rgb: Sequence[int], sight: str = "normal") -> Colour:
    """Lightness and the two opponent axes, as this eye sees the colour."""
    return _OPPONENTS @ np.cbrt(_CONES @ np.clip(SIGHTS[sight] @ linear(rgb), 0, 1))


def distance(a: Sequence[int], b: Sequence[int], sight: str = "normal") -> float:
    """How far apart two colours are in OKLab: about 0.02 is just noticeable."""
    return float(np.linalg.norm(oklab(a, sight) - oklab(b, sight)))


def contrast(a: Sequence[int], b: Sequence[int]) -> float:
    """The contrast ratio of WCAG 2, 1 to 21."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (a, b))
    return (high + 0.05) / (low + 0.05)
