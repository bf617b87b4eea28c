"""vit-fashion: a small vision transformer that tells clothes apart.

The architecture of Dosovitskiy et al. 2021 ("An Image is Worth 16x16 Words") at 4 layers, 4 heads, d_model 96, on
pictures of 28 x 28 grey pixels cut into 7 x 7 patches.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

from models.learn.train import Batch, Plan, fit
from models.records import Bools, Floats
from models.zoo.recipes import attended, fashion

NAME = "vit-fashion"
PLAN = Plan(steps=4_500, lr=2e-3, warmup=300, final_lr=0.01, betas=(0.9, 0.98), weight_decay=0.05, every=450)
BATCH, SIDE, PATCH = 128, 28, 4
MEAN, SPREAD = 0.286, 0.353  # of a pixel of the training pictures, out of 1
SHIFT = 1  # pixels by which a training picture is moved at most; half of them are mirrored too
CLOTH = 0.1  # mean brightness, out of 1, from which a patch counts as cloth
SHOWN = {name: f"{name.partition('/')[0]}.png" for name in fashion.CLASSES}  # an example of each class, its file
PROBED = 200  # test pictures on which heads are measured

CARD = {
    "title": "A small vision transformer that knows clothes",
    "task": "classify pictures",
    "architecture": "ViT: 4 layers, 4 heads, d_model 96, 7 x 7 patches of 4 x 4 pixels, one grey channel",
    "licence": "MIT",
    "data": (
        "Fashion-MNIST (Xiao, Rasul and Vollgraf 2017), MIT, (c) Zalando SE: 60,000 grey pictures of ten kinds of "
        "clothes to train on, the 10,000 of the published test set to measure on."
    ),
    "measured_by": "python -m models.zoo verify vit-fashion --data FOLDER",
    "recipe": "models/zoo/recipes/vit_fashion.py",
    "weaknesses": (
        "It expects one bright garment on black, upright, 28 pixels wide: a photograph means nothing to it, and it "
        "still names a garment. It takes shirts for T-shirts, pullovers and coats, as people do at this size."
    ),
    "look_for": (
        "The class token reads the cloth and leaves the black background out: sleeves tell a coat from a dress, the "
        "heel an ankle boot from a sneaker."
    ),
    "examples": tuple({"title": name.capitalize(), "role": "cloth", "picture": file} for name, file in SHOWN.items()),
}


def config() -> ViTConfig:
    """The model's shape."""
    return ViTConfig(
        image_size=SIDE,
        patch_size=PATCH,
        num_channels=1,
        hidden_size=96,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=384,
        initializer_range=0.1,  # about 1 / sqrt(d_model): at 0.02 attention this narrow stays even for long
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=dict(enumerate(fashion.CLASSES)),
        label2id={name: index for index, name in enumerate(fashion.CLASSES)},
    )


def processor() -> ViTImageProcessorPil:
    """A grey picture to 28 x 28 pixels of the scale the model was trained on."""
    return ViTImageProcessorPil(
        size={"height": SIDE, "width": SIDE}, image_mean=[MEAN], image_std=[SPREAD], do_convert_rgb=False
    )


def pixels(x: NDArray[np.uint8]) -> Tensor:
    """What the processor makes of pictures of the right size, [picture, 1, row, column]."""
    return ((torch.from_numpy(x).float() / 255 - MEAN) / SPREAD)[:, None]


def varied(x: NDArray[np.uint8], chance: np.random.Generator) -> NDArray[np.uint8]:
    """The pictures moved by up to a pixel, every other one mirrored: the class stays, the pixels do not."""
    padded = np.pad(x, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)))
    mirrored = np.where(chance.random((len(x), 1, 1)) < 0.5, padded, padded[:, :, ::-1])
    place = np.arange(SIDE)
    down, across = chance.integers(2 * SHIFT + 1, size=(2, len(x), 1))
    return mirrored[np.arange(len(x))[:, None, None], (down + place)[:, :, None], (across + place)[:, None]]


def batches(pictures: fashion.Pictures, seed: int) -> Callable[[int], Batch]:
    """Batch number `step`: 128 pictures; an epoch visits every one once, but for an odd rest."""
    steps_an_epoch = len(pictures.x) // BATCH

    def batch(step: int) -> Batch:
        epoch, place = divmod(step, steps_an_epoch)
        rows = np.random.default_rng([seed, epoch]).permutation(len(pictures.x))[place * BATCH :][:BATCH]
        chance = np.random.default_rng([seed, step, 1])
        return {"pixel_values": pixels(varied(pictures.x[rows], chance)), "labels": torch.from_numpy(pictures.y[rows])}

    return batch


@torch.no_grad()
def accuracy(model: Any, pictures: fashion.Pictures) -> float:
    """Percentage of pictures whose most probable class is the right one."""
    model.eval()
    right = 0
    for start in range(0, len(pictures.x), 500):
        rows = slice(start, start + 500)
        guesses = model(pixel_values=pixels(pictures.x[rows])).logits.argmax(-1)
        right += int((guesses == torch.from_numpy(pictures.y[rows])).sum())
    return round(100 * right / len(pictures.x), 2)


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Train from the pictures in `data`, with snapshots in `work`; returns model, image processor and curve."""
    pictures = fashion.read(data)
    torch.manual_seed(PLAN.seed)
    model = ViTForImageClassification(config())
    model.set_attn_implementation("eager")  # 50 patches are faster without the fused kernel

    def evaluate() -> dict[str, float]:
        return {"accuracy_percent": accuracy(model, pictures.watched)}

    curve = fit(model, batches(pictures.train, PLAN.seed), PLAN, work, evaluate, report=report)
    return model, processor(), curve


def measure(model: Any, processor: Any, data: Path) -> dict[str, float]:
    """The card's figure, on the published test set."""
    return {"accuracy_percent": accuracy(model, fashion.read(data).test)}


def heads(model: Any, processor: Any, data: Path) -> dict[str, Any]:
    """The head whose class token reads most cloth and least background."""
    pictures = fashion.read(data).test.x
    return {"cloth": attended.best(attended.share(looks(model, pictures[:: len(pictures) // PROBED])))}


def pictures(data: Path) -> dict[str, NDArray[np.uint8]]:
    """The examples' pictures, by file name: the first of their class in the test set."""
    test = fashion.read(data).test
    return {file: test.x[test.y == fashion.CLASSES.index(name)][0] for name, file in SHOWN.items()}


@torch.no_grad()
def looks(model: Any, x: NDArray[np.uint8]) -> Iterator[tuple[Floats, Bools]]:
    """Attention, and the patches that show cloth as targets of the class token."""
    cells = SIDE // PATCH
    for picture in x:
        output = model(pixel_values=pixels(picture[None]), output_attentions=True)
        brightness = picture.reshape(cells, PATCH, cells, PATCH).mean((1, 3)) / 255
        targets = np.zeros((1 + cells * cells,) * 2, bool)
        targets[0, 1:] = brightness.ravel() >= CLOTH
        yield attended.stack(output.attentions), targets
