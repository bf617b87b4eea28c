"""A minimal GPT in nanoGPT's way, for comparison: query, key and value in one matrix, attention in torch's kernel."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    """Causal self-attention."""

    def __init__(self, n_heads: int, d_model: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.c_attn, self.c_proj = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)

    def forward(self, x: Tensor) -> Tensor:
        """What each position learns from those before it."""
        batch, n, d_model = x.shape
        heads = (batch, n, self.n_heads, d_model // self.n_heads)
        q, k, v = (part.view(heads).transpose(1, 2) for part in self.c_attn(x).split(d_model, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(batch, n, d_model))


class Block(nn.Module):
    """Attention and feed-forward network, each with its norm before it."""

    def __init__(self, n_heads: int, d_model: int) -> None:
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(d_model), Attention(n_heads, d_model)
        self.ln_2 = nn.LayerNorm(d_model)
        self.mlp = nn.Sequential(nn.Linear(d_model, 4 * d_model), nn.GELU(), nn.Linear(4 * d_model, d_model))

    def forward(self, x: Tensor) -> Tensor:
        """The stream after this layer."""
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Nano(nn.Module):
    """Tokens and places embedded, blocks, and the embedding again as output."""

    def __init__(self, d_vocab: int, max_len: int, n_layers: int, n_heads: int, d_model: int) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(d_vocab, d_model), nn.Embedding(max_len, d_model)
        self.blocks = nn.Sequential(*(Block(n_heads, d_model) for _ in range(n_layers)))
        self.ln_f, self.lm_head = nn.LayerNorm(d_model), nn.Linear(d_model, d_vocab, bias=False)
        self.apply(self._start)
        self.wte.weight = self.lm_head.weight

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of the token after each position."""
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1], device=tokens.device))
        return self.lm_head(self.ln_f(self.blocks(x)))

    @staticmethod
    def _start(module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
