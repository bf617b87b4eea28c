"""What a model answers when patches of its picture are painted over, many versions of a picture at a time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from models.records import Bools, Floats, Sequence
from models.zoo.errors import InputError
from models.zoo.given import Given
from models.zoo.model import Model

TOGETHER = 16  # pictures in a batch


class Occluded:
    """Probabilities of one class of one picture with some of its patches painted in the picture's mean colour."""

    def __init__(self, model: Model, given: Given, patches: Sequence, candidate: int | None) -> None:
        """`patches`: the positions whose patches are painted, of a trace of this picture. `candidate`: a class; None
        for a model that says how well the text matches. Raises InputError.
        """
        arguments = model.reader.prepare(given).arguments
        pixels = arguments.pop("pixel_values", None)
        whole = isinstance(pixels, Tensor) and pixels.dim() == 4 and len(pixels) == 1
        if not whole or patches.grid is None or patches.patch is None:
            raise InputError(f"{model.info.name} cuts its picture up: patches cannot be painted over one by one.")
        self.model, self.pixels, self.arguments, self.candidate = model, pixels, arguments, candidate
        self.grid = patches.grid
        self.rows, self.columns = (
            ((torch.arange(n) + 0.5) / side).long() for n, side in zip(pixels.shape[-2:], patches.patch, strict=True)
        )  # which of the grid each line of pixels lies in
        self.colour = pixels.mean((-2, -1), keepdim=True)

    @torch.no_grad()
    def __call__(self, painted: Bools) -> Floats:
        """Probability of the class (or how well the text matches) per version, of `painted` [version, patch]."""
        parts = [self._some(painted[start : start + TOGETHER]) for start in range(0, len(painted), TOGETHER)]
        return torch.cat(parts).numpy()

    def _some(self, painted: Bools) -> Tensor:
        n = len(painted)
        where = self.model.module.device
        arguments = {name: value.expand(n, *value.shape[1:]).to(where) for name, value in self.arguments.items()}
        output: Any = self.model.module(pixel_values=self._pictures(painted).to(where), **arguments)
        if self.candidate is None:
            return output.logits_per_image[:, 0].float().cpu()
        return output.logits.float().softmax(-1)[:, self.candidate].cpu()

    def _pictures(self, painted: Bools) -> Tensor:
        """The picture with these patches painted over, [version, colour, row, column]."""
        cells = torch.from_numpy(painted.copy()).view(len(painted), *self.grid)
        n_rows, n_columns = self.grid
        cover = cells[:, self.rows.clamp(max=n_rows - 1)][:, :, self.columns.clamp(max=n_columns - 1)]
        inside = (self.rows < n_rows)[:, None] & (self.columns < n_columns)  # what is left over is in no patch
        return torch.where((cover & inside)[:, None], self.colour, self.pixels)
