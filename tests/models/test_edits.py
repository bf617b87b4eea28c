"""Edits of heads against what the same change of the weights does, and that nothing of them is left."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from models import zoo
from models.capture import catalogue
from models.capture.edits import Ablate, Add, Force, MaskKeys, Replace, Scale
from models.zoo.inputs import Reader
from models.zoo.model import Model
from tests import tiny
from tests.coverage.table import ARCHITECTURES

TEXT = "The cat sat on the mat because it was tired."
# the output projection of layer 1, and which axis of its weight runs over the heads' outputs
PROJECTIONS = {
    "gpt2": ("transformer.h.1.attn.c_proj", 0),
    "llama": ("model.layers.1.self_attn.o_proj", 1),
    "gemma2": ("model.layers.1.self_attn.o_proj", 1),
    "bert": ("bert.encoder.layer.1.attention.output.dense", 1),
    "bloom": ("transformer.h.1.self_attention.dense", 1),
}


def output(model: Model, text: str = TEXT) -> torch.Tensor:
    """The model's first output on the text, as any caller gets it."""
    ids = torch.tensor([model.encode(text).ids])
    with torch.no_grad():
        return model.module(input_ids=ids, use_cache=False)[0] if model.causal else model.module(input_ids=ids)[0]


def surgery(model: Model, change: Callable[[torch.Tensor], None]) -> torch.Tensor:
    """The output with the projection's rows changed by hand; `change` gets them as [head, d_head, d_model]."""
    name, axis = PROJECTIONS[model.info.name]
    weight = model.module.get_submodule(name).weight
    before = weight.data.clone()
    change((weight.data if axis == 0 else weight.data.T).view(4, -1, weight.shape[1 - axis]))
    try:
        return output(model)
    finally:
        weight.data.copy_(before)


@pytest.fixture(params=PROJECTIONS)
def model(request: pytest.FixtureRequest, folders: Path) -> Model:
    return zoo.load(str(folders / request.param))


def test_an_ablated_head_is_its_zeroed_columns(model: Model) -> None:
    plain = output(model)
    expected = surgery(model, lambda heads: heads[2].zero_())
    with model.edit(Ablate(layer=1, head=2)):
        edited = output(model)
    assert (edited - expected).abs().max() <= 1e-5
    assert (edited - plain).abs().max() > 1e-3


def test_a_scaled_head_is_its_scaled_columns(model: Model) -> None:
    expected = surgery(model, lambda heads: heads[3].mul_(-2.5))
    with model.edit(Scale(layer=1, head=3, factor=-2.5)):
        assert (output(model) - expected).abs().max() <= 2e-5


def test_a_replaced_head_is_zeroed_columns_and_a_shifted_bias(model: Model) -> None:
    vector = torch.linspace(-1, 1, 8)
    name, axis = PROJECTIONS[model.info.name]
    weight = model.module.get_submodule(name).weight.data
    shift = vector @ (weight if axis == 0 else weight.T).view(4, 8, -1)[1]
    hook = model.module.get_submodule(name).register_forward_hook(lambda module, args, out: out + shift)
    expected = surgery(model, lambda heads: heads[1].zero_())
    hook.remove()
    with model.edit(Replace(layer=1, head=1, vector=vector.numpy())):
        assert (output(model) - expected).abs().max() <= 2e-5


def test_added_and_replaced_are_one_apart(model: Model) -> None:
    vector = np.linspace(-1, 1, 8, dtype=np.float32)
    with model.edit(Ablate(layer=1, head=1), Add(layer=1, head=1, vector=vector)):
        added = output(model)
    with model.edit(Replace(layer=1, head=1, vector=vector)):
        assert (output(model) - added).abs().max() <= 1e-5


def test_the_mean_over_positions_and_over_a_reference(folders: Path) -> None:
    model = zoo.load(str(folders / "llama"))
    out = model.trace(TEXT, keep={"outputs"}).qkv(0, 1, 2).output
    assert out is not None
    with model.edit(Replace(layer=1, head=2, vector=out.mean(0))):
        expected = output(model)
    with model.edit(Ablate(layer=1, head=2, by="mean")):
        assert (output(model) - expected).abs().max() <= 1e-5
    with model.edit(Ablate(layer=1, head=2, by=TEXT)):
        assert (output(model) - expected).abs().max() <= 1e-5
    with model.edit(Ablate(layer=1, head=2, by="The dog barked at the fox.")):
        assert (output(model) - expected).abs().max() > 1e-4


@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma2", "gpt_oss", "bert", "bloom"])
def test_masked_keys_get_nothing_and_the_others_what_a_softmax_without_them_gives(folders: Path, name: str) -> None:
    model = zoo.load(str(folders / name))
    plain = model.trace(TEXT, keep={"scores"})
    n = len(plain.attentions[0].queries)
    with model.edit(MaskKeys(layer=0, head=(0, 3), keys=(0, 2, 4))):
        edited = model.trace(TEXT).attentions[0].weights[0]
    assert (edited[[0, 3]][:, :, [0, 2, 4]] == 0).all()
    np.testing.assert_allclose(edited[[1, 2]], plain.attentions[0].weights[0][[1, 2]], atol=1e-6)
    part = plain.qkv(0, 0, 3)
    scores = np.array(part.scores, np.float64)
    scores[:, [0, 2, 4]] = -np.inf
    sink = [] if part.sink is None else [np.full((n, 1), part.sink)]
    readable = (scores > -5_000).any(-1)
    scores = np.concatenate([scores, *sink], -1)[readable]
    expected = np.exp(scores - scores.max(-1, keepdims=True))
    expected = (expected / expected.sum(-1, keepdims=True))[:, :n]
    np.testing.assert_allclose(edited[3][readable], expected, atol=1e-5)
    assert (edited[3][~readable] == 0).all()


@pytest.mark.parametrize("name", ["gpt2", "mistral", "bert", "bloom"])
def test_forced_patterns_keep_to_the_mask(folders: Path, name: str) -> None:
    model = zoo.load(str(folders / name))
    plain = model.trace(TEXT).attentions[0]
    allowed = plain.weights[1][0] > 0
    with model.edit(Force(layer=1, head=0), Force(layer=1, head=1, pattern="diagonal")):
        forced = model.trace(TEXT).attentions[0].weights[1]
    np.testing.assert_allclose(forced[0], allowed / allowed.sum(-1, keepdims=True), atol=1e-6)
    np.testing.assert_array_equal(forced[1], np.eye(len(plain.queries), dtype=np.float32))
    np.testing.assert_allclose(forced[2:], plain.weights[1][2:], atol=1e-6)


def test_edits_inside_one_another_add_up(folders: Path) -> None:
    model = zoo.load(str(folders / "gpt2"))
    with model.edit(Ablate(layer=0, head=1), Scale(layer=2, head=0, factor=2)):
        expected = output(model)
    with model.edit(Ablate(layer=0, head=1)), model.edit(Scale(layer=2, head=0, factor=2)):
        assert torch.equal(output(model), expected)


@pytest.mark.parametrize("name", [*tiny.MODELS, "bloom", "xlnet"])
def test_nothing_is_left_of_an_edit(folders: Path, name: str) -> None:
    model = zoo.load(str(folders / name))
    before = output(model)
    with model.edit(Ablate(layer=0), MaskKeys(keys=(1,)), Force(layer=1, head=1), Scale(head=0, factor=3)):
        assert not torch.equal(output(model), before)
    assert torch.equal(output(model), before)
    with pytest.raises(IndexError), model.edit(Ablate(layer=0)):
        model.module(input_ids=torch.tensor([[10**6]]))
    assert torch.equal(output(model), before)


def test_a_head_that_is_not_there_is_refused(folders: Path) -> None:
    model = zoo.load(str(folders / "gpt2"))
    for edit in (Ablate(layer=3), Ablate(layer=0, head=4), Ablate(layer=-1), Ablate(layer=0, attention=1)):
        with pytest.raises(zoo.InputError, match="counted from 0"), model.edit(edit):
            pass


def test_encoder_decoder_and_cross_attention_are_told_apart(folders: Path) -> None:
    model = zoo.load(str(folders / "t5"))
    plain = model.trace("The cat sat", target="The dog")
    for number in range(3):
        with model.edit(MaskKeys(attention=number, layer=0, keys=(0,))):
            edited = model.trace("The cat sat", target="The dog")
        masked = [bool((stack.weights[0][:, :, 0] == 0).all()) for stack in edited.attentions]
        assert masked == [number == other for other in range(3)]
    assert plain.ranking is not None


@pytest.mark.parametrize("name", ["Longformer", "BigBird (sparse)", "LED", "XLNet", "Swin", "DETR", "CLIP", "T5"])
def test_a_layer_of_any_shape_can_be_switched_off_and_nothing_is_left(name: str) -> None:
    """In a layer that is made of several softmaxes all of them are; zeroing the values' weights says the same."""
    architecture = next(one for one in ARCHITECTURES if one.name == name)
    module, inputs = architecture.make(), architecture.inputs()

    def run(**options: object) -> list[torch.Tensor]:
        with torch.no_grad():
            return catalogue.outputs(module(**inputs, **options))

    found = catalogue.survey(module, run, inputs)
    info = zoo.load("algo-add").info
    model = Model(info, module, Reader(module, None, None, 64), found)
    before = run()
    with model.edit(Ablate(layer=0)):
        edited = run()
    assert any((a - b).abs().max() > 1e-4 for a, b in zip(before, edited, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(before, run(), strict=True))
    attention = module.get_submodule(found.stacks()[0][0].place[0])
    names = r"(v|value|v_proj|value_global|v_linear|values)"
    values = [part for name, part in attention.named_modules() if re.fullmatch(names, name.rpartition(".")[2])]
    parameters = [p for part in values for p in part.parameters()] or [getattr(attention, "v", None)]
    if all(p is not None for p in parameters):
        with torch.no_grad():
            for p in parameters:
                p.zero_()
        assert all((a - b).abs().max() <= 1e-5 for a, b in zip(edited, run(), strict=True))
