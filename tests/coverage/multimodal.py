"""Models that read pictures and text together."""

from collections.abc import Callable
from functools import partial
from typing import Any

import transformers as hf

from tests.coverage.base import (
    IDS,
    SIZES,
    WIDTHS,
    Architecture,
    Inputs,
    drawn,
    row,
    tokens,
)
from tests.coverage.multimodal_inputs import (
    END,
    IMAGE,
    START,
    VIDEO,
    asked,
    attended,
    both,
    cut,
    described,
    film,
    filmed,
    flattened,
    florence,
    kosmos,
    listed,
    marked,
    masked,
    objects,
    packed,
    page,
    patches,
    persimmon_patches,
    pictured,
    regions,
    sized,
    tiles,
    wanted,
    written_page,
)

GROUP = "text and picture"
GROUPED = {**SIZES, "num_key_value_heads": 2, "head_dim": 8}
VISION = {**WIDTHS, "image_size": 32, "patch_size": 8, "projection_dim": 32}
SIGLIP = {"model_type": "siglip_vision_model", **VISION}
PIXTRAL = {"model_type": "pixtral", **VISION}
OPT = {"model_type": "opt", **SIZES, "ffn_dim": 64, "word_embed_proj_dim": 32}
BART = {
    "model_type": "bart",
    **IDS,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 64,
}
QFORMER = {**SIZES, "encoder_hidden_size": 32, "cross_attention_frequency": 1}
TURNED = {"rope_type": "default", "rope_theta": 1e4}
PLACE = {"image_token_index": IMAGE, "image_token_id": IMAGE}


def two_towers(name: str, model: str, inputs: Callable[[], Inputs] = both, **given: Any) -> Architecture:
    """CLIP and its kin: a text and a picture, compared at the end."""
    text, vision = given.pop("text", {}), given.pop("vision", {})
    config = {"text_config": {**SIZES, **text}, "vision_config": {**VISION, **vision}, "projection_dim": 32}
    return row(GROUP, config, inputs)(name, model, **given)


def speaker(name: str, model: str, inputs: Callable[[], Inputs], text: str = "llama", **given: Any) -> Architecture:
    """LLaVA and its kin: a vision tower whose patches become words of a language model."""
    vision = given.pop("vision", {"model_type": "clip_vision_model", **VISION})
    config = {"text_config": {"model_type": text, **GROUPED}, "vision_config": vision, **PLACE}
    return row(GROUP, config, inputs)(name, model, **{"expect": TEXT_ONLY, **given})


def qwen(name: str, model: str, **vision: Any) -> Architecture:
    """Qwen-VL: rotation by time, row and column."""
    tower = {"depth": 2, "num_heads": 4, "patch_size": 8, "temporal_patch_size": 2, "spatial_merge_size": 2}
    config = {
        "text_config": {**GROUPED, "rope_parameters": {**TURNED, "mrope_section": [2, 1, 1]}},
        "vision_config": {**tower, **vision},
        "image_token_id": IMAGE,
        "video_token_id": VIDEO,
        "vision_start_token_id": START,
        "vision_end_token_id": END,
    }
    return row(GROUP, config, patches)(name, model, expect=TEXT_ONLY)


def joined(name: str, join: Callable[[], hf.PreTrainedModel], inputs: Callable[[], Inputs]) -> Architecture:
    """Two models of other tables put together."""
    return Architecture(name, GROUP, join, inputs)


def vit_to_bert() -> hf.PreTrainedModel:
    """A ViT that reads and a BERT that writes."""
    decoder = hf.BertConfig(**SIZES, is_decoder=True, add_cross_attention=True)
    config = hf.VisionEncoderDecoderConfig.from_encoder_decoder_configs(hf.ViTConfig(**VISION), decoder)
    return drawn(hf.VisionEncoderDecoderModel(config=config))


def vit_and_bert() -> hf.PreTrainedModel:
    """A ViT and a BERT side by side."""
    parts = hf.ViTConfig(**VISION), hf.BertConfig(**SIZES)
    config = hf.VisionTextDualEncoderConfig.from_vision_text_configs(*parts, projection_dim=32)
    return drawn(hf.VisionTextDualEncoderModel(config=config))


TEXT_ONLY = "only the language model; the vision tower is left out"

one = row(GROUP, {**SIZES, "image_size": 32, "patch_size": 8}, both)
composite = row(GROUP, {}, both)
bridged = row(GROUP, {"vision_config": VISION, "qformer_config": QFORMER, "text_config": OPT, **PLACE}, pictured)

XCLIP = {"num_frames": 4, "mit_hidden_size": 32, "mit_intermediate_size": 64, "mit_num_attention_heads": 4}
GROUPVIT = {"depths": [1, 1, 1], "num_group_tokens": [6, 3, 0], "num_output_groups": [6, 3, 3]}
ALIGN = {"width_coefficient": 0.25, "depth_coefficient": 0.2, "hidden_dim": 32, "image_size": 64}
FLAVA = {
    "text_config": SIZES,
    "image_config": {**VISION, "vocab_size": 20},
    "multimodal_config": WIDTHS,
    "image_codebook_config": {"hidden_size": 8, "vocab_size": 20, "num_blocks_per_group": 1},
}
BRIDGE = {  # the vision tower has a head for every 64 dimensions
    "text_config": {**SIZES, "hidden_size": 64},
    "vision_config": {**VISION, "hidden_size": 64},
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
}
KOSMOS = {**IDS, "embed_dim": 32, "layers": 2, "ffn_dim": 64, "attention_heads": 4, "max_position_embeddings": 64}
PIX2STRUCT = {
    "text_config": {**IDS, "hidden_size": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4},
    "vision_config": {**WIDTHS, "patch_embed_hidden_size": 48, "d_ff": 64, "d_kv": 8, "seq_len": 16},
    "decoder_start_token_id": 0,
}
UDOP = {
    **IDS,
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 64,
    "num_layers": 2,
    "num_heads": 4,
    "max_2d_position_embeddings": 16,
    "image_size": 32,
    "patch_size": 8,
}
IDEFICS = {
    **SIZES,
    "vision_config": {**VISION, "embed_dim": 32},
    "perceiver_config": {"use_resampler": False},
    "alpha_initializer": "ones",  # at zero, as it starts, the cross-attention would say nothing
    "cross_layer_interval": 1,
}
RESAMPLER = {
    "hidden_size": 32,
    "resampler_n_latents": 4,
    "resampler_depth": 1,
    "resampler_n_heads": 4,
    "resampler_head_dim": 8,
    "num_key_value_heads": 2,
}
MLLAMA = {
    "vision_config": {
        **WIDTHS,
        "num_global_layers": 1,
        "attention_heads": 4,
        "vision_output_dim": 64,
        "image_size": 16,
        "patch_size": 8,
        "max_num_tiles": 2,
        "intermediate_layers_indices": [0],
        "supported_aspect_ratios": [[1, 1], [1, 2], [2, 1]],
    },
    "text_config": {**GROUPED, "cross_attention_layers": [1], "rope_parameters": TURNED},
    "image_token_index": IMAGE,
}
LLAMA4 = {
    "text_config": {
        **GROUPED,
        "num_local_experts": 2,
        "intermediate_size_mlp": 64,
        "attention_chunk_size": 8,
        "interleave_moe_layer_step": 2,
    },
    "vision_config": {
        **VISION,
        "intermediate_size": 128,
        "vision_output_dim": 32,
        "projector_input_dim": 32,
        "projector_output_dim": 32,
    },
    **PLACE,
}
QUANTISER = {"latent_channels": 8, "base_channels": 32, "channel_multiplier": [1], "num_res_blocks": 1}
DAVIT = {
    "depths": [1, 1],
    "patch_size": [7, 3],
    "patch_stride": [4, 4],
    "patch_padding": [3, 1],
    "patch_prenorm": [False, True],
    "embed_dim": [16, 32],
    "num_heads": [2, 4],
    "num_groups": [2, 4],
    "window_size": 4,
    "projection_dim": 32,
    "max_position_embeddings": 8,
}
LAST = {"vision_feature_layer": -1, "vision_feature_select_strategy": "default"}
WHOLE = {"vision_feature_layer": -1, "vision_feature_select_strategy": "full"}

MULTIMODAL = [
    two_towers("CLIP", "CLIPModel"),
    two_towers("SigLIP", "SiglipModel", expect="the attention that pools the picture is left out"),
    two_towers(
        "SigLIP 2",
        "Siglip2Model",
        packed,
        vision={"num_patches": 16},
        expect="the attention that pools the picture is left out",
    ),
    two_towers("MetaCLIP 2", "MetaClip2Model"),
    two_towers("Chinese-CLIP", "ChineseCLIPModel"),
    two_towers("AltCLIP", "AltCLIPModel", text={"project_dim": 32, "max_position_embeddings": 70}),
    two_towers(
        "CLIPSeg",
        "CLIPSegForImageSegmentation",
        extract_layers=[0, 1],
        reduce_dim=16,
        decoder_intermediate_size=32,
        expect="the text tower is left out",
    ),
    two_towers(
        "X-CLIP",
        "XCLIPModel",
        film,
        vision=XCLIP,
        prompt_num_attention_heads=4,
        expect="the attentions across frames and from text to film are left out",
    ),
    two_towers("OWL-ViT", "OwlViTForObjectDetection", wanted),
    two_towers("OWLv2", "Owlv2ForObjectDetection", wanted),
    two_towers(
        "GroupViT",
        "GroupViTModel",
        vision=GROUPVIT,
        projection_intermediate_dim=32,
        expect="the vision tower only with its grouping, whose softmax runs over groups: columns sum to 1",
        readings={"vision_model_output.attentions.*": "other"},
    ),
    two_towers(
        "ALIGN",
        "AlignModel",
        partial(both, 64),
        vision=ALIGN,
        projection_dim=80,
        expect="the vision tower is convolutional",
    ),
    joined("ViT and BERT", vit_and_bert, both),
    joined("ViT to BERT", vit_to_bert, described),
    two_towers(
        "BLIP (captions)",
        "BlipForConditionalGeneration",
        text={"encoder_hidden_size": 32},
        image_text_hidden_size=32,
        expect="the text decoder is left out",
    ),
    two_towers(
        "BLIP (retrieval)",
        "BlipForImageTextRetrieval",
        text={"encoder_hidden_size": 32},
        image_text_hidden_size=32,
        expect="the text encoder is left out",
    ),
    bridged(
        "BLIP-2",
        "Blip2ForConditionalGeneration",
        num_query_tokens=4,
        expect="cross-attention of the Q-Former is given twice, also among its self-attentions",
    ),
    bridged(
        "InstructBLIP",
        "InstructBlipForConditionalGeneration",
        inputs=asked,
        num_query_tokens=4,
        expect="cross-attention of the Q-Former is given twice, also among its self-attentions",
    ),
    composite("FLAVA", "FlavaModel", inputs=masked, **FLAVA, hidden_size=32, projection_dim=32),
    composite("BridgeTower", "BridgeTowerModel", **BRIDGE, expect="only the layers that join the towers"),
    one("ViLT", "ViltModel", options={"seeded": True}),
    one("VisualBERT", "VisualBertModel", inputs=regions, visual_embedding_dim=16),
    one(
        "LXMERT",
        "LxmertModel",
        inputs=objects,
        l_layers=2,
        x_layers=1,
        r_layers=1,
        visual_feat_dim=16,
        expect="of the layers that join text and picture only text to picture",
    ),
    one(
        "LayoutLMv3",
        "LayoutLMv3Model",
        inputs=page,
        input_size=32,
        coordinate_size=6,
        shape_size=4,
        max_2d_position_embeddings=16,
        max_position_embeddings=70,
    ),
    composite("UDOP", "UdopForConditionalGeneration", inputs=written_page, **UDOP),
    one("GIT", "GitForCausalLM", vision_config=VISION, expect=TEXT_ONLY),
    composite(
        "Kosmos-2",
        "Kosmos2ForConditionalGeneration",
        inputs=kosmos,
        text_config=KOSMOS,
        vision_config=VISION,
        latent_query_num=4,
    ),
    composite("Pix2Struct", "Pix2StructForConditionalGeneration", inputs=flattened, **PIX2STRUCT),
    speaker("LLaVA", "LlavaForConditionalGeneration", partial(pictured, 16), **LAST),
    speaker("LLaVA-NeXT", "LlavaNextForConditionalGeneration", cut, image_grid_pinpoints=[[32, 32]], **LAST),
    speaker(
        "LLaVA-OneVision",
        "LlavaOnevisionForConditionalGeneration",
        cut,
        "qwen2",
        vision=SIGLIP,
        image_grid_pinpoints=[[32, 32]],
        **WHOLE,
    ),
    speaker("ViP-LLaVA", "VipLlavaForConditionalGeneration", partial(pictured, 16), vision_feature_layers=[-1, -2]),
    speaker(
        "Video-LLaVA",
        "VideoLlavaForConditionalGeneration",
        filmed,
        video_token_index=VIDEO,
        video_token_id=VIDEO,
        vision_feature_layer=-1,
    ),
    speaker(
        "PaliGemma",
        "PaliGemmaForConditionalGeneration",
        partial(marked, 16),
        "gemma",
        vision=SIGLIP,
        projection_dim=32,
        hidden_size=32,
    ),
    speaker(
        "Gemma 3 (pictures)",
        "Gemma3ForConditionalGeneration",
        partial(marked, 4),
        "gemma3_text",
        vision=SIGLIP,
        mm_tokens_per_image=4,
    ),
    speaker(
        "Idefics2", "Idefics2ForConditionalGeneration", listed, "mistral", vision=VISION, perceiver_config=RESAMPLER
    ),
    speaker("Idefics3", "Idefics3ForConditionalGeneration", listed, vision=VISION, scale_factor=2),
    speaker("SmolVLM", "SmolVLMForConditionalGeneration", listed, vision=VISION, scale_factor=2, expect=""),
    speaker(
        "Mistral 3",
        "Mistral3ForConditionalGeneration",
        sized,
        "mistral",
        vision=PIXTRAL,
        vision_feature_layer=-1,
        spatial_merge_size=2,
    ),
    speaker(
        "InternVL",
        "InternVLForConditionalGeneration",
        pictured,
        "qwen2",
        vision_feature_layer=-1,
        vision={**VISION, "image_size": [32, 32], "patch_size": [8, 8]},
    ),
    speaker(
        "Aya Vision",
        "AyaVisionForConditionalGeneration",
        pictured,
        "cohere2",
        vision=SIGLIP,
        **WHOLE,
    ),
    composite(
        "Llama 4",
        "Llama4ForConditionalGeneration",
        inputs=pictured,
        **LLAMA4,
        expect=TEXT_ONLY,
        options={"unasked": "asked, the vision tower looks for its attentions where they are not"},
    ),
    composite("Mllama", "MllamaForConditionalGeneration", inputs=tiles, **MLLAMA, expect=TEXT_ONLY),
    composite(
        "Idefics",
        "IdeficsForVisionText2Text",
        inputs=attended,
        **IDEFICS,
        expect="only self-attention of the language model; cross-attention and the vision tower are left out",
    ),
    composite(
        "Fuyu",
        "FuyuForCausalLM",
        inputs=persimmon_patches,
        text_config={"model_type": "persimmon", **SIZES},
        patch_size=8,
        image_token_id=IMAGE,
    ),
    qwen("Qwen2-VL", "Qwen2VLForConditionalGeneration", embed_dim=32, hidden_size=32),
    qwen(
        "Qwen2.5-VL",
        "Qwen2_5_VLForConditionalGeneration",
        hidden_size=32,
        out_hidden_size=32,
        intermediate_size=64,
        window_size=16,
        fullatt_block_indexes=[1],
    ),
    qwen(
        "Qwen3-VL",
        "Qwen3VLForConditionalGeneration",
        hidden_size=32,
        out_hidden_size=32,
        intermediate_size=64,
        num_position_embeddings=16,
        deepstack_visual_indexes=[0],
    ),
    composite(
        "Chameleon",
        "ChameleonForConditionalGeneration",
        inputs=tokens,
        **GROUPED,
        vocabulary_map={"<image>": IMAGE},
        vq_config={**QUANTISER, "embed_dim": 8, "num_embeddings": 10, "resolution": 16},
    ),
    composite(
        "Emu3",
        "Emu3ForConditionalGeneration",
        inputs=tokens,
        text_config=GROUPED,
        vocabulary_map={"<image>": IMAGE},
        vq_config={**QUANTISER, "embed_dim": 8, "codebook_size": 10, "hidden_size": 32, "num_attention_heads": 2},
    ),
    composite(
        "Florence-2",
        "Florence2ForConditionalGeneration",
        inputs=florence,
        vision_config=DAVIT,
        text_config=BART,
        image_token_id=IMAGE,
        expect=TEXT_ONLY,
    ),
]
