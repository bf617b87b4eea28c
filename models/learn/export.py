"""A trained run as a Hugging Face folder, which the other pages and the library itself open."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from models.learn import tasks
from models.learn.spec import Spec
from models.learn.trainer import Trainer
from models.scratch import hf
from models.scratch.transformer import Decoder

README = "README.md"


def save(spec: Spec, state: bytes, folder: Path) -> None:
    """Write the model of a snapshot, averaged weights if they are kept, with its tokenizer.

    Raises NotExpressible if no class of the library computes what this one does.
    """
    trainer = Trainer(spec)
    trainer.resume(state)
    if tasks.TASKS[spec.task].picture:
        raise hf.NotExpressible("A model of pictures cannot be saved as a Hugging Face folder yet; the script can be.")
    model, now = trainer.model, trainer.spec
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(trainer.average.get(name, weight))
    tokenizer = tokenizer_of(now)
    hf.save(_with_feed_forward(model), folder, tokenizer, now.knobs)
    said = f"A model from Headlight's playground: {tasks.TASKS[now.task].title.lower()}, {trainer.step:,} steps."
    (folder / README).write_text(f"{said}\n\nIt reads, for example: {example(now)}\n", "utf-8")


def example(spec: Spec) -> str:
    """A text that the model can read, of its own kind."""
    whole = tasks.sample(spec, 1)[0].removesuffix(tasks.END).strip()
    return whole if tasks.TASKS[spec.task].draw else whole[: tasks.n_tokens(spec) - 1]


def as_zip(spec: Spec, state: bytes) -> bytes:
    """The same folder in one file."""
    with TemporaryDirectory() as folder:
        save(spec, state, Path(folder))
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(Path(folder).iterdir()):
                packed.write(path, path.name)
    return file.getvalue()


def tokenizer_of(spec: Spec) -> PreTrainedTokenizerFast:
    """A token per symbol of the task, with the ids it was trained on."""
    known = {symbol: i for i, symbol in enumerate(tasks.symbols(spec))}
    tokenizer = Tokenizer(WordLevel(known, unk_token=tasks.UNKNOWN))
    if spec.task == "modular addition":
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        tokenizer.decoder = decoders.WordPiece(cleanup=False)  # puts the spaces back
    else:
        if spec.task not in ("characters", "dates"):
            tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(" ", "")])
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
        tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token=tasks.UNKNOWN,
        eos_token=tasks.END,
        pad_token=tasks.END,
        model_max_length=tasks.n_tokens(spec) - 1,
    )


def _with_feed_forward(model: Decoder) -> Decoder:
    """A model of attention only, with a feed-forward step that adds nothing: the library's classes all have one."""
    if model.config.d_ff:
        return model
    same = Decoder(replace(model.config, d_ff=1))
    with torch.no_grad():
        kept = model.state_dict()
        for name, weight in same.named_parameters():
            weight.copy_(kept[name]) if name in kept else weight.zero_()
    return same.train(model.training)
