"""The capture against every architecture: the library's attentions, the arithmetic, and an output left alone."""

from functools import cache
from pathlib import Path

import pytest
import torch

from models.capture import functions
from models.capture.active import Capture, Modules
from tests.coverage import library, report
from tests.coverage.base import Architecture
from tests.coverage.compare import READINGS, TOLERANCE, Result, look
from tests.coverage.table import ARCHITECTURES
from tests.coverage.tiers import TIERS, expected

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"

# torch on mask types, where a model (WavLM) passes it two of different kinds
pytestmark = pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask:UserWarning")
each = pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda architecture: architecture.name)


@cache
def looked(number: int) -> Result:
    """A result by its place in the table, made once for all tests."""
    return look(ARCHITECTURES[number])


@each
def test_read_as_expected(architecture: Architecture) -> None:
    result = looked(ARCHITECTURES.index(architecture))
    assert result.tier == expected(architecture.name)
    assert (result.tier == "none") == (architecture.attention == "none")
    if result.tier == "none":
        assert not result.matched
        assert architecture_is_refused_in_words(result)
        return
    assert result.calls > 0
    assert [one for one, distance in result.matched if distance > TOLERANCE] == []
    assert bool(result.matched or result.others) == ("silent" not in architecture.options)
    assert result.output == 0
    assert result.default <= TOLERANCE
    assert result.rows <= TOLERANCE
    assert max(result.softmax, default=0) <= 1e-6
    assert max(result.values, default=0) <= TOLERANCE


def architecture_is_refused_in_words(result: Result) -> bool:
    return " " in result.refusal and "\n" not in result.refusal and "Traceback" not in result.refusal


def test_bigbird_reads_its_first_block_twice_and_the_library_shows_one_reading() -> None:
    """The five softmaxes of a layer put in their places and added up are what its heads read; blocks are of 4."""
    architecture = next(one for one in ARCHITECTURES if one.name == "BigBird (sparse)")
    model = architecture.make()
    functions.install(model, functions.candidates(model))
    with Capture(Modules.of(model), keep=frozenset({"values"})) as capture:
        out = library.run(model, architecture.inputs(), output_attentions=True)
    first, second, middle, before_last, last = (call.weights() for call in capture.calls[:5])
    true = torch.zeros(2, 4, 16, 4, 16, 4)  # [text, head, query block, query, key block, key]
    true[:, :, 0], true[:, :, -1] = (whole.unflatten(-1, (16, 4)) for whole in (first, last))
    for row, blocks, keys in (
        (1, second, (0, 1, 2, 15, 0)),
        (14, before_last, (0, 13, 14, 15, 0)),
        *((i + 2, middle[:, :, i], (0, i + 1, i + 2, i + 3, 0, 15)) for i in range(12)),
    ):
        for place, key in enumerate(keys):
            true[:, :, row, :, key] += blocks[..., 4 * place : 4 * place + 4]
    true = true.flatten(4).flatten(2, 3)
    assert (true.sum(-1) - 1).abs().max() <= TOLERANCE
    theirs, value = out.attentions[0], capture.calls[0].value
    assert value is not None
    assert ((true - theirs)[..., 4:]).abs().max() <= TOLERANCE
    assert ((true - theirs)[..., :4]).max() > 0.1
    seen: list[torch.Tensor] = []
    model.encoder.layer[0].attention.self.register_forward_hook(lambda module, args, found: seen.append(found[0]))
    library.run(model, architecture.inputs())
    read = (true @ value).transpose(1, 2).flatten(2) * architecture.inputs()["attention_mask"][..., None]
    assert (read - seen[0]).abs().max() <= TOLERANCE


def test_every_tensor_of_the_library_is_told_what_it_is() -> None:
    for architecture in ARCHITECTURES:
        assert set(architecture.readings.values()) <= set(READINGS)
        assert not architecture.readings or architecture.expect


def test_expected_tiers_name_architectures_of_the_table() -> None:
    names = [name for tier in TIERS.values() for name in tier]
    assert len(names) == len(set(names))
    assert set(names) <= {architecture.name for architecture in ARCHITECTURES}


def test_what_the_library_leaves_out_is_recomputed() -> None:
    """Where no tensor of the library vouches for a call, the arithmetic does."""
    for number, architecture in enumerate(ARCHITECTURES):
        result = looked(number)
        if result.left_out and result.tier in ("interface", "function", "mixed"):
            assert result.softmax, architecture.name


def test_the_page_is_up_to_date() -> None:
    results = [looked(number) for number in range(len(ARCHITECTURES))]
    written = report.rows(PAGE.read_text())
    assert written == report.rows(report.page(results)), "the page is old: run `make coverage`"
