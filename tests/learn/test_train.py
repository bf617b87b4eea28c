"""The training loop: right schedule, and a kill that leaves no trace in the result."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from models.learn.train import Plan, fit, restore

PLAN = Plan(steps=8, lr=1e-2, warmup=2, every=2)


class Killed(Exception):
    """Stands for the power cut."""


def network() -> nn.Module:
    torch.manual_seed(7)
    return nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.3), nn.Linear(8, 1))


def batch(step: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(1000 + step)
    x = torch.randn(16, 4)
    return {"x": x, "y": x.sum(1, keepdim=True)}


def loss(model: nn.Module, data: dict[str, torch.Tensor]) -> torch.Tensor:
    return (model(data["x"]) - data["y"]).square().mean()


def silent(_: str) -> None: ...


@pytest.mark.parametrize("step", [1, 3, 5, 7])
def test_a_killed_run_resumes_to_the_same_bits(tmp_path: Path, step: int) -> None:
    whole = network()
    curve = fit(whole, batch, PLAN, tmp_path / "whole", loss=loss, report=silent)

    def dies(at: int) -> dict[str, torch.Tensor]:
        if at == step:
            raise Killed
        return batch(at)

    with pytest.raises(Killed):
        fit(network(), dies, PLAN, tmp_path / "cut", loss=loss, report=silent)
    resumed = network()
    again = fit(resumed, batch, PLAN, tmp_path / "cut", loss=loss, report=silent)
    assert [row["step"] for row in again] == [row["step"] for row in curve] == [2, 4, 6, 8]
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_it_learns(tmp_path: Path) -> None:
    curve = fit(network(), batch, Plan(steps=200, lr=3e-2, every=50), tmp_path, loss=loss, report=silent)
    assert curve[-1]["loss"] < 0.5 * curve[0]["loss"]


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    model = network()
    fit(model, batch, PLAN, tmp_path, loss=loss, report=silent)
    before = [p.clone() for p in model.parameters()]
    fit(model, batch, PLAN, tmp_path, loss=loss, report=silent)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_snapshots_are_safetensors_and_hold_the_curve(tmp_path: Path) -> None:
    fit(network(), batch, PLAN, tmp_path, lambda: {"accuracy": 0.5}, loss, silent)
    assert [f.name for f in tmp_path.iterdir()] == ["snapshot.safetensors"]
    step, curve = restore(tmp_path, network())
    assert step == 8
    assert curve[-1]["accuracy"] == 0.5
    json.dumps(curve)


def test_a_loss_that_is_no_number_stops_with_the_step(tmp_path: Path) -> None:
    with pytest.raises(FloatingPointError, match="at step 0"):
        fit(network(), batch, PLAN, tmp_path, loss=lambda m, b: loss(m, b) * float("nan"), report=silent)


def test_learning_rate() -> None:
    plan = Plan(steps=110, lr=1.0, warmup=10, final_lr=0.1)
    assert plan.lr_at(0) == pytest.approx(0.1)
    assert plan.lr_at(9) == pytest.approx(1.0)
    assert plan.lr_at(10) == pytest.approx(1.0)
    assert plan.lr_at(60) == pytest.approx(0.55)  # half of the cosine
    assert plan.lr_at(110) == pytest.approx(0.1)


def test_learning_rate_is_held_before_it_falls() -> None:
    plan = Plan(steps=100, lr=1.0, warmup=10, hold=0.5, final_lr=0.0)
    assert plan.lr_at(10) == plan.lr_at(49) == plan.lr_at(50) == pytest.approx(1.0)
    assert plan.lr_at(75) == pytest.approx(0.5)
    assert plan.lr_at(100) == pytest.approx(0.0)
