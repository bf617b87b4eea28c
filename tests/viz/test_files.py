"""Exports: exact in float32, readable without pickle, harmless in a spreadsheet."""

import csv
import io
import json
from dataclasses import replace

import numpy as np

from tests.viz import traces
from viz import files


def test_a_table_gives_back_every_float32() -> None:
    trace = traces.trace(shape=(2, 3), labels=traces.CAT)
    attention = trace.attentions[0]
    rows = list(csv.reader(io.StringIO(files.csv(attention, 1, 2).decode())))
    assert rows[0][1:] == list(traces.CAT)
    assert [row[0] for row in rows[1:]] == list(traces.CAT)
    assert np.array_equal(np.array([row[1:] for row in rows[1:]], np.float32), attention.at(1, 2))


def test_cells_that_a_spreadsheet_would_run_are_text() -> None:
    trace = traces.trace(shape=(1, 1), labels=("=cmd|x", "+1", "-1", "@x", "\tx", "ok", 'a"b,c\n'))
    rows = list(csv.reader(io.StringIO(files.csv(trace.attentions[0], 0, 0).decode(), newline="")))
    assert rows[0][1:] == ["'=cmd|x", "'+1", "'-1", "'@x", "'\tx", "ok", 'a"b,c\n']
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)


def test_an_archive_holds_everything_without_pickle() -> None:
    trace = traces.trace(shape=(2, 3), labels=("[CLS]", *traces.CAT), special=(0,))
    arrays = np.load(io.BytesIO(files.npz(trace)), allow_pickle=False)
    for layer, weights in enumerate(trace.attentions[0].weights):
        assert arrays[f"layer_{layer}"].dtype == np.float32
        assert np.array_equal(arrays[f"layer_{layer}"], weights)
    assert arrays["queries"].tolist() == ["[CLS]", *traces.CAT]
    assert arrays["special"].tolist() == [True, *[False] * len(traces.CAT)]
    assert json.loads(str(arrays["about"]))["model"] == trace.info.name


def test_several_stacks_keep_their_names_apart() -> None:
    one, two = (traces.trace(shape=(1, 2), labels=traces.CAT, seed=seed) for seed in (1, 2))
    stacks = (replace(one.attentions[0], name="encoder"), replace(two.attentions[0], name="cross-attention"))
    arrays = np.load(io.BytesIO(files.npz(replace(one, attentions=stacks))), allow_pickle=False)
    assert np.array_equal(arrays["encoder_layer_0"], stacks[0].weights[0])
    assert np.array_equal(arrays["cross_attention_layer_0"], stacks[1].weights[0])
    about = json.loads(str(arrays["about"]))
    assert [stack["name"] for stack in about["attentions"]] == ["encoder", "cross-attention"]


def test_file_names_hold_no_path() -> None:
    trace = traces.trace(shape=(1, 1), labels=("a",))
    for name, expected in (("../../x", "headlight_x"), ("acme/tiny", "headlight_acme-tiny"), ("<b>", "headlight_b")):
        assert files.name(replace(trace, info=replace(trace.info, name=name))) == expected
    assert len(files.name(replace(trace, info=replace(trace.info, name="x" * 300)))) < 80
