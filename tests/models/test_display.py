"""Odd shapes of attention against what the layers themselves made of their values."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
import transformers as hf
from torch import Tensor, nn
from transformers.vision_utils import get_vision_position_ids

from models.capture import catalogue, display, functions, interface
from models.capture.active import Capture, Modules
from models.capture.calls import Call
from models.capture.display import Scene, Side, Unshown, tower
from models.capture.shapes.base import grid_of, placed
from models.capture.shapes.points import pyramid
from models.capture.shapes.windows import cut, numbers
from tests.coverage.base import drawn, random, tokens
from tests.coverage.table import ARCHITECTURES

TABLE = {architecture.name: architecture for architecture in ARCHITECTURES}
WIDE = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}


@dataclass
class Look:
    """One pass of a model: what was captured, and what went into and came out of every module."""

    model: nn.Module
    inputs: dict[str, Any]
    calls: list[Call] = field(default_factory=list)
    went_in: dict[str, list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    came_out: dict[str, list[Tensor]] = field(default_factory=lambda: defaultdict(list))

    def layers(self, pattern: str = "") -> list[Call]:
        """The first call of every layer whose name holds the pattern."""
        return [call for call in self.calls if pattern in call.layer and call.number == 0]

    def scene(self, call: Call, item: int = 0) -> Scene:
        own = tuple(other for other in self.calls if other.layer == call.layer)
        module = self.model if call.tier == "library" else self.model.get_submodule(call.layer)
        return Scene(self.model, module, self.inputs, item, own)

    def weights(self, call: Call, item: int = 0) -> Tensor:
        return display.weights(call, self.scene(call, item))

    def sides(self, call: Call, item: int = 0) -> tuple[Side | None, Side | None]:
        return display.sides(call, self.scene(call, item))


def look(model: hf.PreTrainedModel, inputs: dict[str, Any]) -> Look:
    """Run a model once, watching all of its modules."""
    found = Look(model, inputs)
    interface.enable(model)
    functions.install(model, functions.candidates(model))
    for name, module in model.named_modules():
        module.register_forward_hook(
            lambda _, args, kwargs, out, name=name: _note(found, name, args, kwargs, out), with_kwargs=True
        )
    with torch.no_grad(), Capture(Modules.of(model)) as capture:
        torch.manual_seed(0)
        model(**inputs)
    found.calls = capture.calls
    return found


def _note(found: Look, name: str, args: Any, kwargs: Any, out: Any) -> None:
    for kept, values in ((found.went_in, (*args, *kwargs.values())), (found.came_out, (out,))):
        flat = [v[0] if isinstance(v, tuple | list) and v else v for v in values]
        kept[name].extend([v for v in flat if isinstance(v, Tensor)][:1])


def table(name: str, **inputs: Any) -> Look:
    """A row of the coverage table, with its own inputs or others."""
    return look(TABLE[name].make(), inputs or dict(TABLE[name].inputs()))


def picture(height: int, width: int) -> Tensor:
    return torch.randn(2, 3, height, width, generator=random())


def mixed(weights: Tensor, values: Tensor) -> Tensor:
    """What heads [head, query, key] make of values [key, all heads], side by side: [query, all heads]."""
    n_heads = len(weights)
    return (weights @ values.unflatten(-1, (n_heads, -1)).transpose(0, 1)).transpose(0, 1).flatten(1)


def close(found: Tensor, expected: Tensor) -> None:
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= 2e-5 * max(1.0, expected.abs().max().item())


def rows_sum_to_one(weights: Tensor) -> None:
    assert weights.dtype == torch.float32
    torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:2]), atol=1e-5, rtol=0)


# The pure parts, by hand


def test_blocks_go_where_they_belong() -> None:
    blocks = torch.tensor([[[[0.2, 0.8]]], [[[0.5, 0.5]]]])  # two blocks, one head, one query each
    found = placed(blocks, torch.tensor([[1], [0]]), torch.tensor([[0, 2], [1, -1]]), 2, 3)
    assert found.tolist() == torch.tensor([[[0, 0.5, 0], [0.2, 0, 0.8]]]).tolist()


def test_a_matrix_that_would_not_fit_is_refused_in_words() -> None:
    some = torch.zeros(1, 1, dtype=torch.long)
    with pytest.raises(Unshown, match=r"32 heads over 9,216 x 9,216 positions would take 10\.9 GB"):
        placed(torch.zeros(1, 32, 1, 1), some, some, 9216, 9216)


def test_windows_are_shifted_and_padded_as_patches_are() -> None:
    assert cut(numbers(2, 4), 2).tolist() == [[0, 1, 4, 5], [2, 3, 6, 7]]
    assert cut(numbers(2, 4), 2, 1).tolist() == [[5, 6, 1, 2], [7, 4, 3, 0]]
    assert cut(numbers(1, 3), 2).tolist() == [[0, 1, -1, -1], [2, -1, -1, -1]]


def test_a_grid_is_named_only_if_one_fits() -> None:
    assert grid_of(6, (64, 96)) == (2, 3)
    assert grid_of(15, (96, 160)) == (3, 5)
    assert grid_of(300, (480, 640)) == (15, 20)
    assert grid_of(850, (800, 1066)) == (25, 34)
    assert grid_of(17, (32, 32)) is None


@pytest.mark.parametrize(
    ("config", "n", "expected"),
    [
        (hf.ViTConfig(patch_size=8), 97, Side(97, (8, 12), ("CLS",))),
        (hf.DeiTConfig(patch_size=8), 98, Side(98, (8, 12), ("CLS", "distillation"))),
        (hf.SiglipVisionConfig(patch_size=8), 96, Side(96, (8, 12))),
        (
            hf.Dinov2WithRegistersConfig(patch_size=8, num_register_tokens=2),
            99,
            Side(99, (8, 12), ("CLS", "register 0", "register 1")),
        ),
        (
            hf.YolosConfig(patch_size=[8, 8], num_detection_tokens=2),
            99,
            Side(99, (8, 12), ("CLS",), ("detection 0", "detection 1")),
        ),
        (hf.CLIPConfig(vision_config={"patch_size": 8}), 97, Side(97, (8, 12), ("CLS",))),
        (hf.ViTConfig(patch_size=8), 100, Side(100)),  # ten times ten would be a guess
        (hf.ViTConfig(patch_size=16), 25, Side(25, (4, 6), ("CLS",))),  # not five times five
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_plain_tower_adds_to_its_patches(config: Any, n: int, expected: Side) -> None:
    assert tower(config, (1, 3, 64, 96), n) == expected


def test_films_have_frames() -> None:
    assert tower(hf.VivitConfig(tubelet_size=[2, 8, 8]), (1, 4, 3, 16, 24), 13) == Side(13, (2, 3), ("CLS",), frames=2)
    assert tower(hf.VideoMAEConfig(tubelet_size=2, patch_size=8), (1, 4, 3, 16, 24), 12) == Side(12, (2, 3), frames=2)


def test_pictures_of_any_size_and_sounds() -> None:
    def told(config: Any, n: int, **inputs: Tensor) -> Side | None:
        model = nn.Module()
        model.config = config
        return display.patches(Scene(model, model, inputs), n)

    rows = torch.tensor([[[1, 1], [1, 2], [2, 1], [2, 2], [3, 1], [3, 2], [0, 0]]]).float()
    assert told(None, 7, flattened_patches=rows) == Side(7, (3, 2), after=("padding",))
    assert told(None, 8, spatial_shapes=torch.tensor([[2, 3]])) == Side(8, (2, 3), after=("padding", "padding"))
    assert told(hf.WhisperConfig(), 2, input_features=torch.zeros(1, 80, 4)) == Side(2, names=("step 0", "step 1"))
    spectrum = torch.zeros(1, 1024, 128)
    side = told(hf.ASTConfig(), 1214, input_values=spectrum)
    assert side == Side(1214, (12, 101), ("CLS", "distillation"))  # frequency by time
    assert told(hf.BertConfig(), 5, input_ids=torch.zeros(1, 5)) is None


def test_a_side_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ValueError, match="12 positions cannot be"):
        Side(12, (2, 3))


# Windows


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
            rows_sum_to_one(weights)
            stage = int(call.layer.split(".")[2])
            assert queries is not None
            assert keys is not None
            assert queries.grid == tuple(-(-side // 2 ** (stage + 1)) for side in size)
            assert (queries.n, keys.n) == weights.shape[1:]
            patches, added, value, output = swin_parts(seen, block, item)
            values = value(patches)
            if keys.after:  # padding is zero before the values are made
                values = torch.cat([values, value(torch.zeros(1, patches.shape[-1]))])
            close(output(mixed(weights, values)), added)


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
        close(output(mixed(seen.weights(call, 1), value(patches))), added)


def test_maskformer_has_a_swin_of_its_own() -> None:
    seen = table("MaskFormer", pixel_values=picture(64, 96))
    call = seen.layers("encoder.model.encoder.layers.0.blocks.0")[0]
    patches, added, value, output = swin_parts(seen, call.layer.partition(".attention")[0], 1)
    close(output(mixed(seen.weights(call, 1), value(patches))), added)


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
        rows_sum_to_one(weights)
        if weights.shape[2] > len(values):
            values = torch.cat([values, qkv(torch.zeros(1, qkv.in_features)).chunk(3, -1)[2]])
        close(seen.model.get_submodule(inner).proj(mixed(weights, values)), added)


def test_mobilevit_pixels_read_their_like() -> None:
    seen = table("MobileViT", pixel_values=picture(64, 96))
    call = seen.layers("layer.2.")[0]
    outer = seen.model.get_submodule("encoder.layer.2")
    weights, (queries, _) = seen.weights(call, 1), seen.sides(call, 1)
    rows_sum_to_one(weights)
    assert queries == Side(96, (8, 12))
    about = {"orig_size": (8, 12), "batch_size": 2, "interpolate": False, "num_patches": 24}
    about |= {"num_patches_width": 6, "num_patches_height": 4}

    def folded(patches: Tensor) -> Tensor:
        """[pixel, channel] of the second picture, by the model's own folding."""
        return outer.folding(patches, about | {"channels": patches.shape[-1]})[1].flatten(1).T

    values = folded(seen.came_out[f"{call.layer}.value"][0])
    close(mixed(weights, values), folded(seen.came_out[call.layer][0]))


def test_timesformer_over_time_and_over_space() -> None:
    film = torch.randn(2, 4, 3, 32, 32, generator=random())
    seen = table("TimeSformer", pixel_values=film)
    for call in seen.layers("temporal"):
        layer = seen.model.get_submodule(call.layer.partition(".temporal")[0])
        entered = seen.went_in[call.layer.partition(".temporal")[0]][0][1, 1:]  # place by place
        value = layer.temporal_attention.attention.qkv(layer.temporal_layernorm(entered)).chunk(3, -1)[2]
        made = mixed(seen.weights(call, 1), by_frame(value))
        made = layer.temporal_attention.output.dense(made)
        close(
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
    rows_sum_to_one(weights)
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
        close(mixed(seen.weights(call, 1), values), made)


def test_davit_of_florence() -> None:
    seen = table("Florence-2")
    for call in seen.layers("window_attn"):
        rows_sum_to_one(seen.weights(call, 1))
        queries, _ = seen.sides(call)
        assert queries is not None
        assert queries.grid is not None


# Bands and blocks


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
            close(made, seen.came_out[call.layer][0][item])
        rows_sum_to_one(seen.weights(call, 0))
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
        rows_sum_to_one(seen.weights(call))
        assert seen.sides(call) == (Side(10, text=10), Side(10, text=10))
        entered = seen.went_in[call.layer][0][1]
        made = mixed(seen.weights(call, 1), seen.model.get_submodule(call.layer).value(entered)[:10])
        close(made, seen.came_out[call.layer][0][1, :10])


def test_led_bands() -> None:
    seen = table("LED")
    for call in seen.layers("longformer_self_attn"):
        module, entered = seen.model.get_submodule(call.layer), seen.went_in[call.layer][0]
        for item in (0, 1):
            close(mixed(seen.weights(call, item), module.value(entered[item])), seen.came_out[call.layer][0][item])


@pytest.mark.parametrize("name", ["LongT5 (local)", "LongT5 (transient global)"])
def test_longt5_blocks(name: str) -> None:
    seen = table(name)
    for call in seen.layers("encoder."):
        values = torch.cat([value[0] for value in seen.came_out[f"{call.layer}.v"]])  # the text, then its summaries
        weights, (_, keys) = seen.weights(call), seen.sides(call)
        rows_sum_to_one(weights)
        assert keys is not None
        assert keys.n == len(values) == weights.shape[2]
        close(mixed(weights, values), seen.went_in[f"{call.layer}.o"][0][0, :24])


def test_pegasus_x_blocks_and_staggered_blocks() -> None:
    seen = table("PEGASUS-X")
    for call in seen.layers("encoder."):
        block = call.layer.rpartition(".")[0]
        module, layer = seen.model.get_submodule(call.layer), seen.model.get_submodule(block)
        text = seen.came_out[f"{block}.self_attn_layer_norm"][0][1]
        values = module.v_proj(torch.cat([text, seen.came_out[f"{block}.global_self_attn_layer_norm"][0][1]]))
        made = module.out_proj(mixed(seen.weights(call, 1), values))
        entered = seen.went_in[block][0][1]
        close(made[:24], seen.went_in[f"{block}.final_layer_norm"][0][1] - entered)
        close(made[24:], seen.came_out[call.layer + ".out_proj"][0][1])
        assert layer.stagger_blocks_this_layer == (call is not seen.layers("encoder.")[0])


def test_canine_pieces_and_groups_of_characters() -> None:
    seen = table("CANINE")
    for call in seen.layers():
        value = seen.model.get_submodule(call.layer).value
        around = call.layer.rpartition(".")[0]
        close(
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
        rows_sum_to_one(seen.weights(call, 1))
        made = module.out_proj(mixed(seen.weights(call, 1), module.value_proj(entered[1])))
        close(made, seen.came_out[call.layer][0][1])
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
    rows_sum_to_one(weights)
    name = "encoder.layers.0.attention.self_attention"
    close(mixed(weights, seen.came_out[f"{name}.value"][0][1]), seen.came_out[name][0][1])
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
        rows_sum_to_one(seen.weights(call))
        assert seen.sides(call) == (Side(length, text=length),) * 2
        values = seen.came_out[f"{call.layer}.value"][0]
        for item in (0, 1):
            close(mixed(seen.weights(call, item), values[item, :length]), seen.came_out[call.layer][0][item, :length])


# Pictures


@pytest.mark.parametrize(
    ("name", "grids"),
    [
        ("SegFormer", [((16, 24), (4, 6)), ((8, 12), (8, 12))]),
        ("GLPN", [((16, 24), (4, 6)), ((8, 12), (8, 12))]),
        ("PVTv2", [((16, 24), (2, 3)), ((8, 12), (2, 3)), ((4, 6), (2, 3)), ((2, 3), (2, 3))]),
        ("CvT", [((16, 24), (8, 12)), ((8, 12), (4, 6))]),
    ],
)
def test_keys_are_fewer_than_queries(name: str, grids: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    seen = table(name, pixel_values=picture(64, 96))
    found = [tuple(side.grid for side in seen.sides(call) if side) for call in seen.layers()]
    assert found[: len(grids)] == grids
    for call in seen.layers():
        assert tuple(side.n for side in seen.sides(call) if side) == seen.weights(call).shape[1:]


@pytest.mark.parametrize("name", ["PVT", "CvT"])
def test_the_last_stage_has_a_cls(name: str) -> None:
    seen = table(name)
    queries, keys = seen.sides(seen.layers()[-1])
    assert queries is not None
    assert keys is not None
    assert queries.before == keys.before == ("CLS",)
    assert queries.grid is not None


def test_mae_patches_are_put_back_where_their_noise_says() -> None:
    noise = torch.rand(2, 16, generator=random())
    seen = table("ViT-MAE", pixel_values=picture(32, 32), noise=noise)
    call = seen.layers()[0]
    weights, (queries, _) = seen.weights(call, 1), seen.sides(call, 1)
    assert queries == Side(17, (4, 4), ("CLS",))
    order = torch.cat([torch.zeros(1, dtype=torch.long), noise[1].argsort()[:8] + 1])
    torch.testing.assert_close(weights[:, order][:, :, order], call.weights()[1])
    assert weights.sum() == pytest.approx(4 * 9, abs=1e-3)
    del seen.inputs["noise"]
    queries, _ = seen.sides(call)
    assert queries is not None
    assert (queries.grid, queries.names) == (None, tuple(f"visible patch {i}" for i in range(8)))


@pytest.mark.parametrize("name", ["DETR", "Conditional DETR", "Table Transformer", "DAB-DETR"])
def test_detrs_padding_is_cropped(name: str) -> None:
    mask = torch.ones(2, 128, 192, dtype=torch.long)
    mask[1, 64:], mask[1, :, 96:] = 0, 0  # the second picture is 64 x 96
    seen = table(name, pixel_values=picture(128, 192), pixel_mask=mask)
    for item, grid in enumerate([(4, 6), (2, 3)]):
        for call in seen.layers("encoder.layers"):
            rows_sum_to_one(seen.weights(call, item))
            assert seen.sides(call, item) == (Side(grid[0] * grid[1], grid),) * 2
        for call in seen.layers("encoder_attn"):
            weights, (queries, keys) = seen.weights(call, item), seen.sides(call, item)
            rows_sum_to_one(weights)
            assert queries is not None
            assert keys is not None
            assert (queries.names or ())[0] == "query 0"
            assert (queries.n, keys.n, keys.grid) == (*weights.shape[1:], grid)


def test_sams_decoder_knows_tokens_from_cells() -> None:
    seen = table("SAM")
    call = seen.layers("cross_attn_image_to_token")[0]
    queries, keys = seen.sides(call)
    assert queries == Side(64, (8, 8))
    assert keys is not None
    assert keys.names == ("quality", "mask 0", "mask 1", "mask 2", "mask 3", "prompt 0", "prompt 1")[: keys.n]


@pytest.mark.parametrize("family", ["qwen2_vl", "qwen2_5_vl"])
def test_merged_patches_are_in_reading_order(family: str) -> None:
    shared = {"num_heads": 4, "patch_size": 4, "spatial_merge_size": 2, "depth": 2}
    if family == "qwen2_vl":
        from transformers.models.qwen2_vl import modeling_qwen2_vl as code

        config = code.Qwen2VLVisionConfig(embed_dim=32, hidden_size=32, mlp_ratio=2, **shared)
        model = code.Qwen2VisionTransformerPretrainedModel._from_config(config)
    else:
        from transformers.models.qwen2_5_vl import modeling_qwen2_5_vl as code

        config = code.Qwen2_5_VLVisionConfig(
            hidden_size=32,
            intermediate_size=32,
            out_hidden_size=32,
            window_size=16,
            fullatt_block_indexes=[1],
            **shared,
        )
        model = code.Qwen2_5_VisionTransformerPretrainedModel._from_config(config)
    grids = torch.tensor([[1, 4, 6], [2, 4, 8]])  # a picture and a film of two steps
    pixels = torch.randn(24 + 64, 3 * 2 * 16, generator=random())
    seen = look(drawn(model), {"hidden_states": pixels, "grid_thw": grids})
    where = get_vision_position_ids(grids, 2)  # [patch, (row, column)] before windows are made
    embedded = seen.went_in["blocks.0"][0]
    if family == "qwen2_5_vl":
        before = seen.came_out["patch_embed"][0]
        where = where[[int((before - row).abs().sum(1).argmin()) for row in embedded]]
    for call in seen.layers():
        module = seen.model.get_submodule(call.layer)
        values = module.qkv(seen.went_in[call.layer][0]).chunk(3, -1)[2]
        weights, (side, _) = seen.weights(call, 0), seen.sides(call, 0)
        assert side == Side(24, (4, 6))
        rows_sum_to_one(weights)
        mine = _of_first(embedded, seen, family)
        places = where[mine, 0] * 6 + where[mine, 1]
        ordered = torch.empty(24, 32)
        ordered[places] = values[mine]
        made = module.proj(mixed(weights, ordered))
        close(made[places], seen.came_out[call.layer][0][mine])
        assert seen.sides(call, 1) == (Side(64, (4, 8), frames=2),) * 2
        rows_sum_to_one(seen.weights(call, 1))


def _of_first(embedded: Tensor, seen: Look, family: str) -> Tensor:
    """Which rows are of the first picture: windows are sorted within a picture, so it comes first."""
    assert len(embedded) == 88
    return torch.arange(24)


def test_pixtral_pictures_of_two_sizes_in_one_row() -> None:
    sizes = torch.tensor([[32, 32], [16, 24]])
    seen = table("Pixtral (vision)", pixel_values=picture(32, 32), image_sizes=sizes)
    for call in seen.layers():
        assert seen.sides(call, 0) == (Side(16, (4, 4)),) * 2
        assert seen.sides(call, 1) == (Side(6, (2, 3)),) * 2
        for item in (0, 1):
            rows_sum_to_one(seen.weights(call, item))


# Points


def test_where_deformable_queries_look() -> None:
    seen = table("Deformable DETR", pixel_values=picture(64, 96))
    call = seen.layers("encoder.layers.0")[0]
    places = display.points(call, seen.scene(call, 1))
    module = seen.model.get_submodule(call.layer)
    assert places is not None
    weights = seen.weights(call, 1)
    assert places.shape == (*weights.shape, 2)
    rows_sum_to_one(weights)
    offsets = seen.came_out[f"{call.layer}.sampling_offsets"][0][1].view(-1, 4, 3, module.n_points, 2)
    sizes = torch.tensor([[12, 8], [6, 4], [3, 2]])  # columns and rows of each level
    centres = torch.cat(
        [
            (torch.cartesian_prod(torch.arange(r), torch.arange(c)).flip(1) + 0.5) / torch.tensor([c, r])
            for c, r in sizes.tolist()
        ]
    )
    expected = centres[:, None, None, None] + offsets / sizes[None, None, :, None]
    torch.testing.assert_close(places, expected.movedim(1, 0).flatten(2, 3), atol=1e-5, rtol=0)
    queries, keys = seen.sides(call)
    assert queries is not None
    assert keys is not None
    assert (queries.names or ())[-1] == "level 2 (1, 2)"
    assert (keys.names or ())[-1] == "level 2 point 3"
    assert display.shape_of(module).view == "points"  # type: ignore[union-attr]


def test_points_that_were_not_captured_are_refused() -> None:
    seen = table("RT-DETR")
    call = seen.layers("encoder_attn")[0]
    with pytest.raises(Unshown, match="was not captured"):
        display.points(replace(call, sampled=()), seen.scene(call))


def test_coarse_levels_come_first_in_mask2former() -> None:
    seen = table("Mask2Former")
    call = seen.layers("decoder.encoder")[0]
    side = pyramid(call.weights().shape[2], 3, seen.scene(call))
    assert (side.names or ())[16] == "level 1 (0, 0)"  # 4 x 4 cells, then 8 x 8
    assert (side.names or ())[-1].startswith("level 2 ")


# Streams


def test_latents_landmarks_and_streams_are_not_the_tokens() -> None:
    assert sides_of("Perceiver") == [("latent", None), ("latent", "latent"), ("latent", "latent"), (None, "latent")]
    assert sides_of("Nyströmformer")[:3] == [(None, "landmark"), ("landmark", "landmark"), ("landmark", None)]
    assert sides_of("XLNet (two streams)")[:2] == [(None, None), ("query stream", None)]
    assert sides_of("XLNet")[:1] == [(None, None)]
    assert sides_of("LXMERT")[3:5] == [(None, "region"), ("region", None)]


def sides_of(name: str) -> list[tuple[str | None, str | None]]:
    """What the queries and keys of each call are called."""
    seen = table(name)
    found = []
    for call in seen.calls:
        for side, n in zip(seen.sides(call), seen.weights(call).shape[1:], strict=True):
            assert side is None or side.n == n
        first, second = (side and (side.names or ("",))[0].rpartition(" ")[0] for side in seen.sides(call))
        found.append((first, second))
    return found


def test_funnel_pools_tokens_two_by_two() -> None:
    seen = table("Funnel")
    queries, keys = seen.sides(seen.layers("blocks.1.0")[0])
    assert keys is None
    assert queries == Side(
        6, before=("CLS",), names=("tokens 1–2", "tokens 3–4", "tokens 5–6", "tokens 7–8", "token 9")
    )


def test_text_comes_before_the_picture() -> None:
    expected = {
        "LayoutLMv3": Side(28, (4, 4), ("CLS",), text=11),
        "GIT": Side(28, (4, 4), ("CLS",), text=11),
        "FLAVA": Side(29, (4, 4), ("CLS", "picture CLS"), text=11),
        "LUKE": Side(13, names=("entity 0", "entity 1"), text=11),
    }
    for name, side in expected.items():
        seen = table(name)
        call = next(call for call in seen.layers() if "image_" not in call.layer and "text_" not in call.layer)
        assert seen.sides(call) == (side, side)
        rows_sum_to_one(seen.weights(call, 1))


def test_flavas_text_is_moved_to_the_front() -> None:
    seen = table("FLAVA")
    call = seen.layers("multimodal_model")[0]
    values = seen.came_out[f"{call.layer}.value"][0][1].roll(11, 0)
    close(mixed(seen.weights(call, 1), values), seen.came_out[call.layer][0][1].roll(11, 0))


def test_groups_of_patches() -> None:
    seen = table("GroupViT")
    sides = [seen.sides(call)[1] for call in seen.layers("vision_model")]
    assert [side.n for side in sides if side] == [call.weights().shape[-1] for call in seen.layers("vision_model")]
    assert sides[0] == Side(22, (4, 4), after=tuple(f"group {i}" for i in range(6)))


def test_what_is_not_known_is_a_number() -> None:
    seen = table("SegFormer")
    seen.inputs.clear()
    assert seen.sides(seen.layers()[0]) == (None, None)


@pytest.mark.parametrize("name", ["XGLM", "TrOCR", "Table Transformer", "BERT", "ViT"])
def test_plain_layers_are_shown_as_they_are(name: str) -> None:
    seen = table(name)
    for call in seen.layers():
        rows_sum_to_one(seen.weights(call))
        torch.testing.assert_close(display.weights(call, seen.scene(call, 1), slice(1, 3)), seen.weights(call, 1)[1:3])
