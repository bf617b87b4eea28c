"""What an architecture is to these tests, and the few helpers that the tables of them are built with."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
import transformers as hf
from torch import Tensor

VOCAB = 120
IDS = {"vocab_size": VOCAB, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
WIDTHS = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
SIZES = {**IDS, **WIDTHS, "max_position_embeddings": 64}
LENGTH, PADDED = 11, 4  # the second text of a batch ends in padding

Inputs = dict[str, Tensor]


@dataclass(frozen=True)
class Architecture:
    """One architecture of transformers as a tiny random model, what to call it with, and what is known about it."""

    name: str  # as the field writes it
    group: str
    make: Callable[[], hf.PreTrainedModel]
    inputs: Callable[[], Inputs]  # arguments of the model's forward
    options: Mapping[str, Any] = field(default_factory=dict)  # see OPTIONS
    attention: str = "yes"  # or "none": there is nothing that could be captured
    expect: str = ""  # where the library's own output_attentions is wrong or incomplete, and why
    # what the library's tensors are where they are not the weights: "field.place" with * and ? -> see compare.READINGS
    readings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = set(self.options) - set(OPTIONS)
        if unknown:
            raise ValueError(f"{self.name}: options {sorted(unknown)} mean nothing; there are {sorted(OPTIONS)}")
        object.__setattr__(self, "make", partial(_same_every_time, self.make))


def _same_every_time(make: Callable[[], hf.PreTrainedModel]) -> hf.PreTrainedModel:
    """A model made from a fixed seed: what `drawn` leaves alone was drawn when the model was made."""
    torch.manual_seed(0)
    return make()


OPTIONS = {
    "seeded": "True where forward draws random numbers also in eval mode: seed before every call",
    "unequal": "why the output of the eager implementation is another than that of the default one",
    "silent": "why the library returns no attentions although the model attends",
    "unasked": "why the parts of the model cannot be asked for attentions through their configs",
    "infinite": "why parts of the output are infinite",
    "asked": "why the default implementation is asked for its attentions, not the eager one",
    "adds": "what heads hand on beside their weights times their values",
}


def row(group: str, sizes: Mapping[str, Any], inputs: Callable[[], Inputs]) -> Callable[..., Architecture]:
    """How to write one line of a group's table: name, model class, then what differs from the group's sizes."""

    def write(name: str, model: str, *, inputs: Callable[[], Inputs] = inputs, **given: Any) -> Architecture:
        about = {key: given.pop(key) for key in ABOUT if key in given}
        return Architecture(name, group, partial(build, model, {**sizes, **given}), inputs, **about)

    return write


ABOUT = ("options", "attention", "expect", "readings")  # what a line of a table says beside the config


def build(model: str, config: Mapping[str, Any]) -> hf.PreTrainedModel:
    """A model by the name of its class, with drawn weights. Configs keep the dicts they are given: hand out copies."""
    made = getattr(hf, model)
    return drawn(made._from_config(made.config_class(**deepcopy(dict(config)))))


def drawn(model: hf.PreTrainedModel) -> hf.PreTrainedModel:
    """The model in eval mode, with weights large enough that its attention is far from even."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=0.15)
            elif "gate" in name and not parameter.any():
                parameter.fill_(0.5)  # shut, as it starts in Mllama, what lies behind it would change nothing
    return model.eval()


def random() -> torch.Generator:
    """Every input starts from the same seed."""
    return torch.Generator().manual_seed(1)


def tokens(length: int = LENGTH, padded: int = PADDED, first: int = 5, vocab: int = VOCAB) -> Inputs:
    """Two texts, the second shorter; ids below `first` are kept for what means something to a model."""
    ids = torch.randint(first, vocab, (2, length), generator=random())
    mask = torch.ones_like(ids)
    if padded:
        ids[1, -padded:], mask[1, -padded:] = 0, 0
    return {"input_ids": ids, "attention_mask": mask}


def unpadded(length: int = LENGTH) -> Inputs:
    """For models that take no padding: two texts of one length."""
    return tokens(length, padded=0)


def pixels(size: int = 32, **more: Tensor) -> Inputs:
    """Two pictures of noise."""
    return {"pixel_values": torch.randn(2, 3, size, size, generator=random()), **more}
