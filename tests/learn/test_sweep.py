"""Sweeps: which runs there are, which go on, and what cannot be, by hand."""

import math

import pytest

from models.learn.spec import Spec
from models.learn.sweep import GRID, RANDOM, Range, Standing, Sweep, from_json, next_move
from models.records import ConfigError

BASE = Spec(steps=900)


def problems(**given) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        Sweep(BASE, **({"axes": {"lr": (1e-3, 1e-2)}} | given))
    return caught.value.problems


def test_a_grid_has_every_combination_in_order() -> None:
    trials = Sweep(BASE, {"n_heads": (1, 2), "lr": (1e-3, 1e-2)}).trials
    assert [trial.values for trial in trials] == [
        {"n_heads": 1, "lr": 1e-3},
        {"n_heads": 1, "lr": 1e-2},
        {"n_heads": 2, "lr": 1e-3},
        {"n_heads": 2, "lr": 1e-2},
    ]
    assert trials[3].spec is not None
    assert (trials[3].spec.n_heads, trials[3].spec.lr, trials[3].spec.steps) == (2, 1e-2, 900)


def test_a_random_search_is_the_same_each_time_and_stays_in_its_ranges() -> None:
    axes = {"lr": Range(1e-4, 1e-1), "dropout": Range(0.1, 0.4), "n_layers": Range(1, 3), "n_heads": (1, 2, 4)}
    sweep = Sweep(BASE, axes, RANDOM, runs=100, seed=5)
    drawn = [trial.values for trial in sweep.trials]
    assert drawn == [trial.values for trial in sweep.trials]
    assert drawn != [trial.values for trial in Sweep(BASE, axes, RANDOM, runs=100, seed=6).trials]
    rates = [values["lr"] for values in drawn]
    assert min(rates) >= 1e-4
    assert max(rates) <= 1e-1
    assert 30 < sum(rate < 10**-2.5 for rate in rates) < 70  # by powers: half of them below the middle one
    assert {values["n_layers"] for values in drawn} == {1, 2, 3}
    assert {values["n_heads"] for values in drawn} == {1, 2, 4}
    assert all(type(values["n_layers"]) is int for values in drawn)


def test_a_combination_that_cannot_be_is_said_of_its_run_alone() -> None:
    trials = Sweep(BASE, {"n_heads": (3, 4), "d_model": (32, 48)}).trials
    assert [bool(trial.problem) for trial in trials] == [True, False, False, False]
    assert "32" in trials[0].problem
    assert trials[0].spec is None


def test_what_makes_no_sweep_is_said_at_its_field() -> None:
    assert problems(axes={}) == {"axes": "A sweep varies 1 to 4 knobs; these are 0."}
    assert problems(axes={"lr": ()}) == {"lr": "Learning rate has no values: write some, as 1, 2, 4."}
    assert problems(axes={"colour": (1,)}) == {"colour": "There is no knob “colour”."}
    assert problems(axes={"lr": (1e-3, 1e-3)}) == {"lr": "Learning rate has 1e−3 twice."}
    assert "goes up, and from 1e−5 to 10" in problems(axes={"lr": Range(1.0, 0.1)})["lr"]
    assert "goes up" in problems(axes={"lr": Range(math.nan, 0.1)})["lr"]
    assert "is no number" in problems(axes={"schedule": Range(0, 1)})["schedule"]
    assert "has a range. Search at random." in problems(axes={"lr": Range(1e-3, 1e-2)}, search=GRID)["search"]
    assert problems(runs=10**6, search=RANDOM) == {"runs": "“runs” is a whole number from 1 to 128; got 1000000."}
    assert "got True" in problems(at_once=True)["at_once"]
    many = tuple(range(32))
    grid = {"data_seed": many, "init_seed": many, "order_seed": many, "warmup": many}
    assert problems(axes=grid) == {"search": "That grid has 1,048,576 runs; a sweep has at most 128. Search at random."}


def test_json_there_and_back() -> None:
    sweep = Sweep(BASE, {"lr": Range(1e-4, 1e-2), "norm": ("layer", "rms")}, RANDOM, 7, 3, 4, "loss", 9)
    assert from_json(sweep.as_json()) == sweep
    for bad in ({}, {"axes": 3, "base": {}}, {"axes": {"lr": 3}, "base": {}}, {"axes": {"lr": {"low": 1}}, "base": {}}):
        with pytest.raises(ConfigError):
            from_json(bad)


def test_runs_begin_in_an_order_of_chance_that_is_always_the_same() -> None:
    sweep = Sweep(BASE, {"n_heads": (1, 2, 4, 8), "lr": (1e-3, 1e-2, 1e-1)})
    assert sorted(sweep.order) == list(range(12))
    assert sweep.order == Sweep(BASE, sweep.axes).order != list(range(12))


def test_rungs_are_shares_of_a_run_never_too_early_and_somebody_goes_to_the_end() -> None:
    many = {"order_seed": tuple(range(30))}
    assert Sweep(BASE, many, keep=3).rungs(900) == [33, 100, 300, 900]
    assert Sweep(BASE, many, keep=3).rungs(100) == [33, 100]
    assert Sweep(BASE, many, keep=3).rungs(59) == [59]
    assert Sweep(BASE, many, keep=1).rungs(900) == [900]
    assert Sweep(BASE, {"order_seed": tuple(range(16))}, keep=3).rungs(900) == [100, 300, 900]  # 16, 5, 1
    assert Sweep(BASE, {"order_seed": (1, 2)}, keep=3).rungs(900) == [900]
    assert Sweep(BASE, {"n_heads": (3, 1, 2, 4)}, keep=3).rungs(900) == [300, 900]
    assert Sweep(BASE, {"n_heads": (3, 5, 2, 4)}, keep=3).rungs(900) == [900]  # two of them cannot be


def run_out(scores: list[list[float]], keep: int, at_once: int) -> list[tuple[int, int]]:
    """All moves of a sweep whose runs take as long as each other; `scores` by run and rung."""
    standings = dict.fromkeys(range(len(scores)), Standing())
    last = {number: len(row) - 1 for number, row in enumerate(scores)}
    moves: list[tuple[int, int]] = []
    on_its_way: list[int] = []
    while True:
        while len(on_its_way) < at_once and (move := next_move(standings, last, keep)):
            number, rung = move
            moves.append(move)
            standings[number] = Standing(rung, standings[number].scores)
            on_its_way.append(number)
        if not on_its_way:
            return moves
        number = on_its_way.pop(0)
        standings[number] = standings[number].come(scores[number][standings[number].sent])


def test_one_in_three_goes_on_as_in_the_paper() -> None:
    """Nine runs, keep 3, one at a time: as soon as three more have come to a rung, the best that may goes on."""
    moves = run_out([[score] * 3 for score in (5.0, 9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0)], keep=3, at_once=1)
    assert moves == [
        (0, 0), (1, 0), (2, 0), (1, 1),  # 9 is the best of three
        (3, 0), (4, 0), (5, 0), (3, 1),  # of six, 9 and 8 go on
        (6, 0), (7, 0), (8, 0), (5, 1), (1, 2),  # of nine 9, 8 and 7; of these three, 9
    ]  # fmt: skip


def test_the_best_first_means_nothing_is_wasted() -> None:
    moves = run_out([[float(-number)] * 3 for number in range(9)], keep=3, at_once=2)
    assert [sum(rung == r for _, rung in moves) for r in range(3)] == [9, 3, 1]
    assert (0, 2) in moves


def test_what_broke_never_goes_on() -> None:
    assert run_out([[-math.inf] * 2] * 3, keep=3, at_once=1) == [(0, 0), (1, 0), (2, 0)]
    standings = {0: Standing(0, (5.0,), out=True), 1: Standing(0, (1.0,)), 2: Standing(0, (2.0,))}
    assert next_move(standings, {0: 1, 1: 1, 2: 1}, 3) is None


def test_without_early_stopping_all_go_to_their_end() -> None:
    assert run_out([[1.0]] * 4, keep=1, at_once=2) == [(0, 0), (1, 0), (2, 0), (3, 0)]
