"""What Vision and Detection save is what they draw, for every kind of model: numbers in float32, pixels, the page."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models import zoo
from models.zoo.given import Given
from models.zoo.model import Model
from pages.parts import boxes, keep, overlay
from tests import tiny_detectors, tiny_vision
from viz import maps
from viz.views import patches

SIZE = (120, 80)


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Model]:
    """A tiny model of each kind, made when it is first asked for."""
    root, made = tmp_path_factory.mktemp("kinds"), {}

    def one(name: str) -> Model:
        if name not in made:
            kinds = tiny_vision if name in tiny_vision.MODELS else tiny_detectors
            made[name] = zoo.load(str(kinds.save(name, root / name)))
        return made[name]

    return one


def look(model: Model) -> tuple[Given, keep.Kept]:
    image = Image.effect_noise(SIZE, 80).convert("RGB")
    given = Given("the cat" if "text" in model.info.reads else "", image=image)
    return given, keep.trace(model, given)


@pytest.mark.parametrize("name", tiny_vision.MODELS)
def test_every_kind_s_maps_are_its_weights(load: Callable[[str], Model], name: str) -> None:
    model = load(name)
    given, kept = look(model)
    number = overlay.stacks(kept.trace)[0]
    stack = kept.trace.attentions[number]
    assert stack.keys.grid is not None
    head = len(stack.n_heads) - 1, stack.n_heads[-1] - 1
    (one,) = overlay.drawn(model, given, kept, number, patches.Asked(head=head), patches.Look(patch=1))
    at = int(np.flatnonzero(~stack.queries.special)[1])
    np.testing.assert_array_equal(one.values.ravel(), stack.at(*head)[at][~stack.keys.special])
    np.testing.assert_allclose(one.values.sum() + sum(one.special.values()), 1, atol=1e-5)
    (mean,) = overlay.drawn(model, given, kept, number, patches.Asked("mean", head), patches.Look(patch=1))
    expected = stack.weights[head[0]].mean(0)[at][~stack.keys.special]
    np.testing.assert_allclose(mean.values.ravel(), expected, atol=1e-7)
    assert kept.trace.seen is not None
    laid = maps.overlay(model.reader.picture(given.image), one, kept.trace.seen.size, kept.trace.seen.box)
    assert laid.size == SIZE
    assert (np.asarray(laid) != np.asarray(given.image)).any()
    with np.load(io.BytesIO(maps.npz(kept.trace, (one,), number)), allow_pickle=False) as file:
        np.testing.assert_array_equal(file["maps"][0], one.values)
        assert (file["cell"] == stack.keys.patch).all()


@pytest.mark.parametrize("map", ["rollout", "relevance", "positions"])
@pytest.mark.parametrize("name", ["vit", "deit", "beit", "dinov2", "clip"])
def test_what_is_computed_can_be_saved_or_says_why_not(load: Callable[[str], Model], name: str, map: str) -> None:
    model = load(name)
    given, kept = look(model)
    asked = patches.Asked(map, classes=(0, 2))
    if name in ("beit",) and map == "positions":  # told apart by a bias on the scores
        with pytest.raises(zoo.InputError, match="no learned embedding"):
            overlay.drawn(model, given, kept, 0, asked, patches.Look())
        return
    number = overlay.stacks(kept.trace)[0]
    found = overlay.drawn(model, given, kept, number, asked, patches.Look())
    assert len(found) == (2 if map == "relevance" and name != "clip" else 1)
    for one in found:
        assert np.isfinite(one.values).all()
        assert one.values.shape == kept.trace.attentions[number].keys.grid
    if map == "rollout":
        np.testing.assert_allclose(found[0].values.sum() + sum(found[0].special.values()), 1, atol=1e-5)


@pytest.mark.parametrize("name", tiny_detectors.MODELS)
def test_every_kind_of_detector(load: Callable[[str], Model], name: str) -> None:
    model = load(name)
    _, kept = look(model)
    found = boxes.looks(kept)
    assert found.cross is not None
    state = {"show": "query", "query": "3", "head": "1.2"}
    if found.cross.points is not None:
        with pytest.raises(zoo.InputError, match="no map over the picture"):
            boxes.drawn(model, kept, found, state)
    else:
        one = boxes.drawn(model, kept, found, state)
        weights = found.cross.at(1, 2)[3]
        np.testing.assert_array_equal(one.values.ravel(), weights[~found.cross.keys.special])
        assert "query 3 (" in one.of
        rests = boxes.drawn(model, kept, found, {"show": "relevance", "query": "3"})
        assert rests.title.startswith("Relevance for query 3 (")
        assert rests.values.shape == one.values.shape
        assert (rests.values >= 0).all()
        assert rests.values.max() > 0
    for show in ("here", "between"):
        with pytest.raises(zoo.InputError, match="no map over the picture"):
            boxes.drawn(model, kept, found, {"show": show})


def test_a_large_photo_goes_to_the_browser_small_and_is_saved_large() -> None:
    """Twelve million pixels: one decoded copy, thumbnails and codes on the wire, all pixels in the file."""
    model = zoo.load("vit-fashion")
    image = Image.effect_noise((80, 60), 80).convert("RGB").resize((4000, 3000))
    given = Given(image=image)
    kept = keep.trace(model, given)
    assert kept.trace.given is not None
    assert kept.trace.given.image is image
    packed = overlay._view(model, given, kept, 0, patches.Asked()).pack()
    assert len(packed) < 200_000, len(packed)
    (one,) = overlay.drawn(model, given, kept, 0, patches.Asked(), patches.Look())
    assert kept.trace.seen is not None
    laid = maps.overlay(model.reader.picture(image), one, kept.trace.seen.size, kept.trace.seen.box)
    assert laid.size == (4000, 3000)


def test_a_shelf_that_is_full_lets_photos_go() -> None:
    """What a visitor brought is held by the bounded shelf alone: other visitors' pictures drive it out."""
    import gc
    import weakref

    shelf = keep.Shelf(100_000_000)
    image = Image.new("RGB", (4000, 3000))
    gone = weakref.ref(image)
    shelf.put("first", image, 36_000_000)
    del image
    for i in range(3):
        shelf.put(i, object(), 36_000_000)
    gc.collect()
    assert gone() is None


def test_the_page_s_file_holds_what_was_looked_at() -> None:
    model = zoo.load("vit-fashion")
    given = Given(image=Image.open(zoo.folder("vit-fashion") / "coat.png"))
    kept = keep.trace(model, given)
    view = overlay.file(model, given, kept, 0, {"map": "rollout", "fuse": "max", "discard": "0.9", "patch": "10"})
    assert view.header["link"] is False
    assert view.header["state"]["fuse"] == "max"
    assert view.header["discard"] == 0.9
    assert view.header["about"]["model"] == "vit-fashion"
    assert len(view.header["full"]) == len(view.header["sheets"])  # nothing is left to be asked for


def test_hostile_addresses_are_read_as_nothing() -> None:
    assert patches.look("patch=x&opacity=1e9&fuse=<b>&way=?&scale=cube&smooth=1") == patches.Look()
    assert patches.look("patch=5&opacity=300&way=read&smooth=bilinear") == patches.Look(
        patch=5, opacity=100, way="read", smooth=True
    )


def test_folders_are_not_named(tmp_path: Path) -> None:
    """A caption says the model's name, never where it lies on this computer."""
    model = zoo.load(str(tiny_vision.save("vit", tmp_path / "mine")))
    given, kept = look(model)
    (one,) = overlay.drawn(model, given, kept, 0, patches.Asked(), patches.Look())
    assert str(tmp_path) not in maps.caption(kept.trace, one, 0)
