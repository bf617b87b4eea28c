"""Every stage once more: the rules make the numbers that the model made, and a wrong number is found."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models import zoo
from models.cost.budget import budget
from models.records import Anatomy
from models.scratch.again import RULES, again, largest_difference
from models.scratch.anatomy import dissect
from models.scratch.stages import STAGES

TEXT = "Once upon a time there was a little girl"
INPUTS: dict[str, dict[str, Any]] = {
    "gpt-stories": {"text": TEXT},
    "mistral-stories": {"text": TEXT},
    "bert-stories": {"text": "The cat [MASK] home."},
    "marian-en-fr": {"text": "I am cold."},
    "bart-summary": {"text": "the cat sat", "target": "the cat"},
}


@pytest.fixture(scope="module")
def anatomies() -> dict[str, Anatomy]:
    return {name: dissect(zoo.load(name), **given) for name, given in INPUTS.items()}


@pytest.mark.parametrize("name", INPUTS)
def test_every_cell_follows_from_its_rule(anatomies: dict[str, Anatomy], name: str) -> None:
    assert largest_difference(anatomies[name]) < 1e-5
    assert {stage.rule for stage in anatomies[name].stages if again(anatomies[name], stage) is None} == {"given"}


def test_a_wrong_number_is_found(anatomies: dict[str, Anatomy]) -> None:
    taken = anatomies["gpt-stories"]
    number = next(i for i, stage in enumerate(taken.stages) if stage.name == "scores")
    values = taken.stages[number].values.copy()
    values[2, 3, 1] *= 1.01
    stages = list(taken.stages)
    stages[number] = replace(stages[number], values=values)
    assert largest_difference(replace(taken, stages=tuple(stages))) > 1e-4


def test_every_rule_is_known_and_every_stage_says_something() -> None:
    for stage in STAGES.values():
        assert stage.rule == "given" or stage.rule.split()[0] in RULES
        assert stage.symbol
        assert stage.says.endswith(".")


def forward(state: dict[str, Tensor], ids: Tensor, layer: int, head: int) -> dict[str, Tensor]:
    """GPT-2's layers by torch's own operations, as far as one head of one layer, and its answer."""
    n = len(ids)
    x = state["wte.weight"][ids] + state["wpe.weight"][:n]
    found: dict[str, Tensor] = {}
    for i in range(4):
        block = {name.removeprefix(f"h.{i}."): value for name, value in state.items() if name.startswith(f"h.{i}.")}
        u = F.layer_norm(x, (256,), block["ln_1.weight"], block["ln_1.bias"])
        q, k, v = (u @ block["attn.c_attn.weight"] + block["attn.c_attn.bias"]).split(256, -1)
        q, k, v = (part.view(n, 4, 64).transpose(0, 1) for part in (q, k, v))
        scores = q @ k.mT
        masked = (scores / 8).masked_fill(torch.ones(n, n).triu(1).bool(), -torch.inf)
        weights = masked.softmax(-1)
        read = weights @ v
        together = read.transpose(0, 1).reshape(n, 256)
        change = together @ block["attn.c_proj.weight"] + block["attn.c_proj.bias"]
        middle = x + change
        w = F.layer_norm(middle, (256,), block["ln_2.weight"], block["ln_2.bias"])
        hidden = w @ block["mlp.c_fc.weight"] + block["mlp.c_fc.bias"]
        active = F.gelu(hidden, approximate="tanh")
        thought = active @ block["mlp.c_proj.weight"] + block["mlp.c_proj.bias"]
        if i == layer:
            found = {"queries": q[head], "keys": k[head], "values": v[head], "scores": scores[head]}
            found |= {"scaled scores": scores[head] / 8, "masked scores": masked[head]}
            found |= {"attention weights": weights[head], "weighted values": read[head]}
            found |= {"heads side by side": together, "projection": change, "hidden layer": hidden}
            found |= {"after the activation": active, "feed-forward": thought, "residual stream": middle + thought}
        x = middle + thought
    final = F.layer_norm(x, (256,), state["ln_f.weight"], state["ln_f.bias"])
    logits = final @ state["wte.weight"].mT
    return found | {"logits": logits, "probabilities": (logits / 1).softmax(-1)}


@pytest.mark.parametrize(("layer", "head"), [(0, 1), (2, 3)])
def test_every_stage_equals_torch(anatomies: dict[str, Anatomy], layer: int, head: int) -> None:
    model, taken = zoo.load("gpt-stories"), anatomies["gpt-stories"]
    state = {n.removeprefix("transformer."): v.float() for n, v in model.module.state_dict().items()}
    ids = torch.tensor(model.encode(TEXT).ids)
    for name, expected in forward(state, ids, layer, head).items():
        stage = taken.find(name, None if name in ("logits", "probabilities") else layer)
        values = stage.values[head] if stage.axes[0] == "head" else stage.values
        np.testing.assert_allclose(values, expected.numpy(), atol=2e-4, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("name", INPUTS)
def test_what_is_counted_is_what_the_arithmetic_says(anatomies: dict[str, Anatomy], name: str) -> None:
    taken = anatomies[name]
    lengths = [len(sequence) for sequence in taken.sequences.values()]
    expected = budget(taken.config, lengths[-1], lengths[0] if len(lengths) > 1 else 0)
    counted = {part.name: part for part in taken.counted.parts}
    for part in expected.parts:
        own = counted.get(part.name)
        assert (part.n_params, part.flops) == ((own.n_params, own.flops) if own else (0, 0)), part.name
    assert taken.counted.n_params == expected.n_params
    assert taken.counted.cache == expected.cache
