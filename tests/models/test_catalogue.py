"""The first look at a model: the guard, the ways down from it, what is refused, and what stays behind."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers as hf
from torch import Tensor, nn

from models.capture import catalogue, interface
from models.capture.active import Capture, active
from models.capture.calls import Call
from models.capture.catalogue import AttentionRefused, Catalogue
from models.capture.edits import EditRefused, HeadEdit, MaskKeys, Replace
from tests.coverage.base import Architecture
from tests.coverage.table import ARCHITECTURES

TABLE = {architecture.name: architecture for architecture in ARCHITECTURES}


class Looked(hf.PreTrainedModel):
    """A made-up model of one layer: `attend` computes it."""

    config_class = hf.PreTrainedConfig

    def __init__(self, attend: nn.Module) -> None:
        super().__init__(hf.PreTrainedConfig())
        self.self_attention = attend

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"out": self.self_attention(x)}


class Plain(nn.Module):
    """Softmax attention of x to itself, written in the open."""

    num_heads = 2

    def forward(self, x: Tensor) -> Tensor:
        heads = x.unflatten(-1, (2, -1)).transpose(1, 2)  # [batch, head, position, d_head]
        return ((heads @ heads.mT).softmax(-1) @ heads).transpose(1, 2).flatten(2)


class Shy(Plain):
    """The same, but another answer while it is looked at."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + (0.01 if active() is not None else 0.0)


class Angry(Plain):
    """The same, but it fails while it is looked at."""

    def forward(self, x: Tensor) -> Tensor:
        if active() is not None:
            raise KeyError("looked at")
        return super().forward(x)


class ByTorch(nn.Module):
    """torch's own module, which hides its attention in one function."""

    def __init__(self, weights: bool) -> None:
        super().__init__()
        self.attn, self.weights = nn.MultiheadAttention(8, 2, batch_first=True), weights

    def forward(self, x: Tensor) -> Tensor:
        return self.attn(x, x, x, need_weights=self.weights)[0]


X = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0))


def surveyed(model: hf.PreTrainedModel, **inputs: Tensor) -> Catalogue:
    return catalogue.survey(model.eval(), lambda **options: model(**inputs, **options), inputs)


def seen(name: str) -> tuple[hf.PreTrainedModel, Architecture, Catalogue]:
    architecture = TABLE[name]
    model = architecture.make()
    return model, architecture, surveyed(model, **architecture.inputs())


Looks = tuple[Any, list[Call]]  # a model's output, and the calls that made it


def look(model: hf.PreTrainedModel, found: Catalogue, inputs: dict[str, Tensor], **options: Any) -> Looks:
    with Capture(found.modules, **options) as capture, torch.no_grad():
        out = model(**inputs)
    return out, capture.calls


def n_hooks(model: nn.Module) -> dict[str, int]:
    """Hooks by the name of the module that has any."""
    counts = {name: len(m._forward_hooks) + len(m._forward_pre_hooks) for name, m in model.named_modules()}
    return {name: count for name, count in counts.items() if count}


# --- the guard


def test_a_model_that_answers_otherwise_when_looked_at_is_refused() -> None:
    assert surveyed(Looked(Plain()), x=X).tier == "function"
    model = Looked(Shy())
    with pytest.raises(AttentionRefused) as refused:
        surveyed(model, x=X)
    assert not n_hooks(model)
    assert "\n" not in str(refused.value)


def test_a_model_that_fails_when_looked_at_is_refused_and_still_works() -> None:
    model = Looked(Angry())
    with pytest.raises(AttentionRefused):
        surveyed(model, x=X)
    assert not n_hooks(model)
    assert active() is None
    assert torch.equal(model(x=X)["out"], Looked(Plain())(x=X)["out"])


def test_a_model_that_asks_for_its_implementation_falls_back_to_functions() -> None:
    """DeepSeek-V3.2 masks the keys it does not choose only if the implementation has a name it knows."""
    model, architecture, found = seen("DeepSeek-V3.2")
    assert found.tier == "function"
    assert model.config._attn_implementation == "sdpa"
    plain = architecture.make()(**architecture.inputs()).logits
    assert torch.equal(look(model, found, architecture.inputs())[0].logits, plain)


def test_bridgetower_says_it_is_causal_and_is_not() -> None:
    model, architecture, found = seen("BridgeTower")
    fresh = architecture.make()
    for inputs in (architecture.inputs(), {k: v for k, v in architecture.inputs().items() if k != "attention_mask"}):
        with torch.no_grad():
            expected = fresh(**inputs)
        out, calls = look(model, found, inputs)
        assert (out.pooler_output - expected.pooler_output).abs().max() <= 1e-5
        assert all(call.weights().triu(1).any() for call in calls)


def test_what_only_the_library_can_tell_is_guarded_too() -> None:
    good, scores = torch.full((1, 2, 3, 3), 1 / 3), torch.full((1, 2, 3, 3), -3.4e38)
    assert catalogue._library_layers({"attentions": [good]})
    assert not catalogue._library_layers({"attentions": [good, scores]})  # SqueezeBERT
    assert not catalogue._library_layers({"attentions": [good * 2]})


# --- refusals in words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Mamba", "mixes its tokens without attention"),
        ("FNet", "mixes its tokens without attention"),
        ("RWKV", "no token looks at another"),
        ("YOSO", "has weights for none of them"),
        ("Autoformer", "correlate"),
        ("SwiftFormer", "no patch looks at another"),
    ],
)
def test_no_attention_is_said_in_a_sentence(name: str, words: str) -> None:
    with pytest.raises(AttentionRefused, match=words):
        seen(name)


# --- what stays behind


def test_a_model_read_by_its_interface_keeps_one_hook_that_counts() -> None:
    for name in ("LLaMA", "BERT", "T5", "Gemma 2"):
        model, _, found = seen(name)
        assert found.tier == "interface"
        assert n_hooks(model) == {"": 1}


def test_hooks_stay_only_where_functions_are_followed() -> None:
    model, _, found = seen("SigLIP")
    followed = {layer.place[0] for layer in found.layers if layer.tier == "function"}
    assert followed == {"vision_model.head.attention"}
    assert set(n_hooks(model)) == {"", *followed}


# --- arguments whose meaning is not known


@pytest.mark.parametrize(
    ("name", "argument"),
    [("Gemma 2", "softcap"), ("GPT-OSS", "s_aux"), ("LLaMA", "position_ids"), ("Mistral", "sliding_window")],
)
def test_an_unknown_argument_goes_to_the_models_own_function(
    name: str, argument: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, architecture, found = seen(name)
    expected, ours = look(model, found, architecture.inputs())
    monkeypatch.setattr(interface, "KNOWN", interface.KNOWN - {argument})
    own: list[str] = []
    monkeypatch.setattr(interface._Work, "own", _noted(interface._Work.own, own))
    out, theirs = look(model, found, architecture.inputs())
    assert own
    real = architecture.inputs()["attention_mask"].bool()
    assert (out.logits - expected.logits)[real].abs().max() <= 1e-5
    for one, other in zip(ours, theirs, strict=True):
        assert other.recipe is None
        assert (one.weights() - other.weights()).abs().max() <= 1e-6


def test_with_an_unknown_argument_gradients_are_the_same_and_steering_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, architecture, found = seen("Gemma 2")

    def gradients() -> tuple[Tensor, ...]:
        with Capture(found.modules, gradients=True) as capture:
            number = model(**architecture.inputs()).logits[0, -1].max()
        return torch.autograd.grad(number, capture.live)

    expected = gradients()
    monkeypatch.setattr(interface, "KNOWN", interface.KNOWN - {"softcap"})
    for frozen in (False, True):
        model.requires_grad_(not frozen)
        for one, other in zip(gradients(), expected, strict=True):
            assert (one - other).abs().max() <= 1e-5 * other.abs().max()
    edits = {found.layers[0].place: (HeadEdit(MaskKeys(keys=(0,)), (0,)),)}
    with pytest.raises(EditRefused, match="softcap"):
        look(model, found, architecture.inputs(), edits=edits)


def _noted(func: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    def noted(*args: Any) -> Any:
        calls.append(func.__name__)
        return func(*args)

    return noted


def test_classes_that_have_one_implementation_load_without_remarks(caplog: pytest.LogCaptureFixture) -> None:
    seen("VITS")
    seen("SAM")
    assert not caplog.records


# --- layouts


@pytest.mark.parametrize("weights", [True, False])
def test_torchs_own_module_is_seen_through(weights: bool) -> None:
    model = Looked(ByTorch(weights))
    found = surveyed(model, x=X)
    (layer,) = found.layers
    assert (layer.n_heads, layer.shape) == (2, (2, 2, 5, 5))
    out, (call,) = look(model, found, {"x": X}, keep=frozenset({"values", "outputs"}))
    attn = model.self_attention.attn
    expected, theirs = attn(X, X, X, average_attn_weights=False)
    assert (call.weights() - theirs).abs().max() <= 1e-6
    assert (out["out"] - expected).abs().max() <= 1e-6
    assert call.value is not None
    assert call.output is not None
    assert (call.weights() @ call.value - call.output).abs().max() <= 1e-6


def test_torchs_own_module_can_be_edited() -> None:
    model = Looked(ByTorch(True))
    found = surveyed(model, x=X)
    edits = {found.layers[0].place: (HeadEdit(MaskKeys(keys=(1,)), (0,)),)}
    _, (call,) = look(model, found, {"x": X}, edits=edits)
    assert (call.weights()[:, 0, :, 1] == 0).all()
    assert (call.weights()[:, 1, :, 1] > 0).all()


def test_torchs_encoder_does_not_take_its_shortcut() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    model = Looked(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False))
    found = surveyed(model, x=X)
    assert [one.place[0] for one in found.layers] == [f"self_attention.layers.{n}.self_attn" for n in (0, 1)]
    assert len(look(model, found, {"x": X})[1]) == 2


def test_a_module_with_two_layouts_keeps_them_apart() -> None:
    """ProphetNet: a main stream [batch, head, query, key], and others [batch, stream, head, query, key]."""
    model, architecture, found = seen("ProphetNet")
    _, calls = look(model, found, architecture.inputs())
    own = [call for call in calls if call.layer == "prophetnet.decoder.layers.0.self_attn"]
    assert [tuple(call.weights().shape) for call in own] == [(2, 4, 7, 7), (2, 4, 2, 7, 14)]
    assert [layer.place for layer in found.layers if layer.place[0] == own[0].layer] == [(own[0].layer, 0)]


@pytest.mark.parametrize("name", ["XLNet", "Funnel", "CvT"])
def test_heads_that_an_einsum_sums_are_seen_and_replaced(name: str) -> None:
    model, architecture, found = seen(name)
    _, calls = look(model, found, architecture.inputs(), keep=frozenset({"values", "outputs"}))
    first = calls[0]
    assert first.value is not None
    assert first.output is not None
    assert (first.weights() @ first.value - first.output).abs().max() <= 1e-5
    edits = {found.layers[0].place: (HeadEdit(Replace(vector=2.0), (0,)),)}
    _, (edited, *_) = look(model, found, architecture.inputs(), edits=edits, keep=frozenset({"outputs"}))
    assert edited.output is not None
    assert (edited.output[:, 0] == 2).all()
    assert torch.equal(edited.output[:, 1:], first.output[:, 1:])


def test_weights_used_twice_cannot_have_their_heads_replaced() -> None:
    """VITS adds values for relative positions to what its heads read."""
    model, architecture, found = seen("VITS")
    edits = {found.layers[0].place: (HeadEdit(Replace(vector=0.0), (0,)),)}
    with pytest.raises(EditRefused, match="not replaced"):
        look(model, found, architecture.inputs(), edits=edits)


# --- what the library gets wrong


def test_falcon_adds_alibi_a_second_time_when_asked() -> None:
    model, architecture, found = seen("Falcon (ALiBi)")
    _, calls = look(model, found, architecture.inputs())
    eager = hf.FalconForCausalLM._from_config(model.config, attn_implementation="eager").eval()
    eager.load_state_dict(model.state_dict())
    with torch.no_grad():
        theirs = eager(**architecture.inputs(), output_attentions=True).attentions[0]
    call = calls[0]
    assert call.recipe is not None
    assert call.recipe.mask is not None
    scores = call.scores()
    assert scores is not None
    assert call.query is not None
    assert call.key is not None
    product = call.query.double() @ call.key.double().mT * call.recipe.scale
    once, bias = product + call.recipe.mask, call.recipe.mask.clamp(min=-1e4)
    assert (once.softmax(-1) - call.weights()).abs().max() <= 1e-6
    assert ((once + bias).softmax(-1) - theirs).abs().max() <= 1e-6


def test_squeezebert_returns_scores() -> None:
    model, architecture, found = seen("SqueezeBERT")
    _, calls = look(model, found, architecture.inputs())
    with torch.no_grad():
        theirs = model(**architecture.inputs(), output_attentions=True).attentions
    for call, scores in zip(calls, theirs, strict=True):
        assert scores.min() < -1
        assert (scores.double().softmax(-1) - call.weights()).abs().max() <= 1e-6


# --- kinds


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("BERT", {"encoder"}),
        ("OPT", {"self"}),
        ("BART", {"encoder", "decoder", "cross"}),
        ("TrOCR", {"decoder", "cross"}),
        ("ViT to BERT", {"vision", "decoder", "cross"}),
        ("CLIP", {"vision", "text"}),
        ("BLIP-2", {"vision", "encoder", "cross", "self"}),
        ("PaliGemma", {"vision", "self"}),
        ("DETR", {"encoder", "decoder", "cross"}),
        ("Mask2Former", {"vision", "decoder", "cross"}),
        ("SAM", {"vision", "decoder", "cross"}),
        ("Kosmos-2", {"vision", "cross", "self"}),
        ("Perceiver", {"encoder", "cross"}),
        ("LXMERT", {"encoder", "vision", "text", "cross"}),
    ],
)
def test_kinds_are_what_a_textbook_calls_them(name: str, kinds: set[str]) -> None:
    _, _, found = seen(name)
    assert {layer.kind for layer in found.layers} == kinds
