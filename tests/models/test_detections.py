"""What a detector's queries answer and read, against the library: its own boxes and its own attentions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from models import zoo
from models.explain import queries
from models.records import Sequence, Trace
from models.zoo.given import Given
from models.zoo.model import Model
from tests import tiny_detectors
from tests.models.test_seen import scene

PICTURE = scene(150, 90, "bottom right")
DENSE = ("detr-shapes", "detr", "conditional-detr", "table-transformer")
ALL = ("detr-shapes", *tiny_detectors.MODELS)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    root = tmp_path_factory.mktemp("detectors")
    tiny = {name: zoo.load(str(tiny_detectors.save(name, root / name))) for name in tiny_detectors.MODELS}
    return {"detr-shapes": zoo.load("detr-shapes")} | tiny


def shown(name: str) -> Image.Image:
    return Image.open(zoo.folder(name) / "four.png").convert("RGB") if name == "detr-shapes" else PICTURE


def eager(model: Model, image: Image.Image) -> Any:
    """The library's own pass, with its own attentions."""
    module = model.module
    before = module.config._attn_implementation
    prepared = model.reader.prepare(Given(image=image))
    module.set_attn_implementation("eager")
    try:
        with torch.no_grad():
            return module(**prepared.arguments, output_attentions=True)
    finally:
        module.set_attn_implementation(before)


def of(trace: Trace) -> queries.Looks:
    return queries.looks(trace)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.77, 0.9])
@pytest.mark.parametrize("name", ALL)
def test_boxes_are_those_of_the_processor(models: dict[str, Model], name: str, threshold: float) -> None:
    """Above every threshold the same classes, probabilities and boxes, in pixels of the picture."""
    model, image = models[name], shown(name)
    found = model.trace(image=image).detections
    assert found is not None
    with torch.no_grad():
        output = model.module(**model.reader.prepare(Given(image=image)).arguments)
    size = [(image.height, image.width)]
    said = model.reader.processor.post_process_object_detection(output, threshold=threshold, target_sizes=size)[0]
    order = said["scores"].argsort(descending=True, stable=True)
    ours = found.above(threshold)
    assert len(ours) == len(order)
    np.testing.assert_allclose([found.probability[pair] for pair in ours], said["scores"][order], atol=1e-6)
    names: Any = model.module.config.id2label
    if threshold >= 0.3:  # below, many are as sure as one another
        assert [found.names[c] for _, c in ours] == [names[c] for c in said["labels"][order].tolist()]
        pixels = found.boxes[[q for q, _ in ours]] * ([image.width, image.height] * 2)
        np.testing.assert_allclose(pixels, said["boxes"][order].numpy(), atol=1e-3)


def test_a_model_that_is_no_detector_has_none(folders: Path) -> None:
    trace = zoo.load(str(folders / "gpt2")).trace("a")
    assert trace.detections is None
    with pytest.raises(ValueError, match="detects nothing"):
        queries.looks(trace)


@pytest.mark.parametrize("name", DENSE)
def test_attention_is_that_of_the_library(models: dict[str, Model], name: str) -> None:
    model, image = models[name], shown(name)
    trace, output = model.trace(image=image), eager(models[name], shown(name))
    found = of(trace)
    fields = {
        "cross": output.cross_attentions,
        "between": output.decoder_attentions,
        "encoder": output.encoder_attentions,
    }
    for field, tensors in fields.items():
        stack = getattr(found, field)
        assert len(stack.weights) == len(tensors)
        for weights, tensor in zip(stack.weights, tensors, strict=True):
            expected = tensor.reshape(weights.shape)
            np.testing.assert_allclose(weights, expected.numpy(), atol=1e-5)
    assert len(found.cross.queries) == len(trace.detections)
    rows, columns = found.cross.keys.grid
    assert rows * columns == len(found.cross.keys)


def test_the_queries_of_yolos_are_the_last_rows(models: dict[str, Model]) -> None:
    trace, output = models["yolos"].trace(image=PICTURE), eager(models["yolos"], PICTURE)
    found = of(trace)
    for layer, tensor in enumerate(output.attentions):
        np.testing.assert_allclose(found.cross.weights[layer], tensor[0, :, -9:], atol=1e-5)
        np.testing.assert_allclose(found.between.weights[layer], tensor[0, :, -9:, -9:], atol=1e-5)
        np.testing.assert_allclose(found.between.weights.head(layer, 2), tensor[0, 2, -9:, -9:], atol=1e-5)
        np.testing.assert_allclose(found.encoder.weights[layer], tensor[0], atol=1e-5)
    assert found.cross.keys.grid == (8, 12)
    assert int(found.cross.keys.special.sum()) == 10  # the class token and nine queries


def test_deformable_queries_read_points_where_the_model_samples(models: dict[str, Model]) -> None:
    """Places against the module's own offsets, made again from what went into it."""
    model = models["deformable-detr"]
    seen: dict[str, Any] = {}
    decoder = model.module.model.decoder.layers[1].encoder_attn
    hook = decoder.register_forward_hook(lambda m, a, k, o: seen.update(k, args=a), with_kwargs=True)
    try:
        found = of(model.trace(image=PICTURE))
    finally:
        hook.remove()
    states, extra = seen.get("hidden_states", seen["args"][0] if seen["args"] else None), seen["position_embeddings"]
    offsets = decoder.sampling_offsets(states + extra).detach().view(1, 9, 4, 3, 4, 2)
    shapes = (
        torch.tensor(seen["spatial_shapes"]) if not torch.is_tensor(seen["spatial_shapes"]) else seen["spatial_shapes"]
    )
    scale = torch.stack([shapes[:, 1], shapes[:, 0]], -1)
    places = seen["reference_points"][:, :, None, :, None, :2] + offsets / scale[None, None, None, :, None, :]
    expected = places[0].permute(1, 0, 2, 3, 4).flatten(2, 3).detach()
    np.testing.assert_allclose(found.cross.points[1], expected.numpy(), atol=1e-5)
    assert found.cross.weights[1].shape == (4, 9, 12)
    np.testing.assert_allclose(found.cross.weights[1].sum(-1), 1, atol=1e-5)
    assert queries.level_of(found.cross.keys) == (0,) * 4 + (1,) * 4 + (2,) * 4
    assert queries.levels(found.encoder.queries) == ((8, 14), (4, 7), (2, 4))
    assert found.encoder.points[0].shape == (4, 148, 12, 2)


def test_a_sequence_that_is_no_pyramid_has_no_levels() -> None:
    assert queries.levels(Sequence((" a", " b"), np.zeros(2, bool))) == ()
