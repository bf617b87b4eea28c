"""roformer-stories: bert-stories with rotary positions, all else the same.

Su et al. 2021 ("RoFormer") turn queries and keys by an angle that grows with their place, instead of adding a position
to the embedding: what a head sees is how far apart two tokens are.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import RoFormerConfig, RoFormerForMaskedLM

from models.zoo.recipes import bert_stories

NAME = "roformer-stories"

CARD = {
    "title": "A small RoFormer: BERT with rotary positions",
    "task": "fill mask",
    "architecture": "RoFormer: 4 layers, 4 heads, d_model 192, rotary positions, byte-level BPE of 4,096 tokens",
    "licence": bert_stories.CARD["licence"],
    "data": bert_stories.DATA,
    "measured_by": "python -m models.zoo verify roformer-stories --data FOLDER",
    "recipe": "models/zoo/recipes/roformer_stories.py",
    "weaknesses": bert_stories.KNOWS,
    "look_for": (
        "Heads that read the token before or after do so just as sharply at the end of a sentence as at its "
        "beginning: their angle depends on the distance alone. Compare with bert-stories, trained on the same data."
    ),
    "examples": bert_stories.CARD["examples"],
}

measure, heads = bert_stories.measure, bert_stories.heads


def config(d_vocab: int) -> RoFormerConfig:
    """The shape of bert-stories, whose positions it does not have."""
    twin = bert_stories.config(d_vocab)
    return RoFormerConfig(
        vocab_size=d_vocab,
        embedding_size=twin.hidden_size,
        hidden_size=twin.hidden_size,
        num_hidden_layers=twin.num_hidden_layers,
        num_attention_heads=twin.num_attention_heads,
        intermediate_size=twin.intermediate_size,
        max_position_embeddings=twin.max_position_embeddings,
        initializer_range=twin.initializer_range,
        hidden_dropout_prob=twin.hidden_dropout_prob,
        attention_probs_dropout_prob=twin.attention_probs_dropout_prob,
        pad_token_id=0,
    )


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Train as bert-stories is trained."""
    return bert_stories.fitted(
        lambda d_vocab: RoFormerForMaskedLM(config(d_vocab)), bert_stories.PLAN, data, work, report
    )
