"""Tiny random models that say something of a picture, one of each kind the Captioning page is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as hf

from tests import tiny

SIZES = tiny.SIZES
VISION = {**SIZES, "image_size": 32, "patch_size": 8}
SQUARE = {"height": 32, "width": 32}
ANSWERS = {"id2label": {0: "yes", 1: "no", 2: "two"}, "label2id": {"yes": 0, "no": 1, "two": 2}}
BERTS = {"bos_token_id": 2, "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0}  # of tiny.word_piece


def to_words(tokenizer: Any) -> Any:
    """A ViT of 4 x 6 patches that reads, a GPT-2 that writes."""
    encoder = hf.ViTConfig(**SIZES, image_size=(32, 48), patch_size=8)
    ids = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    sizes = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 32}
    decoder = hf.GPT2Config(vocab_size=len(tokenizer), add_cross_attention=True, **sizes, **ids)
    config = hf.VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        encoder, decoder, decoder_start_token_id=0, pad_token_id=0, eos_token_id=0
    )
    model = hf.VisionEncoderDecoderModel(config)
    model.generation_config = hf.GenerationConfig(decoder_start_token_id=0, eos_token_id=0, pad_token_id=0)
    return model


def _blip(tokenizer: Any) -> Any:
    text = {**SIZES, **BERTS, "vocab_size": len(tokenizer), "encoder_hidden_size": 32, "max_position_embeddings": 48}
    return hf.BlipConfig(text_config=text, vision_config=VISION, projection_dim=32, image_text_hidden_size=32)


def blip(tokenizer: Any) -> Any:
    return hf.BlipForConditionalGeneration(_blip(tokenizer))


def blip_answers(tokenizer: Any) -> Any:
    return hf.BlipForQuestionAnswering(_blip(tokenizer))


def blip_processor(tokenizer: Any) -> Any:
    return hf.BlipProcessor(hf.BlipImageProcessor(size=SQUARE), tokenizer)


def git(tokenizer: Any) -> Any:
    ids = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}
    config = hf.GitConfig(vocab_size=len(tokenizer), max_position_embeddings=48, vision_config=VISION, **SIZES, **ids)
    return hf.GitForCausalLM(config)


def git_processor(tokenizer: Any) -> Any:
    images = hf.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=SQUARE)
    return hf.GitProcessor(images, tokenizer)


def vilt(tokenizer: Any) -> Any:
    config = hf.ViltConfig(
        vocab_size=len(tokenizer), max_position_embeddings=40, image_size=48, patch_size=8, **SIZES, **ANSWERS
    )
    return hf.ViltForQuestionAnswering(config)


def vilt_processor(tokenizer: Any) -> Any:
    return hf.ViltProcessor(hf.ViltImageProcessor(size={"shortest_edge": 32}, size_divisor=8), tokenizer)


# model, tokenizer, processor
MODELS: dict[str, tuple[Callable[..., Any], Callable[[], Any], Callable[..., Any]]] = {
    "to_words": (to_words, tiny.byte_level, lambda tokenizer: tiny.vit_processor()),
    "blip": (blip, tiny.word_piece, blip_processor),
    "blip_answers": (blip_answers, tiny.word_piece, blip_processor),
    "git": (git, tiny.word_piece, git_processor),
    "vilt": (vilt, tiny.word_piece, vilt_processor),
    "llava": (tiny.llava, tiny.with_image_token, tiny.llava_processor),
}


def save(name: str, folder: Path, seed: int = 0) -> Path:
    """Write one of them with its tokenizer and processor."""
    make, make_tokenizer, make_processor = MODELS[name]
    tokenizer = make_tokenizer()
    torch.manual_seed(seed)
    model = make(tokenizer)
    tiny._draw(model)
    model.save_pretrained(folder)
    make_processor(tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
