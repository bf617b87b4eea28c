"""Checkpoints whose tokenizer is a SentencePiece file alone load, and say what is missing where they cannot."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import torch
import transformers as hf

from models import zoo
from models.zoo import loading
from tests import tiny
from tests.language import tiny_tasks

TEXT = "The cat sat on the mat, naïve café."
OWN = {"unk_id": 0, "bos_id": 1, "eos_id": 2, "pad_id": -1}
MARKS = ["[CLS]", "[SEP]", "[MASK]"]
KINDS: dict[str, dict[str, Any]] = {  # how each family trains its pieces
    "t5": {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1},
    "albert": {"pad_id": 0, "unk_id": 1, "bos_id": -1, "eos_id": -1, "user_defined_symbols": MARKS},
    "xlmr": OWN,
    "llama": OWN | {"model_type": "bpe", "byte_fallback": True, "vocab_size": 520},
    "mbart": OWN,
    "m2m100": OWN,
    "marian": OWN,
}
FILES = {
    "t5": "spiece.model",
    "albert": "spiece.model",
    "xlmr": "sentencepiece.bpe.model",
    "llama": "tokenizer.model",
    "mbart": "sentencepiece.bpe.model",
    "m2m100": "sentencepiece.bpe.model",
    "marian": "source.spm",
}
TOLD: dict[str, dict[str, Any]] = {  # tokenizer_config.json
    "t5": {"tokenizer_class": "T5Tokenizer", "extra_ids": 100},
    "albert": {"tokenizer_class": "AlbertTokenizer"},
    "xlmr": {"tokenizer_class": "XLMRobertaTokenizer"},
    "llama": {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True},
    "mbart": {"tokenizer_class": "MBartTokenizer", "src_lang": "en_XX", "tgt_lang": "fr_XX"},
    "m2m100": {"tokenizer_class": "M2M100Tokenizer", "src_lang": "en", "tgt_lang": "fr"},
    "marian": {"tokenizer_class": "MarianTokenizer", "source_lang": "en", "target_lang": "fr"},
}


def marian(vocab: int) -> Any:
    sizes = {f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in tiny.BART.items()}
    ids = {"pad_token_id": vocab - 1, "decoder_start_token_id": vocab - 1, "eos_token_id": 0, "bos_token_id": None}
    config = hf.MarianConfig(vocab_size=vocab, d_model=32, max_position_embeddings=96, **sizes, **ids)
    return hf.MarianMTModel(config)


MAKE: dict[str, Any] = {
    "t5": tiny_tasks._t5,
    "albert": tiny_tasks._albert(hf.AlbertForMaskedLM),
    "xlmr": tiny_tasks._xlm_roberta(hf.XLMRobertaForMaskedLM),
    "llama": tiny_tasks._llama(hf.LlamaForCausalLM),
    "mbart": tiny_tasks._mbart,
    "m2m100": tiny_tasks._m2m100,
    "marian": marian,
}


def trained(family: str, folder: Path) -> list[str]:
    """Write the family's SentencePiece file; returns its pieces."""
    corpus = folder / "corpus"
    corpus.write_text("\n".join(tiny_tasks.CORPUS), "utf-8")
    options = {"model_type": "unigram", "vocab_size": 250} | KINDS[family]
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(folder / "made"), hard_vocab_limit=False, minloglevel=2, **options
    )
    (folder / "made.vocab").unlink()
    corpus.unlink()
    (folder / "made.model").rename(folder / FILES[family])
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / FILES[family]))
    return [pieces.id_to_piece(i) for i in range(pieces.get_piece_size())]


def save(family: str, folder: Path) -> Path:
    folder.mkdir(parents=True)
    pieces = trained(family, folder)
    room = {"t5": 100, "m2m100": 110, "mbart": 60}.get(family, 4)
    vocab: dict[str, int] = {}
    first = {"m2m100": ["<s>", "<pad>", "</s>", "<unk>"], "marian": ["</s>", "<unk>"]}.get(family)
    if first:
        for piece in [*first, *pieces, "<pad>"]:
            vocab.setdefault(piece, len(vocab))
        (folder / "vocab.json").write_text(json.dumps(vocab), "utf-8")
    if family == "marian":
        shutil.copy(folder / "source.spm", folder / "target.spm")
    torch.manual_seed(0)
    model = MAKE[family](len(vocab) if family == "marian" else max(len(pieces), len(vocab)) + room)
    tiny._draw(model)
    model.save_pretrained(folder)
    (folder / "tokenizer_config.json").write_text(json.dumps(TOLD[family]), "utf-8")
    return folder


@pytest.mark.parametrize("family", FILES)
def test_a_folder_without_tokenizer_json_loads_and_loses_no_character(family: str, tmp_path: Path) -> None:
    folder = save(family, tmp_path / family)
    assert not (folder / "tokenizer.json").exists()
    model = zoo.load(str(folder))
    read = model.encode(TEXT).sequence
    own = "".join(label for label, special in zip(read.labels, read.special, strict=True) if not special).strip()
    assert own == (TEXT if family != "albert" else "the cat sat on the mat, naive cafe.")  # ALBERT's pieces are so
    trace = model.trace("The cat sat.", target="The cat") if "target" in model.info.reads else model.trace("The cat.")
    assert trace.attentions[0].weights[0].shape[0] == 4


@pytest.mark.parametrize("family", ["t5", "marian"])
def test_pieces_are_those_of_the_file(family: str, tmp_path: Path) -> None:
    folder = save(family, tmp_path / family)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / FILES[family])).encode(TEXT, out_type=str)
    tokenizer = zoo.load(str(folder)).tokenizer
    assert tokenizer.convert_ids_to_tokens(tokenizer(TEXT)["input_ids"])[: len(pieces)] == pieces


def test_without_the_package_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save("t5", tmp_path / "t5")
    monkeypatch.setattr(loading, "is_sentencepiece_available", lambda: False)
    with pytest.raises(zoo.LoadError, match=r"SentencePiece file \(spiece.model\).*package sentencepiece"):
        zoo.load(str(folder))


def test_a_file_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    folder = save("t5", tmp_path / "t5")
    (folder / "spiece.model").write_bytes(b"no pieces at all" * 40)
    with pytest.raises(zoo.LoadError, match="tokenizer or processor of"):
        zoo.load(str(folder))
