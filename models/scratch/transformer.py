"""The transformer: embed, run the blocks, read out.

    stream = E[tokens] (+ positions)
    stream = block_L-1( ... block_0(stream))
    logits = norm(stream) Eᵀ

`Decoder` foretells the next token (GPT), `Encoder` fills in what is masked (BERT), `EncoderDecoder` answers one text
with another (translation), and `models.scratch.vision` names pictures. They differ in who may read whom, and in what
stands at the end. `build` makes one from a Config; all take Knobs with every call.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from models.records import Config, Knobs
from models.scratch import patterns
from models.scratch.block import ACTIVATIONS, Block, new_norm
from models.scratch.positions import Position

Tokens = Int[Tensor, "batch position"]
Stream = Float[Tensor, "batch position d_model"]
Logits = Float[Tensor, "batch position d_vocab"]
Real = Bool[Tensor, "batch position"]  # False: padding, which nobody reads

STANDARD = Knobs()


class Embedding(nn.Module):
    """A vector per token of the vocabulary, and one per segment if texts come in pairs."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.scale = math.sqrt(config.d_model) if config.scale_embedding else 1.0
        self.tokens = nn.Embedding(config.d_vocab, config.d_model)
        self.segments = nn.Embedding(config.n_segments, config.d_model) if config.n_segments else None

    def forward(self, tokens: Tokens, segments: Tokens | None = None) -> Stream:
        """E[tokens]; a text without `segments` is all of the first."""
        x = self.tokens(tokens)
        if self.scale != 1.0:
            x = x * self.scale
        if self.segments is not None:
            x = x + self.segments(torch.zeros_like(tokens) if segments is None else segments)
        return x


class Stack(nn.Module):
    """Blocks one after another on one residual stream, with the positions they share."""

    def __init__(self, config: Config, causal: bool, cross: bool = False) -> None:
        super().__init__()
        self.causal = causal
        self.position = Position.kinds[config.position](config, causal)
        self.embedding_norm = new_norm(config) if config.embedding_norm else None
        self.blocks = nn.ModuleList(Block(config, cross) for _ in range(config.n_layers))
        self.final_norm = new_norm(config) if config.norm_place == "pre" else None

    def forward(
        self,
        x: Stream,
        knobs: Knobs,
        real: Real | None = None,
        memory: Float[Tensor, "batch source d_model"] | None = None,
        memory_real: Bool[Tensor, "batch source"] | None = None,
    ) -> Stream:
        """The stream after the last block."""
        x = self.position.embed(x)
        if self.embedding_norm is not None:
            x = self.embedding_norm(x, knobs.fused)
        x = F.dropout(x, knobs.dropout, self.training)
        mask = self.mask(x, knobs, real)
        memory_mask = None if memory_real is None else memory_real[:, None, None, :]
        for block in self.blocks:
            x = block(x, mask, self.position, knobs, memory, memory_mask)
        return x if self.final_norm is None else self.final_norm(x, knobs.fused)

    def mask(self, x: Stream, knobs: Knobs, real: Real | None) -> Bool[Tensor, "#batch 1 position position"] | None:
        """Who may read whom: the pattern, and no padding; None if everybody may read everybody."""
        if real is None and knobs.pattern == "full" and not self.causal:
            return None
        n = x.shape[-2]
        allowed = patterns.mask(n, knobs, self.causal).to(x.device)[None, None]
        if real is None:
            return allowed
        itself = torch.eye(n, dtype=torch.bool, device=x.device)  # so that no row of padding is empty
        return allowed & (real[:, None, None, :] | itself)


class Decoder(nn.Module):
    """Reads backwards only, and says at each position what comes next."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embedding = Embedding(config)
        self.stack = Stack(config, causal=True)
        self.unembedding = nn.Linear(config.d_model, config.d_vocab, bias=False)
        initialise(self, config)
        if config.tied:
            self.unembedding.weight = self.embedding.tokens.weight

    def forward(self, tokens: Tokens, knobs: Knobs = STANDARD, real: Real | None = None) -> Logits:
        """Logits of the token after each position."""
        x = self.stack(self.embedding(tokens), knobs, real)
        return self.unembedding(x)


class Encoder(nn.Module):
    """Reads both ways, and says what stands at each position, also where it is masked; one more dense layer helps."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embedding = Embedding(config)
        self.stack = Stack(config, causal=False)
        self.dense, self.norm = nn.Linear(config.d_model, config.d_model, config.bias), new_norm(config)
        self.activation = ACTIVATIONS[config.activation]
        self.unembedding = nn.Linear(config.d_model, config.d_vocab, config.bias)
        initialise(self, config)
        if config.tied:
            self.unembedding.weight = self.embedding.tokens.weight

    def forward(
        self, tokens: Tokens, knobs: Knobs = STANDARD, real: Real | None = None, segments: Tokens | None = None
    ) -> Logits:
        """Logits of the token at each position."""
        x = self.stack(self.embedding(tokens, segments), knobs, real)
        raised = self.activation(self.dense(x))
        x = self.norm(raised, knobs.fused)
        return self.unembedding(x)


class EncoderDecoder(nn.Module):
    """An encoder reads one text; a decoder reads it, and what has been said of another, and says what comes next."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embedding = Embedding(config)
        self.encoder = Stack(config, causal=False)
        self.decoder = Stack(config, causal=True, cross=True)
        self.unembedding = nn.Linear(config.d_model, config.d_vocab, config.bias)
        initialise(self, config)
        if config.tied:
            self.unembedding.weight = self.embedding.tokens.weight

    def forward(
        self,
        source: Int[Tensor, "batch source"],
        tokens: Tokens,
        knobs: Knobs = STANDARD,
        source_real: Bool[Tensor, "batch source"] | None = None,
    ) -> Logits:
        """Logits of the token after each position of `tokens`."""
        memory = self.encoder(self.embedding(source), knobs, source_real)
        x = self.decoder(self.embedding(tokens), knobs, None, memory, source_real)
        return self.unembedding(x)


def initialise(model: nn.Module, config: Config) -> None:
    """Small random matrices, zero biases; what writes to the stream starts smaller, the more steps write to it.

    Each of the 2 L steps adds to the stream: with 1 / sqrt(2 L) of the spread their sum starts out as wide as the
    embedding (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3).
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            writes = name.endswith(("attention.out", "cross.out", "feed_forward.down"))
            nn.init.normal_(module.weight, std=config.init_std / (math.sqrt(2 * config.n_layers) if writes else 1))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=config.embedding_std)


def probabilities(logits: Float[Tensor, "*shape d_vocab"], temperature: float = 1.0) -> Float[Tensor, "*shape d_vocab"]:
    """softmax(logits / temperature): below 1 the likeliest gains, above 1 the others do."""
    cooled = logits / temperature
    return cooled.softmax(dim=-1)
