"""Two modes: on one's own machine everything safe may be opened; a Headlight served to strangers opens a list.

HEADLIGHT_PUBLIC=1        serve strangers: ids on the list and bundled names, no folders, smaller limits, terse errors
HEADLIGHT_ALLOWED=FILE    the list, one hub id per line, # begins a comment; default: allowed.txt beside this file
HEADLIGHT_MAX_DOWNLOAD_GB, HEADLIGHT_MAX_HOLD_GB, HEADLIGHT_MAX_TOKENS    other limits than the mode's own
"""

import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from models.zoo.errors import LoadError

LIST = Path(__file__).parent / "allowed.txt"


@dataclass(frozen=True)
class Limits:
    """The most that one model may cost: bytes to download, bytes to hold in memory, tokens to read at a time."""

    download: float
    hold: float
    tokens: int


OWN = Limits(download=8e9, hold=math.inf, tokens=2_048)  # what fits is looked at besides: see preflight
SERVED = Limits(download=1e9, hold=2.5e9, tokens=512)


def is_public() -> bool:
    """True if this Headlight is served to strangers."""
    return os.environ.get("HEADLIGHT_PUBLIC", "0") not in ("", "0")


def limits() -> Limits:
    """The limits in force: the mode's own, or what the environment says instead."""
    mode = SERVED if is_public() else OWN
    return Limits(
        download=_number("HEADLIGHT_MAX_DOWNLOAD_GB", mode.download / 1e9) * 1e9,
        hold=_number("HEADLIGHT_MAX_HOLD_GB", mode.hold / 1e9) * 1e9,
        tokens=int(min(_number("HEADLIGHT_MAX_TOKENS", mode.tokens), sys.maxsize)),
    )


def _number(name: str, default: float) -> float:
    """A positive number from the environment; raises LoadError for anything else."""
    text = os.environ.get(name, "")
    try:
        value = float(text or default)
    except ValueError:
        value = math.nan
    if not value > 0:
        raise LoadError(f"{name} is set to “{text}”; expected a number above 0, or nothing for the default.")
    return value


def allowed() -> frozenset[str]:
    """The hub ids that strangers may open; raises LoadError if the list cannot be read."""
    path = Path(os.environ.get("HEADLIGHT_ALLOWED") or LIST)
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LoadError(
            "The list of models that may be opened here cannot be read. Whoever runs this Headlight finds its place "
            "in HEADLIGHT_ALLOWED; the bundled models work without it."
        ) from error
    return frozenset(line.partition("#")[0].strip() for line in lines) - {""}


def check(ref: str) -> None:
    """Raise LoadError if strangers ask for something that is not on the list; folders are not even looked for."""
    if is_public() and ref not in allowed():
        raise LoadError(
            f"“{ref[:80]}” is not among the models that this public Headlight opens. Choose a bundled model or one of "
            f"the {len(allowed())} on its list, or run Headlight on your own computer, where any model opens."
        )


def brief(error: BaseException) -> str:
    """An exception in a few words: its kind, and on one's own machine the first line of its message without paths."""
    kind = type(error).__name__
    if is_public():
        return kind
    text = str(error).strip().split("\n")[0].replace(str(Path.home()), "~").rstrip(".")
    return f"{kind}: {text[:200]}" if text else kind
