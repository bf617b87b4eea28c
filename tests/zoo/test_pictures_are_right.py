"""What the bundled models show over pictures is true, measured: queries look into boxes, words at their things."""

from __future__ import annotations

import numpy as np
import pytest

from models import zoo
from models.zoo.recipes import attended, caption_shapes, detr_shapes, scenes, shipped

SCENES = 200


def test_detr_shapes_queries_look_into_their_own_boxes() -> None:
    """Last layer, 200 scenes: 45 % of the weight as a mean over heads, 80 % in the best head; chance is 7 %."""
    module = zoo.load("detr-shapes").module
    looks = list(detr_shapes.looks(_eager(module), detr_shapes.PROBE_SEED, SCENES))
    shares = attended.share(looks)
    inside = np.concatenate([targets[targets.any(-1)] for _, targets in looks])
    assert shares.shape == (3, 4)
    assert shares[-1].mean() >= 0.45
    assert inside.mean() < 0.075
    assert shares[-1].max() >= 0.80


def test_what_is_captured_is_what_was_measured() -> None:
    """The page's own reading of the same attention, on one scene."""
    from PIL import Image

    model = zoo.load("detr-shapes")
    image = Image.fromarray(detr_shapes.sample(detr_shapes.PROBE_SEED, 0)[1])
    cross = next(one for one in model.trace(image=image).attentions if one.name == "cross-attention")
    weights, inside = next(iter(detr_shapes.looks(_eager(model.module), detr_shapes.PROBE_SEED, 1)))
    for layer in range(3):
        np.testing.assert_allclose(cross.weights[layer], weights[layer], atol=2e-3)
    assert inside.any()


@pytest.mark.parametrize("pairs", [scenes.SEEN, scenes.UNSEEN], ids=["seen pairs", "unseen pairs"])
def test_caption_shapes_words_look_at_their_things(pairs: tuple[scenes.Pair, ...]) -> None:
    """In 80 % of the right captions every colour and shape has more than half of its weight on its own thing."""
    model, processor = shipped.load(zoo.folder("caption-shapes"))
    strict, mild = caption_shapes.resting_percent(model, processor[0], 9, 150, pairs)
    head = zoo.card("caption-shapes").heads["named thing"]
    at = head["layer"], head["head"]
    assert strict.shape == (2, 4)
    assert strict[at] >= 80
    assert mild[at] >= strict[at]
    others = np.delete(strict.ravel(), at[0] * 4 + at[1])
    assert others.max() < strict[at]  # it is this head that does it


def test_of_captions_that_are_wrong_nothing_is_counted() -> None:
    """A network that was never trained gets none right."""
    tokenizer = caption_shapes.tokenizer_of()
    strict, mild = caption_shapes.resting_percent(caption_shapes.network(len(tokenizer)), tokenizer, 9, 3)
    assert not strict.any()
    assert not mild.any()


def _eager(module):  # type: ignore[no-untyped-def]
    """The same weights with the library's own explicit attention, which hands its weights out."""
    from transformers import DetrForObjectDetection

    return DetrForObjectDetection.from_pretrained(
        zoo.folder("detr-shapes"), attn_implementation="eager", dtype="float32"
    ).eval()
