"""Reads attention out of any transformers model that calls the library's attention interface, without slowing it.

While nobody looks, the model runs torch's fused attention at full speed. Inside a `Capture` it still does, and only
references to query, key and mask are kept: the softmax of a layer or a head is computed when someone asks for it.
"""

import sys
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedConfig, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import eager_mask, sdpa_mask

FUSED, EAGER = "headlight", "headlight_eager"

# Arguments that are passed on, or whose meaning is already in the mask. Any other changes the weights in a way we do
# not know, so the model's own attention is called instead.
KNOWN = frozenset(
    "softcap s_aux position_bias sliding_window output_attentions use_cache cache_position position_ids "
    "position_embeddings return_dict output_hidden_states past_key_values deterministic encoder_hidden_states "
    "num_items_in_batch cu_seq_lens_q cu_seq_lens_k max_length_q max_length_k".split()
)


@dataclass(frozen=True)
class Call:
    """What one attention module worked on in one call, batch axis stripped; weights are computed on demand."""

    layer: str  # the module's name
    query: Tensor  # [head, query, d_head], after rotation
    key: Tensor  # [kv_head, key, d_head], after rotation, grouped keys not repeated
    mask: Tensor | None  # [1 or head, query, key]: bool (True = may read) or added to the scores
    bias: Tensor | None  # [1 or head, query, key], added to the scores (T5's relative positions)
    scale: float
    causal: bool  # whether a missing mask means that only the past may be read
    softcap: float | None
    sinks: Tensor | None  # [head]: a learnt score that takes part in the softmax and is then dropped
    given: Tensor | None = None  # [head, query, key]: the weights, where only the model itself knows how to make them

    @property
    def n_heads(self) -> int:
        """Query heads, of which several may share a key head."""
        return self.query.shape[0]

    @property
    def nbytes(self) -> int:
        """Bytes that keeping this call costs; masks are shared between layers and not counted."""
        return self.query.nbytes + self.key.nbytes + (0 if self.given is None else self.given.nbytes)

    def scores(self, heads: slice = slice(None)) -> Tensor:
        """Scores before the softmax, [head, query, key], in the order scale, soft cap, bias, mask."""
        query = self.query[heads]
        group = self.n_heads // self.key.shape[0]
        numbers = torch.arange(self.n_heads)[heads] // group
        return scores(query, self.key[numbers], _of(self.mask, heads), _of(self.bias, heads), self)

    def weights(self, heads: slice = slice(None)) -> Tensor:
        """Attention weights float32 [head, query, key]; rows sum to 1, to less where the model has sinks."""
        if self.given is not None:
            return self.given[heads].float()
        return softmax(self.scores(heads), None if self.sinks is None else self.sinks[heads])


def scores(query: Tensor, key: Tensor, mask: Tensor | None, bias: Tensor | None, call: Call) -> Tensor:
    """How well each query matches each key: softcap(q k^T scale) + bias, minus infinity where the mask forbids."""
    result = query @ key.transpose(-1, -2) * call.scale
    if call.softcap is not None:
        result = torch.tanh(result / call.softcap) * call.softcap
    if bias is not None:
        result = result + bias
    if mask is None and call.causal and result.shape[-2] > 1:
        # transformers leaves the mask out when it only says "causal": the fused kernel has a flag for that
        mask = torch.ones(result.shape[-2:], dtype=torch.bool, device=result.device).tril()
    if mask is None:
        return result
    mask = mask[..., : result.shape[-1]]
    return torch.where(mask, result, torch.finfo(result.dtype).min) if mask.dtype == torch.bool else result + mask


def softmax(scores: Tensor, sinks: Tensor | None) -> Tensor:
    """Softmax over keys in float32; `sinks` [head] compete for the weight but are not shown (GPT-OSS)."""
    if sinks is None:
        return scores.softmax(-1, dtype=torch.float32)
    column = sinks.reshape(-1, 1, 1).expand(-1, scores.shape[-2], 1)
    return torch.cat([scores, column.to(scores.dtype)], -1).softmax(-1, dtype=torch.float32)[..., :-1]


_active: ContextVar["Capture | None"] = ContextVar("headlight_capture", default=None)


class Capture:
    """Keeps what the attention modules of `names` see while the block runs: one per request and thread.

    `names` maps id(module) to the module's name: layer numbers collide between encoder, decoder and vision tower.
    """

    def __init__(self, names: dict[int, str]) -> None:
        self.names = names
        self.calls: list[Call] = []
        self._token: Token[Capture | None] | None = None

    def __enter__(self) -> "Capture":
        self._token = _active.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._token is not None
        _active.reset(self._token)


def module_names(model: nn.Module) -> dict[int, str]:
    """id(module) -> name, for `Capture`; made once per model."""
    return {id(module): name for name, module in model.named_modules()}


def enable(model: PreTrainedModel) -> None:
    """Make the model call our attention function. Once, at load: this changes the config all threads share."""
    model.set_attn_implementation(_per_config(model.config))


def _per_config(config: PreTrainedConfig) -> Any:
    """Our twin of the implementation each (sub-)config chose; eager ones say everything in their mask."""
    ours = FUSED if config._attn_implementation == "sdpa" else EAGER
    subs = {name: getattr(config, name, None) for name in config.sub_configs}
    subs = {name: _per_config(sub) for name, sub in subs.items() if sub is not None}
    return {"": ours, **subs} if subs else ours


def _attend(
    module: nn.Module,
    query: Tensor,  # [batch, head, query, d_head]
    key: Tensor,  # [batch, kv_head, key, d_head]
    value: Tensor,
    mask: Tensor | None,
    dropout: float,
    scaling: float | None,
    causal: bool,
    extra: dict[str, Any],
) -> tuple[Tensor, Tensor | None]:
    """The attention itself, and a note of what went in if this thread is looking."""
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    capture = _active.get()
    name = None if capture is None else capture.names.get(id(module))
    call = None if name is None else _note(name, query, key, mask, scale, causal, extra)
    extra = {**extra, "output_attentions": False}
    if set(extra) - KNOWN:
        blank = _note("", torch.zeros_like(query), torch.zeros_like(key), mask, 1.0, causal, {})
        as_floats = blank.scores(slice(0, 1))[None]  # the mask, in the form the model's own function expects
        eager = sys.modules[type(module).__module__].eager_attention_forward
        out, weights = eager(module, query, key, value, as_floats, scaling=scaling, dropout=dropout, **extra)
        call = call and replace(call, given=weights[0].detach())
    elif extra.get("softcap") is None and extra.get("s_aux") is None:
        out, weights = sdpa_attention_forward(
            module, query, key, value, mask, dropout=dropout, scaling=scaling, is_causal=causal, **extra
        )
    else:
        out, weights = _explicit(query, key, value, mask, dropout, scale, causal, extra, module.training), None
    if capture is not None and call is not None:
        capture.calls.append(call)
    return out, weights


def _explicit(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    dropout: float,
    scale: float,
    causal: bool,
    extra: dict[str, Any],
    training: bool,
) -> Tensor:
    """Soft caps and sinks, which the fused kernel cannot do; returns [batch, query, head, d_head]."""
    group = query.shape[1] // key.shape[1]
    value = value.repeat_interleave(group, dim=1)
    rows = []
    for item in range(query.shape[0]):
        one = slice(item, item + 1)
        part = mask if mask is None or mask.shape[0] == 1 else mask[one]
        call = _note("", query[one], key[one], part, scale, causal, extra)
        rows.append(call.weights().to(value.dtype))
    weights = nn.functional.dropout(torch.stack(rows), dropout, training)
    return (weights @ value).transpose(1, 2).contiguous()


def _note(
    layer: str,
    query: Tensor,
    key: Tensor,
    mask: Tensor | None,
    scale: float,
    causal: bool,
    extra: dict[str, Any],
) -> Call:
    """The first item of the batch, cut loose from buffers larger than itself."""
    bias, sinks = extra.get("position_bias"), extra.get("s_aux")
    return Call(
        layer=layer,
        query=_own(query[0]),
        key=_own(key[0]),
        mask=None if mask is None else mask[0],
        bias=None if bias is None else _own(bias[0]),
        scale=scale,
        causal=causal,
        softcap=extra.get("softcap"),
        sinks=None if sinks is None else sinks.detach().reshape(-1),
    )


def _own(tensor: Tensor) -> Tensor:
    """A view of a fused qkv buffer (GPT-2) would keep the whole buffer alive: copy it out."""
    tensor = tensor.detach()
    return tensor.clone() if tensor.untyped_storage().nbytes() > tensor.nbytes else tensor


def _of(tensor: Tensor | None, heads: slice) -> Tensor | None:
    """The slice of a mask or bias that may be shared by all heads."""
    return tensor if tensor is None or tensor.shape[0] == 1 else tensor[heads]


# transformers passes these arguments by keyword in places, so they must keep their names.
def _fused(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    **extra: Any,
) -> tuple[Tensor, Tensor | None]:
    causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    return _attend(module, query, key, value, attention_mask, dropout, scaling, causal, extra)


def _eager(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    **extra: Any,
) -> tuple[Tensor, Tensor | None]:
    # a model that is eager by default spells its mask out; some (BridgeTower) set is_causal and do not mean it
    return _attend(module, query, key, value, attention_mask, dropout, scaling, False, extra)


# Both are needed for each: without its mask function a model silently gets no mask at all.
AttentionInterface.register(FUSED, _fused)
AttentionMaskInterface.register(FUSED, sdpa_mask)
AttentionInterface.register(EAGER, _eager)
AttentionMaskInterface.register(EAGER, eager_mask)
