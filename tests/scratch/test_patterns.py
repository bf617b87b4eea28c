"""Patterns: as many cells as the formula says, no empty row, nobody reads ahead who must not."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.cost.patterns import cells
from models.records import PATTERNS, Knobs
from models.scratch.patterns import RULES, mask

SIZES = st.integers(1, 40)


def test_names_are_those_that_knobs_know() -> None:
    assert tuple(RULES) == PATTERNS


@pytest.mark.parametrize("pattern", PATTERNS)
@given(n=SIZES, width=SIZES, step=st.integers(1, 12), n_global=st.integers(0, 45), looks_back=st.booleans())
@settings(deadline=None)
def test_cells_equal_the_formula(pattern: str, n: int, width: int, step: int, n_global: int, looks_back: bool) -> None:
    knobs = Knobs(pattern=pattern, width=width, step=step, n_global=n_global)
    allowed = mask(n, knobs, looks_back)
    assert allowed.shape == (n, n)
    assert allowed.sum().item() == cells(n, knobs, looks_back)
    assert allowed.diagonal().all()  # so no row is empty
    if looks_back or pattern == "causal":
        assert not allowed.triu(1).any()


@pytest.mark.parametrize(
    ("knobs", "n", "looks_back", "count"),
    [
        (Knobs(pattern="window", width=2), 8, False, 34),
        (Knobs(pattern="window", width=1), 8, False, 22),
        (Knobs(pattern="window", width=7), 100, False, 1444),
        (Knobs(pattern="window", width=2), 8, True, 21),
        (Knobs(pattern="global", width=1, n_global=1), 8, False, 34),
        (Knobs(pattern="global", width=2, n_global=3), 16, False, 146),
        (Knobs(pattern="global", width=4, n_global=2), 50, False, 608),
        (Knobs(pattern="strided", step=4), 8, True, 30),
        (Knobs(pattern="dilated", width=2, step=2), 8, False, 28),
        (Knobs(), 9, False, 81),
        (Knobs(), 9, True, 45),
    ],
)
def test_counts_by_hand(knobs: Knobs, n: int, looks_back: bool, count: int) -> None:
    assert mask(n, knobs, looks_back).sum().item() == cells(n, knobs, looks_back) == count


def test_what_they_look_like() -> None:
    def rows(**knobs: object) -> list[str]:
        return ["".join(".x"[cell] for cell in row) for row in mask(6, Knobs(**knobs), False).long().tolist()]

    assert rows(pattern="block", width=4) == ["xxxx..", "xxxx..", "xxxx..", "xxxx..", "....xx", "....xx"]
    assert rows(pattern="dilated", width=1, step=2)[0] == "x.x..."
    assert rows(pattern="strided", step=3)[0] == "xxxx.."
    assert rows(pattern="global", width=1, n_global=1)[4] == "x..xxx"
    assert torch.equal(mask(6, Knobs(pattern="causal"), False), mask(6, Knobs(), True))
