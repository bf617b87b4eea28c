"""The two directions: a library's model becomes ours, and ours becomes the library's, or a sentence says why not."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from models.records import Config, Knobs
from models.scratch.hf.bart import Bart, Marian, T5Family
from models.scratch.hf.bert import Bert, ViT
from models.scratch.hf.family import Family, NotExpressible
from models.scratch.hf.gpt2 import GPT2
from models.scratch.hf.llama import Llama, Mistral
from models.scratch.hf.neox import Mpt, NeoX
from models.scratch.positions import Sinusoidal
from models.scratch.transformer import STANDARD
from models.scratch.vision import Transformer, build
from models.zoo import safety

FAMILIES: tuple[type[Family], ...] = (GPT2, Llama, Mistral, NeoX, Mpt, Bert, ViT, Bart, Marian, T5Family)


def from_pretrained(folder: Path | str) -> Transformer:
    """Our model with the weights of a Hugging Face folder, in float32 and evaluation mode.

    Raises NotExpressible if we have no word for its shape, LoadError if the folder is not in order.
    """
    folder = Path(folder)
    names = safety.checked_config(folder).get("architectures") or ["nothing"]
    safety.weight_files(folder)
    family = _named(names[0])
    module = family.library.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True, local_files_only=True, trust_remote_code=False
    )
    return from_library(module.eval())


def from_library(module: PreTrainedModel) -> Transformer:
    """Our model with a copy of a library model's weights; raises NotExpressible."""
    family = _named(type(module).__name__)
    family.check(module.config)
    config = family.config(module.config)
    theirs = module.state_dict()
    ours: dict[str, Tensor] = {}
    for link in family.links(config):
        ours |= dict(zip(link.ours, link.read(theirs[link.theirs].float().cpu()), strict=True))
    model = build(config)
    missing, unexpected = model.load_state_dict(ours, strict=False)
    missing = [name for name in missing if not (config.tied and name == "unembedding.weight")]
    if missing or unexpected:
        raise AssertionError(f"{family.__name__}: no link for {missing}, nothing of ours for {unexpected}")
    return model.train(module.training)


def knobs_of(module: PreTrainedModel) -> Knobs:
    """What the library keeps with the shape and we pass with each call: Mistral's window."""
    return _named(type(module).__name__).knobs(module.config)


def to_library(model: Transformer, knobs: Knobs = STANDARD, **settings: Any) -> PreTrainedModel:
    """A library model that computes what ours does under these knobs; `settings` go into its config (token ids).

    Raises NotExpressible, naming what stands in the way of the nearest class.
    """
    family = _fitting(model.config, knobs)
    given = {**_ids(model.config), **family.settings(model.config, knobs), **settings}
    builder: Any = family.library
    module = builder(builder.config_class(**given))
    state, theirs = _state(model), module.state_dict()
    written = {}
    for link in family.links(model.config):
        parts = [state[name] for name in link.ours if name in state]
        if len(parts) == len(link.ours):
            written[link.theirs] = link.write(*parts)
        elif link.theirs.endswith("bias") or link.ours[0].endswith(("position.table", "segments.weight")):
            written[link.theirs] = torch.zeros_like(theirs[link.theirs])  # what we leave out adds nothing
        else:
            raise AssertionError(f"{family.__name__}: {link.ours} is nothing of ours")
    module.load_state_dict(written, strict=False)
    return module.train(model.training)


def save(
    model: Transformer, folder: Path | str, processor: Any = None, knobs: Knobs = STANDARD, **settings: Any
) -> None:
    """Write our model as a Hugging Face folder that `models.zoo.load` opens; raises NotExpressible.

    `processor`: the tokenizer or image processor that belongs to it, or a pair of both. `settings` go into its config.
    """
    parts = processor if isinstance(processor, tuple) else (processor,)
    ids: dict[str, Any] = {}
    for part in parts:
        names = ("bos_token_id", "eos_token_id", "pad_token_id")
        ids |= {name: getattr(part, name) for name in names if getattr(part, name, None) is not None}
    to_library(model, knobs, **ids, **settings).save_pretrained(folder)
    for part in parts:
        if part is not None:
            part.save_pretrained(folder)


def _named(name: str) -> type[Family]:
    """The family of a library class; raises NotExpressible."""
    for family in FAMILIES:
        if family.library.__name__ == name:
            return family
    known = ", ".join(family.library.__name__ for family in FAMILIES)
    raise NotExpressible(f"{name} cannot be read into a model of ours; these can: {known}.")


def _fitting(config: Config, knobs: Knobs) -> type[Family]:
    """The first family that can express the shape; raises NotExpressible with what the nearest one lacks."""
    problems = {family: family.problems(config, knobs) for family in FAMILIES}
    best = min(problems, key=lambda family: (_strangeness(config, family), len(problems[family])))
    if problems[best]:
        raise NotExpressible(
            f"No class of the library can express this transformer. The nearest is {best.library.__name__}: "
            f"{'; '.join(problems[best])}."
        )
    return best


def _strangeness(config: Config, family: type[Family]) -> tuple[bool, bool]:
    """A decoder's nearest class is a decoder, and of those one that has its positions."""
    return config.kind not in family.fits["kind"], config.position not in family.fits["position"]


def _ids(config: Config) -> dict[str, Any]:
    """Token ids that are in the vocabulary: the library's own defaults are those of its first checkpoint."""
    if config.kind == "vision":
        return {}
    ids: dict[str, Any] = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": None}
    if config.kind == "encoder-decoder":
        ids |= {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}
    return ids if config.kind != "encoder" else {"pad_token_id": 0}


def _state(model: Transformer) -> dict[str, Tensor]:
    """Our weights, and the tables of positions that we compute."""
    state = {name: value.detach() for name, value in model.state_dict().items()}
    for name, module in model.named_modules():
        if isinstance(module, Sinusoidal):
            state[f"{name}.table"] = module.table(model.config.n_positions, model.config.d_model)
    return state
