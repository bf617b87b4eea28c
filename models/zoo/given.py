"""What a visitor puts in; costs no torch to import."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Given:
    """What a visitor puts in."""

    text: str = ""
    pair: str | None = None  # a second text, for models that read two
    target: str | None = None  # what the decoder of an encoder-decoder reads; None: what the model itself answers
    image: Image.Image | None = None
    start: int = 0  # the first token to read of a text that is too long
    plain: bool = False  # read special-token strings as ordinary characters
    stride: int = 0  # read a text that is too long whole, in windows so many tokens apart; 0: one window from `start`
    languages: tuple[str, str] | None = None  # codes to translate from and to, for models that know several
    most: int = 0  # tokens that an encoder-decoder writes at most; 0: as many as Reader.MAX_ANSWER says
    beams: int = 1  # continuations it follows at a time while it writes

    @property
    def key(self) -> Hashable:
        """The same for the same input."""
        image = self.image
        seen = None if image is None else (image.size, image.mode, hashlib.sha256(image.tobytes()).hexdigest())
        written = self.languages, self.most, self.beams
        return self.text, self.pair, self.target, seen, self.start, self.plain, self.stride, *written

    @property
    def nbytes(self) -> int:
        """About what keeping it costs."""
        pixels = 0 if self.image is None else 3 * self.image.width * self.image.height
        return len(self.text) + len(self.pair or "") + len(self.target or "") + pixels
