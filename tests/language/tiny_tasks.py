"""Tiny random models for every text task, of other families than the bundled ones, with tokenizers of every kind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as hf
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from tests import tiny

TEXTS = (
    "Der Fuchs 🦊 lebt in München, 北京 und القاهرة.",
    "The family 👩‍👩‍👧 drank café crème in naïve joy; it cost 3½ €.",
    "東京は日本の首都です。 मुंबई भारत में है।",
    "Mary moved to the office, and John did not.",
)
CORPUS = [*tiny.TEXT, *TEXTS]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
NAMES = {"bos_token": "<s>", "cls_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "sep_token": "</s>",
         "unk_token": "<unk>", "mask_token": "<mask>"}  # fmt: skip


def _framed(tokenizer: Tokenizer) -> hf.PreTrainedTokenizerFast:
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return hf.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **NAMES)


def unigram() -> hf.PreTrainedTokenizerFast:
    """XLM-R's and ALBERT's kind: SentencePiece's unigram model."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(
        CORPUS, trainers.UnigramTrainer(vocab_size=300, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False)
    )
    return _framed(tokenizer)


def bytes_of() -> hf.PreTrainedTokenizerFast:
    """RoBERTa's kind: byte-level BPE with a frame."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return _framed(tokenizer)


def characters() -> hf.PreTrainedTokenizerFast:
    """A token per character."""
    letters = sorted(set("".join(CORPUS)))
    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *letters])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"."), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return _framed(tokenizer)


def _languages(kind: Any, vocabulary: list[tuple[str, float]]) -> Any:
    return kind(vocab=vocabulary, src_lang="en_XX" if kind is not hf.NllbTokenizer else "eng_Latn")


def many_languages(kind: Any, codes: list[str]) -> Any:
    """mBART's and NLLB's own tokenizers, over pieces of a trained unigram model."""
    pieces = [(piece, score) for piece, score in _pieces() if piece not in SPECIAL]
    if kind is hf.NllbTokenizer:
        made = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
        for piece, _ in pieces:
            made.setdefault(piece, len(made))
        return kind(vocab=made, merges=[], src_lang=codes[0], tgt_lang=codes[1])
    head = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    return kind(vocab=[*head, *pieces], src_lang=codes[0], tgt_lang=codes[1])


def _pieces() -> list[tuple[str, float]]:
    import json

    return [tuple(pair) for pair in json.loads(unigram().backend_tokenizer.to_str())["model"]["vocab"]]


IDS = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
LABELS = {"id2label": {0: "sad", 1: "so-so", 2: "glad"}, "label2id": {"sad": 0, "so-so": 1, "glad": 2}}


def _bert(cls: Any, **more: Any) -> Callable[[int], Any]:
    return lambda vocab: cls(hf.BertConfig(vocab_size=vocab, max_position_embeddings=96, **tiny.SIZES, **more))


def _xlm_roberta(cls: Any) -> Callable[[int], Any]:
    return lambda vocab: cls(hf.XLMRobertaConfig(vocab_size=vocab, max_position_embeddings=162, **tiny.SIZES, **IDS))


def _albert(cls: Any, **more: Any) -> Callable[[int], Any]:
    return lambda vocab: cls(
        hf.AlbertConfig(vocab_size=vocab, embedding_size=16, max_position_embeddings=96, **tiny.SIZES, **IDS, **more)
    )


def _llama(cls: Any, **more: Any) -> Callable[[int], Any]:
    settings = tiny.SIZES | IDS | more
    return lambda vocab: cls(
        hf.LlamaConfig(vocab_size=vocab, num_key_value_heads=2, max_position_embeddings=160, **settings)
    )


def _t5(vocab: int) -> Any:
    model = tiny.t5(vocab)
    model.config.task_specific_params = {
        "translation_en_to_de": {"prefix": "translate English to German: "},
        "translation_en_to_fr": {"prefix": "translate English to French: "},
        "summarization": {"prefix": "summarize: "},
    }
    return model


def _mbart(vocab: int) -> Any:
    sizes = {f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in tiny.BART.items()}
    config = hf.MBartConfig(vocab_size=vocab, d_model=32, max_position_embeddings=96, **sizes, **IDS)
    return hf.MBartForConditionalGeneration(config)


def _m2m100(vocab: int) -> Any:
    sizes = {f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in tiny.BART.items()}
    config = hf.M2M100Config(
        vocab_size=vocab, d_model=32, max_position_embeddings=96, decoder_start_token_id=2, **sizes, **IDS
    )
    return hf.M2M100ForConditionalGeneration(config)


def mbart50() -> Any:
    return many_languages(hf.MBart50Tokenizer, ["en_XX", "fr_XX"])


def mbart_first() -> Any:
    return many_languages(hf.MBartTokenizer, ["en_XX", "fr_XX"])


def nllb() -> Any:
    return many_languages(hf.NllbTokenizer, ["eng_Latn", "fra_Latn"])


# name -> task, model, tokenizer
MODELS: dict[str, tuple[str, Callable[[int], Any], Callable[[], Any]]] = {
    "bert-classes": ("sentiment", _bert(hf.BertForSequenceClassification, **LABELS), tiny.word_piece),
    "albert-classes": ("sentiment", _albert(hf.AlbertForSequenceClassification, **LABELS), unigram),
    "llama-classes": ("sentiment", _llama(hf.LlamaForSequenceClassification, **LABELS), bytes_of),
    "bert-many": (
        "sentiment",
        _bert(hf.BertForSequenceClassification, **LABELS, problem_type="multi_label_classification"),
        tiny.word_piece,
    ),
    "bert-questions": ("questions", _bert(hf.BertForQuestionAnswering), tiny.word_piece),
    "albert-questions": ("questions", _albert(hf.AlbertForQuestionAnswering), unigram),
    "xlmr-questions": ("questions", _xlm_roberta(hf.XLMRobertaForQuestionAnswering), unigram),
    "llama-questions": ("questions", _llama(hf.LlamaForQuestionAnswering), bytes_of),
    "letters-questions": ("questions", _xlm_roberta(hf.XLMRobertaForQuestionAnswering), characters),
    "bert-gaps": ("gaps", _bert(hf.BertForMaskedLM), tiny.word_piece),
    "albert-gaps": ("gaps", _albert(hf.AlbertForMaskedLM), unigram),
    "xlmr-gaps": ("gaps", _xlm_roberta(hf.XLMRobertaForMaskedLM), unigram),
    "letters-gaps": ("gaps", _xlm_roberta(hf.XLMRobertaForMaskedLM), characters),
    "t5": ("translation", _t5, tiny.sentence_piece),
    "mbart50": ("translation", _mbart, mbart50),
    "mbart": ("translation", _mbart, mbart_first),
    "m2m100": ("translation", _m2m100, nllb),
    "bart": ("summary", tiny.bart, tiny.word_piece),
}


def save(name: str, folder: Path, seed: int = 0) -> Path:
    """Write a model and its tokenizer; weights large enough that nothing is even."""
    _, make, make_tokenizer = MODELS[name]
    tokenizer = make_tokenizer()
    torch.manual_seed(seed)
    model = make(len(tokenizer))
    tiny._draw(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def chat(folder: Path) -> Path:
    """A tiny LLaMA that answers messages: its tokenizer has a template and the tokens that it is made of."""
    tokenizer = tiny.sentence_piece()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|user|>", "<|assistant|>", "<|end|>"]})
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    model = tiny.llama(len(tokenizer))
    tiny._draw(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
