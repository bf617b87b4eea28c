"""Token labels a person can read, for every kind of tokenizer, and windows over long texts."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import zoo
from models.zoo import text as texts
from tests import tiny

BYTE, WORD, PIECE = tiny.byte_level(), tiny.word_piece(), tiny.sentence_piece()


def labels(tokenizer, text: str, **options) -> list[str]:
    return list(texts.encode(tokenizer, text, 10_000, **options).sequence.labels)


def test_byte_level_labels_join_to_the_text() -> None:
    text = "The cat,\n\tthe dog  and 12 kings."
    assert "".join(labels(BYTE, text)) == text


def test_a_character_split_over_tokens_is_numbered() -> None:
    assert labels(BYTE, "😀") == ["😀₁", "😀₂", "😀₃", "😀₄"]
    assert labels(PIECE, "😀")[-4:] == ["😀₁", "😀₂", "😀₃", "😀₄"]


def test_bytes_that_are_no_character_show_as_hex() -> None:
    ids = BYTE.convert_tokens_to_ids([next(c for c, b in texts.BYTE_OF.items() if b == 0xFF), "a"])
    assert texts.token_texts(BYTE, ids) == ["⟨FF⟩", "a"]


def test_word_pieces_lose_their_marks_and_get_their_spaces_back() -> None:
    found = labels(WORD, "The cats  sat.\nOh")
    assert found[0] == "[CLS]"
    assert found[-1] == "[SEP]"
    assert not any("##" in label for label in found)
    assert "".join(found[1:-1]) == "the cats  sat.\noh"


def test_sentence_pieces_show_spaces_not_marks() -> None:
    found = labels(PIECE, "The cat sat")
    assert found[0] == "<s>"
    assert "".join(found[1:]) == " The cat sat"


def test_added_tokens_are_special_and_typed_ones_are_the_visitors_choice() -> None:
    text = "The cat <|endoftext|> sat"
    as_special = texts.encode(BYTE, text, 100).sequence
    assert [label for label, flag in zip(as_special.labels, as_special.special, strict=True) if flag] == [
        "<|endoftext|>"
    ]
    as_text = texts.encode(BYTE, text, 100, plain=True).sequence
    assert not as_text.special.any()
    assert "".join(as_text.labels) == text
    assert texts.special_strings(BYTE, text) == ("<|endoftext|>",)
    assert texts.special_strings(BYTE, "The cat sat") == ()


def test_the_mask_is_no_sink() -> None:
    sequence = texts.encode(WORD, "the [MASK] sat", 100).sequence
    assert [bool(flag) for flag in sequence.special] == [True, *[False] * (len(sequence) - 2), True]


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_gets_a_label_per_token(text: str) -> None:
    for tokenizer in (BYTE, WORD, PIECE):
        try:
            encoded = texts.encode(tokenizer, text, 10_000, plain=True)
        except zoo.InputError:
            continue
        assert len(encoded.sequence) == len(encoded.ids) == encoded.n_tokens > 0
        "".join(encoded.sequence.labels).encode("utf-8")  # no lone surrogate is left


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
@settings(max_examples=200, deadline=None)
def test_byte_level_labels_lose_nothing(text: str) -> None:
    if not text.strip():
        return
    numbers = "₀₁₂₃₄₅₆₇₈₉"
    joined = "".join(labels(BYTE, text, plain=True))
    # the first part of a split character stands for it, the others are dropped
    whole = re.sub(f".[{numbers[2:]}]", "", joined, flags=re.S).replace("₁", "")
    assert whole == "".join(c for c in text if c not in numbers) or any(c in numbers for c in text)


def test_a_token_may_hold_a_letter_and_the_beginning_of_the_next() -> None:
    assert texts._read([b"a\xc3", b"\x80b", b"\xff"]) == ["aÀ₁", "À₂b", "⟨FF⟩"]


@pytest.mark.parametrize("text", ["", "   \n", "\u3000\t"])
def test_blank_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(zoo.InputError, match="no text yet"):
        texts.clean(text)


def test_a_megabyte_is_refused_before_it_is_tokenised() -> None:
    with pytest.raises(zoo.InputError, match="1,000,000 characters"):
        texts.encode(None, "a" * 1_000_000, 100)  # type: ignore[arg-type]


def test_lone_surrogates_become_replacement_characters_and_pairs_become_what_they_mean() -> None:
    assert texts.clean("a\ud800b") == "a\ufffdb"
    assert texts.clean("\ud83d\ude00") == "😀"


def test_windows(folders: Path) -> None:
    model = zoo.load(str(folders / "bert"))  # reads 48
    room = model.info.max_len - 2
    words = "the " * room
    exact = model.encode(words)
    assert (len(exact.ids), exact.n_tokens, exact.start) == (48, 48, 0)
    long = model.encode(words + "cat sat", start=1)
    assert long.n_tokens == 50
    assert len(long.ids) == 48
    assert long.sequence.labels[0] == "[CLS]"
    assert long.sequence.labels[-2:] == (" cat", "[SEP]")
    assert model.encode(words + "cat sat", start=999).start == 2  # as far as the window goes
    assert model.trace(words + "cat sat").n_tokens == 50


def test_one_token(folders: Path) -> None:
    trace = zoo.load(str(folders / "gpt2")).trace("a")
    assert [w.tolist() for w in trace.attentions[0].weights] == [[[[1.0]]] * 4] * 3


def test_roberta_reads_two_tokens_less_than_its_table_has_rows(folders: Path) -> None:
    model = zoo.load(str(folders / "roberta"))
    assert model.info.max_len == 48
    assert len(model.trace("the cat " * 60).attentions[0].queries) == 48


def test_probabilities_are_over_the_whole_vocabulary(folders: Path) -> None:
    import torch

    model = zoo.load(str(folders / "gpt2"))
    ranking = model.trace("The cat sat").ranking
    assert ranking is not None
    with torch.no_grad():
        logits = model.module(input_ids=torch.tensor([model.encode("The cat sat").ids])).logits[0, -1]
    expected = logits.double().softmax(-1).sort(descending=True).values[:50]
    assert ranking.n_candidates == model.info.d_vocab
    assert abs(torch.tensor(ranking.probabilities) - expected).max() < 1e-6
    assert ranking.probabilities.sum() < 1


def test_a_mask_is_filled_and_its_absence_is_no_answer(folders: Path) -> None:
    model = zoo.load(str(folders / "bert"))
    ranking = model.trace("the [MASK] sat").ranking
    assert ranking is not None
    assert ranking.question == "token at position 2"
    assert model.trace("the cat sat").ranking is None


def test_a_classifier_answers_with_its_classes(folders: Path) -> None:
    ranking = zoo.load(str(folders / "distilbert")).trace("the cat").ranking
    assert ranking is not None
    assert sorted(ranking.labels) == ["LABEL_0", "LABEL_1"]
    assert abs(ranking.probabilities.sum() - 1) < 1e-6


@pytest.mark.parametrize("tokenizer", [BYTE, WORD, PIECE], ids=["byte level", "word piece", "sentence piece"])
def test_spans_are_the_characters_of_the_text_as_it_was_typed(tokenizer) -> None:
    text = "The CAT  sat\non Über-mats 😀."
    sequence = texts.encode(tokenizer, text, 10_000).sequence
    assert sequence.texts == (text,)
    assert sequence.spans is not None
    covered = {place for span in sequence.spans if span for place in range(*span)}
    assert {i for i, character in enumerate(text) if not character.isspace()} <= covered
    for label, span, special in zip(sequence.labels, sequence.spans, sequence.special, strict=True):
        assert special or span is not None or not label.strip()
        if span is not None and not special and label.strip().isascii() and label.strip() and "⟨" not in label:
            said = unicodedata.normalize("NFKD", text[slice(*span)]).encode("ascii", "ignore").decode()
            assert said.strip().lower() == label.strip().lower()


def test_spans_of_a_pair_count_in_their_own_texts() -> None:
    sequence = texts.encode(WORD, "the CAT", 10_000, pair="sat On").sequence
    assert sequence.spans is not None
    assert sequence.segments is not None
    assert sequence.texts == ("the CAT", "sat On")
    joined = ["", ""]
    for span, segment in zip(sequence.spans, sequence.segments, strict=True):
        if span is not None and segment is not None:
            joined[segment] += sequence.texts[segment][slice(*span)]
    assert joined == ["theCAT", "satOn"]


def test_spans_of_a_window_count_in_the_whole_text() -> None:
    text = "the cat and the dog and the king"
    whole = texts.encode(BYTE, text, 10_000).sequence
    part = texts.encode(BYTE, text, 4, start=3).sequence
    assert whole.spans is not None
    assert part.spans == whole.spans[3:7]


def test_without_offsets_the_labels_must_give_the_text_back() -> None:
    labels = ["[CLS]", "a", " b", "c", ""]
    special = [True, False, False, False, False]
    assert texts._spans(None, labels, special, ("a bc",)) == [None, (0, 1), (1, 3), (3, 4), None]
    assert texts._spans(None, labels, special, ("A bc",)) is None
