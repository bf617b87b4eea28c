"""The authority: what the library itself says a model's attention and output are."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

import torch
import transformers as hf
from torch import Tensor

from tests.coverage.base import Architecture


class Given(NamedTuple):
    """One tensor that `output_attentions=True` returned."""

    field: str  # the output's field, with a dot where outputs are nested: "text_model_output.attentions"
    index: tuple[int, ...]  # the place in the field, usually the layer
    weights: Tensor


def attentions(architecture: Architecture, model: hf.PreTrainedModel | None = None) -> list[Given]:
    """Every attention tensor that a fresh copy of the model, eager unless told otherwise, returns in its order."""
    copy = architecture.make() if "asked" in architecture.options else eager(model or architecture.make())
    if not {"unasked", "asked"} & set(architecture.options):
        _ask(copy.config)
    out = run(copy, architecture.inputs(), output_attentions=True)
    return [
        Given(".".join(fields), index, tensor)
        for fields, index, tensor in leaves(out)
        if tensor.is_floating_point() and any("attention" in name for name in fields)
    ]


def _ask(config: hf.PreTrainedConfig) -> None:
    """Models made of others pass the argument on to some of their parts only, and the rest read their own config."""
    config.output_attentions = True
    for name in config.sub_configs:
        if getattr(config, name, None) is not None:
            _ask(getattr(config, name))


def outputs_by_default(architecture: Architecture, model: hf.PreTrainedModel | None = None) -> list[Tensor]:
    """What the model returns as it is, in the implementation the library chose."""
    return outputs(run(model or architecture.make(), architecture.inputs()))


def eager(model: hf.PreTrainedModel) -> hf.PreTrainedModel:
    """A copy built anew: some classes choose their attention when they are made, and never again."""
    copy = type(model)._from_config(deepcopy(model.config), attn_implementation="eager")
    copy.load_state_dict(model.state_dict())
    return copy.eval()


def run(model: hf.PreTrainedModel, inputs: Mapping[str, Tensor], seed: int = 0, **more: Any) -> Any:
    """One forward pass from a fixed seed: a few models sample patches, hashes or latents."""
    torch.manual_seed(seed)
    with torch.no_grad():
        return model(**inputs, **more)


def outputs(out: Any) -> list[Tensor]:
    """The floating point tensors of an output, nested ones included, in the output's order; no attentions."""
    return [
        tensor
        for fields, _, tensor in leaves(out)
        if tensor.is_floating_point() and not any("attention" in name for name in fields)
    ]


def without_padding(tensors: list[Tensor], inputs: Mapping[str, Tensor]) -> list[Tensor]:
    """Only what belongs to real tokens: what padding reads is nobody's business, and implementations differ in it."""
    mask = inputs.get("attention_mask")
    if mask is None:
        return tensors
    real = mask.bool()
    return [tensor[real] if tensor.shape[:2] == real.shape else tensor for tensor in tensors]


def leaves(out: Any, fields: tuple[str, ...] = (), index: tuple[int, ...] = ()) -> Iterator[tuple[Any, Any, Tensor]]:
    """Every tensor of an output with the fields and the places on the way to it."""
    if isinstance(out, Tensor):
        yield fields, index, out
    elif isinstance(out, Mapping):
        for name, value in out.items():
            yield from leaves(value, (*fields, str(name)), index)
    elif isinstance(out, hf.Cache):
        return
    elif isinstance(out, list | tuple):
        for place, value in enumerate(out):
            yield from leaves(value, fields, (*index, place))
