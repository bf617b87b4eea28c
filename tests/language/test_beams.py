"""Beam search a step at a time is the library's own `generate(num_beams=...)`, in text and in scores."""

from functools import cache
from pathlib import Path

import pytest
import torch

from models import zoo
from models.language.beams import STOPS, BeamSearch, Search
from models.language.generation import Generation
from models.zoo.given import Given
from models.zoo.model import Model
from tests import tiny
from tests.language import tiny_tasks

SEARCHES = (
    Search(n_beams=3, most=10),
    Search(n_beams=4, length_penalty=0.0, most=12),
    Search(n_beams=2, length_penalty=2.0, stop="when as many have finished as there are beams", most=12),
    Search(n_beams=5, length_penalty=-1.0, stop="when no beam can do better", most=8),
    Search(n_beams=4, length_penalty=1.5, stop="when no beam can do better", repetition_penalty=1.4, most=10),
    Search(n_beams=1, most=6),
)


def searched(model: Model, prompt: str, search: Search) -> BeamSearch:
    found = BeamSearch(Generation(model, Given(prompt)), search)
    while not found.ended:
        found.next()
    return found


def by_library(found: BeamSearch) -> tuple[list[list[int]], list[float] | None]:
    """The library's ranking after the same tokens: what each text adds, and its score."""
    text, search = found.text, found.search
    ids = torch.tensor([found.prompt])
    given = text.prepared.arguments | {"decoder_input_ids": ids} if text.decodes else {"input_ids": ids}
    given.setdefault("attention_mask", torch.ones_like(given["input_ids"]))
    out = text.model.module.generate(
        **given,
        do_sample=False,
        num_beams=search.n_beams,
        num_return_sequences=search.n_beams,
        length_penalty=search.length_penalty,
        early_stopping=STOPS[search.stop],
        repetition_penalty=search.repetition_penalty,
        max_new_tokens=found.most,
        return_dict_in_generate=True,
        output_scores=True,
        use_cache=text.model.info.family
        != "t5",  # the library makes its cache as deep as the encoder; T5's here is deeper
    )
    scores = getattr(out, "sequences_scores", None)
    return [row[len(found.prompt) :].tolist() for row in out.sequences], None if scores is None else scores.tolist()


def same(found: BeamSearch) -> None:
    ranking = found.beams.ranking
    theirs, scores = by_library(found)
    for place, number in enumerate(ranking):
        own = list(found.ids(number))
        assert theirs[place][: len(own)] == own
        assert set(theirs[place][len(own) :]) <= {
            found.text.model.module.generation_config.pad_token_id,
            *found.text.ends,
        }
        if scores is not None:
            assert found.candidates[number - 1].score == pytest.approx(scores[place], abs=1e-4)
    assert len(ranking) >= 1


@pytest.mark.parametrize("search", SEARCHES, ids=str)
@pytest.mark.parametrize("prompt", ["Once upon a time", "The fox and the", "“Who are you?” said the"])
def test_the_ranking_is_that_of_generate(prompt: str, search: Search) -> None:
    same(searched(zoo.load("gpt-stories"), prompt, search))


@pytest.mark.parametrize("name", ["marian-en-fr", "bart-summary"])
def test_encoder_decoders_too(name: str) -> None:
    for search in SEARCHES[:4]:
        found = searched(zoo.load(name), "She bought a red car and he did not like it.", search)
        same(found)
        assert any(one.fate == "finished" for one in found.candidates)


@cache
def folder(name: str, root: Path) -> Model:
    if name in tiny_tasks.MODELS:
        return zoo.load(str(tiny_tasks.save(name, root / name)))
    return zoo.load(str(tiny.save(name, root / name)))


@pytest.mark.parametrize("name", ["gpt2", "llama", "mistral", "gemma2", "t5", "mbart50", "m2m100"])
def test_every_family_too(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    model = folder(name, tmp_path_factory.getbasetemp())
    for search in SEARCHES[:5]:
        same(searched(model, "The cat sat on the mat", search))


def test_every_candidate_has_its_place_and_its_fate() -> None:
    search = Search(n_beams=3, most=6)
    found = searched(zoo.load("gpt-stories"), "Once upon a time", search)
    module, beams = found.text.model.module, found.beams
    for step in range(found.steps):
        column = [one for one in beams.candidates if one.step == step]
        assert len(column) == 6
        totals = [one.total for one in column]
        assert totals == sorted(totals, reverse=True)
        if step < 5:
            assert sum(one.fate == "kept" for one in column) == 3
        for one in column:
            parent = beams.candidates[one.parent - 1] if one.parent else None
            assert parent is None or (parent.step, parent.fate) == (step - 1, "kept")
    best = beams.ranking[0]
    ids = [*found.prompt, *found.ids(best)]
    every = module(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
    total = sum(float(every[at - 1, ids[at]]) for at in range(len(found.prompt), len(ids)))
    assert beams.candidates[best - 1].total == pytest.approx(total, abs=1e-4)
    at = beams.path(best)
    assert [beams.candidates[number - 1].step for number in at] == list(range(len(at)))
    assert beams.candidates[at[2] - 1].probability == pytest.approx(
        float(every[len(found.prompt) + 1, ids[len(found.prompt) + 2]].exp()), abs=1e-6
    )


def test_a_search_goes_on_from_where_the_text_stands_and_ends_at_the_window() -> None:
    text = Generation(zoo.load("gpt-stories"), Given("the fox and " * 41))
    left = text.model.info.max_len - len(text.ids)
    assert 0 < left < 10
    found = BeamSearch(text, Search(most=20))
    while not found.ended:
        found.next()
    assert max(len(found.ids(number)) for number in found.beams.ranking) <= left
    found.next()  # nothing more
    assert found.steps <= left
    with pytest.raises(zoo.InputError, match="they are full"):
        BeamSearch(Generation(zoo.load("gpt-stories"), Given("the fox and " * 70)), Search())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"n_beams": 0}, "Beams are 1 to 8"),
        ({"n_beams": 99}, "99 came"),
        ({"length_penalty": float("nan")}, "number from -5 to 5"),
        ({"stop": "soon"}, "soon came"),
        ({"most": 0}, "1 to 64 tokens"),
        ({"repetition_penalty": 0.0}, "more than 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused_in_words(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(zoo.InputError, match=said):
        Search(**wrong)  # type: ignore[arg-type]
