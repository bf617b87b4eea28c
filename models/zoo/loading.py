"""Builds a model from a checked folder: float32, our attention function, every doubt about the file said in words."""

import os
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
)
from transformers.utils import logging

from models.capture import interface
from models.records import ModelInfo
from models.zoo import safety
from models.zoo.errors import LoadError
from models.zoo.model import MAX_TOKENS, Model
from models.zoo.sources import Progress, Report, Source

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # the library warns otherwise when a process forks
logging.set_verbosity_error()  # what matters of a load is said on the page
logging.disable_progress_bar()

HEADS: dict[str, Any] = {  # what a model answers with, by the class its config names
    "next token": MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    "fill mask": MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    "classify": MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
}


def build(source: Source, report: Report) -> Model:
    """Load model and tokenizer; raises LoadError with a sentence if the folder holds no text model we can read."""
    config = safety.checked_config(source.folder)
    files = safety.weight_files(source.folder)
    kind = config["model_type"]
    if kind not in CONFIG_MAPPING_NAMES:
        raise LoadError(
            f"transformers has no model type “{kind}”. This checkpoint "
            + ("brings its own Python code, which Headlight never runs." if "auto_map" in config else "is unknown.")
        )
    if config.get("is_encoder_decoder"):
        raise LoadError(
            f"{source.name} is an encoder-decoder model ({kind}); here only encoders and decoders are read."
        )
    warnings = []
    if config.pop("auto_map", None):
        warnings.append("This checkpoint also brings its own Python code. It was not run; transformers' own class was.")
    total = sum(file.stat().st_size for file in files)
    report(Progress(f"Reading {source.name}", 0, total))
    tokenizer = _tokenizer(source)
    module, task, doubts = _module(source, config)
    report(Progress(f"Reading {source.name}", total, total))
    interface.enable(module)
    info = _info(source, module, tokenizer, task)
    model = Model(info, module, tokenizer, tuple(warnings + doubts))
    _check_attention(model)
    return model


def _tokenizer(source: Source) -> PreTrainedTokenizerBase:
    """The folder's tokenizer; a model without one reads no text."""
    names = ("tokenizer.json", "vocab.json", "vocab.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model")
    if not any((source.folder / name).exists() for name in names):
        raise LoadError(f"{source.name} has no tokenizer files: it does not read text, or they are missing.")
    try:
        tokenizer = AutoTokenizer.from_pretrained(source.folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # a tokenizer file can be wrong in any way
        raise LoadError(f"The tokenizer of {source.name} cannot be read ({_brief(error)}).") from error
    return tokenizer


def _module(source: Source, config: dict[str, Any]) -> tuple[PreTrainedModel, str, list[str]]:
    """The network in float32 and evaluation mode, the task its head answers, and what is doubtful about its weights."""
    kind = config["model_type"]
    architectures = config.get("architectures") or [""]
    task = next((task for task, names in HEADS.items() if architectures[0] in _classes(names, kind)), "embed")
    try:
        settings = AutoConfig.for_model(**{key: value for key, value in config.items() if key != "dtype"})
        cls = AutoModel if task == "embed" else _class(architectures[0])
        module, loading = cls.from_pretrained(
            source.folder,
            config=settings,
            dtype=torch.float32,  # an fp16 file would run as fp16, twenty times slower on a CPU
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # reported below, in our words
        )
    except Exception as error:  # shapes that do not fit, heads that do not divide, a type we have no word for
        raise LoadError(f"{source.name} cannot be built from its files ({_brief(error)}).") from error
    if loading["mismatched_keys"]:
        name = sorted(str(key[0]) for key in loading["mismatched_keys"])[0]
        raise LoadError(f"{source.name} cannot be built: {name} and others have other shapes than config.json says.")
    return module.eval(), task, _doubts(module, loading)


def _classes(names: Any, kind: str) -> tuple[str, ...]:
    """The class names transformers lists for a model type: one, several, or none."""
    listed = names.get(kind, ())
    return (listed,) if isinstance(listed, str) else tuple(listed)


def _class(name: str) -> Any:
    import transformers

    return getattr(transformers, name)


def _doubts(module: PreTrainedModel, loading: dict[str, Any]) -> list[str]:
    """What a reader of the pictures must know about the weights."""
    doubts = []
    missing = sorted(loading["missing_keys"])
    if missing:
        doubts.append(
            f"{len(missing)} weights are missing in the file and were filled with random numbers ({missing[0]}, ...): "
            "do not trust what depends on them."
        )
    broken = [name for name, value in module.named_parameters() if not torch.isfinite(value).all()]
    if broken:
        doubts.append(f"{len(broken)} weights hold NaN or infinity ({broken[0]}, ...): attention will be missing.")
    return doubts


def _info(source: Source, module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, task: str) -> ModelInfo:
    """What the pages say about the model."""
    config = module.config.get_text_config()
    d_model, n_heads = getattr(config, "hidden_size", 0), getattr(config, "num_attention_heads", 0)
    return ModelInfo(
        name=source.name,
        source=source.kind,
        family=config.model_type,
        task=task,
        n_layers=getattr(config, "num_hidden_layers", 0),
        n_heads=n_heads,
        d_model=d_model,
        d_head=getattr(config, "head_dim", None) or (d_model // n_heads if n_heads else 0),
        d_vocab=getattr(config, "vocab_size", 0),
        n_params=sum(p.numel() for p in module.parameters()),
        max_len=_max_len(module, tokenizer),
    )


def _max_len(module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """How many tokens the model can read: its positions, the tokenizer's own limit, and what a picture can show."""
    limits = [MAX_TOKENS, tokenizer.model_max_length]
    positions = getattr(module.config.get_text_config(), "max_position_embeddings", None)
    if positions:
        # RoBERTa's table begins after the padding index: 514 rows for 512 tokens
        tables = [
            table
            for name, table in module.named_modules()
            if name.endswith("position_embeddings") and getattr(table, "padding_idx", None) is not None
        ]
        limits.append(positions - (tables[0].padding_idx + 1 if tables else 0))
    return max(1, int(min(limits)))


def _check_attention(model: Model) -> None:
    """Refuse a model whose attention cannot be read, before anyone waits for its picture."""
    module = model.module
    ids = torch.zeros(1, min(4, model.info.max_len), dtype=torch.long)
    capture = interface.Capture(model.names)
    try:
        with torch.no_grad(), capture:
            module(input_ids=ids, use_cache=False) if model.info.task == "next token" else module(input_ids=ids)
    except Exception as error:
        raise LoadError(f"{model.info.name} does not run on a few tokens of text ({_brief(error)}).") from error
    if not capture.calls:
        raise LoadError(
            f"{model.info.name} ({model.info.family}) shows no attention: it has none, or its code computes it in a "
            "way that Headlight cannot read yet."
        )


def _brief(error: Exception) -> str:
    """The kind of error and the first line of the library's message, without paths of this computer."""
    text = str(error).strip().split("\n")[0].replace(str(Path.home()), "~").rstrip(".")
    return f"{type(error).__name__}: {text[:200]}"
