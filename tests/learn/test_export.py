"""An exported run opens in the library and computes what it computed here, symbol for symbol."""

import io
import zipfile
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import ViTForImageClassification

from models import zoo
from models.learn import export, tasks
from models.learn.presets import INDUCTION, PRESETS, measured
from models.learn.spec import Spec
from models.learn.trainer import Trainer, replay
from models.scratch.hf import NotExpressible

SMALL = {"n_layers": 1, "d_model": 16, "examples": 200, "batch_size": 8}


def trained(**values: object) -> Trainer:
    return replay(Spec(**SMALL | values), [], 5)


@pytest.mark.parametrize(
    "values",
    [
        {"task": "reverse", "d_ff": 32},
        {"task": "dates", "d_ff": 32, "tied": True},
        {"task": "characters", "d_ff": 32, "length": 16, "ema": 0.9},
        {"task": "modular addition", "length": 2, "vocabulary": 11, "d_ff": 32, "activation": "relu"},
        INDUCTION | SMALL | {"n_layers": 2},
    ],
    ids=lambda values: str(values["task"]),
)
def test_the_folder_computes_the_same(values: dict[str, object], tmp_path: Path) -> None:
    ours = trained(**values)
    export.save(ours.start, ours.state(), tmp_path)
    model = zoo.load(str(tmp_path))
    row = ours.data.train.tokens[0]
    row = row[: len(row) - 1]
    joint = " " if values["task"] == "modular addition" else ""
    text = joint.join(ours.data.symbols[i] for i in row)
    read = model.tokenizer(text, return_tensors="pt")["input_ids"]
    assert read[0].tolist() == row.tolist()  # the same ids for the same symbols
    with torch.no_grad():
        expected = ours.logits(torch.from_numpy(row[None]))
        assert torch.allclose(model.module(input_ids=read).logits, expected, atol=1e-4)
    assert model.trace(export.example(ours.spec)).attentions[0].weights[0].shape[0] == ours.spec.n_heads


def test_the_file_is_the_folder(tmp_path: Path) -> None:
    ours = trained(task="reverse", d_ff=32)
    with zipfile.ZipFile(io.BytesIO(export.as_zip(ours.start, ours.state()))) as packed:
        assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= set(packed.namelist())
        assert not [name for name in packed.namelist() if name.endswith((".bin", ".pkl", ".pt"))]


@pytest.mark.parametrize(
    "values",
    [
        {"task": "shapes", "d_ff": 32, "vocabulary": 3, "patch": 7},
        {"task": "clothes", "d_ff": 0, "position": "none", "bias": False, "ema": 0.9},
    ],
    ids=lambda values: str(values["task"]),
)
def test_a_folder_of_a_model_that_looks_computes_the_same(values: dict[str, object], tmp_path: Path) -> None:
    """From the picture's file on: what the library's processor and its ViT make of it is what was trained."""
    ours = trained(**values)
    export.save(ours.start, ours.state(), tmp_path)
    model, shown = zoo.load(str(tmp_path)), export.pictures_of(ours)
    theirs = ViTForImageClassification.from_pretrained(tmp_path).eval()
    assert theirs.config.id2label == dict(enumerate(ours.data.symbols))
    pictures = ours.data.held_out.pictures
    assert pictures is not None
    pixels = torch.from_numpy(pictures).float() / 127.5 - 1
    with torch.no_grad():
        assert torch.allclose(theirs(pixel_values=pixels).logits, ours.logits(pixels)[:, 0], atol=1e-5)
        for name, picture in shown.items():
            image = Image.open(tmp_path / f"{name}.png")
            trace = model.trace(image=image)
            expected = ours.logits(torch.from_numpy(picture[None]).float() / 127.5 - 1)[0, 0].softmax(-1)
            found = dict(zip(trace.ranking.labels, trace.ranking.probabilities, strict=True))
            assert [found[said] for said in ours.data.symbols] == pytest.approx(expected.tolist(), abs=1e-5)
    assert trace.attentions[0].weights[0].shape[0] == ours.spec.n_heads


def test_what_a_vit_has_no_word_for_is_said(tmp_path: Path) -> None:
    ours = trained(task="shapes", d_ff=32, vocabulary=3, norm_place="post")
    with pytest.raises(NotExpressible, match="ViTForImageClassification: norm_place must be “pre”, not “post”"):
        export.save(ours.start, ours.state(), tmp_path)


def test_what_no_class_can_say_is_said(tmp_path: Path) -> None:
    ours = trained(task="reverse", d_ff=32, norm_place="post")
    with pytest.raises(NotExpressible, match="norm_place must be “pre”, not “post”"):
        export.save(ours.start, ours.state(), tmp_path)


def test_every_preset_can_be_built_and_says_what_it_learns() -> None:
    for name, preset in PRESETS.items():
        assert preset.spec.config.d_vocab == len(tasks.symbols(preset.spec)), name
        assert preset.sentence.endswith(".")


def test_what_was_measured_keeps_its_promise() -> None:
    """At least five seeds each; the show-pieces in all of them, the control in none."""
    for name, found in measured().items():
        assert len(found.hits) >= 5
        if name in ("induction", "reverse", "sort"):
            assert None not in found.hits
        if not PRESETS[name].goal.reached:
            assert set(found.hits) == {None}, name
    assert {"induction", "one-layer", "reverse", "sort"} <= set(measured())
