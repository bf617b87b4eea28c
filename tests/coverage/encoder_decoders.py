"""Models that read one text and write another, and pairs of models put together."""

from functools import partial

import torch
import transformers as hf

from tests.coverage.base import IDS, SIZES, Architecture, Inputs, drawn, random, row, tokens

LAYERS = {
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "d_model": 32,
    "max_position_embeddings": 64,
    "decoder_start_token_id": 2,
}
T5 = {
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 64,
    "num_layers": 2,
    "num_decoder_layers": 2,
    "num_heads": 4,
    "relative_attention_num_buckets": 8,
    "decoder_start_token_id": 0,
}

PROPHET = {
    "hidden_size": 32,
    "num_encoder_layers": 2,
    "num_decoder_layers": 2,
    "num_encoder_attention_heads": 4,
    "num_decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "ngram": 2,
    "num_buckets": 8,
    "relative_max_distance": 32,
    "max_position_embeddings": 64,
}
GEMMA = {
    **SIZES,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "sliding_window": 6,
    "attn_logit_softcapping": 2.0,
}


def two_texts(length: int = 11, written: int = 7) -> Inputs:
    """A text to read, with padding, and the first words of the one to write."""
    target = tokens(written, padded=0)["input_ids"].flip(0)
    return tokens(length) | {"decoder_input_ids": target}


def read_and_written() -> Inputs:
    """For a decoder that stands alone but looks across: what an encoder would have given it."""
    return tokens(7, padded=2) | {"encoder_hidden_states": torch.randn(2, 5, 32, generator=random())}


bart_like = row("encoder-decoder", {**IDS, **LAYERS}, two_texts)
t5_like = row("encoder-decoder", {**IDS, **T5}, two_texts)
plain = row("encoder-decoder", IDS, two_texts)
prophet = row("encoder-decoder", {**IDS, **PROPHET}, two_texts)


def bert2bert() -> hf.PreTrainedModel:
    """Two BERTs, the second reading the first."""
    encoder, decoder = hf.BertConfig(**SIZES), hf.BertConfig(**SIZES, is_decoder=True, add_cross_attention=True)
    config = hf.EncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    return drawn(hf.EncoderDecoderModel(config=config))


BLOCKS = "the encoder gives blocks: [batch, block, head, query, 3 blocks of keys]"

ENCODER_DECODERS = [
    t5_like("T5", "T5ForConditionalGeneration"),
    t5_like("mT5", "MT5ForConditionalGeneration"),
    t5_like("UMT5", "UMT5ForConditionalGeneration"),
    t5_like(
        "Switch",
        "SwitchTransformersForConditionalGeneration",
        num_experts=2,
        num_sparse_encoder_layers=1,
        num_sparse_decoder_layers=1,
        expert_capacity=16,
    ),
    t5_like(
        "LongT5 (local)",
        "LongT5ForConditionalGeneration",
        inputs=partial(two_texts, 24),
        local_radius=4,
        encoder_attention_type="local",
        expect=BLOCKS,
    ),
    t5_like(
        "LongT5 (transient global)",
        "LongT5ForConditionalGeneration",
        inputs=partial(two_texts, 24),
        local_radius=4,
        encoder_attention_type="transient-global",
        global_block_size=4,
        expect=BLOCKS,
    ),
    bart_like("BART", "BartForConditionalGeneration"),
    bart_like("mBART", "MBartForConditionalGeneration"),
    bart_like("Marian", "MarianMTModel"),
    bart_like("Pegasus", "PegasusForConditionalGeneration"),
    bart_like(
        "PEGASUS-X",
        "PegasusXForConditionalGeneration",
        inputs=partial(two_texts, 24),
        block_size=8,
        num_global_tokens=2,
        expect="an encoder layer has two: local [.., block, query, key] and global [.., global, global + key]",
    ),
    bart_like("M2M100", "M2M100ForConditionalGeneration"),
    bart_like(
        "NLLB-MoE",
        "NllbMoeForConditionalGeneration",
        num_experts=2,
        expert_capacity=16,
        encoder_sparse_step=2,
        decoder_sparse_step=2,
    ),
    bart_like("Blenderbot", "BlenderbotForConditionalGeneration"),
    bart_like("Blenderbot-small", "BlenderbotSmallForConditionalGeneration"),
    bart_like("PLBart", "PLBartForConditionalGeneration"),
    bart_like("MVP", "MvpForConditionalGeneration"),
    bart_like("FSMT", "FSMTForConditionalGeneration", langs=["en", "de"], src_vocab_size=120, tgt_vocab_size=120),
    bart_like(
        "LED",
        "LEDForConditionalGeneration",
        inputs=partial(two_texts, 24),
        attention_window=4,
        max_encoder_position_embeddings=64,
        max_decoder_position_embeddings=64,
        expect="the encoder gives bands [batch, head, query, offset] around each query, those of padding set to 0",
        readings={"encoder_attentions.*": "zeroed"},
    ),
    bart_like(
        "BigBird-Pegasus",
        "BigBirdPegasusForConditionalGeneration",
        inputs=partial(two_texts, 64),
        attention_type="block_sparse",
        block_size=4,
        num_random_blocks=1,
        expect="wrong in the encoder: the first block of keys is also read in place of random ones, and only one of "
        "the two readings is in the matrix, so rows sum to less than 1; ours is put together from five softmaxes",
        readings={"encoder_attentions.*": "other"},
    ),
    prophet(
        "ProphetNet",
        "ProphetNetForConditionalGeneration",
        expect="encoder_attentions and cross_attentions hold scores before the softmax, the latter of all streams",
        readings={"encoder_attentions.*": "scores", "cross_attentions.*": "scores"},
    ),
    plain("T5Gemma", "T5GemmaForConditionalGeneration", encoder=GEMMA, decoder=GEMMA),
    Architecture("BERT to BERT", "encoder-decoder", bert2bert, two_texts),
    bart_like("TrOCR", "TrOCRForCausalLM", inputs=read_and_written, cross_attention_hidden_size=32),
]
