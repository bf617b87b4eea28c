"""What cannot be built says so, field by field, in words."""

from dataclasses import replace
from typing import Any

import pytest

from models.records import Config, ConfigError, Knobs


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"d_model": 65}, "n_heads", "4 heads cannot share d_model = 65 evenly"),
        ({"n_layers": 0}, "n_layers", "n_layers must be a whole number from 1 on; got 0"),
        ({"n_heads": 0}, "n_heads", "from 1 on; got 0"),
        ({"n_heads": True}, "n_heads", "whole number"),
        ({"n_layers": 1.5}, "n_layers", "whole number from 1 on; got 1.5"),
        ({"d_vocab": 1}, "d_vocab", "from 2 on; got 1"),
        ({"max_len": 1}, "max_len", "from 2 on"),
        ({"d_ff": -1}, "d_ff", "from 0 on"),
        ({"n_kv_heads": 3}, "n_kv_heads", "4 heads cannot be put into 3 equal groups"),
        ({"n_kv_heads": 0}, "n_kv_heads", "from 1 on"),
        ({"position": "rope", "d_model": 12}, "position", "d_head must be even, and is 3"),
        ({"position": "sinusoidal", "d_model": 9, "n_heads": 3}, "position", "d_model must be even"),
        ({"position": "magic"}, "position", "position “magic” is unknown; it can be none, learned"),
        ({"kind": "gpt"}, "kind", "it can be decoder"),
        ({"norm_eps": float("nan")}, "norm_eps", "above 0"),
        ({"rope_base": 1.0}, "rope_base", "above 1"),
        ({"init_std": float("inf")}, "init_std", "got inf"),
        ({"picture": (1, 8, 8), "patch": 4}, "picture", "Only kind “vision” reads pictures"),
        ({"kind": "vision"}, "picture", "channels, height and width"),
        ({"kind": "vision", "picture": (1, 8, 9), "patch": 4}, "patch", "8 x 9 pixels cannot be cut into patches of 4"),
        ({"kind": "vision", "picture": (1, 8, 8)}, "patch", "patches of 0"),
    ],
    ids=str,
)
def test_a_shape_that_cannot_be_built(wrong: dict[str, Any], field: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Config(**{"d_vocab": 30} | wrong)
    assert sentence in refused.value.problems[field]
    assert refused.value.problems[field] in str(refused.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        Config(d_vocab=1, n_layers=0, position="magic")
    assert set(refused.value.problems) == {"d_vocab", "n_layers", "position"}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"dropout": 1.0}, "at least 0 and below 1; got 1.0"),
        ({"dropout": float("nan")}, "below 1"),
        ({"pattern": "zigzag"}, "pattern “zigzag” is unknown"),
        ({"width": 0}, "width must be a whole number from 1 on"),
        ({"step": 0}, "step must be"),
        ({"n_global": -1}, "n_global must be a whole number from 0 on"),
    ],
    ids=str,
)
def test_a_knob_that_cannot_be_turned_so_far(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence.replace("(", r"\(")):
        Knobs(**wrong)


def test_what_is_derived() -> None:
    config = Config(d_vocab=30, n_heads=8, n_kv_heads=2)
    assert (config.d_head, config.kv_heads, config.n_positions) == (8, 2, 128)
    assert replace(config, n_kv_heads=None).kv_heads == 8
    assert Config(d_vocab=10, kind="vision", picture=(1, 28, 28), patch=4).n_positions == 50
