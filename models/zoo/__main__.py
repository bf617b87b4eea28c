"""Train a bundled model by its recipe, or measure the shipped one again.

python -m models.zoo train NAME --data FOLDER      resumes where it was stopped; writes models/zoo/bundled/NAME
python -m models.zoo verify [NAME ...] --data FOLDER   fails if a card's figures are not those of its weights
python -m models.zoo table                             writes docs/zoo.md from the cards
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models import zoo
from models.explain.heads import statistics
from models.records import Card
from models.zoo import cards
from models.zoo.recipes import attended, names, recipe, shipped

TABLE = Path(__file__).parents[2] / "docs" / "zoo.md"
DIGITS = 0.005  # relative: how far a figure may move between two machines' floating point


def train(name: str, data: Path, work: Path, ship: Path) -> None:
    """Run the recipe, ship fp16 weights, then measure what was shipped and write the card."""
    module = recipe(name)
    torch.set_float32_matmul_precision("medium")  # lets a CPU that has bf16 matrix units train with them
    model, processor, curve = module.train(data, work / name, lambda line: print(line, flush=True))
    torch.set_float32_matmul_precision("highest")  # what is measured is float32 throughout
    folder = ship / name
    shipped.save(model, processor, folder)
    if hasattr(module, "pictures"):
        shipped.save_pictures(module.pictures(data), folder)
    metrics, heads = measure(name, data, folder)
    write(folder, Card(name=name, metrics=metrics, heads=heads, curve=tuple(curve), **module.CARD))
    cards.bundled.cache_clear()
    print(json.dumps({"metrics": metrics, "heads": heads}, indent=1))


def measure(name: str, data: Path, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The held-out figures of the shipped files, and which head plays which role on held-out data."""
    module = recipe(name)
    model, processor = shipped.load(folder)
    metrics = module.measure(model, processor, data)
    if hasattr(module, "heads"):
        return metrics, module.heads(model, processor, data)
    return metrics, roles(folder, module.probe(data), module.ROLES)


def roles(folder: Path, texts: tuple[str, ...], wanted: tuple[str, ...]) -> dict[str, Any]:
    """The head that plays each role best on these texts, for models that read one text with one stack of layers."""
    model = zoo.load(str(folder))
    found = [statistics(model.trace(text).attentions[0]).scores for text in texts]
    return {role: attended.best(np.mean([np.nan_to_num(scores[role]) for scores in found], axis=0)) for role in wanted}


def write(folder: Path, card: Card) -> None:
    """The card as JSON that reads well in a diff."""
    content = json.dumps(dataclasses.asdict(card), indent=1, ensure_ascii=False)
    (folder / "card.json").write_text(content + "\n", "utf-8")


def verify(chosen: list[str], data: Path, ship: Path) -> int:
    """Measure again and compare with the cards; returns how many figures do not agree."""
    wrong = 0
    for folder in sorted(path.parent for path in ship.glob("*/card.json")):
        card = cards.read(folder)
        if chosen and card.name not in chosen:
            continue
        metrics, heads = measure(card.name, data, folder)
        for key, said in card.metrics.items():
            found = metrics.get(key)
            good = found is not None and abs(found - said) <= DIGITS * abs(said)
            wrong += not good
            print(f"{card.name}  {key}: card {said}, measured {found}{'' if good else '  DIFFERS'}")
        same = heads == card.heads
        wrong += not same
        print(f"{card.name}  heads: {'as on the card' if same else f'card {card.heads}, measured {heads}  DIFFERS'}")
    return wrong


def table() -> str:
    """All bundled models with what was measured of them, as markdown made from their cards."""
    rows = [f"| {' | '.join(_row(card))} |" for card in cards.bundled()]
    size = sum(file.stat().st_size for file in cards.BUNDLED.rglob("*") if file.is_file())
    return "\n".join(
        [
            "# The models that come with Headlight",
            "",
            "Made from the cards by `python -m models.zoo table`. Every figure is of the shipped half-precision files,",
            "on data that no recipe saw, and is measured again by `python -m models.zoo verify NAME --data FOLDER`.",
            f"All files together: {size / 1e6:.1f} MB.",
            "",
            "| model | what it is | architecture | measured on unseen data | heads | licence |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(card: Card) -> list[str]:
    figures = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in card.metrics.items())
    heads = "; ".join(
        f"{role}: layer {head['layer']}, head {head['head']} ({head['score']})" for role, head in card.heads.items()
    )
    return [f"`{card.name}`", card.title, card.architecture, figures, heads, card.licence]


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m models.zoo", description=__doc__)
    parser.add_argument("command", choices=["train", "verify", "table"])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names())}; none means all")
    parser.add_argument(
        "--data", type=Path, default=Path("data"), help="folder with the training data a recipe asks for"
    )
    parser.add_argument("--work", type=Path, default=Path("zoo-work"), help="folder for snapshots, to resume from")
    parser.add_argument("--ship", type=Path, default=cards.BUNDLED, help="folder that the models' folders lie in")
    options = parser.parse_args()
    torch.set_num_threads(1)  # two contend for memory and are slower than one
    if options.command == "table":
        TABLE.write_text(table(), "utf-8")
        return 0
    try:
        if options.command == "verify":
            return min(1, verify(options.names, options.data, options.ship))
        for name in options.names or names():
            train(name, options.data, options.work, options.ship)
    except (FileNotFoundError, KeyError, zoo.HeadlightError) as problem:
        print(problem.args[0] if problem.args else problem, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
