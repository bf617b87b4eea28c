"""Relevance: numbers done by hand, and the paper's rules written a second time, on real passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf
from PIL import Image

from models import zoo
from models.explain import relevance
from models.explain.queries import Looks, looks
from models.records import Attention, Sequence, Weights
from tests import tiny, tiny_detectors

F = np.float32
A = np.array([[[0.6, 0.4], [0.5, 0.5]], [[0.2, 0.8], [0.9, 0.1]]], F)
G = np.array([[[1, -2], [0, 1]], [[3, 1], [-1, 2]]], F)


def stack(weights: list[np.ndarray], gradients: list[np.ndarray] | None, n: int = 2) -> Attention:
    sequence = Sequence((" CLS", *(f" {i}" for i in range(n - 1))), np.arange(n) == 0)
    heads = tuple(len(layer) for layer in weights)
    names = tuple(map(str, range(len(weights))))
    live = None if gradients is None else Weights(len(gradients), gradients.__getitem__)
    return Attention(
        "vision", sequence, sequence, Weights(len(weights), weights.__getitem__), names, heads, gradients=live
    )


def test_weights_are_weighed_by_their_gradients_before_heads_are_averaged() -> None:
    np.testing.assert_allclose(relevance.weighed(A, G), [[0.6, 0.4], [0, 0.35]], atol=1e-6)


def test_layers_follow_one_another_from_below() -> None:
    second = np.array([[[0.5, 0.0], [0.25, 0.75]]], F)
    one = stack([A, second], [G, np.ones_like(second)])
    np.testing.assert_allclose(relevance.of_stack(one), [[2.4, 0.6], [0.4, 2.4625]], atol=1e-6)
    np.testing.assert_allclose(relevance.of_stack(stack([A], [G])), [[1.6, 0.4], [0, 1.35]], atol=1e-6)
    np.testing.assert_allclose(relevance.of_stack(one, start=1), [[1.5, 0], [0.25, 1.75]], atol=1e-6)


def test_three_tokens() -> None:
    """B of one head: A * max(0, dA); R = I + B_1, then + B_2 R."""
    one = np.array([[[0.5, 0.5, 0], [0.25, 0.5, 0.25], [0, 0.5, 0.5]]], F)
    two = np.array([[[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]]], F)
    sign = np.array([[[1, 1, 1], [-1, 1, 1], [1, 1, -1]]], F)
    found = relevance.of_stack(stack([one, two], [sign, np.ones_like(two)], 3))
    expected = [[3, 1, 0], [0.75, 2.5, 0.375], [0.3, 1.3, 1.575]]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_across_two_streams() -> None:
    within = np.eye(2, dtype=F) + np.array([[0.2, 0.4], [0, 0.5]], F)
    other = np.eye(2, dtype=F) + np.array([[0.1, 0.3], [0.6, 0]], F)
    np.testing.assert_allclose(relevance.normalised(within), [[4 / 3, 2 / 3], [0, 2]], atol=1e-6)
    np.testing.assert_allclose(relevance.normalised(other), [[1.25, 0.75], [1, 1]], atol=1e-6)
    added = relevance.across(within, np.array([[0.5, 0.1], [0, 0.3]], F), other)
    np.testing.assert_allclose(added, [[0.966667, 0.633333], [1.083333, 0.916667]], atol=1e-5)


def test_zero_rows_are_no_nan() -> None:
    np.testing.assert_array_equal(relevance.normalised(np.eye(3, dtype=F)), np.eye(3))


def test_the_row_of_the_class_token_or_the_mean_of_the_patches() -> None:
    matrix = np.array([[1, 2, 3], [4, 5, 6], [6, 9, 12]], F)
    with_class = Sequence((" CLS", " 0,0", " 0,1"), [True, False, False])
    assert relevance.read_out(matrix, with_class).tolist() == [1, 2, 3]
    assert relevance.read_out(matrix, with_class, pools=True).tolist() == [5, 7, 9]
    plain = relevance.read_out(matrix, Sequence((" 0", " 1", " 2"), [False] * 3))
    np.testing.assert_allclose(plain, [11 / 3, 16 / 3, 7], rtol=1e-6)


def test_without_gradients_it_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="gradient_of"):
        relevance.of_stack(stack([A], None))


# The rules once more, from the paper, in torch, on the library's own attentions and their gradients


def eager(folder: Path, kind: Any) -> Any:
    return kind.from_pretrained(folder, attn_implementation="eager")


def by_the_paper(attentions: Any, target: torch.Tensor, start: int = 0) -> torch.Tensor:
    R = torch.eye(attentions[0].shape[-1])
    grads = torch.autograd.grad(target, attentions, retain_graph=True)
    for cam, grad in list(zip(attentions, grads, strict=True))[start:]:
        R = R + torch.matmul((grad[0] * cam[0]).clamp(min=0).mean(0), R)
    return R.detach()


def residual(R: torch.Tensor) -> torch.Tensor:
    I = torch.eye(R.shape[0])  # noqa: E741
    added = R - I
    return torch.nan_to_num(added / added.sum(-1, keepdim=True)) + I


@pytest.mark.parametrize("candidate", [0, 2])
@pytest.mark.parametrize("start", [0, 1])
def test_vit_as_the_paper_says(folders: Path, candidate: int, start: int) -> None:
    model = zoo.load(str(folders / "vit"))
    image = Image.effect_noise((60, 40), 80)
    found = relevance.of_stack(model.trace(image=image, gradient_of=candidate).attentions[0], start)
    reference = eager(folders / "vit", hf.ViTForImageClassification)
    pixels = tiny.vit_processor()(images=image.convert("RGB"), return_tensors="pt").pixel_values
    output = reference(pixels.requires_grad_(True), output_attentions=True)
    expected = by_the_paper(output.attentions, output.logits[0, candidate], start)
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("start", [0, 1])
def test_clip_on_both_sides_as_the_paper_says(folders: Path, start: int) -> None:
    model = zoo.load(str(folders / "clip"))
    image = Image.effect_noise((50, 40), 80).convert("RGB")
    trace = model.trace("the cat sat", image=image, gradient_of=lambda output: output.logits_per_image[0, 0])
    reference = eager(folders / "clip", hf.CLIPModel)
    processor = hf.CLIPProcessor.from_pretrained(folders / "clip")
    inputs = processor(text="the cat sat", images=image, return_tensors="pt")
    output = reference(**inputs, output_attentions=True)
    target = output.logits_per_image[0, 0]
    kinds = {"vision": output.vision_model_output.attentions, "text": output.text_model_output.attentions}
    for attention in trace.attentions:
        expected = by_the_paper(kinds[attention.kind], target, start)
        np.testing.assert_allclose(relevance.of_stack(attention, start), expected.numpy(), rtol=1e-3, atol=1e-6)


@pytest.fixture(scope="module")
def detectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("detectors")
    for name in ("detr", "conditional-detr", "table-transformer", "yolos"):
        tiny_detectors.save(name, root / name)
    return root


def seen_by_both(name: str, detectors: Path, query: int, kind: int) -> tuple[np.ndarray, Any, torch.Tensor]:
    """What we say a query's class rests on, the library's own output on the same pixels, and the class's number."""
    folder = zoo.folder(name) if name == "detr-shapes" else detectors / name
    image = Image.open(folder / "four.png") if name == "detr-shapes" else Image.effect_noise((120, 80), 90)
    model = zoo.load(name if name == "detr-shapes" else str(folder))
    trace = model.trace(image=image, gradient_of=lambda output: output.logits[0, query, kind])
    module = hf.AutoModelForObjectDetection.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    inputs = model.reader.processor(images=image.convert("RGB"), return_tensors="pt")
    output = module.eval()(**inputs, output_attentions=True)
    return relevance.of_query(looks(trace), query), output, output.logits[0, query, kind]


@pytest.mark.parametrize(("query", "kind"), [(3, 1), (0, 0)])
@pytest.mark.parametrize("name", ["detr-shapes", "detr", "conditional-detr", "table-transformer"])
def test_detr_and_its_kin_as_the_paper_says(name: str, query: int, kind: int, detectors: Path) -> None:
    """Encoder, then self- and cross-attention of each decoder layer in turn: the authors' rules 6, 7, 10, 11."""
    found, output, target = seen_by_both(name, detectors, query, kind)
    all_maps = (*output.encoder_attentions, *output.decoder_attentions, *output.cross_attentions)
    grads = torch.autograd.grad(target, all_maps, allow_unused=True)
    cams = [
        torch.zeros(a.shape[-2:]) if g is None else (a[0] * g[0]).clamp(min=0).mean(0)
        for a, g in zip(all_maps, grads, strict=True)
    ]
    n_encoder, n_decoder = len(output.encoder_attentions), len(output.decoder_attentions)
    R_ii, R_qq = torch.eye(cams[0].shape[0]), torch.eye(cams[n_encoder].shape[0])
    R_qi = torch.zeros(R_qq.shape[0], R_ii.shape[0])
    for cam in cams[:n_encoder]:
        R_ii = R_ii + cam @ R_ii
    for own, cross in zip(cams[n_encoder : n_encoder + n_decoder], cams[n_encoder + n_decoder :], strict=True):
        R_qq, R_qi = R_qq + own @ R_qq, R_qi + own @ R_qi
        R_qi = R_qi + residual(R_qq).T @ cross @ residual(R_ii)
    expected = R_qi[query].detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-5 * expected.max())
    assert found.max() > 0


def test_yolos_as_the_paper_says(detectors: Path) -> None:
    """Patches and queries in one stream: the row of the query, which stands at the end."""
    found, output, target = seen_by_both("yolos", detectors, 2, 1)
    R = by_the_paper(output.attentions, target)
    n_queries = output.logits.shape[1]
    np.testing.assert_allclose(found, R[len(R) - n_queries + 2].numpy(), rtol=1e-3, atol=1e-6)


def test_the_relevance_of_a_found_shape_lies_in_its_box() -> None:
    """detr-shapes on an example of its own: of the surest query, most lies in the box that it draws."""
    model = zoo.load("detr-shapes")
    image = Image.open(zoo.folder("detr-shapes") / "four.png")
    found = model.trace(image=image).detections
    assert found is not None
    query = int(found.probability.max(1).argmax())
    kind = int(found.probability[query].argmax())
    trace = model.trace(image=image, gradient_of=lambda output: output.logits[0, query, kind])
    values = relevance.of_query(looks(trace), query).reshape(8, 8)
    left, top, right, bottom = found.boxes[query]
    middles = (np.arange(8) + 0.5) / 8
    grown = 1 / 16  # a patch counts if half of it may be inside
    inside = ((middles > top - grown) & (middles < bottom + grown))[:, None] & (
        (middles > left - grown) & (middles < right + grown)
    )[None]
    assert inside.mean() < 0.5
    assert values[inside].sum() > 0.5 * values.sum()
    assert inside[np.unravel_index(values.argmax(), values.shape)]


def test_without_a_path_to_the_picture_it_says_so() -> None:
    with pytest.raises(ValueError, match="no attention that can be followed"):
        relevance.of_query(Looks(None, None, None), 0)


def test_gradients_stand_beside_their_own_layers(folders: Path) -> None:
    model = zoo.load(str(folders / "vit"))
    image = Image.effect_noise((60, 40), 80)
    attention = model.trace(image=image, gradient_of=0).attentions[0]
    assert attention.gradients is not None
    reference = eager(folders / "vit", hf.ViTForImageClassification)
    pixels = tiny.vit_processor()(images=image.convert("RGB"), return_tensors="pt").pixel_values
    output = reference(pixels, output_attentions=True)
    expected = torch.autograd.grad(output.logits[0, 0], output.attentions)
    for layer, gradient in enumerate(expected):
        np.testing.assert_allclose(attention.gradients[layer], gradient[0].numpy(), rtol=1e-3, atol=1e-6)
        others = [g for i, g in enumerate(expected) if i != layer]
        assert all(not np.allclose(attention.gradients[layer], g[0].numpy(), rtol=1e-3, atol=1e-6) for g in others)
