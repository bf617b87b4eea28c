"""Builds a model from a checked folder: float32, our attention function, every doubt about the file said in words."""

import os
import warnings
from typing import Any

import torch
import transformers
from PIL import Image
from transformers import (
    AutoImageProcessor,
    AutoModel,
    AutoProcessor,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    ProcessorMixin,
    VisionEncoderDecoderModel,
)
from transformers.models.auto import modeling_auto as auto
from transformers.utils import is_sentencepiece_available, logging

from models.capture import catalogue
from models.records import VERSION, ModelInfo
from models.zoo import patterns, public, safety, twin
from models.zoo.device import Placement
from models.zoo.errors import InputError, LoadError
from models.zoo.given import Given
from models.zoo.inputs import Reader
from models.zoo.model import Model
from models.zoo.preflight import place
from models.zoo.public import brief
from models.zoo.sources import Progress, Report, Source

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # the library warns otherwise when a process forks
logging.set_verbosity_error()  # what matters of a load is said on the page
logging.disable_progress_bar()

HEADS: dict[str, Any] = {  # what a model answers with, by the class its config names
    "next token": (auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES),
    "text to text": (auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,),
    "fill mask": (auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES,),
    "classify": (
        auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
        auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES,
    ),
    "answer questions": (auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES,),
    "detect": (auto.MODEL_FOR_OBJECT_DETECTION_MAPPING_NAMES,),
    "answer about pictures": (auto.MODEL_FOR_VISUAL_QUESTION_ANSWERING_MAPPING_NAMES,),
}
PIECES = ("tokenizer.model", "spiece.model", "source.spm", "sentencepiece.bpe.model", "spm.model")  # SentencePiece's
TOKENIZERS = ("tokenizer.json", "vocab.json", "vocab.txt", *PIECES)
PICTURES = ("preprocessor_config.json", "processor_config.json")
PROBE = "a b c"  # what a model is tried on when it is loaded


def build(source: Source, report: Report, precision: str) -> Model:
    """Load model, tokenizer and processor; raises LoadError with a sentence if there is no model we can read."""
    config = safety.checked_config(source.folder)
    files = safety.weight_files(source.folder)
    if source.kind != "bundled":
        patterns.check_tokenizer(source.folder)
        safety.check_processor(source.folder)
    placement = place(source.name, config, precision)
    said = []
    if config.pop("auto_map", None):
        said.append("This checkpoint also brings its own Python code. It was not run; transformers' own class was.")
    total = sum(file.stat().st_size for file in files)
    report(Progress(f"Reading {source.name}", 0, total))
    tokenizer, processor = readers(source)
    module, task, doubts = _module(source, config, placement)
    report(Progress(f"Reading {source.name}", total, total))
    reader = Reader(module, tokenizer, processor, max_len(module, tokenizer), asks=task == "answer questions")
    if not reader.reads:
        raise LoadError(_reads_nothing(source, module, tokenizer))
    found = _survey(source, module, reader)
    if task == "next token" and reader.reads == ("text",) and not any(layer.causal for layer in found.layers):
        task = "embed"  # its head sees the token it should foretell (XLNet, BERT with a language-model head)
    return Model(_info(source, module, task, reader, found), module, reader, found, tuple(said + doubts))


def readers(source: Source) -> tuple[PreTrainedTokenizerBase | None, Any]:
    """The folder's tokenizer, and its picture or multimodal processor; None for what it does not have."""
    has_text = any((source.folder / name).exists() for name in TOKENIZERS)
    has_pictures = any((source.folder / name).exists() for name in PICTURES)
    options = {"local_files_only": True, "trust_remote_code": False}
    tokenizer = processor = None
    pieces = [name for name in PIECES if (source.folder / name).exists()]
    if pieces and not (source.folder / "tokenizer.json").exists() and not is_sentencepiece_available():
        raise LoadError(
            f"The tokenizer of {source.name} is a SentencePiece file ({pieces[0]}). Reading it takes the package "
            "sentencepiece: install requirements.txt again."
        )
    try:
        if has_text:
            with warnings.catch_warnings():  # Marian's would have punctuation evened out first, and does without
                warnings.filterwarnings("ignore", "Recommended: pip install sacremoses")
                tokenizer = AutoTokenizer.from_pretrained(source.folder, **options)
        if has_pictures:
            processor = AutoProcessor.from_pretrained(source.folder, **options) if has_text else None
            if not isinstance(processor, ProcessorMixin):  # it hands out what it finds, the tokenizer too
                processor = AutoImageProcessor.from_pretrained(source.folder, **options)
    except Exception as error:  # such a file can be wrong in any way
        raise LoadError(f"The tokenizer or processor of {source.name} cannot be read ({brief(error)}).") from error
    return tokenizer, processor


def _reads_nothing(source: Source, module: PreTrainedModel, tokenizer: Any) -> str:
    """Why there is nothing to give this model."""
    main = module.main_input_name
    if main in ("input_features", "input_values"):
        return f"{source.name} reads sound; Headlight reads text and pictures."
    if main == "pixel_values":
        return f"{source.name} reads pictures and has no preprocessor_config.json, which says how they are prepared."
    if tokenizer is None:
        return f"{source.name} has no tokenizer files: it does not read text, or they are missing."
    return f"{source.name} reads {main.replace('_', ' ')}; Headlight reads text and pictures."


def _survey(source: Source, module: PreTrainedModel, reader: Reader) -> catalogue.Catalogue:
    """Find the attention layers by trying the model on a few tokens or a small picture."""
    picture = Image.effect_noise((96, 64), 60) if "picture" in reader.reads else None
    given = Given(
        text=PROBE if "text" in reader.reads else "",
        pair=PROBE if "question" in reader.reads else None,
        target=PROBE if "target" in reader.reads else None,
        image=picture,
    )
    try:
        prepared = reader.prepare(given)
        where = module.device
        arguments = {name: value.to(where) for name, value in prepared.arguments.items()}
        if "use_cache" in reader.takes:
            arguments["use_cache"] = False
        return catalogue.survey(module, lambda **options: module(**arguments, **options), arguments)
    except catalogue.AttentionRefused as refused:
        raise LoadError(f"{source.name} shows no attention: {refused}.") from refused
    except InputError as error:
        raise LoadError(f"{source.name} cannot be tried: {error}") from error
    except Exception as error:
        raise LoadError(f"{source.name} does not run on a small input ({brief(error)}).") from error


def _module(source: Source, config: dict[str, Any], placement: Placement) -> tuple[PreTrainedModel, str, list[str]]:
    """The network in evaluation mode, the task its head answers, and what is doubtful about its weights."""
    cls = twin.architecture(config)
    task = next((task for task, names in HEADS.items() if cls is not None and cls.__name__ in _classes(names)), "embed")
    if task == "next token" and (config.get("is_encoder_decoder") or cls is VisionEncoderDecoderModel):
        task = "text to text"
    builder: Any = cls or AutoModel
    try:
        module, loading = builder.from_pretrained(
            source.folder,
            config=twin.settings_of(config),
            **placement.options(),  # an fp16 file would run as fp16, twenty times slower on a CPU
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # reported below, in our words
        )
    except Exception as error:  # shapes that do not fit, heads that do not divide, a type we have no word for
        raise LoadError(f"{source.name} cannot be built from its files ({brief(error)}).") from error
    if loading["mismatched_keys"]:
        name = sorted(str(key[0]) for key in loading["mismatched_keys"])[0]
        raise LoadError(f"{source.name} cannot be built: {name} and others have other shapes than config.json says.")
    doubts = _doubts(module, loading, whole=cls is not None)
    placement.finish(module.eval().requires_grad_(False))
    return module, task, doubts


def _classes(mappings: tuple[Any, ...]) -> set[str]:
    """The class names that transformers lists for a task."""
    return {
        name
        for names in mappings
        for listed in names.values()
        for name in ((listed,) if isinstance(listed, str) else listed)
    }


def _doubts(module: PreTrainedModel, loading: dict[str, Any], whole: bool) -> list[str]:
    """What a reader of the pictures must know about the weights; `whole`: nothing in the file should be left over."""
    doubts = []
    missing = sorted(loading["missing_keys"])
    if missing:
        doubts.append(
            f"{len(missing)} weights are missing in the file and were filled with random numbers ({missing[0]}, ...): "
            "do not trust what depends on them."
        )
    left = sorted(loading["unexpected_keys"])
    if left and whole:
        doubts.append(
            f"{len(left)} weights in the file belong to no part of this model and were left out ({left[0]}, ...)."
        )
    broken = [name for name, value in module.named_parameters() if not torch.isfinite(value).all()]
    if broken:
        doubts.append(f"{len(broken)} weights hold NaN or infinity ({broken[0]}, ...): attention will be missing.")
    return doubts


def _info(source: Source, module: PreTrainedModel, task: str, reader: Reader, found: catalogue.Catalogue) -> ModelInfo:
    """What the pages say about the model."""
    config = module.config.get_text_config()
    d_model, n_heads = _number(config, "hidden_size"), _number(config, "num_attention_heads")
    first = found.stacks()[0]
    return ModelInfo(
        name=source.name,
        source=source.kind,
        family=module.config.model_type,
        task=task,
        n_layers=_number(config, "num_hidden_layers") or len(first),
        n_heads=n_heads or first[0].n_heads,
        d_model=d_model,
        d_head=_number(config, "head_dim") or (d_model // n_heads if n_heads else 0),
        d_vocab=_number(config, "vocab_size"),
        n_params=sum(p.numel() for p in module.parameters()),
        max_len=reader.max_len,
        reads=reader.reads,
        device="CPU" if module.device.type == "cpu" else "GPU",
        tier=found.tier,
        revision=source.revision,
        versions=(
            ("Headlight", VERSION),
            ("transformers", transformers.__version__),
            ("torch", str(torch.__version__)),
        ),
    )


def _number(config: Any, name: str) -> int:
    """A size in a config; 0 where it has none, or one per stage."""
    value = getattr(config, name, None)
    return value if isinstance(value, int) else 0


def max_len(module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase | None) -> int:
    """How many tokens the model can read: its positions, the tokenizer's own limit, and what a picture can show."""
    limits = [public.limits().tokens]
    if tokenizer is not None:
        limits.append(tokenizer.model_max_length)
    positions = _number(module.config.get_text_config(), "max_position_embeddings")
    if positions > 0:  # XLNet says -1: no limit
        # RoBERTa's table begins after the padding index: 514 rows for 512 tokens
        tables = [
            table
            for name, table in module.named_modules()
            if name.endswith("position_embeddings") and getattr(table, "padding_idx", None) is not None
        ]
        limits.append(positions - (tables[0].padding_idx + 1 if tables else 0))
    return max(1, int(min(limits)))
