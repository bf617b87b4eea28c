"""The captioning page as a script: every kind of model, every map, good and bad input, without a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as hf
from PIL import Image
from streamlit.testing.v1 import AppTest

from models import zoo
from pages.parts import overlay
from tests import tiny_captions
from tests.models.test_pictures import BAD
from tests.pages.test_pages import ROOT, said

TIMEOUT = 240


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("caption_models")
    for name in tiny_captions.MODELS:
        tiny_captions.save(name, root / name)
    return root


def page(**query: str) -> AppTest:
    """The page as a cold deep link opens it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT).switch_page("pages/captioning.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app


def test_the_bundled_captioner_and_bad_pictures() -> None:
    app = page().run()
    assert "**8** rows of **8** patches" in said(app)
    assert not app.error
    assert app.selectbox(key="captioning_model").options == ["caption-shapes (describe pictures)"]
    assert not app.text_input
    for data, words in (BAD["text"], BAD["cut short"], BAD["slim"], BAD["bomb"]):
        app.file_uploader(key="captioning_picture").set_value(("x.png", data, "image/png")).run()
        assert not app.exception
        assert words in app.error[0].value.replace("\\", "")


@pytest.mark.parametrize("name", tiny_captions.MODELS)
def test_every_kind_of_model_through_the_page(models: Path, name: str) -> None:
    app = page(captioning_model=str(models / name), map="relevance", grey="on", word="1").run()
    assert not app.exception
    assert not app.error
    assert f"**{6 if name in ('to_words', 'vilt') else 4}** patches" in said(app)
    boxes = [box.label for box in app.text_input]
    asks = {"vilt": "Question", "blip_answers": "Question", "llava": "What you say to it", "to_words": None}
    label = asks.get(name, "The caption begins with")
    assert boxes == ([] if label is None else [label])


def test_who_says_nothing_of_a_picture_says_so_and_a_question_is_asked_for(models: Path) -> None:
    app = page(captioning_model="vit-fashion").run()
    assert "says nothing of a picture" in app.error[0].value
    app = page(captioning_model=str(models / "vilt")).run()
    app.text_input(key="captioning_question").set_value("  ").run()
    assert not app.exception
    assert "There is no question yet" in said(app)


def test_the_text_side_of_clip_is_what_the_paper_says(folders: Path) -> None:
    """The last token's row through the text's layers, on the library's own gradients."""
    model = zoo.load(str(folders / "clip"))
    image = Image.effect_noise((50, 40), 80).convert("RGB")
    trace = model.trace("the cat sat", image=image, gradient_of=lambda output: output.logits_per_image[0, 0])
    reference = hf.CLIPModel.from_pretrained(folders / "clip", attn_implementation="eager")
    inputs = hf.CLIPProcessor.from_pretrained(folders / "clip")(text="the cat sat", images=image, return_tensors="pt")
    output = reference(**inputs, output_attentions=True)
    maps = output.text_model_output.attentions
    grads = torch.autograd.grad(output.logits_per_image[0, 0], maps)
    for start in (0, 1):
        found = torch.eye(maps[0].shape[-1])
        for weights, grad in list(zip(maps, grads, strict=True))[start:]:
            found = found + (grad[0] * weights[0]).clamp(min=0).mean(0) @ found
        words = overlay._words(trace, start)
        assert [label for label, _ in words] == list(trace.attentions[1].keys.labels)
        np.testing.assert_allclose([value for _, value in words], found[-1].detach().numpy(), rtol=1e-3, atol=1e-6)
