"""What two machines must have in common for one to go on with the other's run and end in the same bits."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

MODELS = Path(__file__).parents[1]
PARTS = ("jobs/*.py", "learn/*.py", "scratch/*.py", "tuning/*.py", "records.py")


@cache
def here() -> dict[str, str]:
    """By name: Headlight's code as a digest, Python and PyTorch."""
    digest = hashlib.sha256()
    for path in sorted(path for part in PARTS for path in MODELS.glob(part)):
        digest.update(path.relative_to(MODELS).as_posix().encode() + b"\0" + path.read_bytes())
    return {
        "Headlight": digest.hexdigest()[:16],
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "PyTorch": version("torch"),
    }
