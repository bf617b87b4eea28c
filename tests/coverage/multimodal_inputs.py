"""What models that read pictures and text together are called with."""

import torch
from torch import Tensor

from tests.coverage.base import (
    LENGTH,
    Inputs,
    pixels,
    random,
    tokens,
)

IMAGE, VIDEO, START, END = 3, 4, 5, 6  # ids that stand for a picture or a film, and for where one begins and ends


def both(size: int = 32, **more: Tensor) -> Inputs:
    """Two texts and two pictures."""
    return tokens() | pixels(size, **more)


def inside(places: int, token: int = IMAGE, **more: Tensor) -> Inputs:
    """Two texts that begin with the places of a picture, which is among `more`."""
    inputs = tokens(LENGTH + places, first=7)
    inputs["input_ids"][:, 1 : 1 + places] = token
    return inputs | more


def pictured(places: int = 4) -> Inputs:
    """The common case: one picture a text, and where in the text it is."""
    return inside(places, **pixels())


def marked(places: int, name: str = "token_type_ids") -> Inputs:
    """The same, with the places marked once more in an argument of its own."""
    inputs = pictured(places)
    return inputs | {name: (inputs["input_ids"] == IMAGE).long()}


def listed(places: int = 4) -> Inputs:
    """A list of pictures a text, here of one: [text, picture, colour, row, column]."""
    return inside(places, pixel_values=pixels()["pixel_values"][:, None])


def cut(places: int = 36) -> Inputs:
    """LLaVA-NeXT: a picture as a whole and cut up, rows ending in a token of their own."""
    parts = torch.randn(2, 2, 3, 32, 32, generator=random())
    return inside(places, pixel_values=parts, image_sizes=torch.tensor([[32, 32], [32, 32]]))


def sized() -> Inputs:
    return inside(4, **pixels(), image_sizes=torch.tensor([[32, 32], [32, 32]]))


def filmed() -> Inputs:
    """Video-LLaVA: two frames of sixteen patches and a class token."""
    return inside(34, VIDEO, pixel_values_videos=torch.randn(2, 2, 3, 32, 32, generator=random()))


def patches() -> Inputs:
    """Qwen: patches of both pictures one after the other, [patch, colour * frame * row * column], four to a word."""
    values = torch.randn(32, 3 * 2 * 8 * 8, generator=random())
    inputs = inside(4, pixel_values=values, image_grid_thw=torch.tensor([[1, 4, 4], [1, 4, 4]]))
    return inputs | {"mm_token_type_ids": (inputs["input_ids"] == IMAGE).long()}


def packed() -> Inputs:
    """SigLIP 2: patches of pictures of different sizes, the smaller one padded."""
    mask = torch.ones(2, 16, dtype=torch.long)
    mask[1, 12:] = 0
    values = torch.randn(2, 16, 192, generator=random())
    return tokens() | {
        "pixel_values": values,
        "pixel_attention_mask": mask,
        "spatial_shapes": torch.tensor([[4, 4], [4, 3]]),
    }


def wanted() -> Inputs:
    """OWL: what to look for in each picture."""
    return tokens(7, padded=2) | pixels()


def film() -> Inputs:
    return tokens() | {"pixel_values": torch.randn(2, 4, 3, 32, 32, generator=random())}


def asked() -> Inputs:
    """InstructBLIP: the question is also read by the Q-Former."""
    question = {f"qformer_{name}": value for name, value in tokens(5, padded=2).items()}
    return pictured() | question


def kosmos() -> Inputs:
    inputs = pictured()
    return inputs | {"image_embeds_position_mask": inputs["input_ids"] == IMAGE}


def objects() -> Inputs:
    """LXMERT reads features of objects that another model has found, and where they are."""
    where = torch.rand(2, 5, 4, generator=random())
    return tokens() | {"visual_feats": torch.randn(2, 5, 16, generator=random()), "visual_pos": where}


def regions() -> Inputs:
    """VisualBERT reads them without places."""
    seen = torch.randn(2, 5, 16, generator=random())
    return tokens() | {"visual_embeds": seen, "visual_attention_mask": torch.ones(2, 5)}


def page(box: tuple[float, ...] = (1, 2, 6, 9)) -> Inputs:
    """A scanned page and its words, all in one place."""
    return both(bbox=torch.tensor(box).expand(2, LENGTH, 4).clone())


def written_page() -> Inputs:
    return page((0.1, 0.2, 0.6, 0.9)) | {"decoder_input_ids": tokens(7, padded=0)["input_ids"]}


def flattened() -> Inputs:
    """Pix2Struct: patches with their row and column in front; the second picture is smaller."""
    values = torch.randn(2, 12, 2 + 48, generator=random())
    values[:, :, 0], values[:, :, 1] = torch.arange(1, 13) // 4, torch.arange(1, 13) % 4
    mask = torch.ones(2, 12)
    mask[1, 8:] = 0
    return {"flattened_patches": values, "attention_mask": mask, "decoder_input_ids": tokens(7, padded=0)["input_ids"]}


def tiles() -> Inputs:
    """Mllama: one picture in two tiles, and which words may look at which tile."""
    text = tokens(first=7)
    text["input_ids"][:, 0] = IMAGE
    look = torch.ones(2, LENGTH, 1, 2, dtype=torch.long)
    look[1, -4:] = 0
    return text | {
        "pixel_values": torch.randn(2, 1, 2, 3, 16, 16, generator=random()),
        "aspect_ratio_ids": torch.tensor([[2], [2]]),
        "aspect_ratio_mask": torch.ones(2, 1, 2, dtype=torch.long),
        "cross_attention_mask": look,
    }


def attended() -> Inputs:
    """Idefics: pictures beside the text, and which words may look at which."""
    return tokens() | {
        "pixel_values": pixels()["pixel_values"][:, None],
        "image_attention_mask": torch.ones(2, LENGTH, 1, dtype=torch.long),
    }


def persimmon_patches() -> Inputs:
    """Fuyu has no vision tower: patches go straight into the decoder."""
    return inside(16, image_patches=torch.randn(2, 16, 192, generator=random()))


def masked() -> Inputs:
    """FLAVA, with no patch hidden."""
    return both(bool_masked_pos=torch.zeros(2, 16, dtype=torch.bool))


def described(size: int = 32) -> Inputs:
    """A picture and the first words of what is said about it."""
    return pixels(size, decoder_input_ids=tokens(7, padded=0)["input_ids"])


def florence() -> Inputs:
    return inside(17, **described(64))
