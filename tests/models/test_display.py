"""Odd shapes of attention against what the layers themselves made of their values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
import transformers as hf
from torch import Tensor, nn
from transformers.vision_utils import get_vision_position_ids

from models.capture import display
from models.capture.display import Scene, Side, Unshown, tower
from models.capture.shapes.base import grid_of, placed
from models.capture.shapes.points import pyramid
from models.capture.shapes.windows import cut, numbers
from tests.coverage.base import drawn, random
from tests.models.looking import Look, assert_close, assert_rows_sum_to_one, look, mixed, picture, table

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
            assert_rows_sum_to_one(seen.weights(call, item))
            assert seen.sides(call, item) == (Side(grid[0] * grid[1], grid),) * 2
        for call in seen.layers("cross_attn" if name == "DAB-DETR" else "encoder_attn"):
            weights, (queries, keys) = seen.weights(call, item), seen.sides(call, item)
            assert_rows_sum_to_one(weights)
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
        assert_rows_sum_to_one(weights)
        mine = _of_first(embedded, seen, family)
        places = where[mine, 0] * 6 + where[mine, 1]
        ordered = torch.empty(24, 32)
        ordered[places] = values[mine]
        made = module.proj(mixed(weights, ordered))
        assert_close(made[places], seen.came_out[call.layer][0][mine])
        assert seen.sides(call, 1) == (Side(64, (4, 8), frames=2),) * 2
        assert_rows_sum_to_one(seen.weights(call, 1))


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
            assert_rows_sum_to_one(seen.weights(call, item))


# Points


def test_where_deformable_queries_look() -> None:
    seen = table("Deformable DETR", pixel_values=picture(64, 96))
    call = seen.layers("encoder.layers.0")[0]
    places = display.points(call, seen.scene(call, 1))
    module = seen.model.get_submodule(call.layer)
    assert places is not None
    weights = seen.weights(call, 1)
    assert places.shape == (*weights.shape, 2)
    assert_rows_sum_to_one(weights)
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
        assert_rows_sum_to_one(seen.weights(call, 1))


def test_flavas_text_is_moved_to_the_front() -> None:
    seen = table("FLAVA")
    call = seen.layers("multimodal_model")[0]
    values = seen.came_out[f"{call.layer}.value"][0][1].roll(11, 0)
    assert_close(mixed(seen.weights(call, 1), values), seen.came_out[call.layer][0][1].roll(11, 0))


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
        assert_rows_sum_to_one(seen.weights(call))
        torch.testing.assert_close(display.weights(call, seen.scene(call, 1), slice(1, 3)), seen.weights(call, 1)[1:3])
