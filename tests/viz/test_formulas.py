"""Formulas as trees: every stage's can be read, and what is not known is said."""

import pytest

from models.scratch.stages import STAGES
from viz.formulas import tree


def text(node: list) -> str:
    return node[1] if isinstance(node[1], str) else "".join(text(child) for child in node[1:])


def test_fractions_roots_and_scripts() -> None:
    assert tree(r"S = \frac{Q K^\top}{\sqrt{d_{head}}}") == [
        "mrow",
        ["mi", "S"],
        ["mo", "="],
        [
            "mfrac",
            ["mrow", ["mi", "Q"], ["msup", ["mi", "K"], ["mo", "⊤"]]],
            ["msqrt", ["msub", ["mi", "d"], ["mrow", *(["mi", letter] for letter in "head")]]],
        ],
    ]


def test_sums_stand_over_their_index() -> None:
    assert tree(r"\sum_j X_{p,j}^2")[1] == ["munder", ["mo", "∑"], ["mi", "j"]]
    assert tree(r"\sum_j X_{p,j}^2")[2][0] == "msubsup"


def test_text_keeps_its_spaces() -> None:
    assert ["mtext", "where "] in tree(r"-\infty \; \text{where } i")


@pytest.mark.parametrize("formula", sorted({stage.formula for stage in STAGES.values()}))
def test_every_stage_has_a_formula_that_can_be_set(formula: str) -> None:
    assert text(tree(formula))


def test_an_unknown_command_is_named() -> None:
    with pytest.raises(ValueError, match=r"\\oint"):
        tree(r"\oint x")
