"""No recipe is graded on what it was trained on: every split goes by content, whatever the spelling or the place."""

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from models.zoo.recipes import (
    fashion,
    marian_en_fr,
    reviews,
    roberta_sentiment,
    sentences,
    translations,
    vit_fashion,
)
from models.zoo.recipes.splits import fingerprint

WORDS = "tom mary cat dog house runs sees buys red big old never always today they have two of".split()


def texts(n: int, seed: int, end: str = ".") -> list[str]:
    chance = np.random.default_rng(seed)
    return [" ".join(chance.choice(WORDS, 5)) + f" {i}{end}" for i in range(n)]


def test_a_fingerprint_goes_by_letters_and_digits() -> None:
    assert fingerprint("Don't  stop!") == fingerprint("dont stop") != fingerprint("dont stop 2")
    assert 0 <= fingerprint("") < 2**64


PAIRS = [(english, french) for english, french in zip(texts(3_000, 0), texts(3_000, 1, " !"), strict=True)]


def test_no_sentence_of_either_language_is_on_two_sides() -> None:
    twins = [(english.upper(), "autre " + french) for english, french in PAIRS]
    same_french = [("another " + english, french) for english, french in PAIRS]
    corpus = translations.split([*PAIRS, *twins, *same_french])
    references = {fingerprint(french) for known in corpus.test.values() for french in known}
    assert not {fingerprint(e) for e, _ in corpus.train} & {fingerprint(e) for e in corpus.test}
    assert not {fingerprint(f) for _, f in corpus.train} & references
    assert 0.01 < len(corpus.test) / (3 * len(PAIRS)) < 0.03
    assert len(corpus.train) > 0.9 * 3 * len(PAIRS)


def test_all_translations_of_a_held_out_sentence_are_references() -> None:
    english = next(e for e, _ in PAIRS if translations.is_held_out(e))
    corpus = translations.split([(english, "un"), (english, "deux"), (english, "un")])
    assert corpus.test == {english: ("un", "deux")}
    assert corpus.train == ()


def test_only_short_sentences_are_kept_and_odd_spaces_become_plain(tmp_path: Path) -> None:
    lines = ["Go on now.\tVas-y\u202f!\tattribution", "Go.\tVa !", "a b c d e f g h i j\tlong", "no tab"]
    with zipfile.ZipFile(tmp_path / translations.FILE, "w") as archive:
        archive.writestr(translations.MEMBER, "\n".join(lines))
    corpus = translations.read(tmp_path)
    pairs = [*corpus.train, *((e, f) for e, known in corpus.test.items() for f in known)]
    assert pairs == [("Go on now.", "Vas-y !")]


def test_test_sentences_are_in_no_order_of_length() -> None:
    corpus = translations.split([(" ".join(WORDS[: 2 + i % 6]) + f" {i}", f"f {i}") for i in range(4_000)])
    lengths = [len(english.split()) for english in corpus.test]
    assert lengths != sorted(lengths)


@pytest.mark.parametrize(
    ("module", "file"),
    [
        (translations, translations.FILE),
        (reviews, reviews.POLARITY),
        (fashion, fashion.FILE),
        (sentences, translations.FILE),
    ],
)
def test_a_missing_file_is_named_with_where_to_get_it(module: object, file: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=rf"{re.escape(file)} is not there\. It is "):
        module.read(tmp_path)  # type: ignore[attr-defined]


def test_no_masked_sentence_is_on_two_sides_of_either_corpus() -> None:
    everyday, told, kept = texts(3_000, 0), [" ".join(texts(3, i)) for i in range(500)], texts(60, 7)
    corpus = sentences.split(everyday, [*told, *kept[:10], everyday[3].upper()], [*kept, everyday[5]])
    sides = [{fingerprint(text) for text in side} for side in (corpus.train, corpus.everyday, corpus.stories)]
    assert [len(side) for side in sides] == [len(side) for side in (corpus.train, corpus.everyday, corpus.stories)]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    assert all(sides)


def test_paragraphs_are_cut_at_the_ends_of_sentences() -> None:
    assert list(sentences.cut(["'Who is there?' cried the fox. 'I!' said he."])) == [
        "'Who is there?'",
        "cried the fox.",
        "'I!'",
        "said he.",
    ]


def test_no_review_sentence_is_on_two_sides() -> None:
    labelled = [(text, i % 2) for i, text in enumerate(texts(2_000, 0))]
    again = [(text.upper(), label) for text, label in labelled[:500]]
    both = [("it is what it is", 0), ("It is what it is!", 1)]
    plain = [text for text, _ in labelled] + texts(500, 9) + ["too short"]
    corpus = reviews.split([*labelled, *again, *both], plain)
    sides = [{fingerprint(text) for text, _ in part} for part in (corpus.train, corpus.watched, corpus.test)]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    assert sum(map(len, sides)) == 2_000
    assert not {fingerprint(text) for text in corpus.plain} & (sides[1] | sides[2])
    assert "too short" not in corpus.plain
    assert len(corpus.test) / 2_000 == pytest.approx(0.1, abs=0.03)


def test_review_files_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / reviews.POLARITY, "w") as archive:
        archive.writestr("sentence_polarity/rt-polarity.neg", "a dull film \n" + "\n".join(texts(40, 1)))
        archive.writestr("sentence_polarity/rt-polarity.pos", "a fine film \n" + "\n".join(texts(40, 2)))
    with zipfile.ZipFile(tmp_path / reviews.REVIEWS, "w") as archive:
        archive.writestr("movie_reviews/neg/cv000.txt", "first line of it \nsecond line of it \n")
        archive.writestr("movie_reviews/README", "not a review at all")
    corpus = reviews.read(tmp_path)
    labels = dict((*corpus.train, *corpus.watched, *corpus.test))
    assert labels["a dull film"] == 0
    assert labels["a fine film"] == 1
    assert corpus.plain == ("first line of it", "second line of it")
    with zipfile.ZipFile(tmp_path / reviews.LEXICON, "w") as archive:
        archive.writestr("opinion_lexicon/negative-words.txt", "; a comment\n\ndull\n")
        archive.writestr("opinion_lexicon/positive-words.txt", ";\nfine\nna\xefve\n".encode("latin-1"))
    assert reviews.opinion_words(tmp_path) == {"dull", "fine", "naïve"}


def pictures(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(256, size=(n, 28, 28), dtype=np.uint8)


def test_no_picture_is_on_two_sides_and_classes_are_shuffled() -> None:
    x, xt = pictures(200, 0), pictures(50, 1)
    x[7], x[9] = xt[3], x[8]  # one of the test set, and one that comes twice
    y, yt = np.arange(200).astype(np.uint8) // 20, np.arange(50).astype(np.uint8) // 5
    corpus = fashion.split(x, y, xt, yt)
    sides = [{picture.tobytes() for picture in part.x} for part in (corpus.train, corpus.watched, corpus.test)]
    assert [len(side) for side in sides] == [len(corpus.train.x), len(corpus.watched.x), 50] == [179, 19, 50]
    assert not sides[0] & sides[1]
    assert not sides[2] & (sides[0] | sides[1])
    assert corpus.train.y.tolist() != sorted(corpus.train.y.tolist())
    where = {picture.tobytes(): label for picture, label in zip(x, y, strict=True)}
    assert all(where[picture.tobytes()] == label for picture, label in zip(corpus.train.x, corpus.train.y, strict=True))


def test_a_varied_picture_is_the_same_picture_moved_or_mirrored() -> None:
    x = np.zeros((60, 28, 28), np.uint8)
    x[:, 10:18, 10:14] = 200
    x[:, 12, 12] = 255
    varied = vit_fashion.varied(x, np.random.default_rng(0))
    assert varied.shape == x.shape
    assert (varied.sum((1, 2), dtype=int) == x.sum((1, 2), dtype=int)).all()
    peaks = np.argwhere(varied == 255)[:, 1:]
    moved = range(12 - vit_fashion.SHIFT, 13 + vit_fashion.SHIFT)
    assert set(peaks[:, 0]) == set(moved)
    assert set(peaks[:, 1]) <= {*moved, *(27 - column for column in moved)}


def test_bleu_takes_every_reference() -> None:
    references = [("le chat dort bien ici", "un chat dort"), ("il pleut sur la ville",)]
    assert marian_en_fr.bleu(["un chat dort", "il pleut sur la ville"], references) == 100
    assert marian_en_fr.bleu(["le chat dort bien ici", "rien"], references) < 100


def test_known_words_are_found_whole() -> None:
    found = [tuple(match[0] for match in pair) for pair in marian_en_fr._known("The cats see a Cat.", "Un chat, chats")]
    assert found == [("Cat", "chat")]
    assert not list(marian_en_fr._known("a cat", "un chien"))


def test_a_token_belongs_to_the_word_it_shares_a_character_with() -> None:
    tokenizer = marian_en_fr.train_tokenizer(PAIRS[:200], 300)
    text = "the cat runs"
    encoded = tokenizer(text, return_offsets_mapping=True)
    [(cat, _)] = marian_en_fr._known(text, "chat")
    places = marian_en_fr._tokens_of(cat, encoded["offset_mapping"])
    assert tokenizer.decode([encoded["input_ids"][i] for i in places]).strip() == "cat"


def test_opinion_words_are_found_in_their_tokens() -> None:
    text = "a dull , dull-witted film ."
    words = {roberta_sentiment._word(text, start, end) for start, end in ((1, 4), (2, 6), (4, 6))}
    assert words == {"dull"}
    assert roberta_sentiment._word(text, 9, 11) == "dull-witted"
    assert roberta_sentiment._word(text, 26, 27) == "."


def test_held_out_sentences_are_the_same_for_every_recipe() -> None:
    """What the translator never saw, the gap fillers never saw either."""
    corpus = translations.split(PAIRS)
    assert set(corpus.test) == set(sentences.split((e for e, _ in PAIRS), [], []).everyday)
