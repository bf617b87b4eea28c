"""A large photo holds nobody up while it is read, and what its visitor leaves behind is in the bounded shelf alone."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest
from PIL import Image

from models import zoo
from models.zoo import pictures
from models.zoo.given import Given
from pages.parts import keep
from tests.models.test_pictures import file
from tests.pages.test_vision import page, upload

WAIT = 60  # seconds after which a thread counts as stuck


def test_another_visitor_is_served_while_a_photo_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    started, let_go, read = threading.Event(), threading.Event(), pictures.read

    def slow(data: bytes) -> Image.Image:
        started.set()
        assert let_go.wait(WAIT)
        return read(data)

    monkeypatch.setattr(pictures, "read", slow)
    data = file(Image.new("RGB", (4000, 3000), "teal"))
    found: list[Image.Image] = []
    first = threading.Thread(target=lambda: found.append(keep.picture(data)))
    first.start()
    assert started.wait(WAIT)
    other = keep.trace(zoo.load("gpt-stories"), Given("somebody else reads this meanwhile"))  # would hang if blocked
    assert other.trace.n_tokens > 0
    assert not found
    let_go.set()
    first.join(WAIT)
    assert found[0].size == (4000, 3000)


def test_another_visitor_is_served_while_a_photo_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    model, writer = zoo.load("vit-fashion"), zoo.load("gpt-stories")
    started, let_go, look = threading.Event(), threading.Event(), type(model).look

    def slow(self: Any, given: Given, *rest: Any, **options: Any) -> Any:
        if given.image is not None:
            started.set()
            assert let_go.wait(WAIT)
        return look(self, given, *rest, **options)

    monkeypatch.setattr(type(model), "look", slow)
    found: list[keep.Kept] = []
    given = Given(image=Image.new("RGB", (4000, 3000), "navy"))
    first = threading.Thread(target=lambda: found.append(keep.trace(model, given)))
    first.start()
    assert started.wait(WAIT)
    assert keep.trace(writer, Given("and somebody else reads that")).trace.n_tokens > 0
    small = keep.picture(file(Image.new("RGB", (9, 9), "white")))
    assert small.size == (9, 9)
    assert not found
    let_go.set()
    first.join(WAIT)
    assert found[0].trace.given is given


def test_when_a_visitor_has_gone_only_the_bounded_shelf_holds_the_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, read = keep.Shelf(120_000_000), pictures.read
    photos: list[weakref.ref[Image.Image]] = []

    def noted(data: bytes) -> Image.Image:
        image = read(data)
        photos.append(weakref.ref(image))
        return image

    monkeypatch.setattr(pictures, "read", noted)
    monkeypatch.setattr(keep, "_traces", lambda: shelf)
    for shade in (20, 70, 120, 170, 220):
        app = page().run()
        app = upload(app, file(Image.new("RGB", (4000, 3000), (shade, 90, 40)), "JPEG"))
        assert not app.error
        assert not app.exception
        assert shelf._values.currsize <= 120_000_000
        del app
    gc.collect()
    assert len(photos) >= 5
    assert sum(photo() is not None for photo in photos) * 36_000_000 <= 120_000_000  # the rest have gone
    shelf._values.clear()
    gc.collect()
    assert not any(photo() is not None for photo in photos)  # nothing else holds one
