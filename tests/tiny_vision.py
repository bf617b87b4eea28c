"""Tiny random models that see, one of each kind the Vision page is for, each with its own kind of processor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as hf

from tests import tiny

SIZES = tiny.SIZES
NAMES = {"id2label": {0: "cat", 1: "dog", 2: "fox"}, "label2id": {"cat": 0, "dog": 1, "fox": 2}}
SQUARE = {"height": 48, "width": 48}


def deit() -> Any:
    return hf.DeiTForImageClassification(hf.DeiTConfig(image_size=48, patch_size=8, **NAMES, **SIZES))


def beit() -> Any:
    return hf.BeitForImageClassification(hf.BeitConfig(image_size=48, patch_size=8, **NAMES, **SIZES))


def dinov2() -> Any:
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "mlp_ratio": 2}
    config = hf.Dinov2WithRegistersConfig(image_size=56, patch_size=14, num_register_tokens=4, **NAMES, **sizes)
    return hf.Dinov2WithRegistersForImageClassification(config)


def swin() -> Any:
    config = hf.SwinConfig(
        image_size=64, patch_size=4, window_size=4, depths=[2, 2], num_heads=[2, 4], embed_dim=16, **NAMES
    )
    return hf.SwinForImageClassification(config)


def segformer() -> Any:
    config = hf.SegformerConfig(
        num_encoder_blocks=2,
        depths=[2, 2],
        hidden_sizes=[16, 32],
        num_attention_heads=[1, 2],
        patch_sizes=[7, 3],
        strides=[4, 2],
        sr_ratios=[2, 1],
        mlp_ratios=[2, 2],
        decoder_hidden_size=16,
        **NAMES,
    )
    return hf.SegformerForImageClassification(config)


def siglip(tokenizer: Any) -> Any:
    text = hf.SiglipTextConfig(vocab_size=len(tokenizer), max_position_embeddings=48, **SIZES)
    vision = hf.SiglipVisionConfig(image_size=48, patch_size=8, **SIZES)
    return hf.SiglipModel(hf.SiglipConfig(text_config=text.to_dict(), vision_config=vision.to_dict()))


def siglip_processor(tokenizer: Any) -> Any:
    return hf.SiglipProcessor(hf.SiglipImageProcessor(size=SQUARE), tokenizer)


def cropping() -> Any:
    return hf.BitImageProcessor(size={"shortest_edge": 64}, crop_size={"height": 56, "width": 56})


# model, tokenizer (None: it reads no text), processor
MODELS: dict[str, tuple[Callable[..., Any], Callable[[], Any] | None, Callable[..., Any]]] = {
    "vit": (tiny.vit, None, tiny.vit_processor),
    "deit": (deit, None, lambda: hf.DeiTImageProcessor(size={"height": 64, "width": 64}, crop_size=SQUARE)),
    "beit": (beit, None, lambda: hf.BeitImageProcessor(size=SQUARE, do_center_crop=False)),
    "dinov2": (dinov2, None, cropping),
    "swin": (swin, None, lambda: hf.ViTImageProcessor(size={"height": 64, "width": 64})),
    "segformer": (segformer, None, lambda: hf.SegformerImageProcessor(size={"height": 64, "width": 96})),
    "clip": (tiny.clip, tiny.word_piece, tiny.clip_processor),
    "siglip": (siglip, tiny.word_piece, siglip_processor),
}


def save(name: str, folder: Path, seed: int = 0) -> Path:
    """Write one of them with its processor."""
    make, make_tokenizer, make_processor = MODELS[name]
    tokenizer = make_tokenizer() if make_tokenizer else None
    torch.manual_seed(seed)
    model = make(tokenizer) if tokenizer or name == "vit" else make()
    tiny._draw(model)
    model.save_pretrained(folder)
    (make_processor(tokenizer) if tokenizer else make_processor()).save_pretrained(folder)
    return folder
