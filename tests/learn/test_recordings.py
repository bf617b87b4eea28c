"""Recorded runs: what is shipped is what its preset says, and begins as the trainer does; recording keeps a curve."""

import statistics
from pathlib import Path

import pytest

from models.learn import recordings, sharing
from models.learn.presets import PRESETS, Goal, Preset
from models.learn.trainer import Trainer, again

SHIPPED = sorted(file.stem for file in recordings.FOLDER.glob("*.json"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recording_is_the_run_of_its_preset(name: str) -> None:
    found = recordings.recording(name)
    assert found is not None
    assert found.spec == PRESETS[name].spec
    assert not found.changes
    first = [step.loss for step in again(Trainer(found.spec), (), 8)]
    assert list(found.loss[:8]) == pytest.approx(first, rel=1e-4)  # another processor may round otherwise
    assert len(found.history.norm) == len(found.loss)
    goal = PRESETS[name].goal
    assert goal.of(found.evaluations[-1]) >= goal.value


def test_grokking_knows_by_heart_long_before_it_understands() -> None:
    """Power et al. 2022: the training loss is nearly 0 while hardly a held-out sum is right."""
    found = recordings.recording("grokking")
    assert found is not None
    by_heart = next(s for s in range(100, len(found.loss)) if statistics.mean(found.loss[s - 100 : s]) < 0.02)
    exact = {step: share for step, _, _, share in found.evaluations}
    assert exact[by_heart // 50 * 50] < 0.5
    understood = next(step for step, share in exact.items() if share >= 0.99)
    assert understood > 2 * by_heart


def test_there_is_none_for_what_trains_at_once() -> None:
    assert recordings.recording("reverse") is None
    assert recordings.recording("../presets") is None


def test_recording_ends_when_the_goal_has_stood_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = Preset(
        "Tiny",
        "Two letters, copied.",
        {"task": "copy", "length": 2, "vocabulary": 5, "examples": 200, "n_layers": 1, "d_model": 16, "d_ff": 16,
         "batch_size": 16, "warmup": 4, "lr": 1e-2, "steps": 2_000},
        Goal("exact", 0.99),
    )  # fmt: skip
    monkeypatch.setattr(recordings, "PRESETS", {"tiny": tiny})
    monkeypatch.setattr(recordings, "FOLDER", tmp_path)
    monkeypatch.setattr(recordings, "STAYS", 3)
    said: list[str] = []
    shared = sharing.unpacked(recordings.record("tiny", said.append).read_bytes())
    assert shared.spec == tiny.spec
    assert 0 < len(shared.loss) < tiny.spec.steps
    assert [row[3] for row in shared.evaluations[-3:]] == [1.0, 1.0, 1.0]
    assert len(said) == len(shared.evaluations) == len(shared.loss) // recordings.EVERY + 1
    assert list(shared.loss) == [step.loss for step in again(Trainer(tiny.spec), (), len(shared.loss))]
