"""Pictures from strangers: every format and mode as a person sees it, everything else a sentence."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from models.zoo import InputError, pictures


def file(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def colours() -> Image.Image:
    """40 x 24: red on the left, blue on the right, and one bright corner, bottom left."""
    pixels = np.zeros((24, 40, 3), np.uint8)
    pixels[:, :20, 0], pixels[:, 20:, 2] = 200, 200
    pixels[16:, :8] = 255
    return Image.fromarray(pixels)


def near(image: Image.Image, expected: Image.Image, most: int = 8) -> None:
    assert image.mode == "RGB"
    assert image.size == expected.size
    apart = np.abs(np.asarray(image).astype(int) - np.asarray(expected.convert("RGB")))
    assert apart.mean() <= most, apart.mean()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_format(kind: str) -> None:
    options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    near(pictures.read(file(colours(), kind, **options)), colours())


@pytest.mark.parametrize("mode", ["L", "P", "1", "RGBA", "LA", "PA", "RGBa", "CMYK", "YCbCr", "LAB", "HSV"])
def test_every_mode(mode: str) -> None:
    given = colours() if mode not in ("L", "LA", "PA", "1") else colours().convert("L")
    if mode == "LAB":
        from PIL import ImageCms

        lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
        converted = ImageCms.applyTransform(given, lab)
    elif mode == "PA":
        converted = given.convert("P").convert("PA")
    elif mode == "RGBa":
        converted = given.convert("RGBA").convert(mode)
    else:
        converted = given.convert(mode)
    assert converted is not None
    grey = Image.fromarray(np.asarray(given.convert("1"))) if mode == "1" else given
    near(pictures.upright(converted), grey, most=12)


def test_cmyk_and_palette_files() -> None:
    near(pictures.read(file(colours().convert("CMYK"), "JPEG", quality=95)), colours(), most=12)
    palette = colours().convert("P", palette=Image.Palette.ADAPTIVE)
    near(pictures.read(file(palette)), colours())


def test_what_can_be_seen_through_lies_on_white() -> None:
    through = colours().convert("RGBA")
    through.putalpha(0)
    assert np.asarray(pictures.read(file(through))).min() == 255
    palette = colours().convert("P")
    palette.info["transparency"] = palette.getpixel((0, 0))
    seen = np.asarray(pictures.read(file(palette, transparency=palette.getpixel((0, 0)))))
    assert seen[0, 0].tolist() == [255, 255, 255]
    assert seen[0, 39].tolist() != [255, 255, 255]


@pytest.mark.parametrize("kind", ["uint16", "int32", "float32", "float255"])
def test_more_than_eight_bits_are_rescaled_not_cut_off(kind: str) -> None:
    ramp = np.tile(np.linspace(0, 1, 64), (8, 1))
    made = {
        "uint16": np.rint(ramp * 65_535).astype(np.uint16),
        "int32": np.rint(ramp * 65_535).astype(np.int32),
        "float32": ramp.astype(np.float32),
        "float255": (ramp * 255).astype(np.float32),
    }[kind]
    seen = np.asarray(pictures.upright(Image.fromarray(made)))[0, :, 0]
    np.testing.assert_allclose(seen, 255 * ramp[0], atol=1)
    if kind == "uint16":
        assert np.asarray(pictures.read(file(Image.fromarray(made))))[0, :, 0].tolist() == seen.tolist()


def test_floats_that_are_no_numbers_are_black() -> None:
    assert np.asarray(pictures.upright(Image.fromarray(np.full((4, 4), np.nan, np.float32)))).max() == 0


def rotated(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return file(colours(), "JPEG", exif=exif, quality=95, subsampling=0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_camera_s_orientation_is_applied(orientation: int) -> None:
    transpose = Image.Transpose
    turn = {
        2: transpose.FLIP_LEFT_RIGHT,
        3: transpose.ROTATE_180,
        4: transpose.FLIP_TOP_BOTTOM,
        5: transpose.TRANSPOSE,
        6: transpose.ROTATE_270,
        7: transpose.TRANSVERSE,
        8: transpose.ROTATE_90,
    }.get(orientation)
    near(pictures.read(rotated(orientation)), colours() if turn is None else colours().transpose(turn))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of this size whose header is all there is to it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    )


def text_bomb() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("note", "x" * 80_000_000, zip=True)
    return file(Image.new("RGB", (8, 8)), pnginfo=info)


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))


BAD = {
    "nothing": (b"", "empty"),
    "text": (b"hello, I am a picture", "no PNG, JPEG, WebP or GIF"),
    "cut short": (file(noise(), "JPEG")[:900], "damaged or cut short"),
    "bomb": (bomb(20_000, 20_000), "pixels"),
    "wide bomb": (bomb(5_000, 5_000), "up to 20 million"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no PNG"),
    "pdf": (b"%PDF-1.7\n", "no PNG"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PNG"),
    "tiff": (file(colours(), "TIFF"), "no PNG"),
    "bmp": (file(colours(), "BMP"), "no PNG"),
    "slim": (file(Image.new("L", (1, 10_000))), "too slim"),
    "large file": (b"\0" * 20_000_001, "20 MB"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_a_sentence(name: str) -> None:
    data, words = BAD[name]
    with pytest.raises(InputError, match=words):
        pictures.read(data)


def test_a_text_bomb_is_refused_or_ignored() -> None:
    with pytest.raises(InputError, match="damaged"):
        pictures.read(text_bomb())


def test_one_pixel_is_a_picture() -> None:
    assert pictures.read(file(Image.new("RGB", (1, 1), "red"))).getpixel((0, 0)) == (255, 0, 0)


def test_metadata_is_not_echoed() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "<script>alert(1)</script>")
    image = pictures.read(file(colours(), pnginfo=info))
    near(image, colours())


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_read_and_said_to_be(kind: str) -> None:
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    moving = file(colours(), kind, save_all=True, append_images=[Image.new("RGB", (40, 24), "white")] * 3, **options)
    near(pictures.read(moving), colours())
    assert pictures.remarks(moving) == ("This picture moves: the model reads its first frame.",)
    assert pictures.remarks(file(colours())) == ()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_damaged_bytes_are_a_sentence_or_a_picture(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {} if kind == "GIF" else {"exif": exif}
    whole = bytearray(file(noise(), kind, **options))
    chance = np.random.default_rng(1)
    for _ in range(300):
        data = bytearray(whole)
        for place in chance.integers(0, len(data), 6):
            data[place] = chance.integers(256)
        with warnings.catch_warnings(), contextlib.suppress(InputError):  # any other error fails
            warnings.simplefilter("ignore")
            assert pictures.read(bytes(data)).mode == "RGB"
