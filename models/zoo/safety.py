"""Looks at a checkpoint before any of it is used: JSON and safetensors headers only, nothing is built or run."""

import json
import struct
from pathlib import Path
from typing import Any

from models.zoo.errors import LoadError

MAX_JSON = 100_000_000  # bytes; safetensors promises its header is no longer than this either
PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
BOUNDS = {  # keys of config.json that decide how much is built, with the largest value a real model has come near
    "num_hidden_layers": 512,
    "n_layer": 512,
    "n_layers": 512,
    "num_attention_heads": 1_024,
    "n_head": 1_024,
    "n_heads": 1_024,
    "num_key_value_heads": 1_024,
    "hidden_size": 65_536,
    "n_embd": 65_536,
    "dim": 65_536,
    "intermediate_size": 524_288,
    "vocab_size": 4_000_000,
    "max_position_embeddings": 100_000_000,
    "n_positions": 100_000_000,
}


def read_json(path: Path, limit: int = MAX_JSON) -> dict[str, Any]:
    """A JSON object from a file of bounded size; raises LoadError with what is wrong with it."""
    if path.stat().st_size > limit:
        raise LoadError(f"{path.name} is larger than {limit // 1_000_000} MB: this is not a model's {path.name}.")
    try:
        content = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # both JSON and UTF-8 errors are ValueErrors
        raise LoadError(f"{path.name} is not valid JSON, so the model cannot be read.") from error
    if not isinstance(content, dict):
        raise LoadError(f"{path.name} should hold a JSON object with the model's settings; it holds something else.")
    return content


def checked_config(folder: Path) -> dict[str, Any]:
    """The settings in config.json without keys that steer code or kernels; raises LoadError if they are no model."""
    path = folder / "config.json"
    if not path.exists():
        raise LoadError(
            f"The folder {folder.name} has no config.json. A model's folder holds config.json, model.safetensors and "
            "the tokenizer's files, as save_pretrained writes them."
        )
    config = _without_private(read_json(path))
    if not isinstance(config.get("model_type"), str):
        raise LoadError("config.json names no model_type, so there is no telling what kind of model this is.")
    for key, largest in BOUNDS.items():
        value = config.get(key)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= largest:
            raise LoadError(f"config.json says {key} = {value!r}; expected a whole number from 1 to {largest:,}.")
    if "quantization_config" in config:
        raise LoadError("This checkpoint is quantised; Headlight reads float weights. Load the original model instead.")
    return config


def _without_private(value: Any) -> Any:
    """Drop keys that start with an underscore (CVE-2026-4372 ran code through one), at every depth."""
    if isinstance(value, dict):
        return {key: _without_private(item) for key, item in value.items() if not str(key).startswith("_")}
    return [_without_private(item) for item in value] if isinstance(value, list) else value


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a checkpoint, each checked to be whole; raises LoadError if there are none."""
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.exists():
        files = [single]
    elif index.exists():
        names = sorted({str(name) for name in read_json(index).get("weight_map", {}).values()})
        if any(Path(name).name != name for name in names):
            raise LoadError("model.safetensors.index.json points outside the model's folder.")
        files = [folder / name for name in names]
    else:
        files = []
    if not files:
        if any(any(folder.glob(pattern)) for pattern in PICKLES):
            raise LoadError(
                "This model's weights are only there as a pickle file, which can run any code when it is opened. "
                "Headlight reads safetensors: load it where you trust it and save it with save_pretrained."
            )
        raise LoadError(
            f"The folder {folder.name} has a config.json but no model.safetensors: the weights are missing."
        )
    for file in files:
        check_safetensors(file)
    return files


def check_safetensors(path: Path) -> None:
    """Raise LoadError unless the header fits the file: length, JSON, and the last byte of the last tensor."""
    if not path.exists():
        raise LoadError(f"{path.name} is missing: the model is there only in part. Download or copy it again.")
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(MAX_JSON, size - 8):
            raise LoadError(f"{path.name} is no safetensors file, or only the beginning of one ({size:,} bytes).")
        try:
            header = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
            raise LoadError(f"{path.name} has a damaged header. Download or copy it again.") from error
    expected = 8 + length + max(ends, default=0)
    if expected != size:
        raise LoadError(
            f"{path.name} should have {expected:,} bytes and has {size:,}: it was cut short or damaged. "
            "Download or copy it again."
        )
