"""Positions read out of models: each kind is found where it is, with the numbers that the model uses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf

from models import zoo
from models.positions import encodings
from models.positions.reading import FAR, Found, read, sines

SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}


def only(model: Any) -> Found:
    (found,) = read(model)
    return found


def test_bundled_models() -> None:
    kinds = {
        "gpt-stories": ["learned"],
        "bert-stories": ["learned"],
        "roformer-stories": ["rope"],
        "mistral-stories": ["rope"],
        "marian-en-fr": ["sinusoidal"],
        "bart-summary": ["learned", "learned"],
        "vit-fashion": ["learned"],
        "detr-shapes": ["queries"],
    }
    assert {name: [one.kind for one in read(zoo.load(name).module)] for name in kinds} == kinds


def test_a_learnt_table_is_the_models() -> None:
    model = zoo.load("gpt-stories")
    found = only(model.module)
    assert (found.name, found.n) == ("transformer.wpe", 128)
    np.testing.assert_array_equal(found.values, model.module.transformer.wpe.weight.detach().numpy())
    assert "128 places of 256 dimensions" in found.says


def test_rows_that_stand_for_no_place_are_left_out(folders: Path) -> None:
    roberta = zoo.load(str(folders / "roberta")).module
    table = next(m for n, m in roberta.named_modules() if n.endswith("position_embeddings"))
    found = next(one for one in read(roberta) if one.kind == "learned")
    first = table.padding_idx + 1
    np.testing.assert_array_equal(found.values, table.weight.detach().numpy()[first:])
    assert f"first {first} rows" in found.says
    bart = read(zoo.load("bart-summary").module)
    assert {one.n for one in bart} == {112}
    assert all("first 2 rows" in one.says for one in bart)


def test_sines_are_known_by_their_numbers() -> None:
    angle = np.arange(20)[:, None] * 10_000.0 ** (-np.arange(0, 8, 2) / 8)
    table = np.stack([np.sin(angle), np.cos(angle)], -1).reshape(20, 8).astype(np.float32)
    assert sines(table) == "side by side"
    assert sines(np.concatenate([np.sin(angle), np.cos(angle)], 1).astype(np.float32)) == "all sines first"
    assert sines(np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32)) == ""
    assert "not learnt" in only(zoo.load("marian-en-fr").module).says


@pytest.mark.parametrize("scaling", ["default", "linear", "yarn", "llama3"])
def test_rope_is_read_with_its_stretching(scaling: str) -> None:
    more: dict[str, Any] = {
        "default": {},
        "linear": {"factor": 4.0},
        "yarn": {"factor": 4.0, "original_max_position_embeddings": 64},
        "llama3": {
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
    }[scaling]
    rope = {"rope_type": scaling, "rope_theta": 20_000.0, **more}
    model = hf.LlamaForCausalLM(
        hf.LlamaConfig(vocab_size=50, max_position_embeddings=256, num_key_value_heads=4, rope_parameters=rope, **SMALL)
    )
    found = only(model)
    assert found.kind == "rope"
    np.testing.assert_array_equal(found.values, model.model.rotary_emb.inv_freq.numpy())
    assert ("base 20,000" in found.says) == (scaling == "default")
    assert ("lengthened by 1.139" in found.says) == (scaling == "yarn")


def test_two_kinds_of_layers_have_two_ropes() -> None:
    kinds = ["sliding_attention", "full_attention"]
    config = hf.Gemma3TextConfig(
        vocab_size=50, num_key_value_heads=2, head_dim=8, max_position_embeddings=64, layer_types=kinds, **SMALL
    )
    found = read(hf.Gemma3ForCausalLM(config))
    assert [one.kind for one in found] == ["rope", "rope"]
    assert {word for one in found for word in ("full", "sliding") if word in one.says} == {"full", "sliding"}


def test_roformers_table_only_turns() -> None:
    found = only(zoo.load("roformer-stories").module)
    np.testing.assert_allclose(found.values, 10_000.0 ** (-np.arange(24) / 24), rtol=2e-3, atol=1e-3)


def test_gptj_keeps_sines_in_a_buffer() -> None:
    model = hf.GPTJForCausalLM(
        hf.GPTJConfig(vocab_size=50, n_positions=64, n_embd=32, n_layer=2, n_head=4, rotary_dim=8)
    )
    found = only(model)
    np.testing.assert_allclose(found.values, 10_000.0 ** (-np.arange(4) / 4), rtol=1e-4)


def test_t5s_bias_is_what_the_model_adds(folders: Path) -> None:
    model = zoo.load(str(folders / "t5")).module
    found = {one.name: one for one in read(model)}
    assert {one.kind for one in found.values()} == {"bias"}
    for name, one in found.items():
        layer = model.get_submodule(name.rpartition(".")[0])
        n = 100
        with torch.no_grad():
            added = layer.compute_bias(n, n)[0].numpy()  # [head, query, key]
        for query, key in ((50, 3), (50, 50), (99, 0), *([(3, 50)] if "encoder" in name else [])):
            np.testing.assert_array_equal(one.values[:, FAR + key - query], added[:, query, key])


def test_mpnets_bias_goes_by_its_own_rule() -> None:
    config = hf.MPNetConfig(vocab_size=50, max_position_embeddings=64, **SMALL)
    model = hf.MPNetModel(config)
    found = next(one for one in read(model) if one.kind == "bias")
    with torch.no_grad():
        added = model.encoder.compute_position_bias(torch.zeros(1, 60, 32))[0].numpy()
    for query, key in ((50, 3), (3, 50), (20, 20)):
        np.testing.assert_array_equal(found.values[:, FAR + key - query], added[:, query, key])


def test_alibi_is_computed(folders: Path) -> None:
    found = only(zoo.load(str(folders / "bloom")).module)
    assert found.kind == "alibi"
    assert found.offsets is not None
    assert found.values[0, found.offsets == -1] == pytest.approx(-(2.0 ** (-8 / len(found.values))))
    falcon = hf.FalconConfig(vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, alibi=True)
    assert [one.kind for one in read(hf.FalconForCausalLM(falcon))] == ["alibi"]
    turning = hf.FalconConfig(vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, alibi=False)
    assert [one.kind for one in read(hf.FalconForCausalLM(turning))] == ["rope"]
    mpt = hf.MptConfig(vocab_size=50, d_model=32, n_heads=4, n_layers=2, max_seq_len=64)
    assert [one.kind for one in read(hf.MptForCausalLM(mpt))] == ["alibi"]


def test_a_bias_over_a_grid_of_patches() -> None:
    config = hf.BeitConfig(image_size=32, patch_size=8, use_relative_position_bias=True, **SMALL)
    model = hf.BeitModel(config)
    grids = [one for one in read(model) if one.kind == "grid"]
    assert grids
    assert grids[0].values.shape == (4, 7, 7)


def test_nothing_is_found_where_nothing_is() -> None:
    assert read(hf.MambaForCausalLM(hf.MambaConfig(vocab_size=50, hidden_size=32, num_hidden_layers=2))) == ()


def test_nearness_of_what_was_found() -> None:
    table, turning = (read(zoo.load(name).module)[0] for name in ("gpt-stories", "mistral-stories"))
    mean, low, high = encodings.nearness(table)
    assert len(mean) == 128
    assert np.all(low <= mean + 1e-6)
    assert np.all(mean <= high + 1e-6)
    by_distance = encodings.nearness(turning)
    assert by_distance is not None
    assert by_distance[0][0] == 1
