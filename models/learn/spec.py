"""What a run of the playground is: its task, its shape, its seeds, and the knobs that may turn while it trains.

One list of fields is all there is to know of a knob: its name, what it may be, and whether it needs a rebuild. A Spec
is JSON, a line in the address, and the same run bit for bit on a CPU.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from typing import Any

from models.records import PATTERNS, Config, ConfigError, Knobs

REBUILD, LIVE, SEEDS = "rebuild", "live", "seeds"
SCHEDULES = ("constant", "linear", "cosine", "inverse square root")
OPTIMISERS = ("SGD", "momentum", "Adam", "AdamW")
POSITIONS = ("learned", "rope halves", "sinusoidal", "alibi", "t5", "none")
LONGEST_TEXT = 200_000  # characters that are trained on
MOST_SEED = 2**31 - 1
START = "start"  # of a job's specification: {"job", "step"} of the snapshot whose weights are kept where they fit


def knob(
    default: Any,
    label: str,
    group: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] = (),
    about: str = "",
) -> Any:
    """A field of Spec with what the page, the address and the checks must know of it."""
    facts = {"label": label, "group": group, "low": low, "high": high, "choices": choices, "about": about}
    return field(default=default, metadata=facts)


@dataclass(frozen=True)
class Spec:
    """One run, complete; two runs of one Spec end with the same bits. Raises ConfigError, field by field."""

    task: str = knob("reverse", "Task", REBUILD)
    length: int = knob(
        8, "Length", REBUILD, 1, 64, about="Of a question, in letters or digits; of a text, what is read."
    )
    vocabulary: int = knob(20, "Vocabulary", REBUILD, 1, 113, about="How many different letters, brackets or numbers.")
    examples: int = knob(
        20_000, "Examples", REBUILD, 16, 50_000, about="Training examples. Few can be learnt by heart."
    )
    share: float = knob(
        0.9, "Share trained on", REBUILD, 0.1, 0.95, about="Of all questions; the others are for validation only."
    )
    text: str = knob("", "Your text", REBUILD)
    table: str = knob("", "Your table", REBUILD)
    patch: int = knob(
        7, "Patch", REBUILD, choices=(4, 7, 14), about="Side of a patch in pixels. Only pictures have any."
    )
    n_layers: int = knob(2, "Layers", REBUILD, 1, 6)
    n_heads: int = knob(4, "Heads per layer", REBUILD, 1, 8)
    n_kv_heads: int = knob(0, "Key-value heads", REBUILD, 0, 8, about="Fewer: heads share keys and values. 0: none do.")
    d_model: int = knob(64, "Width (d_model)", REBUILD, 8, 128)
    d_ff: int = knob(256, "Feed-forward (d_ff)", REBUILD, 0, 512, about="0: attention only.")
    position: str = knob("learned", "Position encoding", REBUILD, choices=POSITIONS)
    rope_base: float = knob(10_000.0, "RoPE base", REBUILD, 10.0, 1_000_000.0)
    norm: str = knob("layer", "Norm", REBUILD, choices=("layer", "rms", "none"))
    norm_place: str = knob("pre", "Norm's place", REBUILD, choices=("pre", "post"))
    activation: str = knob("gelu tanh", "Activation", REBUILD, choices=("gelu tanh", "gelu", "relu", "swiglu"))
    bias: bool = knob(True, "Biases", REBUILD)
    tied: bool = knob(False, "Tied embedding", REBUILD, about="The embedding, transposed, is also the output.")
    embedding_std: float = knob(0.02, "Spread of embeddings", REBUILD, 0.001, 2.0, about="At the start.")
    init_std: float = knob(0.02, "Spread of weights", REBUILD, 0.001, 1.0, about="At the start.")

    data_seed: int = knob(0, "Data", SEEDS, 0, MOST_SEED)
    init_seed: int = knob(0, "Weights", SEEDS, 0, MOST_SEED)
    order_seed: int = knob(0, "Order", SEEDS, 0, MOST_SEED)

    lr: float = knob(2e-3, "Learning rate", LIVE, 1e-5, 10.0)
    schedule: str = knob("cosine", "Schedule", LIVE, choices=SCHEDULES)
    warmup: int = knob(50, "Warm-up steps", LIVE, 0, 10_000)
    steps: int = knob(1_500, "Steps in all", LIVE, 1, 50_000)
    optimiser: str = knob("AdamW", "Optimiser", LIVE, choices=OPTIMISERS, about="Another one starts without memory.")
    weight_decay: float = knob(0.01, "Weight decay", LIVE, 0.0, 2.0, about="On matrices only.")
    clip: float = knob(1.0, "Clip gradient", LIVE, 0.0, 10.0, about="Largest norm of the whole gradient. 0: off.")
    batch_size: int = knob(64, "Batch size", LIVE, 1, 512)
    accumulation: int = knob(1, "Accumulation", LIVE, 1, 16, about="Batches whose gradients are averaged in one step.")
    label_smoothing: float = knob(0.0, "Label smoothing", LIVE, 0.0, 0.3)
    dropout: float = knob(0.0, "Dropout", LIVE, 0.0, 0.5)
    label_noise: float = knob(0.0, "Label noise", LIVE, 0.0, 0.5, about="Share of training labels that are wrong.")
    pattern: str = knob("full", "Attention pattern", LIVE, choices=tuple(p for p in PATTERNS if p != "causal"))
    width: int = knob(4, "Window width", LIVE, 1, 32, about="Of windows and blocks, in positions.")
    residual: bool = knob(True, "Residual stream", LIVE, about="Off: each step replaces what was there.")
    precision: str = knob(
        "float32", "Precision", LIVE, choices=("float32", "bfloat16"), about="Of training; validation is in float32."
    )
    ema: float = knob(0.0, "Average of weights", LIVE, 0.0, 0.999, about="Validation reads the average. 0: off.")

    def __post_init__(self) -> None:
        from models.learn import tasks

        problems = {name: problem for name in NAMES if (problem := _problem(name, getattr(self, name)))}
        problems = problems or tasks.problems(self) or self._fits()
        if problems:
            raise ConfigError(problems)
        _ = self.config, self.knobs

    def _fits(self) -> dict[str, str]:
        """What is wrong between knobs that are right by themselves."""
        found = {}
        if self.warmup > self.steps:
            found["warmup"] = f"A warm-up of {self.warmup:,} steps does not fit into {self.steps:,} steps in all."
        if self.batch_size > self.examples:
            found["batch_size"] = f"A batch of {self.batch_size:,} is larger than the data: {self.examples:,} examples."
        return found

    @property
    def config(self) -> Config:
        """The shape; raises ConfigError in its own words."""
        from models.learn import tasks

        kind = tasks.TASKS[self.task].picture
        names = ("n_layers", "n_heads", "d_model", "d_ff", "position", "norm", "norm_place", "activation", "bias")
        more = ("tied", "rope_base", "embedding_std", "init_std")
        return Config(
            d_vocab=len(tasks.symbols(self)),
            kind="vision" if kind else "decoder",
            picture=kind.shape if kind else None,
            patch=self.patch if kind else 0,
            max_len=max(2, tasks.n_tokens(self) - 1),  # of pictures the patches decide
            n_kv_heads=self.n_kv_heads or None,
            **{name: getattr(self, name) for name in names + more},
        )

    @property
    def knobs(self) -> Knobs:
        """What the model itself is told with each call."""
        return Knobs(dropout=self.dropout, pattern=self.pattern, width=self.width, residual=self.residual)

    def lr_at(self, step: int) -> float:
        """Learning rate of step 1, 2, ...: a linear warm-up, then as `schedule` says, towards 0 at the last step.

        "inverse square root" is lr sqrt(w / step) after w warm-up steps (Vaswani et al. 2017, section 5.3).
        """
        if step <= self.warmup:
            return self.lr * step / self.warmup
        done = min(1.0, (step - self.warmup) / max(1, self.steps - self.warmup))
        shares = {
            "constant": 1.0,
            "linear": 1 - done,
            "cosine": 0.5 * (1 + math.cos(math.pi * done)),
            "inverse square root": math.sqrt(max(1, self.warmup) / step),
        }
        return self.lr * shares[self.schedule]

    def changed(self, name: str, value: Any) -> Spec:
        """With one live knob turned; raises ConfigError for what cannot be, or not while it trains."""
        if name not in NAMES:
            raise ConfigError({name: f"There is no knob “{name}”."})
        if NAMES[name].metadata["group"] != LIVE:
            raise ConfigError({name: f"{label(name)} needs a rebuild: it cannot change while the model trains."})
        return replace(self, **{name: value})

    def as_json(self) -> dict[str, Any]:
        """All fields by name."""
        return asdict(self)


NAMES: dict[str, Field[Any]] = {f.name: f for f in fields(Spec)}
OWN = ("text", "table")  # what a visitor gave: too much for a line in the address


@dataclass(frozen=True)
class Change:
    """A knob that was turned: it holds from the step after `step` on."""

    step: int
    knob: str
    old: Any
    new: Any


def _kind(name: str) -> Any:
    """bool, int, float or str."""
    return type(NAMES[name].default)


def label(name: str) -> str:
    """What a knob is called on the page."""
    return str(NAMES[name].metadata["label"])


def written(value: Any) -> str:
    """A knob's value in words: rates as 2e-3, switches on or off."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float) and value and math.isfinite(value) and not 0.01 <= abs(value) < 10_000:
        digits, power = f"{value:.3e}".split("e")
        return f"{digits.rstrip('0').rstrip('.')}e{int(power)}".replace("-", "\u2212")
    return f"{value:g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def read(values: Mapping[str, Any]) -> Spec:
    """A Spec from JSON of any origin; raises ConfigError for unknown fields, wrong types and impossible values."""
    unknown = [name for name in values if name not in NAMES]
    if unknown:
        raise ConfigError({name: f"There is no knob “{name[:40]}”." for name in unknown})
    return Spec(**{name: _as_type(name, value) for name, value in values.items()})


def of_job(values: Mapping[str, Any]) -> Spec:
    """The Spec of a job, whose specification may also say which weights it begins with; raises ConfigError."""
    return read({name: value for name, value in values.items() if name != START})


def _as_type(name: str, value: Any) -> Any:
    """A whole number is fine where a number is wanted, and nothing else is bent."""
    wanted = _kind(name)
    return float(value) if wanted is float and type(value) is int else value


def to_address(spec: Spec, start: Spec) -> str:
    """What differs from `start`, as it stands in a link; the visitor's own text has a place of its own."""
    parts = {name: getattr(spec, name) for name in NAMES if name not in OWN}
    return ",".join(f"{n}:{json.dumps(v).strip(chr(34))}" for n, v in parts.items() if v != getattr(start, n))


def from_address(address: str, start: Spec) -> tuple[dict[str, Any], list[str]]:
    """Values that a link gives, and a sentence for each part of it that could not be taken as it was.

    Values outside of their range are moved to its edge; nothing in a link can make more than these fields.
    """
    values, notices = {}, []
    for part in address[:2_000].split(",") if address else []:
        name, _, said = part.partition(":")
        if name not in NAMES or name in OWN:
            notices.append(f"The link names a knob “{name[:30]}” that does not exist.")
        elif name in values:
            notices.append(f"The link gives {label(name)} twice; the first counts.")
        else:
            value, notice = _parsed(name, said)
            values[name] = getattr(start, name) if value is None else value
            notices += [notice] if notice else []
    return values, notices


def _parsed(name: str, said: str) -> tuple[Any, str]:
    """A value from a link, None for one that is none, and what to say of it."""
    facts, wanted = NAMES[name].metadata, _kind(name)
    try:
        if wanted is bool:
            value: Any = {"true": True, "false": False}[said]
        elif wanted is str:
            value = said
        else:
            number = float(said)
            if not math.isfinite(number):
                raise ValueError
            value = number if facts["low"] is None else min(max(number, facts["low"]), facts["high"])
            if value != number:
                return wanted(value), f"{label(name)} {said[:20]} in the link was moved to {written(wanted(value))}."
            value = wanted(value)
    except (ValueError, KeyError):
        return None, f"The link gives {label(name)} as “{said[:20]}”, which it cannot be."
    problem = _problem(name, value)
    return (None, f"The link: {problem}") if problem else (value, "")


def _problem(name: str, value: Any) -> str:
    """What is wrong with one field by itself, in a sentence."""
    facts, wanted = NAMES[name].metadata, _kind(name)
    if type(value) is not wanted:
        kinds = {bool: "on or off", int: "a whole number", float: "a number", str: "text"}
        return f"{label(name)} must be {kinds[wanted]}; got {str(value)[:40]!r}."
    if name == "task":
        from models.learn import tasks

        return "" if value in tasks.TASKS else f"There is no task “{value[:40]}”; there are {', '.join(tasks.TASKS)}."
    if facts["choices"] and value not in facts["choices"]:
        return f"{label(name)} “{str(value)[:40]}” is unknown; it can be {', '.join(map(str, facts['choices']))}."
    if facts["low"] is not None and not facts["low"] <= value <= facts["high"]:
        low, high = (wanted(facts[edge]) for edge in ("low", "high"))
        return f"{label(name)} must be from {written(low)} to {written(high)}; got {written(value)}."
    return ""
