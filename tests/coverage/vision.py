"""Models that read a picture."""

from functools import partial

import torch

from tests.coverage.base import WIDTHS, Inputs, pixels, random, row

PATCHES = {**WIDTHS, "image_size": 32, "patch_size": 8}
STAGES = {"image_size": 32, "depths": [1, 1], "embed_dim": 16, "num_heads": [2, 4], "window_size": 4, "patch_size": 2}
PYRAMID = {
    "num_encoder_blocks": 2,
    "depths": [1, 1],
    "sr_ratios": [4, 1],
    "hidden_sizes": [16, 32],
    "strides": [4, 2],
    "patch_sizes": [7, 3],
    "num_attention_heads": [2, 4],
    "mlp_ratios": [2, 2],
    "decoder_hidden_size": 16,
}
transformer = row("vision", PATCHES, pixels)
stages = row("vision", STAGES, pixels)
pyramid = row("vision", {}, pixels)


def film(frames: int = 4, size: int = 32) -> Inputs:
    """Two films of noise, [film, frame, colour, row, column]."""
    return {"pixel_values": torch.randn(2, frames, 3, size, size, generator=random())}


def video() -> Inputs:
    """The same by another name."""
    return {"pixel_values_videos": film()["pixel_values"]}


def picture_tokens() -> Inputs:
    """ImageGPT reads colours as if they were words."""
    return {"input_ids": torch.randint(0, 120, (2, 16), generator=random())}


def prompted_picture() -> Inputs:
    """SegGPT: a picture, and an example with its mask."""
    names = ("pixel_values", "prompt_pixel_values", "prompt_masks")
    return {name: torch.randn(2, 3, 32, 32, generator=random().manual_seed(seed)) for seed, name in enumerate(names)}


WINDOWS = "weights are within windows: [picture * window, head, query, key]"
LAST_BLOCK = "only the last block of each stage; " + WINDOWS
SILENT = {"silent": "the class takes output_attentions and does nothing with it"}

VISION = [
    transformer("ViT", "ViTModel"),
    transformer("DeiT", "DeiTModel"),
    transformer("BEiT", "BeitModel", use_relative_position_bias=True),
    transformer("Data2VecVision", "Data2VecVisionModel", use_relative_position_bias=True),
    transformer("DINOv2", "Dinov2Model"),
    transformer("DINOv2 with registers", "Dinov2WithRegistersModel", num_register_tokens=2),
    transformer("DINOv3", "DINOv3ViTModel", num_register_tokens=2),
    transformer("I-JEPA", "IJepaModel"),
    transformer(
        "ViT-MAE",
        "ViTMAEModel",
        decoder_num_hidden_layers=1,
        decoder_hidden_size=16,
        decoder_intermediate_size=32,
        decoder_num_attention_heads=2,
        mask_ratio=0.5,
        options={"seeded": True},
    ),
    transformer(
        "ViT-MAE (pretraining)",
        "ViTMAEForPreTraining",
        decoder_num_hidden_layers=1,
        decoder_hidden_size=16,
        decoder_intermediate_size=32,
        decoder_num_attention_heads=2,
        mask_ratio=0.5,
        options={"seeded": True},
    ),
    transformer("ViT-MSN", "ViTMSNModel"),
    transformer(
        "ViTDet",
        "VitDetModel",
        window_block_indices=[0],
        window_size=2,
        use_relative_position_embeddings=True,
        expect=WINDOWS,
        pretrain_image_size=32,
    ),
    transformer(
        "TimeSformer",
        "TimesformerModel",
        inputs=film,
        num_frames=4,
        expect="only attention in space; attention in time is left out",
    ),
    transformer("ViViT", "VivitModel", inputs=film, num_frames=4, tubelet_size=[2, 8, 8]),
    transformer("VideoMAE", "VideoMAEModel", inputs=film, num_frames=4, tubelet_size=2),
    transformer(
        "V-JEPA 2",
        "VJEPA2Model",
        inputs=video,
        frames_per_clip=4,
        crop_size=32,
        pred_hidden_size=32,
        pred_num_attention_heads=4,
        pred_num_hidden_layers=1,
        pred_num_mask_tokens=2,
    ),
    transformer("AIMv2", "Aimv2VisionModel"),
    transformer("SigLIP (vision)", "SiglipVisionModel"),
    transformer("MLCD", "MLCDVisionModel", num_key_value_groups=1),
    transformer("Pixtral (vision)", "PixtralVisionModel"),
    transformer(
        "ImageGPT",
        "ImageGPTModel",
        inputs=picture_tokens,
        vocab_size=121,
        n_positions=64,
        n_embd=32,
        n_layer=2,
        n_head=4,
    ),
    transformer(
        "SegGPT",
        "SegGptModel",
        inputs=prompted_picture,
        image_size=[64, 32],
        pretrain_image_size=32,
        merge_index=0,
        intermediate_hidden_state_indices=[0, 1],
        mlp_dim=64,
        decoder_hidden_size=8,
    ),
    transformer(
        "MGP-STR",
        "MgpstrForSceneTextRecognition",
        image_size=[32, 32],
        max_token_length=5,
        num_bpe_labels=20,
        num_wordpiece_labels=20,
        num_character_labels=20,
        mlp_ratio=2.0,
        expect="the softmax that gathers characters from patches is left out",
    ),
    transformer(
        "DPT",
        "DPTForDepthEstimation",
        num_hidden_layers=4,
        is_hybrid=False,
        backbone_out_indices=[0, 1, 2, 3],
        readout_type="project",
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
    ),
    stages("Swin", "SwinModel", expect=WINDOWS),
    stages("Swin (shifted)", "SwinModel", depths=[2, 2], expect=LAST_BLOCK),
    stages("Donut (Swin)", "DonutSwinModel", depths=[2, 2], expect=LAST_BLOCK),
    stages("Swin v2", "Swinv2Model", depths=[2, 2], expect=LAST_BLOCK),
    stages(
        "Swin2SR",
        "Swin2SRModel",
        image_size=16,
        inputs=partial(pixels, 16),
        patch_size=1,
        depths=[2, 2],
        expect=LAST_BLOCK,
    ),
    pyramid("SegFormer", "SegformerForSemanticSegmentation", inputs=partial(pixels, 64), **PYRAMID),
    pyramid("GLPN", "GLPNForDepthEstimation", inputs=partial(pixels, 64), **PYRAMID),
    pyramid(
        "PVT",
        "PvtModel",
        inputs=partial(pixels, 64),
        image_size=64,
        num_encoder_blocks=4,
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 16, 16, 32],
        num_attention_heads=[1, 2, 2, 4],
        sequence_reduction_ratios=[8, 4, 2, 1],
        mlp_ratios=[2, 2, 2, 2],
    ),
    pyramid(
        "PVTv2",
        "PvtV2Model",
        inputs=partial(pixels, 64),
        image_size=64,
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 16, 16, 32],
        num_attention_heads=[1, 2, 2, 4],
        sr_ratios=[8, 4, 2, 1],
        mlp_ratios=[2, 2, 2, 2],
    ),
    pyramid("CvT", "CvtModel", embed_dim=[16, 16, 32], num_heads=[1, 2, 4], depth=[1, 2, 3], options=SILENT),
    pyramid(
        "LeViT",
        "LevitModel",
        inputs=partial(pixels, 64),
        image_size=64,
        hidden_sizes=[16, 32, 48],
        num_attention_heads=[2, 2, 2],
        depths=[1, 1, 1],
        key_dim=[8, 8, 8],
        options=SILENT,
    ),
    pyramid(
        "Hiera",
        "HieraModel",
        image_size=[32, 32],
        patch_stride=[4, 4],
        patch_size=[7, 7],
        patch_padding=[3, 3],
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        masked_unit_size=[8, 8],
        expect="[batch, head, unit, query, key]: within units",
    ),
    pyramid(
        "MobileViT",
        "MobileViTModel",
        image_size=32,
        hidden_sizes=[16, 24, 32],
        num_attention_heads=4,
        neck_hidden_sizes=[8, 8, 16, 16, 24, 24, 32],
        options=SILENT,
    ),
]
