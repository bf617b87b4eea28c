"""The vision page as a script: what it says for good and bad input, without a browser."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from streamlit.testing.v1 import AppTest

from tests import tiny_vision
from tests.models.test_pictures import BAD, colours, file, rotated, text_bomb
from tests.pages.test_pages import ROOT, said


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("page_models")
    for name in tiny_vision.MODELS:
        tiny_vision.save(name, root / name)
    return root


def page(**query: str) -> AppTest:
    """The page as a cold deep link opens it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90).switch_page("pages/vision.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app


def test_the_first_visit_shows_the_bundled_model() -> None:
    app = page().run()
    assert "**4** layers" in said(app)
    assert "**7** rows of **7** patches" in said(app)
    assert not app.error
    assert app.selectbox(key="vision_model").options[0] == "vit-fashion (classify pictures)"
    assert len(app.selectbox(key="vision_scene_vit-fashion").options) == 10


@pytest.mark.parametrize("map", ["head", "mean", "rollout", "relevance", "positions", "<x>"])
def test_every_map_of_the_bundled_model(map: str) -> None:
    app = page(map=map, discard="0.9", start="2", classes="3,5").run()
    assert "**4** layers" in said(app)
    assert not app.error


@pytest.mark.parametrize("map", ["rollout", "relevance", "positions"])
@pytest.mark.parametrize("name", tiny_vision.MODELS)
def test_every_kind_of_model(models: Path, name: str, map: str) -> None:
    app = page(vision_model=str(models / name), map=map).run()
    assert "patches" in said(app)
    assert not app.error


@pytest.mark.parametrize("name", ["detr-shapes", "caption-shapes"])
def test_the_encoders_of_a_detector_and_of_a_captioner_are_pictures_too(name: str) -> None:
    app = page(vision_model=name, map="rollout").run()
    assert "**8** rows of **8** patches" in said(app)
    assert not app.error


@pytest.mark.parametrize(
    ("ref", "sentence"),
    [("no such model", "neither a folder"), ("gpt-stories", "cannot be laid over the picture"), ("/", "no config")],
)
def test_models_that_cannot_be_shown(ref: str, sentence: str) -> None:
    assert sentence in said(page(vision_model=ref).run()).replace("\\", "")


def upload(app: AppTest, data: bytes, name: str = "picture.png") -> AppTest:
    app.file_uploader(key="vision_picture").set_value((name, data, "image/png"))
    return app.run()


@pytest.mark.parametrize("name", [name for name in BAD if name != "large file"])
def test_files_that_are_no_pictures_are_a_sentence(name: str) -> None:
    data, words = BAD[name]
    app = upload(page().run(), data)
    assert words in said(app)
    assert len(app.error) == 1


@pytest.mark.parametrize("name", ["../../x.png", "a" * 300 + ".png", "<img src=x>.png"])
def test_file_names_are_nothing_but_names(name: str) -> None:
    app = upload(page().run(), file(Image.effect_noise((60, 40), 80)), name)
    assert "**7** rows of **7** patches" in said(app)
    assert not app.error
    assert "<img" not in said(app)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "LA", "I;16", "CMYK"])
def test_every_mode_is_read(mode: str) -> None:
    image = Image.effect_noise((50, 30), 80)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    else:
        image = image.convert("RGB").convert(mode) if mode != "LA" else image.convert("LA")
    app = upload(page().run(), file(image, "JPEG" if mode == "CMYK" else "PNG"))
    assert "**7** rows of **7** patches" in said(app)
    assert not app.error


def test_an_animation_s_first_frame_is_said_to_be_read() -> None:
    out = io.BytesIO()
    frames = [Image.new("L", (30, 30), shade) for shade in (30, 90, 200)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    assert "the model reads its first frame" in said(upload(page().run(), out.getvalue(), "moving.gif"))


def many_frames(n: int) -> bytes:
    """A GIF of one pixel and so many frames, written by hand: the first is white, the others black."""
    begin = b"GIF89a" + b"\x01\x00\x01\x00" + b"\x80\x00\x00" + b"\x00\x00\x00\xff\xff\xff"
    head = b"\x21\xf9\x04\x00\x01\x00\x00\x00" + b"\x2c" + bytes(4) + b"\x01\x00\x01\x00" + b"\x00\x02\x02"
    white, black = head + b"\x4c\x01\x00", head + b"\x44\x01\x00"
    return begin + white + black * (n - 1) + b"\x3b"


def test_of_ten_thousand_frames_the_first_is_read() -> None:
    app = upload(page().run(), many_frames(10_000), "long.gif")
    assert "the model reads its first frame" in said(app)
    assert not app.error


def test_a_text_bomb_in_a_picture_is_a_sentence() -> None:
    app = upload(page().run(), text_bomb())
    assert "damaged" in said(app)
    assert len(app.error) == 1


def test_markup_in_metadata_is_not_echoed() -> None:
    info = PngImagePlugin.PngInfo()
    for key in ("Title", "Comment", "<img src=x>"):
        info.add_itxt(key, "<script>alert(1)</script>")
    app = upload(page().run(), file(colours(), pnginfo=info), "<script>alert(2)</script>.png")
    assert not app.error
    assert "alert" not in said(app)


@pytest.mark.parametrize("data", [file(Image.new("RGB", (1, 1), "red")), rotated(6)], ids=["1 x 1", "turned"])
def test_the_smallest_and_a_turned_picture_are_read(data: bytes) -> None:
    app = upload(page().run(), data)
    assert "**7** rows of **7** patches" in said(app)
    assert not app.error
