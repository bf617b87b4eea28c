"""What a painting and a codebook send to the browser, against the records they are made of."""

import numpy as np
import pytest

from models.painting.codebook import codebook
from models.records import Attention, Caption, Gallery, Painting, Sequence, Weights
from tests.viz.decoder import unpack
from viz import codes
from viz.views import codebook as book_view
from viz.views import painting


def made_up(which: int = 1, put: tuple[tuple[int, int], ...] = ()) -> Gallery:
    """A painter with 2 words, 2 x 3 cells, 3 colours, 2 layers of 2 heads; every weight by chance."""
    chance = np.random.default_rng(7)
    text = Caption("red <b>", (1, 2), ("red", "<b>"), (1,), (), "a red", (), False)
    n = 2 + 5
    weights = np.tril(chance.random((2, 2, n, n))).astype(np.float32)
    weights /= weights.sum(-1, keepdims=True)
    sequence = Sequence(tuple(map(str, range(n))), np.zeros(n, bool))
    every = chance.dirichlet(np.ones(5), 6).astype(np.float32)
    pictures = chance.integers(0, 3, (4, 2, 3))
    own = [every[np.arange(6), 2 + picture.ravel()] for picture in pictures]
    candidates = tuple(
        Painting(pictures[i], own[i], 10 + i, shows="a red" if i else "", right=bool(i)) for i in range(2)
    )
    under = tuple(Painting(pictures[2 + i], own[2 + i], 11, name, put) for i, name in enumerate(("full", "row")))
    triangle = np.tri(8, dtype=bool)
    return Gallery(
        caption=text,
        names=("red", "<b>", "#n", "#r", "#g"),
        colours=(("night", (9, 9, 9)), ("red", (250, 0, 0)), ("green", (0, 250, 0))),
        candidates=candidates,
        which=which,
        under=under,
        chosen=under[0],
        masks={"full": triangle, "row": np.eye(8, dtype=bool)},
        every=every,
        offered=(every[:, 2:] / every[:, 2:].sum(1, keepdims=True)).astype(np.float32),
        attention=Attention("self", sequence, sequence, Weights(2, weights.__getitem__), ("a", "b"), (2, 2)),
    )


def test_every_weight_picture_and_mask_arrives() -> None:
    gallery = made_up()
    header, parts = unpack(painting.view(gallery, base="x").pack())
    assert (header["base"], header["which"], header["mask"]) == ("x", 1, "full")
    assert [one["right"] for one in header["candidates"]] == [0, 1]
    assert header["candidates"][0]["log"] == pytest.approx(gallery.candidates[0].likelihood, abs=1e-3)
    assert parts["pictures"].reshape(4, 6).tolist() == [
        one.codes.ravel().tolist() for one in (*gallery.candidates, *gallery.under)
    ]
    rows, columns = np.tril_indices(7)
    every = np.concatenate([gallery.attention.weights[i] for i in range(2)])
    assert (parts["weights"].reshape(4, -1) == codes.sqrt8(every[:, rows, columns])).all()
    share = every[:, 1:, :2].sum(-1)  # cell 0 is painted by the last word
    np.testing.assert_allclose(parts["on_words"].reshape(4, 6) / 2000, share, atol=1e-3)
    bits = np.unpackbits(parts["allowed"].reshape(2, -1), axis=1)[:, :64].reshape(2, 8, 8)
    assert (bits[0] == np.tri(8)).all()
    assert (bits[1] == np.eye(8)).all()
    assert header["masks"] == [["full", 36, 36], ["row", 8, 36]]


MASKS = ("full", "row")


def test_what_a_browser_or_a_link_asks_for_is_read_or_refused_in_words() -> None:
    asked = painting.asked("base=q&mask=row&candidate=3&put=44.2,7.0,44.1", MASKS, 8, 100, 9)
    assert asked == painting.Asked("q", "row", 3, ((7, 0), (44, 1)), asked.notes)
    assert painting.asked("", MASKS, 8, 100, 9) == painting.Asked()
    for words, said in {
        "mask=slanted": "mask “slanted”",
        "candidate=8": "candidate 8; there are 8",
        "candidate=-1": "candidate -1",
        "put=100.1": "colours as cell.colour",
        "put=1.9": "colours 0 to 8",
        "put=x": "what did not fit is left out",
        "put=1.2.3": "what did not fit is left out",
    }.items():
        found = painting.asked(words, MASKS, 8, 100, 9)
        assert said in found.notes[0]
        assert (found.mask, found.candidate, found.put) == ("full", 0, ())
    assert painting.is_of("base=q&mask=row", "q")
    assert not painting.is_of("base=q&mask=row", "r")


def test_a_codebook_arrives() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (16, 24, 3)).astype(np.uint8)
    books = tuple(codebook(picture, k) for k in (4, 64))
    header, parts = unpack(book_view.view(picture, books).pack())
    assert header["books"][0][:2] == [4, 4]
    assert header["books"][1] == [64, 6, None]  # six patches: nothing is lost
    assert (parts["picture"].reshape(16, 24, 3) == picture).all()
    assert (parts["codes"].reshape(2, 2, 3)[0] == books[0].codes).all()
    assert len(parts["tiles"]) == (4 + 6) * 192
