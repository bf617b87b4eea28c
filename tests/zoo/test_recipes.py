"""Every recipe, run for two steps on small data: it trains, ships a folder that loads, and measures what it shipped."""

import dataclasses
import importlib
import json
import math
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from models.learn import train as core
from models.records import Card
from models.zoo import cards, recipes
from models.zoo.__main__ import train, verify
from models.zoo.recipes import shipped
from tests.zoo import small

NAMES = recipes.names()
SLOW = {"gpt-stories"}  # the largest; its parts are tested in test_stories, and mistral-stories runs the same ones
FEW = {"WATCHED": 4, "TESTED": 8, "PROBED": 6}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    small.write(folder)
    return folder


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps and a few examples wherever a recipe would take thousands."""

    def fit(model: Any, batch: Any, plan: core.Plan, *rest: Any, **options: Any) -> list[dict[str, Any]]:
        return core.fit(model, batch, dataclasses.replace(plan, steps=2, every=2), *rest, **options)

    for module in modules():
        if hasattr(module, "fit"):
            monkeypatch.setattr(module, "fit", fit)
        for name, value in FEW.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)


def modules() -> list[ModuleType]:
    found = pkgutil.iter_modules(recipes.__path__, f"{recipes.__name__}.")
    return [importlib.import_module(module.name) for module in found]


def test_there_is_a_recipe_for_every_model_of_the_zoo() -> None:
    assert set(NAMES) == {
        "algo-add",
        "algo-induction",
        "algo-reverse",
        "algo-sort",
        "bart-summary",
        "bert-qa",
        "bert-stories",
        "caption-shapes",
        "dalle-shapes",
        "detr-shapes",
        "distil-sentiment",
        "gpt-stories",
        "marian-en-fr",
        "mistral-stories",
        "roberta-sentiment",
        "roformer-stories",
        "vit-fashion",
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_what_a_visitor_needs(name: str) -> None:
    module = recipes.recipe(name)
    card = Card(name=name, metrics={}, heads={}, **module.CARD)
    said = [card.title, card.task, card.architecture, card.licence, card.data, card.weaknesses, card.look_for]
    assert all(isinstance(text, str) and len(text) > 2 for text in said)
    assert card.measured_by == f"python -m models.zoo verify {name} --data FOLDER"
    assert (Path(__file__).parents[2] / card.recipe).samefile(str(module.__file__))
    assert hasattr(module, "heads") != hasattr(module, "probe")
    assert len(card.examples) >= 2
    assert len({example["title"] for example in card.examples}) == len(card.examples)
    for example in card.examples:
        assert example["role"]
        assert ("picture" in example) != ("text" in example)
        assert "picture" not in example or hasattr(module, "pictures")


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("name", sorted(set(NAMES) - SLOW))
def test_a_recipe_trains_ships_and_measures(name: str, data: Path, tmp_path: Path) -> None:
    train(name, data, tmp_path / "work", tmp_path / "ship")
    folder = tmp_path / "ship" / name
    card = cards.read(folder)
    assert all(math.isfinite(value) for value in card.metrics.values())
    assert card.metrics
    assert card.curve
    for head in card.heads.values():
        assert 0 <= head["score"] <= 1
    assert {example["role"] for example in card.examples} <= set(card.heads)
    model, processor = shipped.load(folder)
    assert model.num_parameters() > 0
    for example in card.examples:
        if "picture" in example:
            assert (folder / example["picture"]).read_bytes().startswith(b"\x89PNG")
        elif getattr(processor, "unk_token_id", None) is not None:
            text = " ".join([example["text"], example.get("question", "")])
            assert processor.unk_token_id not in processor(text)["input_ids"], example


@pytest.mark.usefixtures("brief")
def test_verify_finds_a_card_that_says_too_much(data: Path, tmp_path: Path) -> None:
    train("algo-sort", data, tmp_path / "work", tmp_path)
    assert verify(["algo-sort"], data, tmp_path) == 0
    path = tmp_path / "algo-sort" / "card.json"
    content = json.loads(path.read_text("utf-8"))
    content["metrics"]["exact_percent"] += 5
    path.write_text(json.dumps(content), "utf-8")
    assert verify(["algo-sort"], data, tmp_path) == 1
