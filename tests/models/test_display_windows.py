"""Attention in windows, against what the layers themselves made of their values."""

from __future__ import annotations

import pytest
import torch
import transformers as hf
from torch import Tensor, nn

from models.capture.display import Side
from tests.coverage.base import drawn, random
from tests.models.looking import TABLE, Look, assert_close, assert_rows_sum_to_one, look, mixed, picture, table


def swin_parts(seen: Look, block: str, item: int) -> tuple[Tensor, Tensor, nn.Module, nn.Module]:
    """The patches that a block reads and what its attention adds, in reading order; its value and output maps."""
    module = seen.model.get_submodule(block)
    inner = getattr(module.attention, "self", None)
    value = module.attention.v_proj if inner is None else inner.value
    output = module.attention.o_proj if inner is None else module.attention.output.dense
    entered = seen.went_in[block][0][item]
    if "Swinv2" in type(module).__name__ or "Swin2SR" in type(module).__name__:  # normalised afterwards
        return entered, seen.went_in[f"{block}.layernorm_before"][0][item], value, output
    added = seen.went_in[f"{block}.layernorm_after"][0][item] - entered
    return seen.came_out[f"{block}.layernorm_before"][0][item], added, value, output


@pytest.mark.parametrize("size", [(64, 96), (52, 76)], ids=["whole windows", "padded"])
@pytest.mark.parametrize("name", ["Swin (shifted)", "Swin v2", "Donut (Swin)"])
def test_swin_on_a_rectangular_picture(name: str, size: tuple[int, int]) -> None:
    seen = table(name, pixel_values=picture(*size))
    assert len(seen.layers()) == 4
    for call in seen.layers():
        block = call.layer.partition(".attention")[0]
        for item in (0, 1):
            weights, (queries, keys) = seen.weights(call, item), seen.sides(call, item)
            assert_rows_sum_to_one(weights)
            stage = int(call.layer.split(".")[2])
            assert queries is not None
            assert keys is not None
            assert queries.grid == tuple(-(-side // 2 ** (stage + 1)) for side in size)
            assert (queries.n, keys.n) == weights.shape[1:]
            patches, added, value, output = swin_parts(seen, block, item)
            values = value(patches)
            if keys.after:  # padding is zero before the values are made
                values = torch.cat([values, value(torch.zeros(1, patches.shape[-1]))])
            assert_close(output(mixed(weights, values)), added)


def test_padding_that_swin_reads_is_a_key() -> None:
    seen = table("Swin (shifted)", pixel_values=picture(52, 76))
    _, keys = seen.sides(seen.layers()[0])
    assert keys is not None
    assert keys.after == ("padding",)
    assert (seen.weights(seen.layers()[0])[:, :, -1] > 0).any()


def test_swin2sr_keeps_its_resolution() -> None:
    seen = table("Swin2SR", pixel_values=picture(16, 24))
    for call in seen.layers():
        assert seen.sides(call) == (Side(384, (16, 24)), Side(384, (16, 24)))
        block = call.layer.partition(".attention")[0]
        patches, added, value, output = swin_parts(seen, block, 1)
        assert_close(output(mixed(seen.weights(call, 1), value(patches))), added)


def test_maskformer_has_a_swin_of_its_own() -> None:
    seen = table("MaskFormer", pixel_values=picture(64, 96))
    call = seen.layers("encoder.model.encoder.layers.0.blocks.0")[0]
    patches, added, value, output = swin_parts(seen, call.layer.partition(".attention")[0], 1)
    assert_close(output(mixed(seen.weights(call, 1), value(patches))), added)


@pytest.mark.parametrize("name", ["ViTDet", "SAM"])
def test_windows_without_shifts(name: str) -> None:
    inputs = {"pixel_values": picture(48, 72)} if name == "ViTDet" else {}  # SAM takes one size
    seen = table(name, **inputs)
    for call in seen.layers("encoder.layer"):
        block, inner, qkv = call.layer.rpartition(".")[0], call.layer, seen.model.get_submodule(call.layer).qkv
        first, second = ("norm1", "norm2") if name == "ViTDet" else ("layer_norm1", "layer_norm2")
        entered = seen.went_in[block][0][1]
        entered = entered.permute(1, 2, 0) if name == "ViTDet" else entered
        added = (seen.went_in[f"{block}.{second}"][0][1] - entered).flatten(0, 1)
        values = qkv(seen.came_out[f"{block}.{first}"][0][1].flatten(0, 1)).chunk(3, -1)[2]
        weights = seen.weights(call, 1)
        assert_rows_sum_to_one(weights)
        if weights.shape[2] > len(values):
            values = torch.cat([values, qkv(torch.zeros(1, qkv.in_features)).chunk(3, -1)[2]])
        assert_close(seen.model.get_submodule(inner).proj(mixed(weights, values)), added)


def test_mobilevit_pixels_read_their_like() -> None:
    seen = table("MobileViT", pixel_values=picture(64, 96))
    call = seen.layers("layer.2.")[0]
    outer = seen.model.get_submodule("encoder.layer.2")
    weights, (queries, _) = seen.weights(call, 1), seen.sides(call, 1)
    assert_rows_sum_to_one(weights)
    assert queries == Side(96, (8, 12))
    about = {"orig_size": (8, 12), "batch_size": 2, "interpolate": False, "num_patches": 24}
    about |= {"num_patches_width": 6, "num_patches_height": 4}

    def folded(patches: Tensor) -> Tensor:
        """[pixel, channel] of the second picture, by the model's own folding."""
        return outer.folding(patches, about | {"channels": patches.shape[-1]})[1].flatten(1).T

    values = folded(seen.came_out[f"{call.layer}.value"][0])
    assert_close(mixed(weights, values), folded(seen.came_out[call.layer][0]))


def test_timesformer_over_time_and_over_space() -> None:
    film = torch.randn(2, 4, 3, 32, 32, generator=random())
    seen = table("TimeSformer", pixel_values=film)
    for call in seen.layers("temporal"):
        layer = seen.model.get_submodule(call.layer.partition(".temporal")[0])
        entered = seen.went_in[call.layer.partition(".temporal")[0]][0][1, 1:]  # place by place
        value = layer.temporal_attention.attention.qkv(layer.temporal_layernorm(entered)).chunk(3, -1)[2]
        made = mixed(seen.weights(call, 1), by_frame(value))
        made = layer.temporal_attention.output.dense(made)
        assert_close(
            made,
            by_frame(seen.went_in[call.layer.partition("attention.")[0].replace("temporal_", "temporal_dense")][0][1]),
        )
        assert seen.sides(call) == (Side(64, (4, 4), frames=4),) * 2


def by_frame(values: Tensor) -> Tensor:
    """[frame by frame, ...] from [place by place, ...]."""
    return values.unflatten(0, (16, 4)).transpose(0, 1).flatten(0, 1)


def test_timesformer_averages_what_cls_read_in_each_frame() -> None:
    seen = table("TimeSformer", pixel_values=torch.randn(2, 4, 3, 32, 32, generator=random()))
    call = next(call for call in seen.layers() if "temporal" not in call.layer)
    weights = seen.weights(call, 1)
    assert_rows_sum_to_one(weights)
    given = call.weights()[4:]  # [frame, head, 1 + place, 1 + place] of the second film
    torch.testing.assert_close(weights[:, 0, 0], given[:, :, 0, 0].mean(0))
    torch.testing.assert_close(weights[:, 1 + 16 + 3, 1 + 16 : 1 + 32], given[1, :, 4, 1:])  # place 3 in frame 1
    assert not weights[:, 1 + 16 + 3, 1 : 1 + 16].any()


def test_hiera_units_are_rolled_back_by_the_models_own_rule() -> None:
    config = TABLE["Hiera"].make().config
    config.image_size, config.masked_unit_attention = [64, 96], [True, True, False, False]
    seen = look(drawn(hf.HieraModel._from_config(config)), {"pixel_values": picture(64, 96)})
    assert [call.weights().shape[2] for call in seen.layers()] == [6, 6, 6, 1]  # units
    encoder = seen.model.encoder
    for call in seen.layers():
        stage = int(call.layer.split(".")[2])
        pooled = seen.model.get_submodule(call.layer).query_stride > 1
        qkv = seen.came_out[f"{call.layer}.qkv"][0]
        values = encoder.reroll(qkv.chunk(3, -1)[2], stage - pooled)[1].flatten(0, 1)
        made = encoder.reroll(seen.went_in[f"{call.layer}.proj"][0], stage)[1].flatten(0, 1)
        assert_close(mixed(seen.weights(call, 1), values), made)


def test_davit_of_florence() -> None:
    seen = table("Florence-2")
    for call in seen.layers("window_attn"):
        assert_rows_sum_to_one(seen.weights(call, 1))
        queries, _ = seen.sides(call)
        assert queries is not None
        assert queries.grid is not None
