"""A throw-away head that says of every word of a story whether its sentence still holds at the end.

Which sentence is the last about a person is hard to find out from answers alone; shown directly, it is learnt soon.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.zoo.recipes import world


class Holding(nn.Module):
    """One number per position from its hidden state."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.score = nn.Linear(d_model, 1)

    def loss(self, hidden: Tensor, marks: Tensor) -> Tensor:
        """Binary cross-entropy of hidden states [row, position, d_model] where `marks` are not negative."""
        inside = marks >= 0
        return nn.functional.binary_cross_entropy_with_logits(self.score(hidden)[..., 0][inside], marks[inside])


def marks(stories: Sequence[Sequence[str]], starts: Sequence[int], width: int) -> Tensor:
    """Per token [row, position]: 1 in sentences that hold, 0 in overruled ones, -1 outside.

    Story number `row` begins at token `starts[row]`.
    """
    found = torch.full((len(stories), width), -1.0)
    for row, (story, start) in enumerate(zip(stories, starts, strict=True)):
        said = torch.tensor(world.holding(story))
        found[row, start : start + len(said)] = said
    return found
