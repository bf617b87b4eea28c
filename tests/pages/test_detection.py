"""The detection page as a script: what it says for good and bad input, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests import tiny_detectors
from tests.models.test_pictures import BAD, file
from tests.pages.test_pages import ROOT, said


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("page_detectors")
    for name in tiny_detectors.MODELS:
        tiny_detectors.save(name, root / name)
    return root


def page(**query: str) -> AppTest:
    """The page as a cold deep link opens it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90).switch_page("pages/detection.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app


def upload(app: AppTest, data: bytes, name: str = "picture.png") -> AppTest:
    app.file_uploader(key="detection_picture").set_value((name, data, "image/png"))
    return app.run()


def test_the_first_visit_shows_the_bundled_detector() -> None:
    app = page().run()
    assert not app.error
    assert "**3** layers" in said(app)
    assert "**8** rows of **8** patches" in said(app)
    assert app.selectbox(key="detection_model").options == ["detr-shapes (detect objects)"]
    assert len(app.selectbox(key="detection_scene_detr-shapes").options) == 3


@pytest.mark.parametrize("show", ["query", "relevance", "here", "between", "encoder", "<x>"])
@pytest.mark.parametrize("name", tiny_detectors.MODELS)
def test_every_kind_of_detector(models: Path, name: str, show: str) -> None:
    app = page(detection_model=str(models / name), show=show, head="1.2", query="3", threshold="0.7").run()
    assert not app.error
    assert "heads each" in said(app)


@pytest.mark.parametrize(
    ("ref", "sentence"),
    [
        ("no such model", "neither a folder"),
        ("vit-fashion", "draws no boxes: it is no detector"),
        ("gpt-stories", "draws no boxes: it is no detector"),
        ("/", "no config"),
    ],
)
def test_models_that_cannot_be_shown(ref: str, sentence: str) -> None:
    assert sentence in said(page(detection_model=ref).run()).replace("\\", "")


@pytest.mark.parametrize("name", [name for name in BAD if name != "large file"])
def test_files_that_are_no_pictures_are_a_sentence(name: str) -> None:
    data, words = BAD[name]
    app = upload(page().run(), data)
    assert words in said(app)
    assert len(app.error) == 1


def test_a_picture_of_one_s_own() -> None:
    app = upload(page().run(), file(Image.effect_noise((60, 40), 80)), "<img src=x>.png")
    assert not app.error
    assert "<img" not in said(app)


@pytest.mark.parametrize("scene", ["circle.red.16.16.9_ring.blue.44.40.10", "nonsense", "<b>", "x" * 5_000])
def test_a_scene_comes_with_the_link(scene: str) -> None:
    app = page(scene=scene).run()
    assert not app.error
    assert "**8** rows of **8** patches" in said(app)
