"""Tiny random models with real tokenizers of every kind, saved the way Hugging Face saves them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXT = """The cat sat on the mat because it was tired after chasing the mouse. The dog barked at the cat.
Once upon a time there was a king who had three daughters, and the youngest was as fair as the sun.
'Who is there?' cried the old woman; 'it is only I,' said the fox. Two and two make four, naïve café über.
""".splitlines()


def byte_level(size: int = 400) -> hf.PreTrainedTokenizerFast:
    """GPT-2's and RoBERTa's kind: bytes, spaces inside the tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(TEXT, trainer)
    return hf.PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<|endoftext|>", eos_token="<|endoftext|>")


def word_piece(size: int = 200) -> hf.PreTrainedTokenizerFast:
    """BERT's kind: ## continues a word, spaces are dropped, [CLS] and [SEP] are put around."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(TEXT, trainers.WordPieceTrainer(vocab_size=size, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = ("pad", "unk", "cls", "sep", "mask")
    return hf.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **{f"{name}_token": token for name, token in zip(names, special, strict=True)}
    )


def sentence_piece(size: int = 200) -> hf.PreTrainedTokenizerFast:
    """LLaMA's kind: a mark for the space, and bytes for what the vocabulary lacks."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=size + len(special), special_tokens=special[:3])
    tokenizer.train_from_iterator(TEXT, trainer)
    vocabulary = tokenizer.get_vocab()
    for token in special[3:]:
        vocabulary.setdefault(token, len(vocabulary))
    merges = [tuple(pair) for pair in _merges(tokenizer)]
    tokenizer.model = models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return hf.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")


def _merges(tokenizer: Tokenizer) -> list[Any]:
    import json

    return json.loads(tokenizer.to_str())["model"]["merges"]


SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
IDS = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": None}


def gpt2(vocab: int, n_embd: int = 32, n_layer: int = 3, n_head: int = 4, n_positions: int = 64) -> Any:
    config = hf.GPT2Config(
        vocab_size=vocab, n_embd=n_embd, n_layer=n_layer, n_head=n_head, n_positions=n_positions, **IDS
    )
    return hf.GPT2LMHeadModel(config)


def llama(vocab: int) -> Any:
    config = hf.LlamaConfig(vocab_size=vocab, num_key_value_heads=2, max_position_embeddings=96, **SIZES, **IDS)
    return hf.LlamaForCausalLM(config)


def mistral(vocab: int) -> Any:
    config = hf.MistralConfig(
        vocab_size=vocab, num_key_value_heads=2, sliding_window=5, max_position_embeddings=96, **SIZES, **IDS
    )
    return hf.MistralForCausalLM(config)


def gemma2(vocab: int) -> Any:
    config = hf.Gemma2Config(
        vocab_size=vocab,
        num_key_value_heads=2,
        head_dim=8,
        sliding_window=6,
        attn_logit_softcapping=2.0,
        max_position_embeddings=96,
        **SIZES,
        **(IDS | {"pad_token_id": 0}),
    )
    return hf.Gemma2ForCausalLM(config)


def gpt_oss(vocab: int) -> Any:
    config = hf.GptOssConfig(
        vocab_size=vocab,
        num_key_value_heads=2,
        head_dim=8,
        num_local_experts=4,
        num_experts_per_tok=2,
        sliding_window=6,
        max_position_embeddings=96,
        **SIZES,
        **IDS,
    )
    return hf.GptOssForCausalLM(config)


def bert(vocab: int) -> Any:
    return hf.BertForMaskedLM(hf.BertConfig(vocab_size=vocab, max_position_embeddings=48, **SIZES))


def distilbert(vocab: int) -> Any:
    config = hf.DistilBertConfig(vocab_size=vocab, dim=32, hidden_dim=64, n_layers=2, n_heads=4)
    return hf.DistilBertForSequenceClassification(config)


def albert(vocab: int) -> Any:
    return hf.AlbertModel(hf.AlbertConfig(vocab_size=vocab, embedding_size=16, **SIZES))


def roberta(vocab: int) -> Any:
    config = hf.RobertaConfig(vocab_size=vocab, max_position_embeddings=50, **SIZES, **(IDS | {"pad_token_id": 1}))
    return hf.RobertaForMaskedLM(config)


def t5(vocab: int) -> Any:
    config = hf.T5Config(
        vocab_size=vocab,
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_decoder_layers=3,
        num_heads=4,
        decoder_start_token_id=0,
        **IDS | {"pad_token_id": 0},
    )
    return hf.T5ForConditionalGeneration(config)


def bart(vocab: int) -> Any:
    sizes = {f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in BART.items()}
    ids = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0, "decoder_start_token_id": 3}
    return hf.BartForConditionalGeneration(
        hf.BartConfig(
            vocab_size=vocab, d_model=32, max_position_embeddings=48, forced_eos_token_id=None, **sizes, **ids
        )
    )


BART = {"layers": 2, "attention_heads": 4, "ffn_dim": 64}


def mamba(vocab: int) -> Any:
    return hf.MambaForCausalLM(hf.MambaConfig(vocab_size=vocab, hidden_size=16, num_hidden_layers=1))


def fnet(vocab: int) -> Any:
    sizes = {key: value for key, value in SIZES.items() if "heads" not in key}
    return hf.FNetForMaskedLM(hf.FNetConfig(vocab_size=vocab, max_position_embeddings=48, **sizes))


def bloom(vocab: int) -> Any:
    return hf.BloomForCausalLM(hf.BloomConfig(vocab_size=vocab, hidden_size=32, n_layer=2, n_head=4))


def xlnet(vocab: int) -> Any:
    return hf.XLNetLMHeadModel(hf.XLNetConfig(vocab_size=vocab, d_model=32, n_layer=2, n_head=4, d_inner=64))


MODELS: dict[str, tuple[Callable[[int], Any], Callable[[], hf.PreTrainedTokenizerFast]]] = {
    "gpt2": (gpt2, byte_level),
    "llama": (llama, sentence_piece),
    "mistral": (mistral, sentence_piece),
    "gemma2": (gemma2, byte_level),
    "gpt_oss": (gpt_oss, byte_level),
    "bert": (bert, word_piece),
    "distilbert": (distilbert, word_piece),
    "albert": (albert, word_piece),
    "roberta": (roberta, byte_level),
}
# encoder-decoders, models that compute attention in the open, and models without any
OTHERS: dict[str, tuple[Callable[[int], Any], Callable[[], hf.PreTrainedTokenizerFast]]] = {
    "t5": (t5, sentence_piece),
    "bart": (bart, word_piece),
    "bloom": (bloom, byte_level),
    "xlnet": (xlnet, sentence_piece),
    "mamba": (mamba, byte_level),
    "fnet": (fnet, word_piece),
}


def vit(_: Any) -> Any:
    config = hf.ViTConfig(image_size=(32, 48), patch_size=8, id2label={0: "cat", 1: "dog", 2: "fox"}, **SIZES)
    return hf.ViTForImageClassification(config)


def vit_processor() -> Any:
    return hf.ViTImageProcessor(size={"height": 32, "width": 48})


def clip(tokenizer: Any) -> Any:
    text = hf.CLIPTextConfig(vocab_size=len(tokenizer), max_position_embeddings=48, eos_token_id=3, **SIZES)
    vision = hf.CLIPVisionConfig(image_size=32, patch_size=8, **SIZES)
    return hf.CLIPModel(hf.CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=16))


def clip_processor(tokenizer: Any) -> Any:
    size = {"height": 32, "width": 32}
    return hf.CLIPProcessor(hf.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=size), tokenizer)


def llava(tokenizer: Any) -> Any:
    text = hf.LlamaConfig(vocab_size=len(tokenizer), num_key_value_heads=2, max_position_embeddings=96, **SIZES, **IDS)
    vision = hf.CLIPVisionConfig(image_size=32, patch_size=8, **SIZES)
    config = hf.LlavaConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
    )
    return hf.LlavaForConditionalGeneration(config)


def llava_processor(tokenizer: Any) -> Any:
    size = {"height": 32, "width": 32}
    images = hf.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=size)
    return hf.LlavaProcessor(
        images, tokenizer, patch_size=8, vision_feature_select_strategy="default", num_additional_image_tokens=1
    )


def with_image_token() -> Any:
    tokenizer = sentence_piece()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    tokenizer.image_token = "<image>"
    return tokenizer


# model, tokenizer (None: it reads no text), processor
PICTURES: dict[str, tuple[Callable[[Any], Any], Callable[[], Any] | None, Callable[..., Any]]] = {
    "vit": (vit, None, vit_processor),
    "clip": (clip, word_piece, clip_processor),
    "llava": (llava, with_image_token, llava_processor),
}


def save_picture_model(name: str, folder: Path, seed: int = 0) -> Path:
    """Write a tiny model that reads pictures, with its processor."""
    make, make_tokenizer, make_processor = PICTURES[name]
    tokenizer = make_tokenizer() if make_tokenizer else None
    torch.manual_seed(seed)
    model = make(tokenizer)
    _draw(model)
    model.save_pretrained(folder)
    (make_processor(tokenizer) if tokenizer else make_processor()).save_pretrained(folder)
    return folder


def save(name: str, folder: Path, seed: int = 0) -> Path:
    """Write a tiny model and its tokenizer; weights large enough that attention is far from even."""
    make, make_tokenizer = (MODELS | OTHERS)[name]
    tokenizer = make_tokenizer()
    torch.manual_seed(seed)
    model = make(len(tokenizer))
    _draw(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _draw(model: Any) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=0.15)
