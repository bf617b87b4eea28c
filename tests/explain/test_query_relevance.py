"""Relevance of a detector's queries: the paper's rules written a second time, on the library's own attentions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf
from PIL import Image

from models import zoo
from models.explain.queries import relevance_of
from models.zoo.given import Given
from tests import tiny_detectors
from tests.explain.test_relevance import by_the_paper, residual

DENSE = ("detr", "conditional-detr", "table-transformer")
IMAGE = Image.effect_noise((90, 60), 90).convert("RGB")


def heads(maps: Any, target: torch.Tensor) -> list[torch.Tensor]:
    """Equation 5 of each layer."""
    grads = torch.autograd.grad(target, maps, retain_graph=True, allow_unused=True)
    weighed = ((a[0] * (torch.zeros_like(a) if g is None else g)[0]) for a, g in zip(maps, grads, strict=True))
    return [one.clamp(min=0).mean(0) for one in weighed]


def of_the_paper(output: Any, target: torch.Tensor) -> torch.Tensor:
    """R_qi: encoder; then of each decoder layer self- and cross-attention (equations 6, 7, 10)."""
    R_ii = by_the_paper(output.encoder_attentions, target)
    n = output.decoder_attentions[0].shape[-1]
    R_qq, R_qi = torch.eye(n), torch.zeros(n, len(R_ii))
    own, cross = heads(output.decoder_attentions, target), heads(output.cross_attentions, target)
    for one, other in zip(own, cross, strict=True):
        R_qq, R_qi = R_qq + one @ R_qq, R_qi + one @ R_qi
        R_qi = R_qi + residual(R_qq).T @ other @ residual(R_ii)
    return R_qi.detach()


@pytest.mark.parametrize("name", [*DENSE, "yolos"])
def test_a_query_rests_on_what_the_paper_says(tmp_path: Path, name: str) -> None:
    tiny_detectors.save(name, tmp_path)
    model = zoo.load(str(tmp_path))
    query, kind = 4, 1
    trace = model.look(Given(image=IMAGE), gradient_of=lambda output: output.logits[0, query, kind])
    found = relevance_of(trace, query)
    reference = hf.AutoModelForObjectDetection.from_pretrained(tmp_path, attn_implementation="eager").eval()
    output = reference(**model.reader.prepare(Given(image=IMAGE)).arguments, output_attentions=True)
    target = output.logits[0, query, kind]
    if name == "yolos":
        expected = by_the_paper(output.attentions, target)[query - output.logits.shape[1]]
    else:
        expected = of_the_paper(output, target)[query]
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-3, atol=1e-6)
    assert found.max() > 0


def test_sampling_points_have_no_path(tmp_path: Path) -> None:
    tiny_detectors.save("deformable-detr", tmp_path)
    trace = zoo.load(str(tmp_path)).look(Given(image=IMAGE))
    with pytest.raises(ValueError, match="sampling points"):
        relevance_of(trace, 0)


def test_on_shapes_the_query_rests_on_its_own_box() -> None:
    """Chance is the box's share of the picture: relevance puts several times as much there."""
    model = zoo.load("detr-shapes")
    image = Image.open(zoo.folder("detr-shapes") / "four.png")
    found = model.look(Given(image=image)).detections
    assert found is not None
    ratios = []
    for query, kind in found.above(0.9):
        trace = model.look(Given(image=image), gradient_of=lambda output, q=query, k=kind: output.logits[0, q, k])
        values = relevance_of(trace, query).clip(0).reshape(8, 8)
        left, top, right, bottom = found.boxes[query]
        centres = (np.arange(8) + 0.5) / 8
        wide = 1 / 16  # a cell counts if it touches the box
        inside = np.outer(
            (centres > top - wide) & (centres < bottom + wide), (centres > left - wide) & (centres < right + wide)
        )
        ratios.append((values[inside].sum() / values.sum()) / inside.mean())
    assert len(ratios) == 4
    assert min(ratios) > 2
