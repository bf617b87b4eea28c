"""What was fine-tuned as a Hugging Face folder, which the other pages and the library itself open."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from models.learn.export import README
from models.learn.zips import folder_zipped
from models.tuning.data import Data
from models.tuning.network import merged
from models.tuning.spec import METHODS, Spec
from models.tuning.teaching import of


def save(spec: Spec, data: Data, state: bytes, folder: Path) -> None:
    """Write the model of a snapshot, LoRA merged, in float32 safetensors, with its tokenizer. Raises LoadError."""
    tuner = of(spec, data)
    tuner.resume(state)
    module: Any = merged(tuner.network)
    folder.mkdir(parents=True, exist_ok=True)
    module.eval().save_pretrained(folder)
    tuner.network.tokenizer.save_pretrained(folder)
    (folder / README).write_text(f"{said(spec, tuner.step)}\n", "utf-8")


def said(spec: Spec, step: int) -> str:
    """What it is, in a sentence."""
    how = "all weights" if spec.method == "full" else METHODS[spec.method]
    taught = f", taught by {Path(spec.teacher).name}" if spec.teacher else ""
    return f"{Path(spec.model).name}, fine-tuned in Headlight ({how}{taught}; {step:,} steps; data: {spec.data})."


def name(spec: Spec, job: str, step: int) -> str:
    """Of its folder: what it was made of, by which run, after how many steps."""
    clean = re.sub(r"[^A-Za-z0-9.-]+", "-", Path(spec.model).name).strip("-.")[:40] or "model"
    return f"{clean}-{'distilled' if spec.teacher else 'tuned'}-{job}-{step}"


def zipped(spec: Spec, data: Data, state: bytes) -> bytes:
    """The same without leaving a folder."""
    with TemporaryDirectory() as folder:
        save(spec, data, state, Path(folder))
        return folder_zipped(Path(folder))
