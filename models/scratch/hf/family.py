"""Families: each file beside this one says what of a Config a class of the library expresses, and links the weights."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from transformers import PreTrainedModel

from models.records import Config, Knobs
from models.scratch.hf.links import Link

ACTIVATIONS = {
    "gelu_new": "gelu tanh",
    "gelu_pytorch_tanh": "gelu tanh",
    "gelu": "gelu",
    "relu": "relu",
    "silu": "swiglu",  # where a gate stands beside it
}
NAMES = {ours: theirs for theirs, ours in ACTIVATIONS.items() if theirs != "gelu_pytorch_tanh"}


Fits = Mapping[str, tuple[Any, ...]]
Plain = Mapping[str, Any]


class NotExpressible(ValueError):
    """A shape that one side has no word for; the sentence says which part of it, and what there is instead."""


class Family:
    """One class of the library. `fits`: the values of Config's fields that it can express, where it cannot all."""

    library: ClassVar[type[PreTrainedModel]]
    fits: ClassVar[Fits]
    grouped: ClassVar[bool] = False  # whether heads may share keys and values
    plain: ClassVar[Plain] = {}  # settings that must be so for us to read it

    @classmethod
    def problems(cls, config: Config, knobs: Knobs) -> list[str]:
        """Why this class cannot express the shape, in words; empty if it can."""
        found = [
            f"{name} must be {' or '.join(_said(value) for value in fits)}, not {_said(getattr(config, name))}"
            for name, fits in cls.fits.items()
            if getattr(config, name) not in fits
        ]
        if config.kv_heads != config.n_heads and not cls.grouped:
            found.append("every head must have a key and a value of its own")
        return found + cls.other_problems(config) + cls.knob_problems(config, knobs)

    @classmethod
    def other_problems(cls, config: Config) -> list[str]:
        """What no list of values says: without a feed-forward step the library's matrices have no counterpart."""
        return [] if config.d_ff else ["d_ff must be 1 or more"]

    @classmethod
    def knob_problems(cls, config: Config, knobs: Knobs) -> list[str]:
        """What of the knobs it cannot keep."""
        free = ("full", "causal") if config.kind == "decoder" else ("full",)
        found = [] if knobs.pattern in free else [f"pattern must be full, not {knobs.pattern}"]
        return found if knobs.residual else [*found, "residual must be on"]

    @classmethod
    def check(cls, settings: Any) -> None:
        """Raise NotExpressible if the library's settings say something that we have no word for."""
        for name, wanted in cls.plain.items():
            if getattr(settings, name, wanted) != wanted:
                raise NotExpressible(
                    f"This {cls.library.__name__} has {name} = {getattr(settings, name)}; what is read here has "
                    f"{wanted}."
                )

    @classmethod
    def config(cls, settings: Any) -> Config:
        """Our shape of the library's settings; raises NotExpressible."""
        raise NotImplementedError

    @classmethod
    def knobs(cls, settings: Any) -> Knobs:
        """Our knobs, where the library keeps them with the shape."""
        return Knobs()

    @classmethod
    def settings(cls, config: Config, knobs: Knobs) -> dict[str, Any]:
        """The library's settings of our shape."""
        raise NotImplementedError

    @classmethod
    def links(cls, config: Config) -> Iterator[Link]:
        """Which weight is which."""
        raise NotImplementedError


def activation(name: str) -> str:
    """Our name of an activation; raises NotExpressible."""
    if name not in ACTIVATIONS:
        raise NotExpressible(f"The activation {name} is none of {', '.join(ACTIVATIONS)}.")
    return ACTIVATIONS[name]


def _said(value: Any) -> str:
    if value in (True, False) and isinstance(value, bool):
        return "on" if value else "off"
    return f"“{value}”" if isinstance(value, str) else str(value)
