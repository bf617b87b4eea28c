"""Attention in bands, blocks, chunks and streams, against what the layers themselves made of their values."""

from __future__ import annotations

import pytest
import torch

from models.capture import catalogue
from models.capture.calls import Call
from models.capture.display import Side, Unshown
from tests.coverage.base import tokens
from tests.models.looking import TABLE, Look, assert_close, assert_rows_sum_to_one, look, mixed, table


@pytest.mark.parametrize("given", [True, False], ids=["given", "chosen by the model"])
def test_longformer_bands_and_global_tokens(given: bool) -> None:
    seen = table("Longformer")
    if not given:
        seen.inputs.pop("global_attention_mask")
    for call in seen.layers():
        module, entered = seen.model.get_submodule(call.layer), seen.went_in[call.layer][0]
        for item in (0, 1):
            weights = seen.weights(call, item)
            made = mixed(weights, module.value(entered[item]))
            made[0] = mixed(weights, module.value_global(entered[item]))[0]
            assert_close(made, seen.came_out[call.layer][0][item])
        assert_rows_sum_to_one(seen.weights(call, 0))
        assert not seen.weights(call, 1)[:, -4:].any()  # padding


def test_longformer_bands_equal_the_librarys() -> None:
    seen = table("Longformer")
    eager = TABLE["Longformer"].make()
    with torch.no_grad():
        bands = eager(**seen.inputs, output_attentions=True).attentions[0][0]  # [head, token, 1 + 5]
    weights = seen.weights(seen.layers()[0])
    for i in range(1, 24):  # the first token reads everything: a matrix of its own
        torch.testing.assert_close(weights[:, i, 0], bands[:, i, 0] + (bands[:, i, 1 + 2 - i] if i <= 2 else 0))
        for j in range(max(1, i - 2), min(24, i + 3)):
            torch.testing.assert_close(weights[:, i, j], bands[:, i, 1 + 2 + j - i])


def test_a_text_that_does_not_fill_longformers_windows() -> None:
    inputs = tokens(10, padded=0)
    seen = look(TABLE["Longformer"].make(), inputs)
    for call in seen.layers():
        assert_rows_sum_to_one(seen.weights(call))
        assert seen.sides(call) == (Side(10, text=10), Side(10, text=10))
        entered = seen.went_in[call.layer][0][1]
        made = mixed(seen.weights(call, 1), seen.model.get_submodule(call.layer).value(entered)[:10])
        assert_close(made, seen.came_out[call.layer][0][1, :10])


def test_led_bands() -> None:
    seen = table("LED")
    for call in seen.layers("longformer_self_attn"):
        module, entered = seen.model.get_submodule(call.layer), seen.went_in[call.layer][0]
        for item in (0, 1):
            assert_close(
                mixed(seen.weights(call, item), module.value(entered[item])), seen.came_out[call.layer][0][item]
            )


@pytest.mark.parametrize("name", ["LongT5 (local)", "LongT5 (transient global)"])
def test_longt5_blocks(name: str) -> None:
    seen = table(name)
    for call in seen.layers("encoder."):
        values = torch.cat([value[0] for value in seen.came_out[f"{call.layer}.v"]])  # the text, then its summaries
        weights, (_, keys) = seen.weights(call), seen.sides(call)
        assert_rows_sum_to_one(weights)
        assert keys is not None
        assert keys.n == len(values) == weights.shape[2]
        assert_close(mixed(weights, values), seen.went_in[f"{call.layer}.o"][0][0, :24])


def test_pegasus_x_blocks_and_staggered_blocks() -> None:
    seen = table("PEGASUS-X")
    for call in seen.layers("encoder."):
        block = call.layer.rpartition(".")[0]
        module, layer = seen.model.get_submodule(call.layer), seen.model.get_submodule(block)
        text = seen.came_out[f"{block}.self_attn_layer_norm"][0][1]
        values = module.v_proj(torch.cat([text, seen.came_out[f"{block}.global_self_attn_layer_norm"][0][1]]))
        made = module.out_proj(mixed(seen.weights(call, 1), values))
        entered = seen.went_in[block][0][1]
        assert_close(made[:24], seen.went_in[f"{block}.final_layer_norm"][0][1] - entered)
        assert_close(made[24:], seen.came_out[call.layer + ".out_proj"][0][1])
        assert layer.stagger_blocks_this_layer == (call is not seen.layers("encoder.")[0])


def test_canine_pieces_and_groups_of_characters() -> None:
    seen = table("CANINE")
    for call in seen.layers():
        value = seen.model.get_submodule(call.layer).value
        around = call.layer.rpartition(".")[0]
        assert_close(
            mixed(seen.weights(call, 1), value(seen.went_in[around][0][1])),
            seen.went_in[f"{around}.output.dense"][0][1],
        )
    middle, _ = seen.sides(seen.layers("encoder.layer.0")[1])
    assert middle is not None
    assert middle.names is not None
    assert (middle.n, middle.before, middle.names[0]) == (8, ("CLS",), "characters 0–3")


def test_prophetnet_streams() -> None:
    seen = table("ProphetNet")
    for call in seen.layers("decoder.layers.0.self_attn") + seen.layers("decoder.layers.1.self_attn"):
        module, entered = seen.model.get_submodule(call.layer), seen.went_in[call.layer][0]
        assert_rows_sum_to_one(seen.weights(call, 1))
        made = module.out_proj(mixed(seen.weights(call, 1), module.value_proj(entered[1])))
        assert_close(made, seen.came_out[call.layer][0][1])
    cross = seen.layers("cross_attn")[0]
    queries, _ = seen.sides(cross)
    assert queries is not None
    assert (queries.n, queries.text) == (21, 7)


def returned(name: str) -> Look:
    """A model whose attention only the library gives."""
    model, inputs = TABLE[name].make(), dict(TABLE[name].inputs())
    seen = look(model, inputs)
    with torch.no_grad():
        torch.manual_seed(0)
        out = model(**inputs, output_attentions=True)
    seen.calls = [
        Call(place, i, "library", weights.shape[1], given=weights)
        for place, tensors in catalogue.returned(out).items()
        for i, weights in enumerate(tensors)
    ]
    return seen


def test_reformers_local_chunks_and_its_buckets() -> None:
    seen = returned("Reformer")
    local, hashed = seen.calls
    weights = seen.weights(local, 1)
    assert_rows_sum_to_one(weights)
    name = "encoder.layers.0.attention.self_attention"
    assert_close(mixed(weights, seen.came_out[f"{name}.value"][0][1]), seen.came_out[name][0][1])
    with pytest.raises(Unshown, match="buckets"):
        seen.weights(hashed)


@pytest.mark.parametrize("name", ["BigBird (sparse)", "BigBird-Pegasus"])
@pytest.mark.parametrize("length", [64, 62])
def test_bigbird_blocks(name: str, length: int) -> None:
    inputs = dict(TABLE[name].inputs())
    inputs |= {key: inputs[key][:, :length] for key in ("input_ids", "attention_mask")}
    seen = table(name, **inputs)
    layers = [call for call in seen.layers() if "BlockSparse" in type(seen.model.get_submodule(call.layer)).__name__]
    assert len(layers) == 2
    for call in layers:
        assert_rows_sum_to_one(seen.weights(call))
        assert seen.sides(call) == (Side(length, text=length),) * 2
        values = seen.came_out[f"{call.layer}.value"][0]
        for item in (0, 1):
            assert_close(
                mixed(seen.weights(call, item), values[item, :length]), seen.came_out[call.layer][0][item, :length]
            )
