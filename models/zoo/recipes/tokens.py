"""The tokenizers of the bundled models: byte-level BPE for prose, whole words or characters for made-up languages."""

from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE, WordLevel
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

UNKNOWN = "[UNK]"


def byte_level(
    texts: Iterable[str],
    d_vocab: int,
    special: Sequence[str | AddedToken],
    single: str = "",
    pair: str = "",
    prefix_space: bool = False,
    **options: Any,
) -> PreTrainedTokenizerFast:
    """Byte-level BPE (Radford et al. 2019, section 2.2) learnt from `texts`; special tokens get the first ids.

    `single` and `pair` frame one text or two ("[CLS] $A [SEP]"); `prefix_space` reads the first word like the others.
    """
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = BpeTrainer(
        vocab_size=d_vocab, special_tokens=list(special), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    if single:
        frame = _frame(tokenizer, single, pair, special)
        tokenizer.post_processor = processors.Sequence([tokenizer.post_processor, frame])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **options)


def words(
    vocabulary: Sequence[str],
    special: Sequence[str],
    single: str = "",
    pair: str = "",
    marks: bool = True,
    **options: Any,
) -> PreTrainedTokenizerFast:
    """One token per word of a closed vocabulary, capitals ignored; anything else is [UNK].

    With `marks`, punctuation is a word of its own; without, words end at spaces only.
    """
    tokenizer = _closed([*special, UNKNOWN, *vocabulary])
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace() if marks else pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.WordPiece(cleanup=False)  # puts the spaces back between the words
    if single:
        tokenizer.post_processor = _frame(tokenizer, single, pair, special)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token=UNKNOWN, **options)


def characters(alphabet: str, **options: Any) -> PreTrainedTokenizerFast:
    """One token per character of a closed alphabet, capitals and spaces ignored; anything else is [UNK]."""
    tokenizer = _closed([*alphabet, UNKNOWN])
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(Regex(r"\s"), "")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token=UNKNOWN, **options)


def _closed(vocabulary: Sequence[str]) -> Tokenizer:
    return Tokenizer(WordLevel({word: index for index, word in enumerate(vocabulary)}, unk_token=UNKNOWN))


def _frame(tokenizer: Tokenizer, single: str, pair: str, special: Sequence[str | AddedToken]) -> Any:
    """The post-processor that puts special tokens around one text or two."""
    names = [token if isinstance(token, str) else token.content for token in special]
    ids = [(name, tokenizer.token_to_id(name)) for name in names if name in f"{single} {pair}"]
    return processors.TemplateProcessing(single=single, pair=pair or None, special_tokens=ids)
