"""Writes a trained model to its folder, and reads back exactly what was written."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image

PROCESSORS = {"tokenizer.json": "AutoTokenizer", "preprocessor_config.json": "AutoImageProcessor"}


def save(model: Any, processor: Any, folder: Path) -> None:
    """Weights in fp16, and the tokenizer, the image processor or a pair of both."""
    folder.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder)
    for part in processor if isinstance(processor, tuple) else (processor,):
        part.save_pretrained(folder)


def save_pictures(pictures: dict[str, NDArray[np.uint8]], folder: Path) -> None:
    """The pictures of a card's examples, as files beside it."""
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / name, optimize=True)


def load(folder: Path) -> tuple[Any, Any]:
    """The model in float32 with attention that can be read, and its tokenizer, image processor or a pair of both."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    model = getattr(transformers, config["architectures"][0]).from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", local_files_only=True
    )
    found = [
        getattr(transformers, name).from_pretrained(folder, local_files_only=True)
        for file, name in PROCESSORS.items()
        if (folder / file).exists()
    ]
    return model.eval(), found[0] if len(found) == 1 else tuple(found)
