"""The vision transformer: a picture is cut into patches, and each patch is a token (Dosovitskiy et al. 2020, "ViT").

    stream = [class token, patch_1 W + b, ..., patch_N W + b] + positions

From there on it is an encoder. The class token belongs to no place: what the blocks gather there names the picture.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from models.records import Config, Knobs
from models.scratch.transformer import STANDARD, Decoder, Encoder, EncoderDecoder, Stack, initialise

Picture = Float[Tensor, "batch channel height width"]


class Patches(nn.Module):
    """Cuts pictures into squares, row by row, and projects the pixels of each to d_model."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        assert config.picture is not None
        self.size = config.patch
        self.project = nn.Linear(config.picture[0] * config.patch**2, config.d_model)
        self.class_token = nn.Parameter(config.embedding_std * torch.randn(config.d_model))

    def forward(self, pictures: Picture) -> Float[Tensor, "batch position d_model"]:
        """The class token, then one vector per patch."""
        pixels = F.unfold(pictures, self.size, stride=self.size).mT
        patches = self.project(pixels)
        first = self.class_token.expand(len(pictures), 1, -1)
        return torch.cat([first, patches], dim=1)


class Vision(nn.Module):
    """An encoder of patches that names the picture by what stands at its class token."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embedding = Patches(config)
        self.stack = Stack(config, causal=False)
        self.unembedding = nn.Linear(config.d_model, config.d_vocab)
        initialise(self, config)

    def forward(self, pictures: Picture, knobs: Knobs = STANDARD) -> Float[Tensor, "batch d_vocab"]:
        """Logits of the classes."""
        x = self.stack(self.embedding(pictures), knobs)
        return self.unembedding(x[:, 0])


Transformer = Decoder | Encoder | EncoderDecoder | Vision
KINDS: dict[str, type[Decoder] | type[Encoder] | type[EncoderDecoder] | type[Vision]] = {
    "decoder": Decoder,
    "encoder": Encoder,
    "encoder-decoder": EncoderDecoder,
    "vision": Vision,
}


def build(config: Config) -> Transformer:
    """A transformer of this shape with fresh random weights, from torch's generator."""
    return KINDS[config.kind](config)
