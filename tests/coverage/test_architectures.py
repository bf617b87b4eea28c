"""The table itself: every model builds, runs and has an authority to be compared with."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.coverage import library
from tests.coverage.base import Architecture
from tests.coverage.table import ARCHITECTURES

# torch on mask types, where a model (WavLM) passes it two of different kinds
pytestmark = pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask:UserWarning")
each = pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda architecture: architecture.name)


def test_there_are_more_than_a_hundred() -> None:
    assert len(ARCHITECTURES) >= 100


def test_names_are_unique() -> None:
    assert len({architecture.name for architecture in ARCHITECTURES}) == len(ARCHITECTURES)


@each
def test_runs_and_has_an_authority(architecture: Architecture, record_property: Callable[[str, object], None]) -> None:
    model, inputs, options = architecture.make(), architecture.inputs(), architecture.options
    found = library.outputs(library.run(model, inputs))
    assert found
    assert not any(tensor.isnan().any() for tensor in found)
    assert any(tensor.isinf().any() for tensor in found) == ("infinite" in options)

    other_draw = library.outputs(library.run(model, inputs, seed=1))
    assert (distance(found, other_draw) > 0) == options.get("seeded", False)

    eager = library.outputs(library.run(library.eager(model), inputs))
    far = distance(library.without_padding(found, inputs), library.without_padding(eager, inputs)) > 5e-5
    assert far == ("unequal" in options)

    given = library.attentions(architecture, model)
    record_property("attentions", len(given))
    if architecture.attention == "yes":
        assert bool(given) == ("silent" not in options)
    assert not any(one.weights.isnan().any() or one.weights.numel() == 0 for one in given)


def distance(ones: list[Tensor], others: list[Tensor]) -> float:
    """The largest difference between two outputs of one model, where large numbers may differ by more."""
    if [one.shape for one in ones] != [other.shape for other in others]:
        return math.inf
    far = [0.0]
    for one, other in zip(ones, others, strict=True):
        finite = one[one.isfinite()]
        scale = finite.abs().max().clamp(min=1) if finite.numel() else 1
        far.append((torch.where(one == other, 0, one - other).abs() / scale).max().item() if one.numel() else 0.0)
    return max(far)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(ValueError, match="mean nothing"):
        Architecture("X", "none", lambda: None, dict, {"sedeed": True})
