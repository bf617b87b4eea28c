"""The stories corpus and gpt-stories' recipe, on a corpus the test writes itself."""

import gzip
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from models.zoo.recipes import gpt_stories, stories


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen small books, with paragraphs that several of them share."""
    chance = np.random.default_rng(0)
    words = "the king queen fox wolf said went saw old young wood house and then to a of in".split()
    books = [[" ".join(chance.choice(words, 12)) + f" {b}." for _ in range(150)] for b in range(16)]
    shared = "Once upon a time there was a shared paragraph."
    for book in books:
        book.append(shared)
    books[3].append(books[stories.UNSEEN_BOOK][5])
    folder = tmp_path_factory.mktemp("data")
    text = f"\n{stories.END_OF_BOOK}\n".join("\n".join(book) for book in books)
    with gzip.open(folder / stories.FILE, "wt", encoding="utf-8") as file:
        file.write(text)
    return folder


def test_no_paragraph_is_on_both_sides(data: Path) -> None:
    corpus = stories.read(data)
    trained = {paragraph for book in corpus.train for paragraph in book}
    assert len(corpus.train) == 15
    assert len(corpus.book) == 151
    assert not trained & set(corpus.paragraphs)
    assert not trained & set(corpus.book)
    assert not set(corpus.paragraphs) & set(corpus.book)


def test_about_two_percent_are_held_out(data: Path) -> None:
    corpus = stories.read(data)
    share = len(corpus.paragraphs) / (15 * 150)
    assert 0.012 < share < 0.028


def test_the_split_goes_by_words_not_by_spelling() -> None:
    for i in range(300):
        text = f"The king went to see number {i}."
        assert stories.is_held_out(text) == stories.is_held_out(text.upper().replace(" ", "  "))


def test_missing_data_says_which_file_and_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"stories\.txt\.gz.*gutenberg.*Looking-Glass \(12\)"):
        stories.read(tmp_path)


def test_an_epoch_reads_every_row_once(data: Path) -> None:
    tokens = np.arange(200 * 128)
    batch = gpt_stories.batches(tokens, seed=0)
    steps = (200 - 1) // gpt_stories.BATCH
    rows = [row for step in range(steps) for row in batch(step)["input_ids"][gpt_stories.REPEATED :].tolist()]
    starts = [row[0] // 128 for row in rows]
    assert len(set(starts)) == len(starts) == steps * (gpt_stories.BATCH - gpt_stories.REPEATED)
    assert all(row == list(range(row[0], row[0] + 128)) for row in rows)


def test_a_batch_depends_on_nothing_but_its_step() -> None:
    tokens = np.arange(100 * 128)
    batch = gpt_stories.batches(tokens, seed=0)
    late = batch(40)["input_ids"]
    assert torch.equal(late, gpt_stories.batches(tokens, seed=0)(40)["input_ids"])
    assert not torch.equal(late, batch(41)["input_ids"])


def test_repeated_rows_repeat() -> None:
    assert gpt_stories.repeat(np.arange(8), 3).tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    rows = gpt_stories.look_back(np.arange(100 * 128), 1, (False, True) * 8)(0)["input_ids"].numpy()
    for number, row in enumerate(rows[:16]):
        period = next(p for p in range(1, 128) if (row[p:] == row[:-p]).all())
        assert 8 <= period <= 64
        in_order = (np.diff(row[: min(period, 12)]) == 1).all()
        assert in_order == (number % 2 == 0)
    assert all(len(set(row)) == 128 for row in rows[16:])


class Uniform(torch.nn.Module):
    """A language model that knows nothing."""

    def forward(self, input_ids: torch.Tensor):
        class Output:
            logits = torch.zeros(*input_ids.shape, 512)

        return Output


@pytest.mark.parametrize("n", [2, 64, 65, 127, 128, 129, 192, 500])
def test_perplexity_scores_every_token_exactly_once(n: int) -> None:
    result = gpt_stories.perplexity(Uniform(), np.zeros(n, np.int64), characters=n - 1)  # type: ignore[arg-type]
    assert result["perplexity"] == pytest.approx(512)
    assert result["bits_per_character"] == pytest.approx(9)


def test_perplexity_of_a_real_model_equals_the_definition(data: Path) -> None:
    """Windows of one length are the whole text: exp of the library's own mean loss."""
    from transformers import GPT2LMHeadModel

    torch.manual_seed(0)
    model = GPT2LMHeadModel(gpt_stories.config(512)).eval()
    tokens = np.random.default_rng(0).integers(512, size=100)
    x = torch.from_numpy(tokens)[None]
    with torch.no_grad():
        expected = math.exp(model(input_ids=x, labels=x).loss.item())
    assert gpt_stories.perplexity(model, tokens, 1)["perplexity"] == pytest.approx(expected, rel=1e-3)


def test_the_tokenizer_loses_nothing_and_learns_from_the_training_part(data: Path) -> None:
    tokenizer = gpt_stories.train_tokenizer(stories.read(data), d_vocab=400)
    text = "'Who is there?' — naïve 😀\nthe king"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert tokenizer.eos_token_id == gpt_stories.config().eos_token_id == 0


def test_the_shipped_models_heads_do_what_its_card_says() -> None:
    """On sentences nobody trained or measured on, each said twice."""
    from models import zoo
    from models.explain.heads import CUT_OFFS, statistics

    model = zoo.load("gpt-stories")
    card = next(card for card in zoo.bundled() if card.name == "gpt-stories")
    texts = [
        "The cook put seven eggs into a green bowl and sang to the cat.",
        "My brother keeps a lame horse behind the mill near our village.",
        "Nobody in the harbour had seen such a large ship before that day.",
    ]
    found = [statistics(model.trace(f"{text} {text}").attentions[0]) for text in texts]
    for role in ("previous token", "induction"):
        head = card.heads[role]
        scores = np.mean([np.nan_to_num(one.scores[role]) for one in found], axis=0)
        assert scores[head["layer"], head["head"]] >= CUT_OFFS[role]
        assert head["score"] >= CUT_OFFS[role]


def test_the_shipped_card_keeps_the_targets() -> None:
    from models import zoo

    card = next(card for card in zoo.bundled() if card.name == "gpt-stories")
    assert card.metrics["paragraphs_perplexity"] <= 60
    assert card.metrics["book_perplexity"] <= 80
    assert 1 < card.metrics["paragraphs_bits_per_character"] < card.metrics["book_bits_per_character"] < 2
