"""Models that find, outline or measure things in a picture."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import transformers as hf

from tests.coverage.base import ABOUT, SIZES, WIDTHS, Architecture, Inputs, drawn, pixels, row, tokens

STAGES = ["stage1", "stage2", "stage3", "stage4"]
RESIDUAL = {"embedding_size": 8, "hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1], "layer_type": "basic"}
SWIN = {
    "image_size": 32,
    "patch_size": 2,
    "embed_dim": 16,
    "depths": [1, 1, 1, 1],
    "num_heads": [2, 2, 4, 4],
    "window_size": 4,
}
PATCHES = {**WIDTHS, "image_size": 32, "patch_size": 8}

QUERIES = {"num_queries": 6, "num_labels": 3}
DETR = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    **QUERIES,
}
RT_DETR = {
    "encoder_hidden_dim": 32,
    "encoder_in_channels": [16, 24, 32],
    "encoder_ffn_dim": 64,
    "encoder_attention_heads": 4,
    "d_model": 32,
    "decoder_in_channels": [32, 32, 32],
    "decoder_ffn_dim": 64,
    "decoder_layers": 2,
    "decoder_attention_heads": 4,
    "num_denoising": 0,
    **QUERIES,
}
MASKS = {
    "hidden_dim": 32,
    "encoder_feedforward_dim": 64,
    "dim_feedforward": 64,
    "encoder_layers": 1,
    "decoder_layers": 3,
    "num_attention_heads": 4,
    **QUERIES,
}
TEXT_OF_ONEFORMER = {
    "text_encoder_width": 32,
    "text_encoder_num_layers": 1,
    "text_encoder_context_length": 11,
    "text_encoder_vocab_size": 120,
    "text_encoder_n_ctx": 4,
    "task_seq_len": 11,
}
OMDET = {
    "text_projection_in_dim": 64,
    "text_projection_out_dim": 64,
    "task_encoder_hidden_dim": 64,
    "class_embed_dim": 64,
    "num_queries": 6,
    "encoder_hidden_dim": 32,
    "vision_features_channels": [32, 32, 32],
    "encoder_in_channels": [32, 64, 128],
    "encoder_attention_heads": 4,
    "encoder_dim_feedforward": 64,
    "decoder_hidden_dim": 32,
    "decoder_num_heads": 4,
    "decoder_num_layers": 2,
    "decoder_dim_feedforward": 64,
    "image_size": 64,
    "apply_layernorm_after_vision_backbone": False,
}
SAM = {
    "vision_config": {
        **WIDTHS,
        "image_size": 32,
        "patch_size": 4,
        "mlp_dim": 64,
        "num_pos_feats": 8,
        "output_channels": 16,
        "window_size": 4,
        "global_attn_indexes": [1],
        "use_rel_pos": True,
    },
    "prompt_encoder_config": {"hidden_size": 16, "image_size": 32, "patch_size": 4, "mask_input_channels": 4},
    "mask_decoder_config": {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "mlp_dim": 32,
        "attention_downsample_rate": 2,
        "iou_head_hidden_dim": 16,
    },
}
DEPTH = {"neck_hidden_sizes": [8, 8], "fusion_hidden_size": 8, "head_in_index": -1, "head_hidden_size": 8}
ZOE = {
    "neck_hidden_sizes": [8, 8, 8, 8],
    "fusion_hidden_size": 8,
    "bottleneck_features": 8,
    "num_attractors": [4, 4, 2, 1],
    "bin_embedding_dim": 8,
    "num_relative_features": 8,
    "bin_configurations": [{"n_bins": 4, "min_depth": 0.1, "max_depth": 10.0, "name": "nyu"}],
}

large = partial(pixels, 64)


def residual(features: list[str]) -> hf.PreTrainedConfig:
    """A convolutional network to stand in front of a detector."""
    return hf.ResNetConfig(**RESIDUAL, out_features=features)


def rt_residual() -> hf.PreTrainedConfig:
    """RT-DETR's own kind of it."""
    return hf.RTDetrResNetConfig(**RESIDUAL, out_features=STAGES[1:])


def swin(features: list[str] = STAGES) -> hf.PreTrainedConfig:
    """A Swin to stand in front of a segmenter: attention before the attention."""
    return hf.SwinConfig(**SWIN, out_features=features)


def dinov2() -> hf.PreTrainedConfig:
    """What Depth Anything stands on."""
    return hf.Dinov2Config(**PATCHES, out_features=STAGES[:2], reshape_hidden_states=False)


def beit() -> hf.PreTrainedConfig:
    """What ZoeDepth stands on."""
    sizes = {**PATCHES, "num_hidden_layers": 4, "use_relative_position_bias": True}
    return hf.BeitConfig(**sizes, out_features=STAGES, reshape_hidden_states=False, add_fpn=False)


def on(backbone: Callable[[], hf.PreTrainedConfig], name: str, model: str, /, **given: Any) -> Architecture:
    """A model that stands on the features of another; configs are made anew for every copy."""
    inputs = given.pop("inputs", large)
    about = {key: given.pop(key) for key in ABOUT if key in given}

    def make() -> hf.PreTrainedModel:
        made = getattr(hf, model)
        parts = {key: value() if callable(value) else value for key, value in given.items()}
        return drawn(made._from_config(made.config_class(backbone_config=backbone(), **parts)))

    return Architecture(name, "detection", make, inputs, **about)


def detr(name: str, model: str, features: list[str] = STAGES[3:], **given: Any) -> Architecture:
    """DETR and its kin, without the pretrained network of timm that they would look for."""
    without = {"use_timm_backbone": False, "backbone": None, "use_pretrained_backbone": False}
    return on(partial(residual, features), name, model, **{**without, **DETR, **given})


def maskformer_decoder() -> hf.PreTrainedConfig:
    """MaskFormer's decoder is DETR's."""
    return hf.DetrConfig(use_timm_backbone=False, backbone_config=residual(STAGES[3:]), **DETR)


def bert() -> hf.PreTrainedConfig:
    """Grounding DINO reads what to look for."""
    return hf.BertConfig(**SIZES)


def clip_text() -> hf.PreTrainedConfig:
    """OmDet-Turbo reads it too."""
    return hf.CLIPTextConfig(**{**SIZES, "hidden_size": 64}, projection_dim=64)


def with_words() -> Inputs:
    return pixels(64, **tokens())


def with_task() -> Inputs:
    return pixels(64, task_inputs=tokens(padded=0)["input_ids"].float())


def with_classes() -> Inputs:
    """Two names of classes, one for each picture, and what to do."""
    words = tokens(7, padded=0)
    names = {f"{what}_{key}": value for what in ("classes", "tasks") for key, value in words.items()}
    return pixels(64, classes_structure=torch.tensor([1, 1]), **names)


def with_points() -> Inputs:
    """SAM: one place to look at, a picture."""
    return pixels(32, input_points=torch.tensor([[[[3.0, 4.0]]], [[[9.0, 20.0]]]]))


SAMPLED = "deformable attention samples points: weights are [batch, query, head, level, point], not a matrix"
ONLY_SELF = "only the decoder's self-attention; backbone, deformable encoder and nn.MultiheadAttention are left out"
NOT_WEIGHTS = "mask_decoder_attentions holds the outputs of the attention, not its weights"

BOOLEAN = "BERT gets a boolean mask, and the eager implementation adds it to the scores: eager masks nothing"

alone = row("detection", PATCHES, pixels)
prompted = row("detection", SAM, with_points)

DETECTION = [
    detr("DETR", "DetrForObjectDetection"),
    detr("Conditional DETR", "ConditionalDetrForObjectDetection"),
    detr("Table Transformer", "TableTransformerForObjectDetection"),
    detr("Deformable DETR", "DeformableDetrForObjectDetection", STAGES[1:], num_feature_levels=3, expect=SAMPLED),
    detr("DAB-DETR", "DabDetrForObjectDetection", hidden_size=32),
    on(rt_residual, "RT-DETR", "RTDetrForObjectDetection", **RT_DETR, anchor_image_size=None, expect=SAMPLED),
    on(
        rt_residual,
        "D-FINE",
        "DFineForObjectDetection",
        **RT_DETR,
        anchor_image_size=None,
        lqe_hidden_dim=8,
        expect=SAMPLED,
    ),
    on(
        partial(swin, STAGES[1:]),
        "Grounding DINO",
        "GroundingDinoForObjectDetection",
        inputs=with_words,
        **DETR,
        text_config=bert,
        max_text_len=16,
        options={"infinite": "scores of words that are not there", "unequal": BOOLEAN, "asked": BOOLEAN},
        expect="neither backbone nor BERT; a field holds several kinds, some of them [batch * head, query, key]; "
        + SAMPLED,
    ),
    on(
        partial(swin, STAGES[1:]),
        "OmDet-Turbo",
        "OmDetTurboForObjectDetection",
        inputs=with_classes,
        **OMDET,
        text_config=clip_text,
        expect=SAMPLED,
    ),
    on(
        swin,
        "Mask2Former",
        "Mask2FormerForUniversalSegmentation",
        **MASKS,
        feature_size=32,
        mask_feature_size=32,
        expect=ONLY_SELF,
    ),
    on(
        swin,
        "MaskFormer",
        "MaskFormerForInstanceSegmentation",
        decoder_config=maskformer_decoder,
        fpn_feature_size=32,
        mask_feature_size=32,
        num_labels=3,
        expect="only the decoder's self-attention; the backbone is left out",
    ),
    on(
        swin,
        "OneFormer",
        "OneFormerForUniversalSegmentation",
        inputs=with_task,
        **MASKS,
        conv_dim=32,
        mask_dim=32,
        **TEXT_OF_ONEFORMER,
        expect="cross-attention comes averaged over heads; backbone and encoder are left out",
        readings={"attentions.?.1": "averaged"},
    ),
    on(
        swin,
        "UPerNet (Swin)",
        "UperNetForSemanticSegmentation",
        hidden_size=16,
        pool_scales=[1, 2],
        use_auxiliary_head=False,
        num_labels=3,
    ),
    on(
        dinov2,
        "Depth Anything",
        "DepthAnythingForDepthEstimation",
        inputs=pixels,
        reassemble_hidden_size=32,
        patch_size=8,
        reassemble_factors=[1, 0.5],
        **DEPTH,
    ),
    on(beit, "ZoeDepth", "ZoeDepthForDepthEstimation", inputs=pixels, **ZOE),
    prompted("SAM", "SamModel", expect=NOT_WEIGHTS, readings={"mask_decoder_attentions.*": "other"}),
    prompted(
        "SAM-HQ",
        "SamHQModel",
        mask_decoder_config={**SAM["mask_decoder_config"], "vit_dim": 32},
        expect=NOT_WEIGHTS,
        readings={"mask_decoder_attentions.*": "other"},
    ),
    alone("YOLOS", "YolosForObjectDetection", image_size=[32, 32], num_detection_tokens=5, num_labels=3),
    alone(
        "EoMT",
        "EomtForUniversalSegmentation",
        num_blocks=1,
        num_queries=5,
        num_register_tokens=2,
        num_labels=3,
        num_upscale_blocks=1,
    ),
]
