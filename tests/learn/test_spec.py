"""Specifications: a sentence for everything that cannot be, the same run from JSON and from a link."""

import json
import math

import pytest

from models.learn.presets import PRESETS
from models.learn.spec import NAMES, Spec, from_address, read, to_address, written
from models.records import ConfigError


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"n_heads": 5}, "n_heads", "5 heads cannot share d_model = 64 evenly"),
        ({"n_layers": 0}, "n_layers", "Layers must be from 1 to 6; got 0."),
        ({"warmup": 2_000}, "warmup", "A warm-up of 2,000 steps does not fit into 1,500 steps in all."),
        ({"batch_size": 64, "examples": 20}, "batch_size", "A batch of 64 is larger than the data: 20 examples."),
        ({"lr": math.nan}, "lr", "Learning rate must be from 1e−5 to 10; got nan."),
        ({"lr": -1.0}, "lr", "Learning rate must be from"),
        ({"lr": "fast"}, "lr", "Learning rate must be a number; got 'fast'."),
        ({"n_layers": True}, "n_layers", "Layers must be a whole number"),
        ({"task": "magic"}, "task", "There is no task “magic”"),
        ({"position": "rope halves", "d_model": 36, "n_heads": 4}, "position", "d_head must be even, and is 9"),
        ({"n_kv_heads": 3}, "n_kv_heads", "4 heads cannot be put into 3 equal groups."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(values: dict[str, object], field: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Spec(**values)
    assert words in caught.value.problems[field]


def test_json_and_back() -> None:
    for preset in PRESETS.values():
        assert read(json.loads(json.dumps(preset.spec.as_json()))) == preset.spec
    with pytest.raises(ConfigError, match="no knob “colour”"):
        read({"colour": 1})


def test_a_link_gives_the_same_run() -> None:
    start = Spec()
    for preset in PRESETS.values():
        values, notices = from_address(to_address(preset.spec, start), start)
        assert notices == []
        assert Spec(**values) == preset.spec
    assert to_address(start, start) == ""


@pytest.mark.parametrize(
    ("link", "values", "notice"),
    [
        ("n_layers:1000000", {"n_layers": 6}, "Layers 1000000 in the link was moved to 6."),
        ("label_noise:2000", {"label_noise": 0.5}, "moved to 0.5"),
        ("lr:nan", {"lr": 2e-3}, "The link gives Learning rate as “nan”, which it cannot be."),
        ("lr:-1", {"lr": 1e-5}, "moved to 1e−5"),
        ("lr:1e-3,lr:5", {"lr": 1e-3}, "twice; the first counts"),
        ("colour:red", {}, "a knob “colour” that does not exist"),
        ("residual:maybe", {"residual": True}, "cannot be"),
        ("norm:batch", {"norm": "layer"}, "unknown"),
        ("text:abc", {}, "does not exist"),
    ],
)
def test_a_bad_link_is_clamped_and_said(link: str, values: dict[str, object], notice: str) -> None:
    found, notices = from_address(link, Spec())
    assert found == values
    assert len(notices) == 1
    assert notice in notices[0]


def test_a_link_of_a_megabyte_is_cut() -> None:
    _, notices = from_address("x:1," * 300_000, Spec())
    assert len(notices) <= 501


def test_schedules() -> None:
    spec = Spec(lr=1e-3, warmup=10, steps=110, schedule="constant")
    assert spec.lr_at(1) == pytest.approx(1e-4)
    assert spec.lr_at(10) == spec.lr_at(110) == pytest.approx(1e-3)
    assert spec.changed("schedule", "linear").lr_at(60) == pytest.approx(5e-4)
    assert spec.changed("schedule", "cosine").lr_at(60) == pytest.approx(5e-4)
    assert spec.changed("schedule", "cosine").lr_at(110) == pytest.approx(0)
    assert spec.changed("schedule", "inverse square root").lr_at(40) == pytest.approx(5e-4)  # t = 4 w gives half


def test_only_live_knobs_turn() -> None:
    assert Spec().changed("lr", 0.1).lr == 0.1
    with pytest.raises(ConfigError, match="Layers needs a rebuild"):
        Spec().changed("n_layers", 3)
    assert {f.metadata["group"] for f in NAMES.values()} == {"rebuild", "live", "seeds"}


def test_values_in_words() -> None:
    assert [written(v) for v in (2e-3, 10.0, True, 20_000, 0.0, 0.05)] == ["2e−3", "10", "on", "20,000", "0", "0.05"]
