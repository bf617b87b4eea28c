"""The masks of a painter, against cells counted by hand and a second way to write the rules."""

import numpy as np
import pytest

from models.painting import masks


def image(name: str, n_text: int = 4, rows: int = 2, columns: int = 3) -> np.ndarray:
    return masks.mask(name, n_text, rows, columns)[n_text:, n_text:]


def test_full_is_causal_and_every_cell_reads_all_of_the_text() -> None:
    full = masks.mask("full", 4, 2, 3)
    assert full.sum() == 55  # 10 * 11 / 2
    assert image("full").sum() == 21
    for name in masks.RULES:
        mask = masks.mask(name, 4, 2, 3)
        assert (mask[4:, :4].sum(1) == 4).all()
        assert (mask[:4] == full[:4]).all()
        assert not (mask & ~full).any()
        assert mask.diagonal().all()


def test_cells_counted_by_hand() -> None:
    assert image("row").sum() == 12  # (1 + 2 + 3) * 2
    assert image("column").sum() == 9  # 3 cells that read themselves, 3 that read the one above too
    # a 2 x 3 grid: 0 reads 0; 1: 0 1; 2: 1 2; 3: 0 1 3; 4: 0 1 2 3 4; 5: 1 2 4 5
    assert image("convolution").astype(int).tolist() == [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [0, 1, 1, 0, 0, 0],
        [1, 1, 0, 1, 0, 0],
        [1, 1, 1, 1, 1, 0],
        [0, 1, 1, 0, 1, 1],
    ]


@pytest.mark.parametrize("name", ["row", "column", "convolution"])
def test_rules_cell_by_cell(name: str) -> None:
    rows, columns, n_text = 4, 5, 3
    mask = masks.mask(name, n_text, rows, columns)
    for query in range(rows * columns):
        for key in range(rows * columns):
            (r, c), (s, d) = divmod(query, columns), divmod(key, columns)
            near = {"row": r == s, "column": c == d, "convolution": abs(r - s) < 2 and abs(c - d) < 2}[name]
            assert mask[n_text + query, n_text + key] == (near and key <= query)
