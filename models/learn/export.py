"""A trained run as a Hugging Face folder, which the other pages and the library itself open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast, ViTImageProcessorPil

from models.learn import samples, tasks
from models.learn.spec import Spec
from models.learn.trainer import Trainer
from models.learn.zips import folder_zipped
from models.scratch import hf
from models.scratch.vision import Transformer, build

README = "README.md"


def save(spec: Spec, state: bytes, folder: Path) -> None:
    """Write the model of a snapshot, averaged weights if they are kept, with its tokenizer.

    Raises NotExpressible if no class of the library computes what this one does.
    """
    trainer = Trainer(spec)
    trainer.resume(state)
    model, now = _with_feed_forward(trainer.model), trainer.spec
    with torch.no_grad():
        for name, weight in trainer.average.items():
            model.get_parameter(name).copy_(weight)
    names = tasks.symbols(now)
    if tasks.TASKS[now.task].looks:
        labels = {"id2label": dict(enumerate(names)), "label2id": {name: i for i, name in enumerate(names)}}
        hf.save(model, folder, processor_of(now), now.knobs, **labels)
        for name, picture in pictures_of(trainer).items():
            Image.fromarray(picture.transpose(1, 2, 0).squeeze()).save(folder / f"{name}.png")
        reads = f"It names pictures: {', '.join(names)}. Beside it lie some that it was not trained on."
    else:
        hf.save(model, folder, tokenizer_of(now), now.knobs)
        reads = f"It reads, for example: {example(now)}"
    said = f"A model from Headlight's playground: {tasks.TASKS[now.task].title.lower()}, {trainer.step:,} steps."
    (folder / README).write_text(f"{said}\n\n{reads}\n", "utf-8")


def pictures_of(trainer: Trainer) -> dict[str, NDArray[np.uint8]]:
    """A held-out picture [channel, row, column] of every kind, by a file's name that says what it shows."""
    rows = trainer.data.held_out
    assert rows.pictures is not None
    shown = [trainer.data.symbols[i] for i in rows.tokens[:, 1]]
    names = [name for name in trainer.data.symbols if name in shown]
    return {name.replace("/", " or "): rows.pictures[shown.index(name)] for name in names}


def processor_of(spec: Spec) -> ViTImageProcessorPil:
    """Any picture to the size and the scale that the model was trained on: black -1 and white 1."""
    kind = tasks.TASKS[spec.task].picture
    assert kind is not None
    channels, height, width = kind.shape
    return ViTImageProcessorPil(
        size={"height": height, "width": width},
        image_mean=[0.5] * channels,
        image_std=[0.5] * channels,
        do_convert_rgb=channels == 3,
    )


def example(spec: Spec) -> str:
    """A text that the model can read, of its own kind."""
    whole = samples.sample(spec, 1)[0].removesuffix(tasks.END).strip()
    return whole if tasks.TASKS[spec.task].draw else whole[: tasks.n_tokens(spec) - 1]


def as_zip(spec: Spec, state: bytes) -> bytes:
    """The same folder in one file."""
    with TemporaryDirectory() as folder:
        save(spec, state, Path(folder))
        return folder_zipped(Path(folder))


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


def _with_feed_forward(model: Transformer) -> Transformer:
    """A model of attention only, with a feed-forward step that adds nothing: the library's classes all have one."""
    if model.config.d_ff:
        return model
    same = build(replace(model.config, d_ff=1))
    with torch.no_grad():
        kept = model.state_dict()
        for name, weight in same.named_parameters():
            weight.copy_(kept[name]) if name in kept else weight.zero_()
    return same.train(model.training)
