"""RoPE for longer texts than it was trained on: its angles are stretched, without another step of training.

    plain    ω_i = base^(-2i / d)
    linear   ω_i / s                                      every hand slower (Chen et al. 2023)
    ntk      (base s^(d / (d - 2)))^(-2i / d)              slow hands slower by s, the fastest as it was (bloc97 2023)
    yarn     hands that turned less than once in the trained length: ω_i / s; more than 32 times: ω_i; between, a
             mixture; and queries and keys are both lengthened by 0.1 ln s + 1 (Peng et al. 2023)

s is how many times as long the text may be. The library calls ntk "dynamic", and lets s follow the text.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.scratch.positions import Heads, Rope

METHODS = ("linear", "ntk", "yarn")
FAST, SLOW = 32.0, 1.0  # turns within the trained length beyond which, and below which, YaRN is not in between


def frequencies(d: int, base: float, method: str = "plain", s: float = 1.0, trained: int = 1) -> Float[Tensor, " half"]:
    """ω of the d / 2 hands, in radians per position, in float64.

    `trained`: positions it was trained on. Raises ValueError for a method that is not known.
    """
    exponent = -torch.arange(0, d, 2).double() / d
    if method == "plain":
        return base**exponent
    if method == "linear":
        return base**exponent / s
    if method == "ntk":
        return (base * s ** (d / (d - 2))) ** exponent
    if method == "yarn":
        low, high = (d * math.log(trained / (turns * 2 * math.pi)) / (2 * math.log(base)) for turns in (FAST, SLOW))
        low, high = max(math.floor(low), 0), min(math.ceil(high), d - 1)
        slow = ((torch.arange(d // 2).double() - low) / max(high - low, 0.001)).clamp(0, 1)
        return base**exponent * (1 - slow + slow / s)
    raise ValueError(f"{method} is no way to stretch RoPE; there are plain, {', '.join(METHODS)}.")


def lengthening(method: str, s: float) -> float:
    """What queries and keys are multiplied by."""
    return 0.1 * math.log(s) + 1 if method == "yarn" and s > 1 else 1.0


class Stretched(Rope, name=""):
    """Another RoPE with its angles stretched."""

    def __init__(self, rope: Rope, method: str, s: float, trained: int) -> None:
        nn.Module.__init__(self)
        self.rope, self.method, self.s, self.trained = rope, method, s, trained

    def rotate(self, x: Heads) -> Heads:
        """Turned by the stretched angles, and lengthened."""
        n, d = x.shape[-2:]
        angle = torch.arange(n).double()[:, None] * frequencies(d, self.rope.base, self.method, self.s, self.trained)
        longer = lengthening(self.method, self.s)
        cos, sin = (longer * angle.cos()).to(x), (longer * angle.sin()).to(x)
        a, b = self.rope.pairs(x)
        return self.rope.join(a * cos - b * sin, a * sin + b * cos)


def stretch(rope: Rope, method: str, s: float, trained: int) -> Stretched:
    """`rope` for texts `s` times as long as the `trained` positions."""
    return Stretched(rope, method, s, trained)
