"""`python -m models.learn [PRESET ...] [--seeds N]`: trains presets over seeds, keeps the figures, writes their table.

`python -m models.learn --record NAME` trains a preset that takes long, and keeps its curve as the recording shown.
`python -m models.learn --replay FILE` trains a shared run again and says whether its curve comes out the same.

Seed s is the data, the initialisation and the order seed at once. Without names only the table is written anew.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import asdict, replace
from pathlib import Path

from models.learn import presets, recordings
from models.learn.presets import MEASURED, PRESETS, Measured, Preset
from models.learn.samples import HELD_OUT
from models.learn.sharing import Shared

TABLE = Path(__file__).parents[2] / "docs" / "presets.md"
EVERY = 25  # steps between two looks at the held-out rows
SEEDS = 5
INTRODUCTION = (
    "Measured by `python -m models.learn PRESET ...`, which also writes this page. Counted is the first step at which "
    f"the figure was seen on {HELD_OUT} held-out rows, looked at every {EVERY} steps. CPU seconds are the median of "
    "whole runs on one core, held-out rows included."
)


def main() -> None:
    """Measure what is asked for; every preset is kept as soon as it is done."""
    ask = argparse.ArgumentParser(prog="python -m models.learn")
    ask.add_argument("presets", nargs="*", choices=[*PRESETS, []])
    ask.add_argument("--seeds", type=int, default=SEEDS)
    ask.add_argument("--replay", type=Path, metavar="FILE", help="a run that was shared as a file")
    ask.add_argument("--record", choices=list(PRESETS), metavar="PRESET", help="a preset whose curve is to be kept")
    given = ask.parse_args()
    if given.record:
        print(recordings.record(given.record))
        return
    if given.replay:
        print(replayed(given.replay))
        return
    for name in given.presets:
        found = measure(PRESETS[name], given.seeds)
        kept = json.loads(MEASURED.read_text("utf-8")) if MEASURED.exists() else {}
        kept[name] = asdict(found)
        MEASURED.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", "utf-8")
        print(name, found, flush=True)
    presets.measured.cache_clear()
    TABLE.write_text(table(), "utf-8")


def replayed(file: Path) -> str:
    """What comes of training a shared run again, in a sentence."""
    from models.learn import checking, sharing

    try:
        shared = sharing.unpacked(file.read_bytes())
    except (sharing.ShareError, OSError) as problem:
        return f"{file.name}: {problem}"
    if shared.kept:
        return f"{file.name} began with weights of another run, which the file does not hold: it cannot be replayed."
    at, differs = checking.compared(shared.spec, shared.changes, list(shared.loss))
    if differs:
        return f"{file.name}: the loss of step {differs:,} came out otherwise."
    return f"{file.name}: {at:,} steps, {len(shared.changes):,} knobs turned; the same losses, bit for bit."


def measure(preset: Preset, seeds: int) -> Measured:
    """Every seed to its last step."""
    hits: list[int | None] = []
    last, seconds = [], []
    for seed in range(seeds):
        hit, figure, took = _run(preset, seed)
        hits.append(hit)
        last.append(round(figure, 4))
        seconds.append(took)
    return Measured(tuple(hits), tuple(last), round(statistics.median(seconds), 1), EVERY)


def _run(preset: Preset, seed: int) -> tuple[int | None, float, float]:
    from models.learn.trainer import Trainer

    began, hit, figure = time.process_time(), None, 0.0
    trainer = Trainer(replace(preset.spec, data_seed=seed, init_seed=seed, order_seed=seed))
    while trainer.step < trainer.spec.steps:
        trainer.advance()
        if trainer.step % EVERY == 0 or trainer.step == trainer.spec.steps:
            figure = getattr(trainer.evaluate(), preset.goal.figure)
            if hit is None and figure >= preset.goal.value:
                hit = trainer.step
    return hit, figure, time.process_time() - began


def table() -> str:
    """The page of presets, from what was measured."""
    found = presets.measured()
    lines = [
        "# Presets of the playground",
        "",
        INTRODUCTION,
        "",
        "| preset | goal | seeds that reached it | median step | spread | at the end | CPU seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, preset in PRESETS.items():
        kept = recordings.recording(name)
        lines.append(_recorded(preset, kept) if kept else _line(preset, found.get(name)))
    return "\n".join(lines) + "\n"


def _recorded(preset: Preset, kept: Shared) -> str:
    hit = next((row[0] for row in kept.evaluations if preset.goal.of(row) >= preset.goal.value), None)
    reached = "never" if hit is None else f"{hit:,}"
    end = f"{preset.goal.of(kept.evaluations[-1]):.3f}"
    return f"| {preset.title} | {preset.goal.words} | one run, recorded | {reached} | – | {end} | |"


def _line(preset: Preset, found: Measured | None) -> str:
    if found is None:
        return f"| {preset.title} | {preset.goal.words} | not measured | | | | |"
    hits = [hit for hit in found.hits if hit is not None]
    median = f"{statistics.median(hits):,.0f}" if hits else "–"
    spread = f"{min(hits):,} to {max(hits):,}" if hits else "–"
    end = f"{min(found.last):.3f} to {max(found.last):.3f}"
    reached = f"{len(hits)} of {len(found.hits)}"
    return f"| {preset.title} | {preset.goal.words} | {reached} | {median} | {spread} | {end} | {found.seconds:g} |"


if __name__ == "__main__":
    main()
