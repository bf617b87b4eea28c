"""Models that read a text in both directions."""

from functools import partial

import torch

from tests.coverage.base import IDS, LENGTH, SIZES, Inputs, row, tokens, unpadded

encoder = row("encoder", SIZES, tokens)
unsized = row("encoder", IDS, tokens)  # whose config calls its sizes by other names, and refuses these


def with_boxes(length: int = LENGTH, corners: int = 4) -> Inputs:
    """Words on a page, all in the same place: where they stand is not what these tests are about."""
    box = torch.tensor([1, 2, 6, 9] * 2)[:corners]
    return tokens(length) | {"bbox": box.expand(2, length, corners).clone()}


def with_boxes_as_shares() -> Inputs:
    """BROS measures boxes in parts of the page."""
    inputs = with_boxes(corners=8)
    return inputs | {"bbox": inputs["bbox"] / 10}


def with_entities() -> Inputs:
    """LUKE reads entities after the words: two a text, each a span of words."""
    positions = torch.full((2, 2, 3), -1)
    positions[:, 0, :2], positions[:, 1, :1] = torch.tensor([1, 2]), torch.tensor([4])
    return tokens() | {
        "entity_ids": torch.tensor([[3, 4], [5, 6]]),
        "entity_position_ids": positions,
        "entity_attention_mask": torch.ones(2, 2, dtype=torch.long),
    }


def with_table() -> Inputs:
    """TAPAS has seven kinds of token types (row, column, ...)."""
    return tokens() | {"token_type_ids": torch.zeros(2, LENGTH, 7, dtype=torch.long)}


def with_global_token() -> Inputs:
    """Longformer: the first token reads and is read by all; the text is longer than a window."""
    inputs = tokens(24)
    everywhere = torch.zeros_like(inputs["input_ids"])
    everywhere[:, 0] = 1
    return inputs | {"global_attention_mask": everywhere}


def two_streams() -> Inputs:
    """XLNet predicting the last token: the second stream may not see what it predicts."""
    inputs = unpadded()
    order = torch.zeros(2, LENGTH, LENGTH)
    order[:, :, -1] = 1
    target = torch.zeros(2, 1, LENGTH)
    target[:, 0, -1] = 1
    return inputs | {"perm_mask": order, "target_mapping": target}


def without_mask() -> Inputs:
    """Nyströmformer's landmarks are shaped unlike the mask that transformers gives it."""
    return {"input_ids": unpadded(16)["input_ids"]}


def characters() -> Inputs:
    """CANINE reads code points, and shortens them four to one."""
    return tokens(32, padded=8)


XLNET = {"d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 64}
XLM = {"emb_dim": 32, "n_layers": 2, "n_heads": 4, "bos_index": 1, "eos_index": 2, "pad_index": 0, "mask_index": 4}
SHARED_POSITIONS = {"max_position_embeddings": 70}  # RoBERTa's positions start after the padding id

TEXT_ENCODERS = [
    encoder("BERT", "BertModel"),
    encoder("RoBERTa", "RobertaModel", **SHARED_POSITIONS),
    encoder("RoBERTa-PreLayerNorm", "RobertaPreLayerNormModel", **SHARED_POSITIONS),
    encoder("XLM-R", "XLMRobertaModel", **SHARED_POSITIONS),
    encoder("XLM-RoBERTa-XL", "XLMRobertaXLModel", **SHARED_POSITIONS),
    encoder("CamemBERT", "CamembertModel", **SHARED_POSITIONS),
    encoder("X-MOD", "XmodModel", languages=["en_XX"], default_language="en_XX", **SHARED_POSITIONS),
    encoder("Data2VecText", "Data2VecTextModel", **SHARED_POSITIONS),
    encoder("ELECTRA", "ElectraModel", embedding_size=16),
    encoder("ERNIE", "ErnieModel"),
    encoder("ESM", "EsmModel", position_embedding_type="rotary", mask_token_id=4),
    encoder("ESM C", "EsmcModel", mask_token_id=4),
    encoder("MobileBERT", "MobileBertModel", embedding_size=16, intra_bottleneck_size=32),
    encoder("DistilBERT", "DistilBertModel", dim=32, hidden_dim=64, n_layers=2, n_heads=4),
    encoder("LayoutLM", "LayoutLMModel", inputs=with_boxes, max_2d_position_embeddings=16),
    encoder(
        "LiLT", "LiltModel", inputs=with_boxes, hidden_size=24, max_2d_position_embeddings=16, channel_shrink_ratio=2
    ),
    encoder("BROS", "BrosModel", inputs=with_boxes_as_shares, hidden_size=64),
    encoder(
        "MarkupLM",
        "MarkupLMModel",
        max_xpath_tag_unit_embeddings=20,
        max_xpath_subs_unit_embeddings=30,
        tag_pad_id=4,
        subs_pad_id=4,
        max_depth=10,
        xpath_unit_hidden_size=8,
    ),
    encoder("Splinter", "SplinterModel"),
    encoder("ALBERT", "AlbertModel", embedding_size=16, num_hidden_layers=3),
    encoder(
        "ModernBERT",
        "ModernBertModel",
        num_hidden_layers=3,
        global_attn_every_n_layers=3,
        local_attention=6,
        cls_token_id=1,
        sep_token_id=2,
    ),
    encoder("EuroBERT", "EuroBertModel", num_key_value_heads=2),
    encoder("GTE", "GteModel"),
    encoder("NomicBERT", "NomicBertModel"),
    encoder("Jina embeddings v3", "JinaEmbeddingsV3Model"),
    encoder("RoFormer", "RoFormerModel", embedding_size=16),
    encoder("MPNet", "MPNetModel"),
    encoder("RemBERT", "RemBertModel", input_embedding_size=16),
    encoder("MegatronBERT", "MegatronBertModel"),
    encoder("I-BERT", "IBertModel", **SHARED_POSITIONS),
    encoder(
        "RoCBert",
        "RoCBertModel",
        pronunciation_vocab_size=20,
        shape_vocab_size=20,
        pronunciation_embed_dim=8,
        shape_embed_dim=8,
    ),
    encoder("LUKE", "LukeModel", inputs=with_entities, entity_vocab_size=10, entity_emb_size=16),
    encoder("TAPAS", "TapasModel", inputs=with_table, type_vocab_sizes=[3, 20, 20, 2, 20, 10, 10]),
    encoder("CANINE", "CanineModel", inputs=characters, num_hash_buckets=64, local_transformer_stride=16),
    encoder("DeBERTa", "DebertaModel", relative_attention=True, pos_att_type=["p2c", "c2p"], max_relative_positions=16),
    encoder(
        "DeBERTa-v2",
        "DebertaV2Model",
        relative_attention=True,
        pos_att_type=["p2c", "c2p"],
        position_buckets=8,
        share_att_key=True,
        norm_rel_ebd="layer_norm",
        position_biased_input=False,
    ),
    encoder(
        "SqueezeBERT",
        "SqueezeBertModel",
        embedding_size=32,
        expect="wrong: scores before the softmax",
        readings={"*": "scores"},
    ),
    encoder("ConvBERT", "ConvBertModel", embedding_size=16),
    encoder("XLM", "XLMModel", **XLM),
    encoder("FlauBERT", "FlaubertModel", **XLM),
    unsized("XLNet", "XLNetModel", **XLNET),
    unsized("XLNet (two streams)", "XLNetModel", inputs=two_streams, **XLNET),
    encoder(
        "Perceiver",
        "PerceiverForMaskedLM",
        max_position_embeddings=LENGTH,
        d_model=32,
        d_latents=32,
        num_latents=6,
        num_blocks=1,
        num_self_attends_per_block=2,
        num_self_attention_heads=4,
        num_cross_attention_heads=4,
    ),
    encoder(
        "Longformer",
        "LongformerModel",
        inputs=with_global_token,
        attention_window=4,
        expect="bands [batch, head, query, 1 + offset] around each query, set to 0 for padding and global tokens; "
        "global_attentions looks the other way",
        readings={"attentions.*": "zeroed", "global_attentions.*": "across"},
        **SHARED_POSITIONS,
    ),
    encoder(
        "BigBird (sparse)",
        "BigBirdModel",
        inputs=partial(tokens, 64),
        attention_type="block_sparse",
        block_size=4,
        num_random_blocks=1,
        expect="wrong: the first block of keys is also read in place of random ones, and only one of the two readings "
        "is in the matrix, so rows sum to less than 1; ours is put together from the five softmaxes of a layer",
        readings={"attentions.*": "other"},
    ),
    encoder("BigBird (full)", "BigBirdModel", attention_type="original_full"),
    encoder(
        "Reformer",
        "ReformerModel",
        inputs=partial(tokens, 32),
        attention_head_size=8,
        feed_forward_size=64,
        attn_layers=["local", "lsh"],
        axial_pos_shape=[4, 8],
        axial_pos_embds_dim=[16, 16],
        local_attn_chunk_length=8,
        lsh_attn_chunk_length=8,
        options={"seeded": True},
        expect="chunks: [batch, head, chunk, query, keys of two chunks]",
    ),
    encoder(
        "Nyströmformer",
        "NystromformerModel",
        inputs=without_mask,
        num_landmarks=4,
        segment_means_seq_len=16,
        conv_kernel_size=3,
        expect="from queries to landmarks, times an inverse: no softmax, rows do not sum to 1",
        readings={"*": "other"},
    ),
    unsized(
        "Funnel", "FunnelModel", block_sizes=[1, 2], num_decoder_layers=1, d_model=32, n_head=4, d_head=8, d_inner=64
    ),
    encoder(
        "YOSO",
        "YosoModel",
        attention="none",
        expect="the output of the attention, not its weights, which are a power of an angle and no softmax",
        readings={"*": "other"},
    ),
]
