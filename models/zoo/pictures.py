"""Pictures from strangers: opened by an allow-list of formats, bounded before they are decoded, shown as a person sees.

Costs no torch to import.
"""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from models.zoo.errors import InputError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
SUFFIXES = ("png", "jpg", "jpeg", "webp", "gif")
MAX_PIXELS = 20_000_000
MAX_BYTES = 20_000_000
SLIMMEST = 100  # times as long as wide: beyond, nothing is left to see at a model's size


def read(data: bytes) -> Image.Image:
    """The picture in a file's bytes, upright and RGB, of an animation the first frame; raises InputError."""
    image = _opened(data)
    try:
        image.load()
        return upright(image)
    except InputError:
        raise
    except Exception as error:  # Pillow's decoders raise all kinds of errors for damaged files
        raise InputError("The picture's file is damaged or cut short. Save or download it again.") from error


def remarks(data: bytes) -> tuple[str, ...]:
    """What a visitor should know of a file that can be read: a sentence if only its first frame is."""
    if getattr(_opened(data), "is_animated", False):
        return ("This picture moves: the model reads its first frame.",)
    return ()


def _opened(data: bytes) -> Image.Image:
    """The picture with its header read and its size checked, nothing decoded yet; raises InputError."""
    if not data:
        raise InputError("The picture's file is empty. Save or download it again.")
    if len(data) > MAX_BYTES:
        raise InputError(f"The picture's file has {len(data) / 1e6:.0f} MB; Headlight reads up to 20 MB.")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(
            "The picture has too many pixels. Headlight reads up to 20 million: make it smaller."
        ) from error
    except UnidentifiedImageError as error:
        raise InputError("This file is no PNG, JPEG, WebP or GIF picture. Save the picture as one of these.") from error
    except Exception as error:
        raise InputError("The picture's file is damaged or cut short. Save or download it again.") from error
    _check_size(image)
    return image


def _check_size(image: Image.Image) -> None:
    """Raise InputError for a picture that is too large or too slim, from its header alone."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InputError(
            f"The picture has {width:,} x {height:,} pixels; Headlight reads up to {MAX_PIXELS // 1_000_000} million. "
            "Make it smaller."
        )
    if max(width, height) > SLIMMEST * min(width, height):
        raise InputError(f"The picture is {width:,} x {height:,} pixels: too slim to be seen by a model. Cut it out.")


def upright(image: Image.Image) -> Image.Image:
    """The picture as a person sees it: turned as its camera says, RGB, on white where it is see-through.

    Raises InputError if it is too large or too slim.
    """
    _check_size(image)
    try:
        image = ImageOps.exif_transpose(image)
    except Exception:  # a broken note of how the camera was held: the picture stays as it lies
        image = image.copy()
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(_eight_bits(image)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> NDArray[np.uint8]:
    """Grey values of more than 8 bits as 0 to 255, [row, column]; Pillow would cut them off at 255.

    16 bits have a range. Whole numbers and floats have none: they are taken for what fits their largest value, 0 to 1
    (floats), 255, 65,535, or that value itself.
    """
    values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0, neginf=0).clip(0)
    most: Any = values.max(initial=0)
    ranges = [65_535.0] if image.mode.startswith("I;16") else [255.0, 65_535.0, most]
    if image.mode == "F":
        ranges.insert(0, 1.0)
    return np.rint(255 / next(top for top in ranges if most <= top) * values).astype(np.uint8)
