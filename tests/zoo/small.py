"""Small files of every kind the recipes read, made up, in the formats of the real ones."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np

from models.zoo.recipes import babi, fashion, reviews, stories, translations, world

WORDS = "the king queen fox wolf said went saw old young wood house and then to a of in was so".split()
FRENCH = "le roi reine renard loup dit va voit vieux jeune bois maison et puis à un de dans était si".split()


def write(folder: Path) -> None:
    """Everything that `--data` may be asked for."""
    chance = np.random.default_rng(0)
    _stories(folder, chance)
    _translations(folder, chance)
    _reviews(folder, chance)
    _babi(folder, chance)
    x, xt = (chance.integers(256, size=(n, 28, 28), dtype=np.uint8) for n in (600, 300))
    y, yt = (np.sort(np.arange(n) % 10).astype(np.uint8) for n in (600, 300))
    np.savez(folder / fashion.FILE, x=x, y=y, xt=xt, yt=yt)


def _sentence(chance: np.random.Generator, n: int, words: list[str] = WORDS) -> str:
    return " ".join(chance.choice(words, n))


def _stories(folder: Path, chance: np.random.Generator) -> None:
    books = [[f"{_sentence(chance, 14)} {b} {i}. {_sentence(chance, 14)}." for i in range(60)] for b in range(16)]
    books[0] += [f"{_sentence(chance, 40)} {i}." for i in range(200)]  # of the length that heads are measured on
    text = f"\n{stories.END_OF_BOOK}\n".join("\n".join(book) for book in books)
    with gzip.open(folder / stories.FILE, "wt", encoding="utf-8") as file:
        file.write(text)


def _translations(folder: Path, chance: np.random.Generator) -> None:
    lines = [
        f"{_sentence(chance, 4)} a cat {i}.\t{_sentence(chance, 4, FRENCH)} un chat {i}.\tsource" for i in range(1_500)
    ]
    with zipfile.ZipFile(folder / translations.FILE, "w") as archive:
        archive.writestr(translations.MEMBER, "\n".join(lines))


def _reviews(folder: Path, chance: np.random.Generator) -> None:
    with zipfile.ZipFile(folder / reviews.POLARITY, "w") as archive:
        for end, word in (("neg", "dull"), ("pos", "fine")):
            lines = [f"a {word} film , {_sentence(chance, 5)} {i} {end} ." for i in range(150)]
            archive.writestr(f"sentence_polarity/rt-polarity.{end}", "\n".join(lines))
    with zipfile.ZipFile(folder / reviews.REVIEWS, "w") as archive:
        lines = [f"{_sentence(chance, 9)} {i} ." for i in range(100)]
        archive.writestr("movie_reviews/neg/cv000_1.txt", "\n".join(lines))
    with zipfile.ZipFile(folder / reviews.LEXICON, "w") as archive:
        archive.writestr("opinion_lexicon/negative-words.txt", ";\ndull\n")
        archive.writestr("opinion_lexicon/positive-words.txt", ";\nfine\n")


def _babi(folder: Path, chance: np.random.Generator) -> None:
    lines = []
    for _ in range(10):
        story = world.happen(chance, 4, 3, 0)
        question = world.questions(story)[0]
        lines += [f"{i} {event.sentence}" for i, event in enumerate(story, 1)]
        lines.append(f"5 {question.text} \t{question.answer}\t{question.support + 1}")
    content = "\n".join(lines).encode()
    with tarfile.open(folder / babi.FILE, "w:xz") as archive:
        member = tarfile.TarInfo(babi.MEMBER)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
