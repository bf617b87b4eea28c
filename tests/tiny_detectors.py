"""Tiny random detectors, one of each kind the Detection page is for, each with its own kind of processor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as hf

from tests import tiny

NAMES = {"id2label": {0: "cat", 1: "dog", 2: "fox"}, "label2id": {"cat": 0, "dog": 1, "fox": 2}}
STAGES = ["stage1", "stage2", "stage3", "stage4"]
SIZES = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "num_queries": 9,
}
SIDE = {"shortest_edge": 64, "longest_edge": 128}


def _detector(name: str, features: list[str], **more: Any) -> Any:
    """DETR and its kin, without the pretrained network of timm that they would look for."""
    sizes = {"embedding_size": 8, "hidden_sizes": [8, 12, 16, 24], "depths": [1, 1, 1, 1], "layer_type": "basic"}
    config = getattr(hf, f"{name}Config")(
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        backbone_config=hf.ResNetConfig(out_features=features, **sizes),
        **SIZES,
        **NAMES,
        **more,
    )
    return getattr(hf, f"{name}ForObjectDetection")(config)


def detr() -> Any:
    return _detector("Detr", STAGES[2:3])


def conditional() -> Any:
    return _detector("ConditionalDetr", STAGES[2:3])


def table() -> Any:
    return _detector("TableTransformer", STAGES[2:3])


def deformable() -> Any:
    return _detector("DeformableDetr", STAGES[1:], num_feature_levels=3)


def yolos() -> Any:
    sizes = {"num_detection_tokens": 9, "use_mid_position_embeddings": False}
    return hf.YolosForObjectDetection(hf.YolosConfig(image_size=[64, 96], patch_size=8, **sizes, **tiny.SIZES, **NAMES))


# model, processor
MODELS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "detr": (detr, lambda: hf.DetrImageProcessor(size=SIDE)),
    "conditional-detr": (conditional, lambda: hf.ConditionalDetrImageProcessor(size=SIDE)),
    "table-transformer": (table, lambda: hf.DetrImageProcessor(size=SIDE)),
    "deformable-detr": (deformable, lambda: hf.DeformableDetrImageProcessor(size=SIDE)),
    "yolos": (yolos, lambda: hf.YolosImageProcessor(size={"height": 64, "width": 96})),
}


def save(name: str, folder: Path, seed: int = 0) -> Path:
    """Write one of them with its processor."""
    make, make_processor = MODELS[name]
    torch.manual_seed(seed)
    model = make()
    tiny._draw(model)
    model.save_pretrained(folder)
    make_processor().save_pretrained(folder)
    return folder
