"""Anatomy: one forward pass of a loaded model, taken apart into everything it computed on the way.

    anatomy = dissect(zoo.load("gpt-stories"), "Once upon a time")
    anatomy.find("attention weights", layer=0).values                   # [head, query, key]

The model's weights are copied into ours, which runs on its readable path while every assignment is noted. What it
answers is compared with what the model itself answers to the same input.
"""

import inspect
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from models.records import Anatomy, Code, Config, Knobs, Sequence, Stage
from models.scratch import hf
from models.scratch.again import operands
from models.scratch.counted import counted
from models.scratch.stages import Shown, shown
from models.scratch.stepping import Assignment, watch
from models.scratch.transformer import probabilities
from models.zoo.given import Given
from models.zoo.inputs import Prepared
from models.zoo.model import Model

ROOT = Path(__file__).parents[2]
TAKES = {  # ours, by the kind of a config -> the library's names of what it reads, in our order
    "decoder": ("input_ids",),
    "encoder": ("input_ids",),
    "encoder-decoder": ("input_ids", "decoder_input_ids"),
    "vision": ("pixel_values",),
}


def dissect(
    model: Model,
    text: str = "",
    *,
    pair: str | None = None,
    target: str | None = None,
    image: Image.Image | None = None,
    temperature: float = 1.0,
) -> Anatomy:
    """Every stage of one pass, from what is read to the probabilities of what comes next.

    Raises InputError for an input the model does not take, NotExpressible for a model we have no word for.
    """
    prepared = model.reader.prepare(Given(text, pair, target, image))
    ours, knobs = hf.from_library(model.module).eval(), hf.knobs_of(model.module)
    inputs = [prepared.arguments[name] for name in TAKES[ours.config.kind]]
    options = {}
    if ours.config.n_segments and "token_type_ids" in prepared.arguments:
        options["segments"] = prepared.arguments["token_type_ids"]
    readable = Knobs(pattern=knobs.pattern, width=knobs.width, fused=False)

    def run() -> Tensor:
        logits = ours(*inputs, knobs=readable, **options)
        probabilities(logits, temperature)
        return logits

    with torch.no_grad():
        logits, assignments = watch(run)
        expected = model.module(**{n: v.to(model.module.device) for n, v in prepared.arguments.items()}).logits
    difference = (logits - expected.float().cpu()).abs().max().item()
    context = {
        "temperature": temperature,
        "d_head": ours.config.d_head,
        "segments": options.get("segments", torch.zeros(1, 1).long())[0],
    }
    stages = _stages(ours, assignments, context)
    budget = counted(ours, lambda: ours(*inputs, knobs=readable, **options), stages)
    if "decoder" not in ours.config.kind:
        budget = replace(budget, cache=0)  # all is read at once, nothing is kept
    return Anatomy(ours.config, _sequences(ours.config, prepared), stages, difference, budget)


def _stages(ours: nn.Module, assignments: list[Assignment], context: dict[str, Any]) -> tuple[Stage, ...]:
    """The assignments that are stages; a value that was passed on as it is was one before."""
    names = {id(module): name for name, module in ours.named_modules()}
    stages: list[Stage] = []
    number: dict[int, int] = {}  # of the stage that a tensor came out of
    for made in assignments:
        what = shown(made.function, made.name, made.statement)
        if what is None or not isinstance(made.value, Tensor) or id(made.value) in number:
            continue
        reads = tuple(dict.fromkeys(number[id(value)] for value in made.used if id(value) in number))
        if what.rule in ("rotate", "share"):  # one statement does it to keys and to others
            reads = tuple(read for read in reads if stages[read].name.split()[-1] == what.name.split()[-1])
        number[id(made.value)] = len(stages)
        module = names.get(id(made.owner), "")
        told = context | {"position": _position(ours, module)}
        stages.append(_stage(what, made, module, reads, stages, told))
    return tuple(stages)


def _position(ours: nn.Module, module: str) -> Any:
    """The position encoding of the stack that a module is in."""
    return getattr(getattr(ours, module.split(".")[0], None), "position", None)


def _stage(
    what: Shown, made: Assignment, module: str, reads: tuple[int, ...], before: list[Stage], context: dict[str, Any]
) -> Stage:
    """One stage without the batch axis; temperature and softmax keep the axes of the logits."""
    batched = not what.axes or made.value.ndim > len(what.axes)  # a bias is the same for every text
    values = (made.value[0] if batched else made.value).numpy().copy()
    layer = re.search(r"blocks\.(\d+)", module)
    return Stage(
        name=what.name,
        module=module,
        layer=int(layer[1]) if layer else None,
        formula=what.formula,
        axes=what.axes or before[reads[0]].axes,
        values=values,
        reads=reads,
        code=_code(made.code, made.function, made.lines),
        symbol=what.symbol,
        says=what.says,
        rule=what.rule,
        operands=operands(what.rule, made.owner, made.value, context),
    )


@cache
def _code(code: CodeType, function: str, ran: tuple[int, int]) -> Code:
    """The function's lines, and those that ran."""
    lines, first = inspect.getsourcelines(code)
    path = Path(code.co_filename).relative_to(ROOT).as_posix()
    return Code(path, function, first, tuple(line.rstrip("\n") for line in lines), tuple(range(ran[0], ran[1] + 1)))


def _sequences(config: Config, prepared: Prepared) -> dict[str, Sequence]:
    """What stands at the positions of each stack."""
    if config.kind == "encoder-decoder":
        return {"encoder": prepared.sequences["text"], "decoder": prepared.sequences["target"]}
    return {"stack": prepared.sequences["text"] if config.picture is None else _patches(config)}


def _patches(config: Config) -> Sequence:
    """The class token, and the patches row by row."""
    assert config.picture is not None
    rows, columns = (side // config.patch for side in config.picture[1:])
    labels = ("CLS", *(f"row {row}, column {column}" for row in range(rows) for column in range(columns)))
    return Sequence(labels, np.arange(len(labels)) == 0, grid=(rows, columns))
