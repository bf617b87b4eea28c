"""Small random models of every library class that can be read, and inputs for them."""

from collections.abc import Callable
from typing import Any

import torch
import transformers as hf
from torch import Tensor

from tests import tiny

VOCABULARY = 50


def neox() -> Any:
    rope = {"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 1.0}
    config = hf.GPTNeoXConfig(
        vocab_size=VOCABULARY,
        use_parallel_residual=False,
        rope_parameters=rope,
        max_position_embeddings=64,
        **tiny.SIZES,
    )
    return hf.GPTNeoXForCausalLM(config)


def mpt() -> Any:
    return hf.MptForCausalLM(hf.MptConfig(vocab_size=VOCABULARY, d_model=32, n_heads=4, n_layers=2, max_seq_len=64))


def t5(feed_forward: str = "relu") -> Any:
    config = hf.T5Config(
        vocab_size=VOCABULARY, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, feed_forward_proj=feed_forward,
        decoder_start_token_id=0,
    )  # fmt: skip
    return hf.T5ForConditionalGeneration(config)


def marian() -> Any:
    sizes = {f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in tiny.BART.items()}
    ids = {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}
    config = hf.MarianConfig(
        vocab_size=VOCABULARY, d_model=32, max_position_embeddings=48, scale_embedding=True, **sizes, **ids
    )
    return hf.MarianMTModel(config)


BUILDERS: dict[str, Callable[[], Any]] = {
    "gpt2": lambda: tiny.gpt2(VOCABULARY),
    "llama": lambda: tiny.llama(VOCABULARY),
    "mistral": lambda: tiny.mistral(VOCABULARY),
    "neox": neox,
    "mpt": mpt,
    "bert": lambda: tiny.bert(VOCABULARY),
    "vit": lambda: tiny.vit(None),
    "bart": lambda: tiny.bart(VOCABULARY),
    "marian": marian,
    "t5": t5,
    "t5 gated": lambda: t5("gated-silu"),
}


def module(name: str) -> Any:
    """A random model whose weights are large enough for its answers to differ, in evaluation mode."""
    torch.manual_seed(0)
    made = BUILDERS[name]().eval()
    with torch.no_grad():
        for weight in made.parameters():
            if weight.requires_grad:
                weight.add_(0.15 * torch.randn_like(weight))
        for key, buffer in made.named_buffers():
            if key == "final_logits_bias":
                buffer.copy_(torch.randn_like(buffer))
    return made


def inputs(theirs: Any, n_tokens: int = 20, seed: int = 1) -> tuple[dict[str, Tensor], tuple[Tensor, ...]]:
    """Random inputs, as the library names them and as ours takes them."""
    torch.manual_seed(seed)
    if theirs.main_input_name == "pixel_values":
        size = theirs.config.image_size
        pixels = torch.randn(3, theirs.config.num_channels, *(size if isinstance(size, list | tuple) else (size, size)))
        return {"pixel_values": pixels}, (pixels,)
    n_tokens = min(n_tokens, getattr(theirs.config, "max_position_embeddings", n_tokens))
    tokens = torch.randint(1, theirs.config.vocab_size, (3, n_tokens))  # 0 is padding, whose row the library freezes
    if not theirs.config.is_encoder_decoder:
        return {"input_ids": tokens}, (tokens,)
    target = torch.randint(1, theirs.config.vocab_size, (3, 11))
    return {"input_ids": tokens, "decoder_input_ids": target}, (tokens, target)
