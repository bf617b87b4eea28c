"""The recorded experiments on order: the task, what was recorded, what is shipped, and what is said of it."""

import re

import numpy as np
import pytest
import torch

from models.learn.positions import extrapolation, files, order, repeats, said
from models.scratch.positions import Position

TESTS = ("near", "late", "far")


def test_a_text_says_its_block_again() -> None:
    (text,) = repeats.texts(np.random.default_rng(0), 1, 5, 23)
    assert len(set(text[:5])) == 5
    assert all(text[i] == text[i - 5] for i in range(5, 23))


def test_a_batch_asks_only_what_can_be_known() -> None:
    ids, after = repeats.batch(0, 7)
    assert ids.shape == after.shape == (repeats.BATCH, repeats.LENGTH)
    for row, right in zip(ids.tolist(), after.tolist(), strict=True):
        period = right.index(next(r for r in right if r >= 0)) + 1
        assert period in repeats.TRAINED
        assert right[: period - 1] == [-100] * (period - 1)
        assert right[period - 1 : -1] == row[period:]
        assert right[period:] == right[:-period][:0] + [row[i + 1 - period] for i in range(period, len(row))]
    assert torch.equal(repeats.batch(0, 7)[0], ids)
    assert not set(repeats.TRAINED) & set(repeats.UNSEEN)


def test_a_late_text_stands_behind_letters_it_has_not() -> None:
    for ids in repeats.late(4, 128):
        assert ids.shape == (4, 129)
        for row in ids.tolist():
            assert not set(row[:96]) & set(row[96:])


def test_a_far_text_is_a_block_twice() -> None:
    ids = repeats.far(3, 256)
    assert torch.equal(ids[:, :128], ids[:, 128:256])
    assert all(len(set(row[:128])) == 128 for row in ids.tolist())


def test_the_record_is_whole() -> None:
    record = files.record()
    assert tuple(record["extrapolation"]) == extrapolation.ENCODINGS
    assert set(extrapolation.ENCODINGS) <= set(Position.kinds)
    assert (record["trained_length"], max(record["lengths"])) == (32, 8 * 32)
    for runs in record["extrapolation"].values():
        assert [run["seed"] for run in runs] == list(extrapolation.SEEDS)
        for run in runs:
            assert all(len(run[test]) == len(record["lengths"]) for test in TESTS)
            assert run["steps"][-1] == record["steps"]
    assert {(one["kind"], one["encoding"]) for one in record["order"]} == {
        (kind, name) for kind, names in order.RUNS.items() for name in names
    }
    assert all(len(one["runs"]) == 3 for one in record["order"])


@pytest.mark.parametrize("encoding", extrapolation.ENCODINGS)
def test_a_shipped_model_does_what_is_recorded(encoding: str) -> None:
    """In fp16, on the same texts, to a hundredth."""
    record, model = files.record(), files.load(encoding)
    (run,) = [run for run in record["extrapolation"][encoding] if run["seed"] == record["shipped_seed"]]
    ends = (record["lengths"][0], record["lengths"][3])
    places = [record["lengths"].index(length) for length in ends]
    measured = {"near": extrapolation.near, "late": extrapolation.late, "far": extrapolation.far}
    for test, measure in measured.items():
        found = measure(model, extrapolation.TESTED, ends)
        assert found == pytest.approx([run[test][place] for place in places], abs=0.01), test


def test_the_shipped_models_are_small() -> None:
    sizes = [files.file_of(name).stat().st_size for name in extrapolation.ENCODINGS]
    assert sum(sizes) < 4_000_000
    with pytest.raises(KeyError, match="no model called 'magic'; there are alibi, learned"):
        files.load("magic")


def test_every_claim_of_the_caption_holds_in_the_record() -> None:
    record = files.record()

    def at(name: str, test: str, times: float) -> float:
        return said.at(record, name, test, times)

    others = [name for name in extrapolation.ENCODINGS if name != "alibi"]
    assert at("alibi", "late", 8) > 0.8 > 0.1 > max(at(name, "late", 8) for name in others)  # ALiBi extrapolates
    assert at("alibi", "near", 1) < at("learned", "near", 1)  # and pays for it
    assert at("rope", "late", 4) < 0.5 < at("rope", "late", 2) < 0.9  # RoPE breaks within a few times
    assert said.stretched(record, "yarn", "late", 4) > at("rope", "late", 4) + 0.05  # YaRN helps
    assert said.stretched(record, "yarn", "near", 8) > at("rope", "near", 8) + 0.2
    assert said.stretched(record, "ntk", "late", 2) > at("rope", "late", 2)  # NTK at twice
    assert said.stretched(record, "ntk", "late", 4) <= at("rope", "late", 4)  # and no more at four times
    assert said.stretched(record, "linear", "late", 2) < at("rope", "late", 2)  # linear is worse
    assert at("learned", "near", 8) > 0.9 > 0.1 > at("learned", "late", 2)  # learned: where, not how far
    assert at("t5", "near", 8) > 0.9 > 0.3 > at("t5", "late", 2)
    assert at("alibi", "far", 8) > 0.6  # ALiBi reads far
    assert at("none", "near", 8) < at("none", "near", 1) < 0.6
    assert said.end(record, "encoder", "none") == pytest.approx(1 / 7, abs=0.02)
    assert said.end(record, "encoder", "sinusoidal") > 0.95
    assert 0.2 < said.end(record, "decoder", "none") < 0.5 < 0.95 < said.end(record, "decoder", "learned")


def test_the_captions_figures_are_the_records() -> None:
    record = files.record()
    words = said.extrapolation(record)
    assert f"{100 * said.at(record, 'alibi', 'late', 8):.0f} %" in words
    assert len(re.findall(r"\d+ %", words)) >= 15
    assert "14.3 %" in said.order(record)
    assert files.COMMAND in said.made(record)


def test_an_encoder_is_asked_to_say_letters_backwards() -> None:
    asked = order.batch("encoder", 3, [0])
    assert torch.equal(asked["ids"].flip(1), asked["right"])
    told = order.batch("decoder", 3, [0])
    assert told["ids"].shape == told["right"].shape == (3, 2 * order.LENGTH)
    assert torch.equal(told["right"][:, order.LENGTH :], asked["right"])
    assert torch.equal(told["ids"][:, order.LENGTH + 1 :], asked["right"][:, :-1])
    assert (told["ids"][:, order.LENGTH] == order.SIGN).all()
