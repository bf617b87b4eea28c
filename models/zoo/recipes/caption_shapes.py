"""caption-shapes: a small vision transformer that says what it sees, one word after another.

A ViT of 3 layers reads 40 x 40 pixels, a GPT-2 of 2 layers with cross-attention writes the caption, both of d_model 96
(VisionEncoderDecoderModel; the idea is that of Vinyals et al. 2015, "Show and Tell"). Three throw-away heads that name
colour, shape and standing in each patch (left of another thing, above it, or the one that is stood by) make it learn in
a quarter of the steps: without the third it still guessed between "left of" and "above" after 3,000. They are not
shipped.

Then, for a last tenth as many steps, one head of the last cross-attention is taught where to look: a throw-away term
asks it to rest on the thing whose colour or shape comes next (supervised attention, Liu et al. 2017, "Attention
Correctness in Neural Image Captioning"). Before that the captions were as good, but no head put more than half of its
weight on the named thing at every colour and shape of more than 12 % of them; no other head is taught anything.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import (
    GenerationConfig,
    GPT2Config,
    PreTrainedTokenizerFast,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
    ViTImageProcessorPil,
)

from models.learn.train import Batch, Plan, fit
from models.records import Bools, Floats
from models.zoo.recipes import attended, bucketed, decoding, scenes, tokens

NAME = "caption-shapes"
PLAN = Plan(
    steps=5_000, lr=1.5e-3, warmup=100, hold=0.5, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.01, every=250
)
TEACHING = Plan(
    steps=600, lr=4e-4, warmup=50, hold=0.2, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.01, seed=1, every=100
)
BATCH, SIDE, PATCH, D_MODEL = 64, 40, 5, 96
CELLS = SIDE // PATCH
SIZES = {"small": 5.0, "big": 8.5}  # radius in pixels
MEAN, SPREAD = 0.2, 0.25  # of a pixel of these dark scenes, out of 1
COVERED = 0.25  # share of a patch that a thing covers, from which the patch shows it
WIDE = 0.1  # weights at the start, about 1 / sqrt(d_model): at 0.02 attention this narrow stays even for long
TAUGHT = (1, 0)  # layer and head of the cross-attention that is taught to rest on the thing named next
LONGEST = 12  # tokens of a caption, </s> included
PAD, START, END = "<pad>", "<s>", "</s>"
TRAIN_SEED, WATCH_SEED, TEST_SEED, PROBE_SEED = range(4)
WATCHED, TESTED, PROBED = 300, 1_000, 200  # scenes

CARD = {
    "title": "A small captioner of coloured shapes",
    "task": "describe pictures",
    "architecture": (
        "Vision encoder-decoder: ViT of 3 layers on 8 x 8 patches of 5 x 5 pixels, GPT-2 of 2 layers with "
        "cross-attention, 4 heads, d_model 96, a token per word"
    ),
    "licence": "MIT",
    "data": (
        "Made up by the recipe: one shape or two on a dark noisy background, the left or upper one named first. Every "
        "scene is new. Purple crosses, yellow rings, cyan triangles and red diamonds are never trained on, and are "
        "measured apart. One head (cross-attention, layer 1, head 0) was taught at the end to look at the thing that "
        "is named next; the others found out by themselves where to look."
    ),
    "measured_by": "python -m models.zoo verify caption-shapes --data FOLDER",
    "recipe": "models/zoo/recipes/caption_shapes.py",
    "weaknesses": (
        "It knows 20 words. Of a photograph it says something about shapes. Pairs of colour and shape it never saw "
        "together come out worse: the figures under unseen pairs say by how much."
    ),
    "look_for": (
        "Cross-attention: while it writes a colour or a shape, the taught head (layer 1, head 0) rests on the thing "
        "that it is about to name. Head 1 of layer 0 looks there too, untaught, and less sharply."
    ),
    "stack": "cross-attention",
    "examples": (
        {"title": "Two shapes", "role": "named thing", "picture": "two.png"},
        {"title": "One shape", "role": "named thing", "picture": "one.png"},
        {"title": "A pair it never saw", "role": "named thing", "picture": "unseen.png"},
    ),
}


class Trained(nn.Module):
    """The captioner, and the throw-away heads that name colour, shape and standing in each patch."""

    def __init__(self, d_vocab: int) -> None:
        super().__init__()
        self.captioner = network(d_vocab)
        self.colour = nn.Linear(D_MODEL, 1 + len(scenes.COLOURS))
        self.shape = nn.Linear(D_MODEL, 1 + len(scenes.SHAPES))
        self.standing = nn.Linear(D_MODEL, 1 + 2 * len(scenes.RELATIONS))


def network(d_vocab: int) -> VisionEncoderDecoderModel:
    """Encoder and decoder of the same width, no dropout: every scene is new."""
    encoder = ViTConfig(
        image_size=SIDE,
        patch_size=PATCH,
        hidden_size=D_MODEL,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=384,
        hidden_dropout_prob=0.0,
        initializer_range=WIDE,
    )
    decoder = GPT2Config(
        vocab_size=d_vocab,
        n_positions=LONGEST,
        n_embd=D_MODEL,
        n_layer=2,
        n_head=4,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        initializer_range=WIDE,
        add_cross_attention=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        encoder, decoder, decoder_start_token_id=1, pad_token_id=0, eos_token_id=2
    )
    model = VisionEncoderDecoderModel(config)
    model.generation_config = GenerationConfig(
        decoder_start_token_id=1, bos_token_id=1, eos_token_id=2, pad_token_id=0, max_length=LONGEST
    )
    model.set_attn_implementation("eager")  # 65 patches and 10 words are faster without the fused kernel
    return model


def tokenizer_of() -> PreTrainedTokenizerFast:
    """caption </s>, a token per word."""
    return tokens.words(
        scenes.words(),
        special=[PAD, START, END],
        single=f"$A {END}",
        pad_token=PAD,
        bos_token=START,
        eos_token=END,
        model_max_length=LONGEST,
    )


def image_processor() -> ViTImageProcessorPil:
    """Any picture to 40 x 40 pixels of the scale the model was trained on."""
    return ViTImageProcessorPil(
        size={"height": SIDE, "width": SIDE}, image_mean=[MEAN] * 3, image_std=[SPREAD] * 3, do_convert_rgb=True
    )


def sample(
    seed: int, number: int, pairs: Collection[scenes.Pair] = scenes.SEEN
) -> tuple[scenes.Scene, NDArray[np.uint8]]:
    """Scene `number` of a stream, and its picture."""
    chance = np.random.default_rng([seed, number])
    scene = scenes.couple(chance, SIDE, SIZES, pairs)
    return scene, scenes.draw(scene, chance)


def caption(scene: scenes.Scene) -> str:
    """What is to be written under a scene."""
    return scenes.caption(scenes.saying(scene))


def pixels(pictures: list[NDArray[np.uint8]]) -> Tensor:
    """What the processor makes of pictures that already have the right size, [picture, rgb, row, column]."""
    return (torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255 - MEAN) / SPREAD


def cover(thing: scenes.Thing) -> Bools:
    """The patches that show a thing, [patch]."""
    covered = scenes.footprint(thing, SIDE).reshape(CELLS, PATCH, CELLS, PATCH).mean((1, 3))
    return covered.ravel() >= COVERED


def named_patches(scene: scenes.Scene) -> NDArray[np.int64]:
    """Colour, shape and standing in each patch, [patch, 3], counted from 1; 0 for none.

    Standing numbers relation and place in the caption: what is left of, what it is left of, what is above, ...
    """
    names = np.zeros((CELLS * CELLS, 3), np.int64)
    relation = scenes.saying(scene).relation
    for order, thing in enumerate(scenes.named(scene)):
        names[cover(thing)] = (
            1 + list(scenes.COLOURS).index(thing.colour),
            1 + scenes.SHAPES.index(thing.shape),
            1 + 2 * scenes.RELATIONS.index(relation) + order if relation else 0,
        )
    return names


def named_next(scene: scenes.Scene) -> Bools:
    """The patches of the thing whose colour or shape is written next, [query, patch]; none where another word is."""
    words = caption(scene).split()
    targets = np.zeros((LONGEST, CELLS * CELLS), bool)
    naming = [i for i, word in enumerate(words) if word in scenes.COLOURS or word in scenes.SHAPES]
    for order, thing in enumerate(scenes.named(scene)):
        targets[naming[2 * order : 2 * order + 2]] = cover(thing)
    return targets


def encode(drawn: list[tuple[scenes.Scene, NDArray[np.uint8]]], tokenizer: PreTrainedTokenizerFast) -> Batch:
    """Pictures with their captions."""
    ids = tokenizer([caption(scene) for scene, _ in drawn])["input_ids"]
    return {"pixel_values": pixels([picture for _, picture in drawn]), "labels": bucketed.pad(ids, -100)}


def batches(tokenizer: PreTrainedTokenizerFast, first: int = 0) -> Callable[[int], Batch]:
    """Batch number `first + step`: 64 new scenes."""

    def batch(step: int) -> Batch:
        drawn = [sample(TRAIN_SEED, (first + step) * BATCH + i) for i in range(BATCH)]
        made = {
            "named": np.stack([named_patches(scene) for scene, _ in drawn]),
            "named_next": np.stack([named_next(scene) for scene, _ in drawn]),
        }
        return encode(drawn, tokenizer) | {key: torch.from_numpy(value) for key, value in made.items()}

    return batch


def loss(trained: Any, batch: Batch) -> Tensor:
    """The caption's loss and those of the throw-away heads."""
    output = trained.captioner(pixel_values=batch["pixel_values"], labels=batch["labels"])
    patches = output.encoder_last_hidden_state[:, 1:]  # the first is the class token
    named = batch["named"].flatten(0, 1)
    heads = (trained.colour, trained.shape, trained.standing)
    return output.loss + sum(
        nn.functional.cross_entropy(head(patches).flatten(0, 1), named[:, i]) for i, head in enumerate(heads)
    )


def taught_loss(captioner: Any, batch: Batch) -> Tensor:
    """The caption's loss, and that of the head that is taught where to look."""
    output = captioner(pixel_values=batch["pixel_values"], labels=batch["labels"], output_attentions=True)
    layer, head = TAUGHT
    return output.loss + resting(output.cross_attentions[layer][:, head], batch["named_next"])


def resting(weights: Tensor, targets: Tensor) -> Tensor:
    """-log of the weight that lies on the targets, mean over the rows that have one; weights [item, query, 1 + patch].

    0 if all of it lies there; the class token, the first key, is never a target.
    """
    targets = targets[:, : weights.shape[1]]
    on_them = (weights[..., 1:] * targets).sum(-1)[targets.any(-1)]
    return -on_them.clamp_min(1e-6).log().mean()


@torch.no_grad()
def exact(
    model: Any, tokenizer: Any, seed: int, n: int, pairs: Collection[scenes.Pair] = scenes.SEEN
) -> tuple[float, float]:
    """Percentage of captions, and of words, that greedy decoding gets right on `n` scenes of a stream.

    A word counts as it would be written after the right words before it.
    """
    model.eval()
    right, words = [], []
    for start in range(0, n, 100):
        batch = encode([sample(seed, number, pairs) for number in range(start, min(start + 100, n))], tokenizer)
        logits, labels = model(**batch).logits, batch["labels"]
        right.append(decoding.right_throughout(logits, labels))
        words.append((logits.argmax(-1) == labels)[labels != -100])
    whole, single = (round(100 * torch.cat(hits).double().mean().item(), 2) for hits in (right, words))
    return whole, single


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Train on fresh scenes, then teach the one head, with snapshots in `work`; nothing is read from `data`."""
    tokenizer = tokenizer_of()
    torch.manual_seed(PLAN.seed)
    trained = Trained(len(tokenizer))

    def evaluate() -> dict[str, float]:
        seen, unseen = (
            exact(trained.captioner, tokenizer, WATCH_SEED, WATCHED, pairs)[0] for pairs in (scenes.SEEN, scenes.UNSEEN)
        )
        return {"exact_percent": seen, "unseen_pairs_exact_percent": unseen}

    curve = fit(trained, batches(tokenizer), PLAN, work, evaluate, loss, report)
    more = batches(tokenizer, PLAN.steps)
    taught = fit(trained.captioner, more, TEACHING, work / "teaching", evaluate, taught_loss, report)
    curve += [row | {"step": PLAN.steps + row["step"]} for row in taught]
    return trained.captioner, (tokenizer, image_processor()), curve


def measure(model: Any, processor: Any, data: Path) -> dict[str, float]:
    """The card's figures on scenes the recipe never saw; those under unseen pairs show no pair it was trained on."""
    figures: dict[str, float] = {}
    for name, pairs in (("", scenes.SEEN), ("unseen_pairs_", scenes.UNSEEN)):
        whole, words = exact(model, processor[0], TEST_SEED, TESTED, pairs)
        figures |= {f"{name}exact_percent": whole, f"{name}words_percent": words}
    found = heads(model, processor, data)["named thing"]
    strict, mild = resting_percent(model, processor[0], TEST_SEED, TESTED)
    at = found["layer"], found["head"]
    with without(model, *at):
        figures["without_that_head_exact_percent"] = exact(model, processor[0], TEST_SEED, TESTED)[0]
    return figures | {
        "all_words_on_their_thing_percent": float(strict[at]),
        "all_words_most_on_it_per_patch_percent": float(mild[at]),
    }


@contextmanager
def without(model: Any, layer: int, head: int) -> Iterator[None]:
    """The model while one head of its cross-attention says nothing."""
    weight = model.decoder.transformer.h[layer].crossattention.c_proj.weight  # [head and its dimension, d_model]
    own = slice(head * D_MODEL // 4, (head + 1) * D_MODEL // 4)
    before = weight[own].detach().clone()
    with torch.no_grad():
        weight[own] = 0
        yield
        weight[own] = before


def heads(model: Any, processor: Any, data: Path) -> dict[str, Any]:
    """The cross-attention head that looks most at the thing whose colour or shape comes next."""
    return {"named thing": attended.best(attended.share(looks(model, processor[0], PROBE_SEED, PROBED)))}


@torch.no_grad()
def resting_percent(
    model: Any, tokenizer: Any, seed: int, n: int, pairs: Collection[scenes.Pair] = scenes.SEEN
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Of the captions that are right, per cent in which a head rests on the named thing at every colour and shape.

    [layer, head] by the strict and by the mild reading of `attended.rests`, the class token left out.
    """
    model.eval()
    strict, mild = [], []
    for number in range(n):
        scene, picture = sample(seed, number, pairs)
        batch = encode([(scene, picture)], tokenizer)
        output = model(**batch, output_attentions=True)
        if not decoding.right_throughout(output.logits, batch["labels"])[0]:
            continue
        named = named_next(scene)
        asked: Any = named.any(-1)
        rows = attended.stack(output.cross_attentions)[:, :, asked[: batch["labels"].shape[1]], 1:]
        found = attended.rests(rows, named[asked], named.any(0) & ~named[asked])
        strict.append(found[0].all(-1))
        mild.append(found[1].all(-1))
    none = np.zeros((len(output.cross_attentions), output.cross_attentions[0].shape[1]))
    shares = [np.round(100 * np.mean(one, axis=0), 2) if one else none for one in (strict, mild)]
    return shares[0], shares[1]


@torch.no_grad()
def looks(model: Any, tokenizer: Any, seed: int, n: int) -> Iterator[tuple[Floats, Bools]]:
    """Cross-attention while the right caption is written, and the patches of the thing that each word names."""
    for number in range(n):
        scene, picture = sample(seed, number)
        batch = encode([(scene, picture)], tokenizer)
        targets = np.pad(named_next(scene)[: batch["labels"].shape[1]], ((0, 0), (1, 0)))
        yield attended.stack(model(**batch, output_attentions=True).cross_attentions), targets


def pictures(data: Path) -> dict[str, NDArray[np.uint8]]:
    """The examples' pictures, by file name: the first held-out scenes of their kind."""
    drawn = [sample(TEST_SEED, number) for number in range(TESTED)]
    first = {count: next(picture for scene, picture in drawn if len(scene.things) == count) for count in (1, 2)}
    return {"one.png": first[1], "two.png": first[2], "unseen.png": sample(TEST_SEED, 0, scenes.UNSEEN)[1]}
