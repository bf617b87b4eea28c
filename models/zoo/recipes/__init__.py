"""How each bundled model was made: a module with `train`, `measure` and `CARD`, run by `python -m models.zoo`.

`train(data, work, report)` returns (model, processor, curve), the processor being a tokenizer, an image processor or a
pair of both; `measure(model, processor, data)` returns the card's held-out figures; `CARD` is what the card says in
words. What the heads do is measured by `heads(model, processor, data)`, or, where it is one of the common `ROLES`, on
the texts of `probe(data)`. `pictures(data)`, where there is one, gives the examples' pictures by file name.
"""

import importlib
from pathlib import Path
from types import ModuleType


def names() -> tuple[str, ...]:
    """Every bundled model that has a recipe."""
    files = Path(__file__).parent.glob("*.py")
    return tuple(sorted(file.stem.replace("_", "-") for file in files if "\nCARD = " in file.read_text("utf-8")))


def recipe(name: str) -> ModuleType:
    """The module of a recipe; raises KeyError with the names there are."""
    if name not in names():
        raise KeyError(f"there is no recipe called {name!r}; there are {', '.join(names())}")
    return importlib.import_module(f"models.zoo.recipes.{name.replace('-', '_')}")
