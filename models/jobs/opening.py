"""Which engine runs jobs: this computer, or the Ray cluster that HEADLIGHT_RAY names."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from models.jobs.local import LocalEngine
from models.jobs.protocol import Engine
from models.jobs.store import home

NOT_KEPT = "Runs are kept only until the server ends: {}"


def opened(folder: Path | None = None) -> Engine:
    """The engine; where nothing can be written it works in a folder that is not kept, and says so."""
    folder = folder or home()
    try:
        return _on(folder)
    except Exception as problem:  # read-only, full, or written by a newer Headlight: it works all the same
        engine = _on(Path(tempfile.mkdtemp(prefix="headlight-")))
        engine.notice = NOT_KEPT.format(problem)
        return engine


def _on(folder: Path) -> Engine:
    address = os.environ.get("HEADLIGHT_RAY", "")
    if not address:
        return LocalEngine(folder)
    from models.jobs.ray import RayEngine

    return RayEngine(folder, address)
