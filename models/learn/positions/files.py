"""What the experiments left behind: RECORD with every number, and one model per encoding in fp16 safetensors."""

import functools
import json
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from models.learn.positions.extrapolation import config
from models.scratch.transformer import Decoder

FOLDER = Path(__file__).parent / "bundled"
RECORD = FOLDER / "record.json"
COMMAND = "python -m models.learn.positions"


@functools.cache
def record() -> dict[str, Any]:
    """Every number of both experiments: "extrapolation", "order", and the settings they were made with."""
    found: dict[str, Any] = json.loads(RECORD.read_text("utf-8"))
    return found


def save_record(found: dict[str, Any]) -> None:
    """Write it so that a change shows in a line of its own."""
    FOLDER.mkdir(exist_ok=True)
    RECORD.write_text(_lines(found) + "\n", "utf-8")


def _lines(value: Any, depth: int = 0) -> str:
    """JSON with a line per key, and lists of numbers on one."""
    if isinstance(value, dict):
        pad = " " * (depth + 1)
        return "{\n" + ",\n".join(f"{pad}{json.dumps(k)}: {_lines(v, depth + 1)}" for k, v in value.items()) + "}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[" + ",\n".join(_lines(item, depth + 1) for item in value) + "]"
    return json.dumps(value)


def save(model: Decoder, encoding: str) -> None:
    """Weights in fp16."""
    FOLDER.mkdir(exist_ok=True)
    save_file({name: value.half().contiguous() for name, value in model.state_dict().items()}, file_of(encoding))


def load(encoding: str) -> Decoder:
    """A shipped model, in float32 and evaluation mode; raises KeyError with the names there are."""
    if not file_of(encoding).exists():
        names = ", ".join(sorted(path.stem for path in FOLDER.glob("*.safetensors")))
        raise KeyError(f"there is no model called {encoding!r}; there are {names}")
    model = Decoder(config(encoding))
    model.load_state_dict({name: value.float() for name, value in load_file(file_of(encoding)).items()})
    return model.eval()


def file_of(encoding: str) -> Path:
    """Where its weights are."""
    return FOLDER / f"{encoding}.safetensors"
