"""Patches, k-means and PSNR, against cases done by hand."""

import numpy as np
import pytest
from PIL import Image

from models.painting import codebook


def test_psnr_by_hand() -> None:
    assert codebook.psnr(np.zeros(100), np.full(100, 0.1), peak=1) == pytest.approx(20)  # MSE .01
    assert codebook.psnr(np.zeros(4), np.full(4, 255.0)) == pytest.approx(0)
    assert codebook.psnr(np.ones(4), np.ones(4)) == float("inf")


def test_patches_come_apart_and_together() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (24, 40, 3)).astype(np.uint8)
    vectors = codebook.patches(picture)
    assert vectors.shape == (15, 192)
    assert (vectors[7].reshape(8, 8, 3) == picture[8:16, 16:24]).all()  # 7 = row 1, column 2 of 5
    assert (codebook.together(vectors, 3, 5) == picture).all()


def test_clusters_that_are_apart_are_found() -> None:
    chance = np.random.default_rng(1)
    middles = np.array([[0, 0], [100, 0], [0, 100]], np.float32)
    vectors = (np.repeat(middles, 20, 0) + chance.normal(0, 1, (60, 2))).astype(np.float32)
    centres, nearest = codebook.k_means(vectors, 3, seed=4)
    groups = nearest.reshape(3, 20)
    assert (groups == groups[:, :1]).all()
    assert len({*groups[:, 0]}) == 3
    for group, members in zip(groups[:, 0], vectors.reshape(3, 20, 2), strict=True):
        np.testing.assert_allclose(centres[group], members.mean(0), atol=1e-4)
    again = codebook.k_means(vectors, 3, seed=4)
    assert (again[0] == centres).all()
    assert (again[1] == nearest).all()


def test_every_patch_has_its_nearest_tile_and_more_tiles_lose_less() -> None:
    image = Image.fromarray(np.random.default_rng(2).integers(0, 256, (30, 44, 3)).astype(np.uint8)).resize((200, 150))
    picture = codebook.cut(image)
    assert picture.shape == (96, 128, 3)
    found = [codebook.codebook(picture, k) for k in codebook.SIZES]
    for book in found:
        assert len(book.tiles) == book.asked
        again = codebook.together(book.tiles[book.codes].astype(np.float32), 12, 16)
        assert book.psnr == pytest.approx(codebook.psnr(picture, again))
    assert [book.psnr for book in found] == sorted(book.psnr for book in found)


def test_a_picture_of_few_patches_has_few_tiles() -> None:
    plain = np.full((16, 16, 3), 7, np.uint8)
    book = codebook.codebook(plain, 64)
    assert (len(book.tiles), book.psnr) == (1, float("inf"))
    assert (book.codes == 0).all()
