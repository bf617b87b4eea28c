"""The network that is fine-tuned: loaded with the head its task wants, and what of it may change."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.pytorch_utils import Conv1D

from models.tuning.spec import CLASSIFY, FULL, GAPS, HEAD, LORA, NEXT, Spec
from models.zoo import loading, patterns, safety, twin
from models.zoo.errors import LoadError
from models.zoo.public import brief
from models.zoo.sources import Source, locate

AUTO: dict[str, Any] = {
    CLASSIFY: AutoModelForSequenceClassification,
    GAPS: AutoModelForMaskedLM,
    NEXT: AutoModelForCausalLM,
}
DOES = {CLASSIFY: "sorts texts into classes", GAPS: "fills gaps", NEXT: "goes on with a text"}
MATRICES = (nn.Linear, Conv1D)  # GPT-2's Conv1D is a linear layer with its weight the other way round
MOST_TRAINED = 75_000_000  # weights: with the optimiser's two moments a snapshot has to fit into one file of 1 GB


@dataclass
class Network:
    """A module with its tokenizer; `classes` in the order of its answers, `notes` what is to be said of it."""

    module: Any  # a PreTrainedModel, or peft's around one
    tokenizer: PreTrainedTokenizerBase
    max_len: int
    classes: tuple[str, ...] = ()
    new: tuple[str, ...] = ()  # weights that no file holds
    notes: list[str] = field(default_factory=list)

    @property
    def trained(self) -> dict[str, nn.Parameter]:
        """The weights that may change."""
        return {name: weight for name, weight in self.module.named_parameters() if weight.requires_grad}

    @property
    def n_trained(self) -> int:
        """How many they are."""
        return sum(weight.numel() for weight in self.trained.values())

    @property
    def n_all(self) -> int:
        """How many weights there are, LoRA's own among them."""
        return sum(weight.numel() for weight in self.module.parameters())


def load(ref: str, task: str, classes: tuple[str, ...], seed: int) -> Network:
    """The model in float32 with the head of its task; the same bits for the same seed. Raises LoadError."""
    source = locate(ref, lambda _: None)
    config = safety.checked_config(source.folder)
    safety.weight_files(source.folder)
    if source.kind != "bundled":
        patterns.check_tokenizer(source.folder)
    tokenizer, _ = loading.readers(source)
    settings = twin.settings_of(config)
    if tokenizer is None or type(settings) not in AUTO[task]._model_mapping:
        kind = f"{source.name} is of a kind ({settings.model_type})"
        raise LoadError(f"{kind} of which none {DOES[task]}. Choose another model.")
    if task == GAPS and tokenizer.mask_token_id is None:
        raise LoadError(f"The tokenizer of {source.name} has no token for a gap, so it cannot learn to fill gaps.")
    _padded(source, tokenizer, settings)
    own = _classifies(config, settings) if task == CLASSIFY else ()
    fits = {name.lower() for name in classes} == {name.lower() for name in own}
    classes = own if fits else classes
    if task == CLASSIFY:
        settings.num_labels, settings.problem_type = len(classes), "single_label_classification"
        settings.id2label, settings.label2id = dict(enumerate(classes)), {c: i for i, c in enumerate(classes)}
    module, missing = _module(source, settings, task, seed)
    if task == CLASSIFY and not fits:
        missing = sorted({*missing, *_draw_head(module, seed)})
    new = tuple(name for name in missing if name in dict(module.named_parameters()))
    network = Network(module, tokenizer, loading.max_len(module, tokenizer), classes if task == CLASSIFY else (), new)
    network.notes = _notes(source, network, own)
    return network


def _classifies(config: dict[str, Any], settings: Any) -> tuple[str, ...]:
    """The classes a checkpoint tells apart already; none if it is no classifier."""
    if AUTO[CLASSIFY]._model_mapping[type(settings)] is not twin.architecture(config):
        return ()
    return tuple(str(settings.id2label[i]) for i in sorted(settings.id2label))


def _padded(source: Source, tokenizer: Any, settings: Any) -> None:
    """Texts of different lengths stand in one batch: a model without a padding token pads with its end token."""
    if tokenizer.pad_token_id is None:
        if tokenizer.eos_token_id is None:
            raise LoadError(f"The tokenizer of {source.name} has neither a padding token nor an end token.")
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    settings.pad_token_id = tokenizer.pad_token_id


def _module(source: Source, settings: Any, task: str, seed: int) -> tuple[PreTrainedModel, list[str]]:
    """The network, and the names of the weights that its file lacks; these are drawn from the seed."""
    torch.manual_seed(seed)
    try:
        module, info = AUTO[task].from_pretrained(
            source.folder,
            config=settings,
            dtype=torch.float32,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    except Exception as error:  # shapes that do not fit, heads that do not divide
        raise LoadError(f"{source.name} cannot be built from its files ({brief(error)}).") from error
    body = f"{module.base_model_prefix}."
    other = sorted(str(key[0]) for key in info["mismatched_keys"] if str(key[0]).startswith(body))
    if other:
        raise LoadError(
            f"{source.name} cannot be built: {other[0]} and others have other shapes than config.json says."
        )
    return module.requires_grad_(False), sorted(info["missing_keys"])


@torch.no_grad()
def _draw_head(module: Any, seed: int) -> list[str]:
    """A head that knows nothing: weights as the model's own rule draws them, no biases; returns their names."""
    chance = torch.Generator().manual_seed(seed)
    spread = getattr(module.config, "initializer_range", 0.02)
    names = head_names(module)
    for name in names:
        weight = module.get_parameter(name)
        if weight.ndim > 1:
            weight.normal_(std=spread, generator=chance)
        elif name.endswith("bias"):
            weight.zero_()
    return names


def head_names(module: Any) -> list[str]:
    """Weights above the layers that all models of this family share."""
    return [n for n, _ in module.named_parameters() if not n.startswith(f"{module.base_model_prefix}.")]


def _notes(source: Source, network: Network, own: tuple[str, ...]) -> list[str]:
    notes = []
    body = [name for name in network.new if name.startswith(f"{network.module.base_model_prefix}.")]
    if len(body) < len(network.new):
        before = (
            f"{source.name} knows {', '.join(own[:6])}; these are other classes" if own else "It has no such head yet"
        )
        listed = ", ".join(network.classes[:6]) + (", ..." if len(network.classes) > 6 else "")
        notes.append(f"{before}, so it gets a new head for {listed}. Before training that head guesses.")
    if body:
        notes.append(f"{len(body)} weights between its layers and the new head are new too ({body[0]}, ...).")
    return notes


# ---- what may change


def blocks(module: Any) -> nn.ModuleList | None:
    """The list of its layers; None if it has none that can be told apart (ALBERT shares one among all)."""
    wanted = getattr(module.config.get_text_config(), "num_hidden_layers", 0)
    lists = (part for part in module.modules() if isinstance(part, nn.ModuleList))
    return next((part for part in lists if len(part) == wanted > 0), None)


def prepare(network: Network, spec: Spec) -> None:
    """Say which weights may change; LoRA puts its own beside those that may not. Raises LoadError."""
    module = network.module
    named = dict(module.named_parameters())
    head = [named[name] for name in head_names(module)]
    chosen = [named[name] for name in network.new]
    if spec.method == FULL:
        stays = _stays(module, spec)
        chosen += [weight for weight in named.values() if id(weight) not in stays]
    elif spec.method == HEAD or spec.task == CLASSIFY:
        chosen += head
    if spec.method == LORA:
        network.module = with_lora(module, spec.rank, _adapted(module, spec.frozen), spec.seed)
    for weight in chosen:
        weight.requires_grad_(True)
    _check_count(network, spec)


def _layers(module: Any, frozen: int) -> list[nn.Module]:
    """Its layers; raises LoadError if there are not so many to freeze."""
    layers = blocks(module)
    if frozen and (layers is None or frozen > len(layers)):
        have = "no layers that can be told apart" if layers is None else f"{len(layers)} layers"
        raise LoadError(f"{frozen} layers were to stay as they are; this model has {have}. Freeze fewer.")
    return list(layers or [])


def _stays(module: Any, spec: Spec) -> set[int]:
    """Weights that full fine-tuning leaves alone: the lower layers, and tables of tokens and positions if so asked."""
    parts: list[nn.Module] = _layers(module, spec.frozen)[: spec.frozen]
    if not spec.embeddings:
        parts += [part for part in module.modules() if isinstance(part, nn.Embedding)]
    return {id(weight) for part in parts for weight in part.parameters()}


def _adapted(module: Any, frozen: int) -> list[str]:
    """Names of the matrices in the layers that LoRA may change."""
    layers = _layers(module, frozen)
    inside = {id(part) for layer in layers[frozen:] for part in layer.modules()}
    body = f"{module.base_model_prefix}."
    return [
        name
        for name, part in module.named_modules()
        if isinstance(part, MATRICES) and (id(part) in inside if layers else name.startswith(body))
    ]


def with_lora(module: Any, rank: int, names: list[str], seed: int) -> Any:
    """W x + (alpha / rank) B A x in place of W x (Hu et al. 2021): A and B are trained, W stays; alpha = 2 rank."""
    if find_spec("peft") is None:
        raise LoadError(
            "LoRA needs the package peft, which is not installed. Install it with “pip install -r requirements.txt”, "
            "or train all weights or the head only."
        )
    if not names:
        raise LoadError("All layers are frozen, so LoRA has nothing to change. Freeze fewer.")
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    turned = any(isinstance(module.get_submodule(name), Conv1D) for name in names)
    settings = LoraConfig(
        r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=names, fan_in_fan_out=turned, bias="none"
    )
    with warnings.catch_warnings():  # peft asks the library by a name that goes out of use
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
        return get_peft_model(module, settings)


def merged(network: Network) -> PreTrainedModel:
    """The network as a plain model of its library: LoRA's B A added to W."""
    module = network.module
    return module.merge_and_unload() if hasattr(module, "merge_and_unload") else module


def _check_count(network: Network, spec: Spec) -> None:
    if not network.n_trained:
        raise LoadError(
            "Nothing would be trained: this model answers with its table of tokens and has no head by itself."
            if spec.method == HEAD
            else "Nothing would be trained: all of it is frozen. Freeze fewer layers."
        )
    if network.n_trained > MOST_TRAINED:
        raise LoadError(
            f"{network.n_trained / 1e6:,.0f} M weights would be trained; at most {MOST_TRAINED / 1e6:,.0f} M are here. "
            "Choose LoRA or head only, or freeze layers."
        )
