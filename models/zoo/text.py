"""Text in, token ids and labels that a person can read out, whatever the tokenizer."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from transformers import PreTrainedTokenizerBase

from models.records import Sequence, Span
from models.zoo.errors import InputError, NothingToRead

MAX_CHARACTERS = 50_000  # refused before tokenising: some tokenizers need quadratic time
NO_TOKEN = "⟨{}⟩"  # a model may have more candidates than its tokenizer has tokens
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Encoded:
    """A text as a model reads it: `ids` are what is run, `n_tokens` counts the whole text before it was cut."""

    ids: tuple[int, ...]
    sequence: Sequence
    n_tokens: int
    start: int
    types: tuple[int, ...] | None = None  # token types, where the tokenizer tells two texts apart by them


def clean(text: str) -> str:
    """The text without what cannot be encoded: lone surrogates become U+FFFD.

    Raises NothingToRead for a blank text and InputError for one of more than 50,000 characters.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"The text has {len(text):,} characters; Headlight reads up to {MAX_CHARACTERS:,} at a time. "
            "Paste a part of it."
        )
    if not text.strip():
        raise NothingToRead("There is no text yet. Type a sentence, or start from an example.")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def special_strings(tokenizer: PreTrainedTokenizerBase, text: str) -> tuple[str, ...]:
    """Special tokens ("[CLS]", "<|endoftext|>") that stand in the text as plain characters."""
    return tuple(token for token in tokenizer.all_special_tokens if token in text)


def encode(
    tokenizer: PreTrainedTokenizerBase,
    text: str,
    max_len: int,
    start: int = 0,
    plain: bool = False,
    pair: str | None = None,
) -> Encoded:
    """Tokenise, and cut to `max_len` tokens from content token `start` on, special tokens at both ends kept.

    `plain` reads special-token strings in the text as ordinary characters; `pair` is a second text, and the two must
    fit together. Raises InputError if nothing is left.
    """
    both = tuple(clean(one) for one in (text, pair) if one is not None)
    fast = tokenizer.is_fast
    encoding = _tokenized(
        tokenizer,
        *both,
        return_special_tokens_mask=True,
        return_offsets_mapping=fast,
        split_special_tokens=plain,
        truncation=False,
        verbose=False,
    )
    ids: list[int] = encoding["input_ids"]
    if not ids:
        raise InputError("The model's tokenizer makes no token of this text. Type other characters.")
    if len(both) == 2 and len(ids) > max_len:
        raise InputError(f"The two texts have {len(ids):,} tokens together; this model reads {max_len:,}. Shorten one.")
    offsets = encoding["offset_mapping"] if fast else None
    segments = tuple(encoding.sequence_ids()) if fast and len(both) == 2 else None
    labels = _labels(tokenizer, ids, offsets, both, segments)
    words = _words(encoding.word_ids(), segments) if fast else [None] * len(ids)
    flagged = set(tokenizer.all_special_ids) - {tokenizer.mask_token_id}
    added = encoding["special_tokens_mask"]
    special = [bool(mark) or (id in flagged and not plain) for id, mark in zip(ids, added, strict=True)]
    keep, start = (list(range(len(ids))), 0) if len(both) == 2 else _window(added, max_len, start)
    types = encoding.get("token_type_ids") if len(both) == 2 else None
    return Encoded(
        ids=tuple(ids[i] for i in keep),
        sequence=Sequence(
            labels=tuple(labels[i] for i in keep),
            special=[special[i] for i in keep],  # type: ignore[arg-type]
            words=tuple(words[i] for i in keep),
            segments=segments,
            spans=None if (spans := _spans(offsets, labels, special, both)) is None else tuple(spans[i] for i in keep),
            texts=both,
        ),
        n_tokens=len(ids),
        start=start,
        types=None if types is None else tuple(types),
    )


def _tokenized(tokenizer: PreTrainedTokenizerBase, *both: str, **options: Any) -> Any:
    """The library's tokenizer; raises InputError where its regular expressions give up on a text."""
    try:
        return tokenizer(*both, **options)
    except BaseException as error:  # the Rust side panics, and a panic is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise InputError("This model's tokenizer gives up on this text. Take a shorter or plainer one.") from error


def _words(numbers: list[int | None], segments: tuple[int | None, ...] | None) -> list[int | None]:
    """Word numbers that go on through a pair, where the tokenizer starts again at 0 with the second text."""
    if segments is None:
        return numbers
    pairs = list(zip(numbers, segments, strict=True))
    first = 1 + max((number for number, segment in pairs if number is not None and segment == 0), default=-1)
    return [None if n is None else n + first * (segment == 1) for n, segment in pairs]


def _spans(
    offsets: list[tuple[int, int]] | None, labels: list[str], special: list[bool], both: tuple[str, ...]
) -> list[Span | None] | None:
    """Which characters each token stands for; None where neither the tokenizer nor the labels say it."""
    if offsets is not None:
        return [span if span[0] < span[1] else None for span in offsets]
    ends = list(accumulate(0 if mark else len(label) for label, mark in zip(labels, special, strict=True)))
    if len(both) > 1 or "".join(label for label, mark in zip(labels, special, strict=True) if not mark) != both[0]:
        return None
    starts = [0, *ends]
    return [(start, end) if start < end else None for start, end in zip(starts, ends, strict=False)]


def sequence_of(tokenizer: PreTrainedTokenizerBase, ids: tuple[int, ...]) -> Sequence:
    """Labels of ids that come without their text: from a model's answer, or from a processor.

    Where tokens do not carry the white space before them, a word that goes on from another begins with one.
    """
    flagged = set(tokenizer.all_special_ids) - {tokenizer.mask_token_id}
    special = [id in flagged for id in ids]
    labels = token_texts(tokenizer, list(ids))
    if "WordPiece" in _kinds(tokenizer):
        raw = tokenizer.convert_ids_to_tokens(list(ids))
        for i in range(1, len(ids)):
            inside = raw[i].startswith("##") or special[i] or special[i - 1]
            if not inside and labels[i][:1].isalnum():
                labels[i] = f" {labels[i]}"
    return Sequence(tuple(labels), special)  # type: ignore[arg-type]


def _window(added: list[int], max_len: int, start: int) -> tuple[list[int], int]:
    """Positions to keep and the first content token among them, clamped so that the window stays full."""
    n = len(added)
    before = next((i for i, mark in enumerate(added) if not mark), n)
    after = next((i for i, mark in enumerate(reversed(added)) if not mark), 0)
    room = max_len - before - after
    content = n - before - after
    start = max(0, min(start, content - room))
    middle = range(before + start, before + min(start + room, content))
    return [*range(before), *middle, *range(n - after, n)], start


def token_texts(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> list[str]:
    """What each token says by itself, leading space included; for rankings, where there is no text around it."""
    return _labels(tokenizer, ids, None, ("",))


def _labels(
    tokenizer: PreTrainedTokenizerBase,
    ids: list[int],
    offsets: list[tuple[int, int]] | None,
    both: tuple[str, ...],
    segments: tuple[int | None, ...] | None = None,
) -> list[str]:
    """Labels that join to the text, but for characters split over tokens, which carry a number each: 😀₁ 😀₂."""
    kinds = _kinds(tokenizer)
    special = tokenizer.added_tokens_decoder if tokenizer.is_fast else {}
    tokens = tokenizer.convert_ids_to_tokens(ids)
    pieces = [
        str(special[id]).encode("utf-8", "replace") if id in special else _bytes(token or NO_TOKEN.format(id), kinds)
        for id, token in zip(ids, tokens, strict=True)
    ]
    labels = _read(pieces)
    if kinds & {"WordPiece", "BPEDecoder"} or not tokenizer.is_fast:
        labels = [_gap(offsets, i, both, segments) + label for i, label in enumerate(labels)]
    return labels


def _kinds(tokenizer: PreTrainedTokenizerBase) -> set[str]:
    """How the tokenizer writes spaces and bytes, read off its decoder: "ByteLevel", "WordPiece", "Metaspace", ..."""
    if not tokenizer.is_fast:
        return set()
    decoder = json.loads(tokenizer.backend_tokenizer.to_str())["decoder"] or {}
    return {part["type"] for part in [decoder, *decoder.get("decoders", [])] if "type" in part}


def _bytes(token: str, kinds: set[str]) -> bytes:
    """The UTF-8 bytes a token stands for; for byte-level BPE and byte fallback these need not be whole characters."""
    if "ByteLevel" in kinds and all(c in BYTE_OF for c in token):
        return bytes(BYTE_OF[c] for c in token)
    if "ByteFallback" in kinds and len(token) == 6 and token.startswith("<0x"):
        return bytes([int(token[3:5], 16)])
    if "WordPiece" in kinds:
        token = token.removeprefix("##")
    if "BPEDecoder" in kinds:
        token = token.removesuffix("</w>")
    return token.replace("▁", " ").encode("utf-8", "replace")


def _byte_of() -> dict[str, int]:
    """The inverse of GPT-2's bytes-to-unicode table: printable bytes stand for themselves, the rest from U+0100 on."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    table = {chr(b): b for b in shown}
    hidden = [b for b in range(256) if b not in shown]
    return table | {chr(256 + i): b for i, b in enumerate(hidden)}


BYTE_OF = _byte_of()


def _read(pieces: list[bytes]) -> list[str]:
    """Decode the pieces of one byte string, each by itself.

    A character that ends in a later piece shows in all of them, numbered; bytes that are no character show as hex.
    """
    labels = [""] * len(pieces)
    owner = [i for i, piece in enumerate(pieces) for _ in piece]
    for start, end, character in _characters(b"".join(pieces)):
        shared = sorted(set(owner[start:end]))
        for number, piece in enumerate(shared, 1):
            labels[piece] += character if len(shared) == 1 else character + str(number).translate(SUBSCRIPTS)
    return labels


def _characters(data: bytes) -> Iterator[tuple[int, int, str]]:
    """(first byte, byte after the last, character) of a byte string that need not be UTF-8 everywhere."""
    start = 0
    while start < len(data):
        for end in range(start + 1, min(start + 4, len(data)) + 1):
            try:
                character = data[start:end].decode("utf-8")
            except UnicodeDecodeError:
                continue
            break
        else:
            end, character = start + 1, f"⟨{data[start]:02X}⟩"
        yield start, end, character
        start = end


def _gap(
    offsets: list[tuple[int, int]] | None,
    i: int,
    both: tuple[str, ...],
    segments: tuple[int | None, ...] | None,
) -> str:
    """The white space before token i, for tokenizers whose tokens do not carry it."""
    if offsets is None or i == 0 or offsets[i][0] == offsets[i][1]:
        return ""
    if segments is not None and segments[i] != segments[i - 1]:
        return ""
    text = both[0 if segments is None else segments[i] or 0]
    return text[offsets[i - 1][1] : offsets[i][0]]
