"""Where the recipes' public files lie, and a helpful sentence where they do not."""

from pathlib import Path


def find(data: Path, file: str, what: str) -> Path:
    """The path of a file in the data folder; raises FileNotFoundError with `what` it is and where to get it."""
    path = data / file
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there. It is {what}.")
    return path
