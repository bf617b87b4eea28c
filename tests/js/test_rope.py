"""The browser's RoPE is the one that Python computes; its state goes through the address and comes back."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from models.positions.encodings import hands
from models.scratch.stretched import METHODS, frequencies, lengthening
from tests.js.test_node import HERE, NODE

pytestmark = pytest.mark.skipif(NODE is None, reason="no node here: the browser tests read the same numbers")


def ask(*cases: dict[str, Any]) -> list[Any]:
    run = subprocess.run(
        [str(NODE), str(HERE / "rope.mjs")], input=json.dumps(cases), capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_frequencies_are_pythons() -> None:
    cases = [
        {"does": "frequencies", "d": d, "base": base, "method": method, "s": s, "trained": trained}
        for d in (8, 16, 64, 128)
        for base in (100, 10_000, 500_000)
        for method in ("plain", *METHODS)
        for s in (1, 4, 32)
        for trained in (32, 512, 8192)
    ]
    for case, found in zip(cases, ask(*cases), strict=True):
        ours = frequencies(case["d"], float(case["base"]), case["method"], float(case["s"]), case["trained"])
        assert found == pytest.approx(ours.tolist(), rel=1e-9), case


def test_scores_and_lengthening_are_pythons() -> None:
    scores = [{"does": "score", "d": 16, "base": 10_000, "distance": k} for k in range(20)]
    assert ask(*scores) == pytest.approx(hands(20, frequencies(16, 10_000.0).numpy()).tolist(), abs=1e-6)
    longer = [{"does": "lengthening", "method": m, "s": s} for m in METHODS for s in (1, 4)]
    assert ask(*longer) == pytest.approx([lengthening(m, float(s)) for m in METHODS for s in (1, 4)])


def test_hands_that_go_where_training_never_went() -> None:
    asked = {"does": "unseen", "d": 16, "base": 10_000, "s": 4, "trained": 128}
    plain, linear, ntk, yarn = ask(*({**asked, "method": m} for m in ("plain", *METHODS)))
    slow = sum(float(w) * 128 < 2 * 3.141592653589793 for w in frequencies(16, 10_000.0))
    assert plain == {"slow": slow, "beyond": slow}
    assert linear == yarn == {"slow": slow, "beyond": 0}
    assert 0 < ntk["beyond"] < slow


def test_a_state_comes_back_from_the_address() -> None:
    address = {"rope_method": "yarn", "rope_longer": "8", "rope_base": "500000", "rope_size": "64"}
    address |= {"rope_trained": "512", "rope_position": "77", "rope_back": "9"}
    state, keys = ask({"does": "state", "address": address}, {"does": "keys", "address": address})
    assert state["complaints"] == []
    assert keys == address
    assert ask({"does": "keys", "address": {}}) == [{}]


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ({"rope_method": "magic"}, "There are plain, linear, ntk and yarn; the address says “magic”."),
        ({"rope_longer": "1e9"}, "A text may be 1 to 32 times as long; the address says “1e9”."),
        ({"rope_base": "7"}, "The base goes from 100 to 1,000,000; the address says “7”."),
        ({"rope_size": "-3"}, "A head has 8, 16, 32, 64, 128 dimensions here; the address says “-3”."),
        ({"rope_trained": "x"}, "Trained lengths are 32, 128, 512, 2048, 8192; the address says “x”."),
        ({"rope_position": "99999"}, "Position 99999 is past the last, 512."),
        ({"rope_position": "2", "rope_back": "5"}, "A key 5 back would stand before the first position."),
    ],
)
def test_a_bad_address_says_a_sentence(address: dict[str, str], sentence: str) -> None:
    (found,) = ask({"does": "state", "address": address})
    assert sentence in found["complaints"]


def test_axes() -> None:
    found = ask(
        {"does": "ticks", "low": 0, "high": 1},
        {"does": "ticks", "low": -0.2, "high": 1},
        {"does": "ticks", "low": 3, "high": 3},
        {"does": "figure", "value": -1234.5, "digits": 1},
        {"does": "figure", "value": -0.001, "digits": 2},
        {"does": "spread", "n": 64, "most": 8},
        {"does": "spread", "n": 3, "most": 8},
    )
    assert found[0] == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert found[1] == [0, 0.5, 1]
    assert found[2:] == [[3], "−1,234", "0.00", [0, 9, 18, 27, 36, 45, 54, 63], [0, 1, 2]]
    assert ask(*({"does": "two", "value": value} for value in (0.4142, 12.34, 0, 3.83e-7))) == [
        "0.41",
        "12",
        "0",
        "3.8e−7",
    ]
