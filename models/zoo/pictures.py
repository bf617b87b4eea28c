"""Pictures from strangers: opened by an allow-list of formats, bounded before they are decoded, shown as a person sees.

Costs no torch to import.
"""

import io
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from models.zoo.errors import InputError

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 20_000_000
MAX_BYTES = 20_000_000
SLIMMEST = 100  # times as long as wide: beyond, nothing is left to see at a model's size


def read(data: bytes) -> Image.Image:
    """The picture in a file's bytes, upright and RGB; raises InputError with what is wrong with it."""
    if len(data) > MAX_BYTES:
        raise InputError(f"The picture's file has {len(data) / 1e6:.0f} MB; Headlight reads up to 20 MB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            _check_size(image)
            image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(
            "The picture has too many pixels. Headlight reads up to 20 million: make it smaller."
        ) from error
    except UnidentifiedImageError as error:
        raise InputError("This file is no PNG, JPEG or WebP picture. Save the picture as one of these.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # Pillow raises all of these for damaged files
        raise InputError("The picture's file is damaged or cut short. Save or download it again.") from error
    return upright(image)


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
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits of grey: Pillow would cut them off at 255
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def seen(pixels: NDArray[Any], processor: Any) -> NDArray[np.uint8] | None:
    """What a model saw of a picture, uint8 [row, column, rgb], from its `pixel_values` [channel, row, column].

    The processor's settings say how it changed the colours, and are undone; None where they do not explain the values.
    """
    if pixels.ndim != 3 or len(pixels) not in (1, 3):
        return None
    values = pixels.astype(np.float64)
    if getattr(processor, "do_normalize", False):
        mean, spread = (np.broadcast_to(np.asarray(_setting(processor, name), float), len(values)) for name in MOMENTS)
        values = values * spread[:, None, None] + mean[:, None, None]
    if getattr(processor, "do_rescale", False):
        values = values / float(_setting(processor, "rescale_factor"))
    if getattr(processor, "do_flip_channel_order", False):
        values = values[::-1]
    if values.min() < -1 or values.max() > 256:
        return None
    rows = np.clip(np.rint(values), 0, 255).astype(np.uint8).transpose(1, 2, 0)
    return np.ascontiguousarray(np.broadcast_to(rows, (*rows.shape[:2], 3)))


MOMENTS = ("image_mean", "image_std")
DEFAULTS = {"image_mean": 0.0, "image_std": 1.0, "rescale_factor": 1 / 255}


def _setting(processor: Any, name: str) -> Any:
    """A processor's setting; what it leaves open changes nothing."""
    value = getattr(processor, name, None)
    return DEFAULTS[name] if value is None else value
