"""Several files as one, for a visitor to take along."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files, by their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def folder_zipped(folder: Path) -> bytes:
    """A zip of the files of a folder."""
    return zipped({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
