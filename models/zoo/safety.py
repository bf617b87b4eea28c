"""Looks at a checkpoint before any of it is used: JSON and safetensors headers only, nothing is built or run."""

import json
import math
import struct
from collections import Counter
from pathlib import Path
from typing import Any

from models.zoo.bounds import check_bounds
from models.zoo.errors import LoadError

MAX_JSON = 100_000_000  # bytes; safetensors promises its header is no longer than this either
MAX_CONFIG = 10_000_000  # bytes; the longest real ones list 20,000 classes in 1 MB
MAX_DEPTH = 32  # of a config's nesting; real ones have 5
MAX_SIDE = 8_192  # of a prepared picture; real ones stay below 2,000
MAX_PIXELS = 50_000_000  # of a picture that is prepared at its own size
PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")


def read_json(path: Path, limit: int = MAX_JSON) -> dict[str, Any]:
    """A JSON object from a file of bounded size; raises LoadError with what is wrong with it.

    Stricter than Python: no byte-order mark, no key twice (readers disagree about which counts), no number past a
    float's range (1e400 reads as infinity).
    """
    if path.stat().st_size > limit:
        raise LoadError(f"{path.name} is larger than {limit // 1_000_000} MB: this is not a model's {path.name}.")
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise LoadError(f"{path.name} is not valid JSON (it is not UTF-8), so the model cannot be read.") from error
    if text.startswith("\ufeff"):
        raise LoadError(f"{path.name} begins with a byte-order mark, which JSON forbids. Save it as plain UTF-8.")
    return parse_json(text, path.name)


def parse_json(text: str | bytes, name: str) -> dict[str, Any]:
    """A JSON object under `read_json`'s rules; `name` is for the sentence."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(pairs)
        if len(content) != len(pairs):
            twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
            raise LoadError(f"{name} says “{twice[:60]}” twice, and readers disagree about which counts. Keep one.")
        return content

    def finite(digits: str) -> float:
        value = float(digits)
        if not math.isfinite(value):
            raise LoadError(f"{name} holds the number {digits[:20]}, which no float can hold: it is damaged.")
        return value

    try:
        content = json.loads(text, object_pairs_hook=unique, parse_float=finite)
    except (ValueError, RecursionError) as error:  # JSON and UTF-8 errors, and integers of 5,000 digits
        raise LoadError(f"{name} is not valid JSON, so the model cannot be read.") from error
    if not isinstance(content, dict):
        raise LoadError(f"{name} should hold a JSON object with the model's settings; it holds something else.")
    return content


def checked_config(folder: Path) -> dict[str, Any]:
    """The settings in config.json without keys that steer code or kernels; raises LoadError if they are no model."""
    path = folder / "config.json"
    if not path.exists():
        raise LoadError(
            f"The folder {folder.name} has no config.json. A model's folder holds config.json, model.safetensors and "
            "the tokenizer's files, as save_pretrained writes them."
        )
    config: dict[str, Any] = _cleaned(read_json(path, MAX_CONFIG))
    if not isinstance(config.get("model_type"), str):
        raise LoadError("config.json names no model_type, so there is no telling what kind of model this is.")
    check_bounds(config)
    if (folder / "adapter_config.json").exists():  # peft would put it on the model by itself, from any kind of file
        raise LoadError(
            "This folder holds an adapter (adapter_config.json), such as LoRA, that belongs on another model. Merge "
            "the two (peft's merge_and_unload), save them as one model, and open that."
        )
    if "quantization_config" in config:
        raise LoadError("This checkpoint is quantised; Headlight reads float weights. Load the original model instead.")
    return config


def _cleaned(value: Any, depth: int = 0) -> Any:
    """Drop keys that start with an underscore (CVE-2026-4372 ran code through one), at every depth.

    {"__float__": "Infinity"} is how transformers writes a float that JSON has no word for: read as it would.
    """
    if depth > MAX_DEPTH:
        raise LoadError(f"config.json is nested more than {MAX_DEPTH} deep: this is no model's config.json.")
    if isinstance(value, list):
        return [_cleaned(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"__float__"} and value["__float__"] in ("Infinity", "-Infinity", "NaN"):
        return float(value["__float__"])
    return {key: _cleaned(item, depth + 1) for key, item in value.items() if not key.startswith("_")}


def check_processor(folder: Path) -> None:
    """Raise LoadError if the settings for preparing pictures would make one far larger than any model reads."""
    for path in (folder / "preprocessor_config.json", folder / "processor_config.json"):
        if path.exists():
            _check_sides(_cleaned(read_json(path, MAX_CONFIG)), path.name)


def _check_sides(content: dict[str, Any], name: str) -> None:
    """Look at every size below; Qwen2-VL's edges count pixels of the whole picture, so they may be longer."""
    for key, value in content.items():
        if isinstance(value, dict):
            pixels = isinstance(value.get("longest_edge"), int) and value["longest_edge"] > 100_000
            edges = value if key in ("size", "crop_size", "pad_size") else {}
            limits = {k: MAX_PIXELS if pixels and k.endswith("_edge") else MAX_SIDE for k in edges}
            _check_sides(value, name)
        else:
            edges, limits = {key: value}, dict.fromkeys(("size", "crop_size", "pad_size", "image_size"), MAX_SIDE)
            limits |= dict.fromkeys(("max_pixels", "min_pixels"), MAX_PIXELS)
        for edge, length in edges.items():
            if isinstance(length, int | float) and length > limits.get(edge, math.inf):
                raise LoadError(f"{name} says {edge} = {length}; expected at most {limits[edge]:,}.")


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a checkpoint, each checked to be whole; raises LoadError if there are none."""
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.exists():
        files = [single]
    elif index.exists():
        files = _shards(folder, read_json(index).get("weight_map"))
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


def _shards(folder: Path, weight_map: Any) -> list[Path]:
    """The files an index names, all in the folder itself."""
    listed = list(weight_map.values()) if isinstance(weight_map, dict) else []
    names = sorted({name for name in listed if isinstance(name, str)})
    if not listed or not all(isinstance(name, str) for name in listed):
        raise LoadError("model.safetensors.index.json has no list of files. Download or copy it again.")
    if any(Path(name).name != name or not name.endswith(".safetensors") for name in names):
        raise LoadError("model.safetensors.index.json points outside the model's folder.")
    return [folder / name for name in names]


# bits per element of every type the format knows
BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E5M2FNUZ", "F8_E4M3FNUZ"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
    "F4": 4,
}


def check_safetensors(path: Path) -> dict[str, Any]:
    """The header of a safetensors file by tensor name, after all the format promises is found kept; else LoadError.

    The tensors must fill the file from the header's end to the file's, without overlap, hole or remainder: no other
    kind of file can hide in it.
    """
    if not path.exists():
        raise LoadError(f"{path.name} is missing: the model is there only in part. Download or copy it again.")
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(MAX_JSON, size - 8):
            raise LoadError(f"{path.name} is no safetensors file, or only the beginning of one ({size:,} bytes).")
        header = file.read(length)
    return checked_header(header, size - 8 - length, path.name)


def checked_header(header: bytes, n_bytes: int, name: str) -> dict[str, Any]:
    """The entries of a safetensors header that describes `n_bytes` of data; raises LoadError if it does not."""
    if not header.startswith(b"{"):
        raise LoadError(f"{name} has a damaged header. Download or copy it again.")
    entries = parse_json(header, f"The header of {name}")
    entries.pop("__metadata__", None)
    end = 0
    for key, (first, last) in sorted(_places(entries, name).items(), key=lambda item: item[1]):
        if first != end:
            fault = "overlaps the one before it" if first < end else f"leaves a hole of {first - end:,} bytes before it"
            raise LoadError(f"{name} is not as safetensors must be: the tensor {key[:80]} {fault}. Do not use it.")
        end = last
    if end != n_bytes:
        raise LoadError(
            f"{name} should have {end:,} bytes of weights and has {n_bytes:,}: it was cut short or damaged. "
            "Download or copy it again."
        )
    return entries


def _places(entries: dict[str, Any], name: str) -> dict[str, tuple[int, int]]:
    """First byte and byte after the last of every tensor; raises LoadError if type, shape and length disagree."""
    places = {}
    for key, entry in entries.items():
        try:
            bits, shape, (first, last) = BITS[entry["dtype"]], entry["shape"], entry["data_offsets"]
            if not all(type(number) is int and number >= 0 for number in (*shape, first, last)):
                raise ValueError(key)
            fits = math.prod(shape) * bits == (last - first) * 8
        except (KeyError, TypeError, ValueError) as error:
            raise LoadError(
                f"{name} has a damaged header: the tensor {key[:80]} has no type, shape or place that safetensors "
                "knows. Download or copy it again."
            ) from error
        if not fits:
            raise LoadError(
                f"{name} has a damaged header: the tensor {key[:80]} is {entry['dtype']} of shape {shape}, which does "
                f"not take {last - first:,} bytes. Download or copy it again."
            )
        places[key] = (first, last)
    return places
