"""Finds out about a model without its weights: its size on the meta device, and a twin of few layers that is run."""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

from models.zoo import sizes
from models.zoo.bounds import pair
from models.zoo.device import Placement
from models.zoo.errors import LoadError
from models.zoo.public import brief

LARGEST = 400e6  # bytes of a twin that is given real numbers and timed
VOCABULARY = 512  # entries left to a twin
LONGEST = 32  # tokens a twin is timed on
SAMPLES = 16_000  # of sound: a second
PICTURE = (224, 224)  # for models that take any size
LAYERS = re.compile(  # keys that say how many layers a stack has
    "num_hidden_layers|num_layers|n_layers?|layers|depth|(num_)?(encoder|decoder)_layers|encoder_num_hidden_layers"
)
Run = Callable[..., Any]


def settings_of(config: dict[str, Any]) -> Any:
    """The checked settings as transformers' own object; raises LoadError if it refuses them."""
    kind = config["model_type"]
    if kind not in CONFIG_MAPPING_NAMES:
        raise LoadError(
            f"transformers has no model type “{kind[:80]}”. This checkpoint "
            + ("brings its own Python code, which Headlight never runs." if "auto_map" in config else "is unknown.")
        )
    try:
        return AutoConfig.for_model(**{key: value for key, value in config.items() if key not in ("dtype", "auto_map")})
    except Exception as error:  # a value of the wrong type, or settings that contradict each other
        raise LoadError(f"The model cannot be built from its config.json ({brief(error)}).") from error


def architecture(config: dict[str, Any]) -> type[PreTrainedModel] | None:
    """transformers' own class that the settings name, if it is of their model type; None leaves it the base class."""
    name = str((config.get("architectures") or [""])[0])
    cls = getattr(transformers, name, None) if name.isidentifier() else None
    if not isinstance(cls, type) or not issubclass(cls, PreTrainedModel):
        return None
    return cls if getattr(cls.config_class, "model_type", None) == config["model_type"] else None


def skeleton(config: dict[str, Any]) -> PreTrainedModel:
    """The network on the meta device: every shape, no numbers, in a fraction of a second; raises LoadError."""
    settings, cls = settings_of(config), architecture(config)
    try:
        with torch.device("meta"):
            return AutoModel.from_config(settings) if cls is None else cls._from_config(settings)
    except Exception as error:  # heads that do not divide, a package that is not installed
        raise LoadError(f"The model cannot be built from its config.json ({brief(error)}).") from error


def held(module: nn.Module, placement: Placement) -> int:
    """Bytes of weights and buffers once they are placed."""
    whole = {id(p): p.numel() * (placement.item if p.is_floating_point() else p.itemsize) for p in module.parameters()}
    if placement.int8:
        kept = {id(m.weight) for m in module.modules() if isinstance(m, nn.Embedding)}
        for linear in (m for m in module.modules() if isinstance(m, nn.Linear)):
            packed = linear.weight.numel() + linear.out_features * (placement.item + 1)  # a scale and a zero per row
            whole[id(linear)] = packed
            if id(linear.weight) not in kept:
                whole.pop(id(linear.weight), None)
    return sum(whole.values()) + sum(buffer.nbytes for buffer in module.buffers())


def work(module: nn.Module) -> int:
    """Weights that every token is multiplied with: all matrices but the tables that are only looked up."""
    return sum(
        weight.numel()
        for part in module.modules()
        if not isinstance(part, nn.Embedding)
        for weight in part.parameters(recurse=False)
        if weight.ndim > 1
    )


def cut(config: dict[str, Any], layers: int) -> dict[str, Any]:
    """The same settings with at most `layers` layers in every stack and a small vocabulary, in all parts."""
    staged = isinstance(config.get("depths"), list)  # what is said of stages stays: only the depth of each is cut
    counts = {value for key, value in config.items() if LAYERS.fullmatch(key) and isinstance(value, int)}
    return {
        key: _cut(key, value, layers, set() if staged else counts)
        for key, value in config.items()
        if staged or key not in ("out_features", "out_indices", "stage_names")
    }


def _cut(key: str, value: Any, layers: int, counts: set[int]) -> Any:
    """One setting; `counts` are the numbers of layers that lists with an entry for every layer may have."""
    if isinstance(value, dict):
        return cut(value, layers)
    if key == "depths" and isinstance(value, list):
        return [min(depth, layers) for depth in value]
    if key == "attention_types":  # GPT-Neo: [[["global", "local"], 12]], the two twelve times
        return [[["global"], layers]]
    if counts and isinstance(value, list) and len(value) in counts:
        return value[:layers]
    if isinstance(value, int) and not isinstance(value, bool):
        value = min(value, layers) if counts and LAYERS.fullmatch(key) else value
        return min(value, VOCABULARY) if key.endswith("vocab_size") else _small_id(key, value)
    return _small_id(key, value)


def _small_id(key: str, value: Any) -> Any:
    """Token ids must lie in the small vocabulary."""
    if not key.endswith(("token_id", "token_index")):
        return value
    if isinstance(value, list):
        return [_small_id(key, item) for item in value]
    return min(value, VOCABULARY - 1) if isinstance(value, int) else value


def build(config: dict[str, Any], layers: int) -> tuple[PreTrainedModel, bool] | None:
    """A twin that runs, and whether its numbers are real: above `LARGEST` bytes all are one shared zero.

    None if the settings of this model cannot be cut like that.
    """
    config = cut(config, layers)
    try:
        module = skeleton(config)
    except LoadError:
        return None
    timed = sum(p.nbytes for p in module.parameters()) <= LARGEST
    if timed:
        settings, cls = settings_of(config), type(module)
        with torch.random.fork_rng(devices=[]):  # nobody else's seed is moved
            torch.manual_seed(0)
            module = cls._from_config(settings)
    else:
        _hollow(module)
    return module.eval().requires_grad_(False), timed


def _hollow(module: nn.Module) -> None:
    """Put zeros of the right shape, which take no memory, where the meta device has nothing."""
    for part in module.modules():
        for store in (part._parameters, part._buffers):
            for name, tensor in list(store.items()):
                if tensor is None or not tensor.is_meta:
                    continue
                zeros = torch.zeros((), dtype=tensor.dtype).expand(tensor.shape)
                setattr(part, name, nn.Parameter(zeros, False) if isinstance(tensor, nn.Parameter) else zeros)


def inputs(module: PreTrainedModel, n_tokens: int) -> Iterator[dict[str, Tensor]]:
    """Inputs that the model may take, the fullest first: text, a picture, sound, what a decoder begins with."""
    settings, takes = module.config, inspect.signature(module.forward).parameters
    whole: dict[str, Tensor] = {}
    if "input_ids" in takes and sizes.reads_text(settings):
        whole["input_ids"] = torch.full((1, n_tokens), 3)
    if "pixel_values" in takes:
        whole |= _picture(settings)
    if "input_features" in takes and hasattr(settings, "num_mel_bins"):
        whole["input_features"] = torch.zeros(1, settings.num_mel_bins, 2 * settings.max_source_positions)
    if "input_values" in takes:
        whole["input_values"] = torch.zeros(1, SAMPLES)
    if "decoder_input_ids" in takes and getattr(settings, "is_encoder_decoder", False):
        whole["decoder_input_ids"] = torch.full((1, n_tokens), 3)
    if whole:
        yield whole
    if "input_ids" in whole and "pixel_values" in whole:  # a picture's tokens are not in this text: text alone may do
        yield {key: value for key, value in whole.items() if key != "pixel_values"}


def _picture(settings: Any) -> dict[str, Tensor]:
    """A grey picture of the size the settings name."""
    for part in (
        settings,
        *(getattr(settings, name, None) for name in ("vision_config", "encoder", "backbone_config")),
    ):
        size = pair(getattr(part, "image_size", None))
        if size is not None:
            return {"pixel_values": torch.zeros(1, getattr(part, "num_channels", 3), *size)}
    return {"pixel_values": torch.zeros(1, 3, *PICTURE)}


def runner(module: PreTrainedModel, n_tokens: int) -> tuple[Run, dict[str, Tensor]] | None:
    """A function that runs the model once, and its inputs; None if no input we can make is to its taste."""
    for given in inputs(module, n_tokens):

        def run(given: dict[str, Tensor] = given, **options: Any) -> Any:
            with torch.no_grad():
                return module(**given, **options)

        try:
            run()
        except Exception:  # whatever it wants, it is not this
            continue
        return run, given
    return None


def tier(config: dict[str, Any]) -> tuple[str | None, str]:
    """How attention will be read: "interface", "function", "library", "mixed" or "none", and why there is none.

    None if only a load can tell.
    """
    found: tuple[str | None, str] = ("none", "")
    for layers in (2, 8):  # hybrids have attention in every eighth layer or so
        twin = build(config, layers)
        run = twin and runner(twin[0], 2)
        if not twin or not run:
            return None, ""
        found = _survey(twin[0], *run)
        if found[0] != "none":
            return found
    return found


def _survey(module: PreTrainedModel, run: Run, given: dict[str, Tensor]) -> tuple[str | None, str]:
    """What the capture's own first look says of the twin; None if it cannot be looked at like that."""
    from models.capture import catalogue

    try:
        return catalogue.survey(module, run, given).tier, ""
    except catalogue.AttentionRefused as refused:
        return "none", str(refused)
    except Exception:  # a model cut this short may be none that the capture knows
        return None, ""


def seconds(config: dict[str, Any], whole: PreTrainedModel, n_tokens: int) -> float | None:
    """About how long the CPU takes for one pass of `n_tokens` tokens, scaled up from a twin of one layer a stack."""
    twin = build(config, 1)
    if twin and not twin[1]:
        return 2 * work(whole) * n_tokens / _rate()
    long = min(n_tokens, LONGEST)
    run = twin and runner(twin[0], long)
    if not twin or not run or not work(twin[0]):
        return None
    took = min(_timed(run[0]) for _ in range(2))
    tokens = n_tokens / long if sizes.reads_text(whole.config) else 1
    return took * tokens * work(whole) / work(twin[0])


def _timed(run: Run) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _rate() -> float:
    """Multiplications and additions a second, measured on one matrix."""
    matrix = torch.ones(512, 512)
    return 2 * 512**3 / min(_timed(lambda: matrix @ matrix) for _ in range(3))
