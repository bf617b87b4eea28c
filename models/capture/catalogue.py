"""What attention a model has and how it is read: found once, after loading, by running it on a few tokens.

The same run is a guard: a model whose output is not the same when it is looked at is not looked at that way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from models.capture import display, functions, interface
from models.capture.active import Capture, Modules, Place
from models.capture.calls import Call
from models.capture.shapes.base import SEED
from models.capture.shapes.streams import draws_patches

TOLERANCE = 1e-4  # how far an output may move, by the order of float32 sums alone
SLACK = 1e-3  # how far weights may lie outside of 0 to 1, and their sums above 1
# Softmaxes over blocks or buckets, of which the model itself makes the matrix that is meant
LIBRARY = frozenset({"reformer"})
# What hands out something by the name of attention that is none
OTHERWISE = {
    "autoformer": "it compares its series by how they correlate at a lag, not position by position",
    "rwkv": "it carries a state from token to token: no token looks at another",
    "yoso": "it samples which tokens fall into one bucket, and has weights for none of them",
    "mobilevitv2": "one row of weights sums up all patches: no patch looks at another",
    "swiftformer": "one row of weights sums up all patches: no patch looks at another",
}
VISION = re.compile(r"(^|[._])(vision|visual|visn|image|img|pixel|vit|video|r_layers)", re.IGNORECASE)
SOUND = re.compile(r"(^|[._])(audio|speech|sound)", re.IGNORECASE)
TEXT = re.compile(r"(^|[._])(text|language|bert|lang)", re.IGNORECASE)
CROSS = re.compile(
    r"cross_?att|(^|\.)x_att|enc_?dec|encoder_attn|encoder_decoder|src_attn|resampler|visual_attention"
    r"|token_to_image|image_to_token|assign_attn|fusion_layer|multihead_attn$",
    re.IGNORECASE,
)
CODERS = re.compile(r"(?:^|\.)\w*(en|de)coder(?:\.|$)", re.IGNORECASE)

Run = Callable[..., Any]  # one forward pass; keyword arguments are handed to the model


class AttentionRefused(Exception):
    """Says in a sentence why a model's attention is not shown."""


@dataclass(frozen=True)
class Layer:
    """One call of one attention module, as the first run saw it."""

    place: Place  # the module's name, and which of its calls
    tier: str  # "interface", "function" or "library"
    kind: str  # "self", "encoder", "decoder", "cross", "vision" or "text"
    n_heads: int
    shape: tuple[int, ...]  # of the weights in that run, [batch, head, query, key] unless the layout is odd
    causal: bool  # whether no query read what comes after it
    sides: Any = None  # what it read from and to, where that is not the tokens (see display.Side)

    @property
    def group(self) -> Any:
        """Alike for all layers of a stack: the module's name with its numbers left open, and what it reads."""
        return self.kind, re.sub(r"\d+", "*", self.place[0]), self.shape[-2:], self.sides


@dataclass(frozen=True)
class Catalogue:
    """Every attention layer of a model, in the order it runs."""

    layers: tuple[Layer, ...]
    modules: Modules
    tier: str  # the layers' common one, or "mixed"
    draws: bool = False  # whether a pass draws random numbers: such a model is seeded to be looked at

    def stacks(self) -> tuple[tuple[Layer, ...], ...]:
        """Layers that follow on one another: of one kind, from and to the same, with names that differ by numbers."""
        groups: dict[Any, list[Layer]] = {}
        for layer in self.layers:
            groups.setdefault(layer.group, []).append(layer)
        return tuple(tuple(group) for group in groups.values())


def survey(model: PreTrainedModel, run: Run, inputs: dict[str, Any] | None = None) -> Catalogue:
    """Find a model's attention layers and prepare it to be captured; `run` does one small forward pass on `inputs`.

    Raises AttentionRefused if the model has no attention, or none that can be read without changing its output.
    """
    if model.config.model_type in OTHERWISE:
        raise AttentionRefused(_reason(model))
    modules = Modules.of(model)
    expected = outputs(seeded(run))
    if not expected:
        raise AttentionRefused("its output holds no numbers to check the capture against")
    draws = draws_patches(model) or not same(expected, outputs(seeded(run, SEED + 1)))
    return replace(_survey(model, run, modules, expected, inputs or {}), draws=draws)


def _survey(
    model: PreTrainedModel, run: Run, modules: Modules, expected: list[Tensor], inputs: dict[str, Any]
) -> Catalogue:
    if model.config.model_type not in LIBRARY:
        for through_interface in (True, False):
            found = _try(model, run, modules, expected, through_interface, inputs)
            if found is not None:
                return found
    found = _by_library(model, run, modules, expected)
    if found is not None:
        return found
    raise AttentionRefused(_reason(model))


def _try(
    model: PreTrainedModel,
    run: Run,
    modules: Modules,
    expected: list[Tensor],
    through_interface: bool,
    inputs: dict[str, Any],
) -> Catalogue | None:
    """The catalogue by interface and functions, or by functions alone; None if it fails the guard or is empty."""
    before = interface.enable(model) if through_interface else None
    remove = functions.install(model, functions.candidates(model))
    try:
        calls = _seen(run, modules, expected)
    finally:
        remove()
    if not calls:
        if before is not None:
            interface.choose(model, before)
        return None
    watched = {call.layer for call in calls if call.tier == "function"}
    functions.install(model, _needed(watched, functions.candidates(model), modules))
    return _catalogue(model, modules, calls, inputs)


def _seen(run: Run, modules: Modules, expected: list[Tensor]) -> list[Call]:
    """The calls of one pass that is looked at; none if looking changed what it computes."""
    with Capture(modules) as capture:
        try:
            found = outputs(seeded(run))
        except Exception:  # custom code may do anything when it is called in another way: then it is not
            return []
    if not same(expected, found):
        return []
    return capture.calls


def _needed(watched: set[str], known: tuple[str, ...], modules: Modules) -> list[str]:
    """Watched modules, and around those that do not know their number of heads the attention modules that may."""
    unsure = [name for name in watched if name not in modules.n_heads]
    return [name for name in known if name in watched or any(f"{inner}.".startswith(f"{name}.") for inner in unsure)]


def _catalogue(model: PreTrainedModel, modules: Modules, calls: list[Call], inputs: dict[str, Any]) -> Catalogue:
    axes = {(call.layer, call.number): call.head_axis for call in calls if call.head_axis > 1}
    whole = Modules(modules.names, modules.n_heads, axes)
    layers = _sure(tuple(_layer(model, call, inputs) for call in calls if _is_drawn(model, call)))
    layers = tuple(_kinded(model, layer, layers) for layer in layers)
    tiers = {layer.tier for layer in layers}
    return Catalogue(layers, whole, tiers.pop() if len(tiers) == 1 else "mixed")


def _is_drawn(model: PreTrainedModel, call: Call) -> bool:
    """Whether a call is a layer; where all calls of a module make one, its first stands for them."""
    shape = display.shape_of(model.get_submodule(call.layer))
    return call.number == 0 or shape is None or not shape.whole


def _layer(model: PreTrainedModel, call: Call, inputs: dict[str, Any]) -> Layer:
    """A layer without its kind, which depends on what other layers there are."""
    weights = call.weights()
    square = weights.dim() == 4 and weights.shape[-1] == weights.shape[-2] > 2
    first = weights[0]  # padding, in the rest of a batch, reads what it likes
    causal = None if not first.isfinite().all() else square and not bool(first.triu(1).any())
    sides = display.sides(call, display.Scene(model, model.get_submodule(call.layer), inputs))
    place = (call.layer, call.number)
    return Layer(place, call.tier, "", call.n_heads, tuple(weights.shape), causal, sides)  # type: ignore[arg-type]


def _sure(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Layers of NaN do not show what they may read: they are taken to be as their like are."""
    known = {layer.group: layer.causal for layer in layers if layer.causal is not None}
    return tuple(replace(one, causal=known.get(one.group, False)) if one.causal is None else one for one in layers)


def _kinded(model: PreTrainedModel, layer: Layer, layers: tuple[Layer, ...]) -> Layer:
    """The layer with its kind, told from where its module stands and from what it read."""
    return replace(layer, kind=_kind(model, layer, layers))


def _kind(model: PreTrainedModel, layer: Layer, layers: tuple[Layer, ...]) -> str:
    name = layer.place[0].removeprefix(f"{model.base_model_prefix}.")
    tower = _tower(model, layer.place[0])
    if CROSS.search(name) or CROSS.search(type(model.get_submodule(layer.place[0])).__name__):
        return "cross"
    if "qformer" in name:
        return "encoder"
    coder = CODERS.search(name)
    before = "" if coder is None else name[: coder.start()]
    if coder is not None and coder[1].lower() == "de" and not VISION.search(before):
        return "decoder" if not layer.causal or _is_read(model, before, layers) else "self"
    if TEXT.search(name) and not model.can_generate() and _reads_more(model):
        return "text"
    if VISION.search(name) or (tower is not model and _sees(tower)):
        return "vision"
    if coder is not None and _is_read(model, before, layers):
        return "encoder"
    if layer.causal or _speaks(model, name):
        return "self"
    return "vision" if _sees(model) else "encoder"


def _is_read(model: PreTrainedModel, before: str, layers: tuple[Layer, ...]) -> bool:
    """Whether there are an encoder and a decoder here, or a decoder that looks across."""
    beside = set()
    for layer in layers:
        name = layer.place[0].removeprefix(f"{model.base_model_prefix}.")
        coder = CODERS.search(name)
        if coder is not None and name[: coder.start()] == before:
            beside.add("across" if CROSS.search(name) else coder[1].lower())
    return "across" in beside or {"en", "de"} <= beside


def _reads_more(model: PreTrainedModel) -> bool:
    """Whether a model has a part for pictures or sounds."""
    names = [name for name, _ in model.named_modules() if name.count(".") < 3]
    return any(VISION.search(name) or SOUND.search(name) for name in names)


def _speaks(model: PreTrainedModel, name: str) -> bool:
    """Whether a layer belongs to a model that continues a text, though it reads the beginning in both directions."""
    if not model.can_generate() or model.config.is_encoder_decoder:
        return False
    return type(model).__name__.endswith("ForCausalLM") or bool(TEXT.search(name))


def _tower(model: PreTrainedModel, name: str) -> nn.Module:
    """The innermost model around a module that has a config of its own."""
    tower: nn.Module = model
    parts = name.split(".")
    for end in range(1, len(parts)):
        inner = model.get_submodule(".".join(parts[:end]))
        if isinstance(inner, PreTrainedModel) and inner.config is not getattr(tower, "config", None):
            tower = inner
    return tower


def _sees(model: nn.Module) -> bool:
    """Whether a model's main input is a picture."""
    return getattr(model, "main_input_name", "") in ("pixel_values", "pixel_values_videos", "flattened_patches")


def _by_library(model: PreTrainedModel, run: Run, modules: Modules, expected: list[Tensor]) -> Catalogue | None:
    """The attentions the model itself returns, where nothing else can read them."""
    before = interface.chosen(model.config)
    with suppress(ValueError):  # it has only one way
        interface.choose(model, "eager")
    layers: tuple[Layer, ...] = ()
    with suppress(TypeError):  # no such argument: no attention
        out = seeded(run, output_attentions=True)
        if same(expected, outputs(out)):
            layers = _library_layers(returned(out))
    if not layers:
        interface.choose(model, before)
        return None
    return Catalogue(layers, modules, "library")


def _library_layers(found: dict[str, list[Tensor]]) -> tuple[Layer, ...]:
    """Layers of the tensors of each field; none if one of them cannot be weights."""
    if not all(_are_weights(tensor) for tensors in found.values() for tensor in tensors):
        return ()
    return tuple(
        Layer((field, index), "library", _field_kind(field), tensor.shape[1], tuple(tensor.shape), False)
        for field, tensors in found.items()
        for index, tensor in enumerate(tensors)
    )


def _are_weights(tensor: Tensor) -> bool:
    """Whether numbers that are called attention can be: shares of 1, and no scores (as SqueezeBERT's) or outputs."""
    return bool(tensor.min() >= -SLACK) and bool(tensor.sum(-1).max() <= 1 + SLACK)


def _field_kind(field: str) -> str:
    """The kind of attention by the name of the output's field."""
    return next((kind for kind in ("cross", "decoder", "encoder", "vision", "text") if kind in field), "encoder")


def returned(out: Any) -> dict[str, list[Tensor]]:
    """The attention tensors of a model's output by field, those with at least [batch, head, query, key]."""
    found: dict[str, list[Tensor]] = {}
    for field, value in out.items() if hasattr(out, "items") else ():
        if "attention" in field and isinstance(value, tuple | list):
            tensors = [t for t in value if isinstance(t, Tensor) and t.dim() >= 4]
            if tensors:
                found[field] = tensors
    return found


@torch.no_grad()
def seeded(run: Run, seed: int = SEED, **options: Any) -> Any:
    """A pass with its random numbers, if it draws any, fixed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return run(**options)


def outputs(out: Any) -> list[Tensor]:
    """The float tensors of a model's output, in their order; attentions and caches are none of them."""
    return list(_tensors(out))


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        if value.is_floating_point():
            yield value
    elif hasattr(value, "items"):
        for key, item in value.items():
            if "attention" not in key and "past_key_values" not in key:
                yield from _tensors(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _tensors(item)


def same(expected: list[Tensor], seen: list[Tensor]) -> bool:
    """Whether two runs gave the same, up to the order of float32 sums; NaN counts as equal to NaN."""
    if len(expected) != len(seen):
        return False
    pairs = zip(expected, seen, strict=True)
    return all(a.shape == b.shape and torch.allclose(a, b, atol=TOLERANCE, rtol=1e-4, equal_nan=True) for a, b in pairs)


def _reason(model: PreTrainedModel) -> str:
    """Why there is nothing to show."""
    kind = model.config.model_type
    if kind in OTHERWISE:
        return f"a model of type {kind} has no attention to show: {OTHERWISE[kind]}"
    if any(functions.ATTENTION.search(type(module).__name__) for module in model.modules()):
        return f"its code ({kind}) computes attention in a way that cannot be read without changing what it computes"
    return f"a model of type {kind} mixes its tokens without attention, so there is none to show"
