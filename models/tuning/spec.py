"""What a fine-tuning is: the model, what it learns, how much of it may change, and how hard it is trained.

With a `teacher` it is a distillation: the model learns from the teacher's probabilities as well as from the data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from models.records import ConfigError
from models.tuning.data import Data, split

CLASSIFY, GAPS, NEXT = "classify", "fill mask", "next token"
TASKS = {CLASSIFY: "Sort texts into classes", GAPS: "Fill gaps", NEXT: "Go on with a text"}
FULL, HEAD, LORA = "full", "head", "lora"
METHODS = {FULL: "Full", HEAD: "Head only", LORA: "LoRA"}
MOST_STEPS = 20_000
LIMITS: dict[str, tuple[float, float, str]] = {  # lowest, highest, what the page calls it
    "frozen": (0, 1_000, "Frozen layers"),
    "rank": (1, 64, "Rank"),
    "lr": (1e-6, 1.0, "Learning rate"),
    "epochs": (1, 100, "Epochs"),
    "batch_size": (1, 256, "Batch size"),
    "held_out": (0.05, 0.9, "Held out"),
    "seed": (0, 2**31 - 1, "Seed"),
    "max_tokens": (8, 512, "Tokens per text"),
    "layers": (0, 1_000, "Layers of the student"),
    "temperature": (0.5, 20.0, "Temperature"),
    "weight": (0.0, 1.0, "Weight of the teacher"),
}
CHOICES: dict[str, tuple[str, ...]] = {"task": tuple(TASKS), "method": tuple(METHODS)}


@dataclass(frozen=True)
class Spec:
    """One fine-tuning, complete but for its data; two runs of one Spec on the same data end with the same bits.

    Raises ConfigError, field by field.
    """

    model: str  # a bundled name, a folder or a hub id
    task: str = CLASSIFY
    method: str = FULL
    frozen: int = 0  # layers from the bottom that stay as they are
    embeddings: bool = True  # whether the tables of tokens and positions are trained
    rank: int = 8  # of LoRA's matrices
    lr: float = 3e-4
    epochs: int = 6
    batch_size: int = 16
    held_out: float = 0.2  # share of the rows
    seed: int = 0
    max_tokens: int = 128  # a longer text is cut there
    data: str = ""  # what the data is called
    teacher: str = ""  # a distillation: who is learnt from
    layers: int = 0  # a distillation: how many layers the student keeps of `model`; 0: all
    fresh: bool = False  # a distillation: the student begins with random weights
    temperature: float = 2.0  # a distillation: of both sides' softmax
    weight: float = 0.5  # a distillation: of the teacher in the loss

    def __post_init__(self) -> None:
        problems = {f.name: problem for f in fields(Spec) if (problem := _problem(f.name, getattr(self, f.name)))}
        if problems:
            raise ConfigError(problems)

    @property
    def distils(self) -> bool:
        """True if there is a teacher."""
        return bool(self.teacher)

    def n_steps(self, n_rows: int) -> int:
        """Steps in all, on so many training rows."""
        return self.epochs * math.ceil(n_rows / self.batch_size)

    def as_json(self) -> dict[str, Any]:
        """All fields by name."""
        return asdict(self)


def read(values: Mapping[str, Any]) -> Spec:
    """A Spec from JSON of any origin; raises ConfigError for unknown fields, wrong types and impossible values."""
    known = {f.name for f in fields(Spec)}
    unknown = [name for name in values if name not in known]
    if unknown or "model" not in values:
        raise ConfigError({name: f"There is no setting “{name[:40]}”." for name in unknown} or {"model": "No model."})
    return Spec(**values)


def fits(spec: Spec, data: Data) -> None:
    """Raise ConfigError, field by field, for what does not go together."""
    if spec.task == CLASSIFY and not data.labels:
        raise ConfigError({"data": "These texts have no labels, and classes are learnt from labels. Give a table."})
    trained, _ = split(data, spec.held_out, spec.seed)
    if spec.batch_size > len(trained):
        raise ConfigError(
            {"batch_size": f"A batch of {spec.batch_size:,} is larger than the {len(trained):,} rows trained on."}
        )
    steps = spec.n_steps(len(trained))
    if steps > MOST_STEPS:
        raise ConfigError(
            {"epochs": f"That would be {steps:,} steps; at most {MOST_STEPS:,}. Take fewer epochs or larger batches."}
        )


def _problem(name: str, value: Any) -> str:
    """What is wrong with one field by itself, in a sentence."""
    wanted = {f.name: f for f in fields(Spec)}[name].type
    if type(value).__name__ != wanted and not (wanted == "float" and type(value) is int):
        return f"The setting “{name}” has the wrong type: {str(value)[:40]!r}."
    if name in CHOICES and value not in CHOICES[name]:
        return f"“{value[:40]}” is unknown; it can be {', '.join(CHOICES[name])}."
    if name in LIMITS:
        low, high, label = LIMITS[name]
        if not low <= value <= high:  # NaN too
            return f"{label} must be from {low:g} to {high:,g}; got {value:g}."
    return ""
