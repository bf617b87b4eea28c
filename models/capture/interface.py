"""Reads attention out of any transformers model that calls the library's attention interface, without slowing it.

While nobody looks, the model runs torch's fused attention at full speed. Inside a `Capture` it still does, and only
references to query, key and mask are kept: the softmax of a layer or a head is computed when someone asks for it.
"""

import logging
import sys
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedConfig, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import eager_mask, sdpa_mask

from models.capture.active import Capture, Place, active
from models.capture.calls import Call, Recipe, own, repeated
from models.capture.edits import EditRefused, HeadEdit, edit_output, edited_softmax, touched

FUSED, EAGER = "headlight", "headlight_eager"

# Arguments that are passed on, or whose meaning is already in the mask. Any other changes the weights in a way we do
# not know, so the model's own attention is called instead.
KNOWN = frozenset(
    "softcap s_aux position_bias sliding_window output_attentions use_cache cache_position position_ids "
    "position_embeddings return_dict output_hidden_states past_key_values deterministic encoder_hidden_states "
    "num_items_in_batch output_router_logits logits_to_keep cu_seq_lens_q cu_seq_lens_k max_length_q max_length_k "
    "image_sizes vision_feature_select_strategy".split()
)


def enable(model: PreTrainedModel) -> Any:
    """Make the model call our attention function; returns what it called before, for `choose`.

    Once, at load: this changes the config all threads share.
    """
    before = chosen(model.config)
    choose(model, _per_config(model.config, _twin))
    return before


def chosen(config: PreTrainedConfig) -> Any:
    """The implementation that each (sub-)config says."""
    return _per_config(config, lambda one: one._attn_implementation)


def choose(model: PreTrainedModel, implementation: Any) -> None:
    """Set the attention implementation, without the library's remarks on classes that have only one."""
    remarks = logging.getLogger("transformers.modeling_utils")
    remarks.addFilter(_matters)
    try:
        model.set_attn_implementation(implementation)
    finally:
        remarks.removeFilter(_matters)


def _matters(record: logging.LogRecord) -> bool:
    return "attention implementation" not in record.getMessage()


def _twin(config: PreTrainedConfig) -> str:
    """Our counterpart of what a (sub-)config chose; eager ones say everything in their mask."""
    return FUSED if config._attn_implementation == "sdpa" else EAGER


def _per_config(config: PreTrainedConfig, choose: Any) -> Any:
    """One choice per sub-config, in the form that set_attn_implementation takes."""
    subs = {name: getattr(config, name, None) for name in config.sub_configs}
    subs = {name: _per_config(sub, choose) for name, sub in subs.items() if sub is not None}
    return {"": choose(config), **subs} if subs else choose(config)


@dataclass
class _Work:
    """The arguments of one attention call."""

    module: nn.Module
    query: Tensor  # [batch, head, query, d_head]
    key: Tensor  # [batch, kv_head, key, d_head]
    value: Tensor
    mask: Tensor | None
    dropout: float
    scaling: float | None
    causal: bool
    extra: dict[str, Any]

    @property
    def n_heads(self) -> int:
        return self.query.shape[1]

    @property
    def strange(self) -> set[str]:
        """Arguments whose meaning is not known."""
        return set(self.extra) - KNOWN

    def recipe(self) -> Recipe:
        """How this call makes its weights."""
        sinks = self.extra.get("s_aux")
        return Recipe(
            scale=self.query.shape[-1] ** -0.5 if self.scaling is None else self.scaling,
            mask=self.mask,
            bias=self.extra.get("position_bias"),
            causal=self.causal,
            softcap=self.extra.get("softcap"),
            sinks=None if sinks is None else sinks.reshape(-1),
        )

    def sums(self, weights: Tensor, heads: slice | list[int] = slice(None)) -> Tensor:
        """Values weighted and summed, [batch, head, query, d_value]; dropout as in training."""
        weights = nn.functional.dropout(weights, self.dropout, self.module.training)
        return weights.to(self.value.dtype) @ repeated(self.value, self.n_heads)[:, heads]

    def fused(self) -> Tensor:
        """The library's own fused attention."""
        return sdpa_attention_forward(
            self.module,
            self.query,
            self.key,
            self.value,
            self.mask,
            dropout=self.dropout,
            scaling=self.scaling,
            is_causal=self.causal,
            **self.extra,
        )[0]

    def own(self) -> tuple[Tensor, Tensor]:
        """The model's own explicit attention, for arguments that only it understands: output and weights."""
        n = 1 if self.mask is None else self.mask.shape[1]
        blank = torch.zeros_like(self.query[:, :1]), torch.zeros_like(self.key[:, :1])
        # the mask in the form that function expects: floats to be added
        mask = Recipe(1.0, self.mask, causal=self.causal).scores(*blank).expand(-1, n, -1, -1)
        eager = sys.modules[type(self.module).__module__].eager_attention_forward
        scale = self.recipe().scale
        return eager(
            self.module, self.query, self.key, self.value, mask, scaling=scale, dropout=self.dropout, **self.extra
        )


def _attend(work: _Work) -> tuple[Tensor, Tensor | None]:
    """The attention itself, [batch, query, head, d_value], and a note of what went in if this thread is looking."""
    capture = active()
    place = None if capture is None else capture.place(work.module)
    if capture is None or place is None:
        return _plain(work)
    busy, capture.busy = capture.busy, True
    try:
        return _seen(work, capture, place)
    finally:
        capture.busy = busy


def _plain(work: _Work) -> tuple[Tensor, Tensor | None]:
    """As fast as the model allows; the weights come with it only where they were needed anyway."""
    if work.strange:
        return work.own()
    if work.extra.get("softcap") is None and work.extra.get("s_aux") is None:
        return work.fused(), None
    recipe = work.recipe()  # the fused kernel knows neither soft caps nor sinks
    scores = recipe.scores(work.query, repeated(work.key, work.n_heads))
    return work.sums(recipe.softmax(scores)).transpose(1, 2).contiguous(), None


def _seen(work: _Work, capture: Capture, place: Place) -> tuple[Tensor, Tensor | None]:
    """The same with edits made, and noted if wanted."""
    edits, wanted = capture.edits_at(place), capture.wants(place)
    live, weights = wanted and capture.gradients, None
    if live:
        out, weights = _open(work, edits)
    else:
        out, given = _plain(work)
        if touched(edits):
            out, weights = _patched(work, out, edits)
        elif work.strange:
            weights = given
    if edits:
        out = edit_output(out.transpose(1, 2), edits).transpose(1, 2).contiguous()
    if wanted:
        _note(work, capture, place, out, weights)
    return out, weights


def _open(work: _Work, edits: tuple[HeadEdit, ...]) -> tuple[Tensor, Tensor]:
    """Attention with its weights as tensors that gradients can be taken of."""
    if work.strange:
        if touched(edits):
            raise _refused(work)
        return replace(work, query=leaf(work.query)).own()
    weights = leaf(_weights(work, edits))
    return work.sums(weights).transpose(1, 2).contiguous(), weights


def _patched(work: _Work, out: Tensor, edits: tuple[HeadEdit, ...]) -> tuple[Tensor, Tensor]:
    """The output with the edited heads computed anew; the others keep theirs to the bit."""
    if work.strange:
        raise _refused(work)
    weights, heads = _weights(work, edits), list(touched(edits))
    new = work.sums(weights[:, heads], heads).transpose(1, 2)
    return out.index_copy(2, torch.tensor(heads, device=out.device), new), weights


def _refused(work: _Work) -> EditRefused:
    names = ", ".join(sorted(work.strange))
    return EditRefused(f"its heads compute with {names} in a way of their own: they can be switched off, not steered")


def _weights(work: _Work, edits: tuple[HeadEdit, ...]) -> Tensor:
    """Every head's weights [batch, head, query, key], edited."""
    recipe = work.recipe()
    scores = recipe.scores(work.query, repeated(work.key, work.n_heads))
    return edited_softmax(scores, recipe.softmax, edits).to(work.query.dtype)


def leaf(weights: Tensor) -> Tensor:
    """Weights that a gradient can be asked for, also where all parameters are frozen."""
    return weights if weights.requires_grad else weights.detach().requires_grad_(True)


def _note(work: _Work, capture: Capture, place: Place, out: Tensor, weights: Tensor | None) -> None:
    """Keep what was asked for, cut loose from the graph and from buffers larger than itself."""
    recipe = work.recipe()
    if weights is not None and capture.gradients:
        capture.live.append(weights)
    capture.calls.append(
        Call(
            layer=place[0],
            number=place[1],
            tier="interface",
            n_heads=work.n_heads,
            query=own(work.query),
            key=own(work.key),
            value=own(work.value) if "values" in capture.keep else None,
            output=own(out.transpose(1, 2)) if "outputs" in capture.keep else None,
            recipe=None if work.strange else recipe.kept(),
            given=None if weights is None else weights.detach(),
        )
    )


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
    extra["output_attentions"] = False
    return _attend(_Work(module, query, key, value, attention_mask, dropout, scaling, causal, extra))


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
    extra["output_attentions"] = False
    return _attend(_Work(module, query, key, value, attention_mask, dropout, scaling, False, extra))


# Both are needed for each: without its mask function a model silently gets no mask at all.
AttentionInterface.register(FUSED, _fused)
AttentionMaskInterface.register(FUSED, sdpa_mask)
AttentionInterface.register(EAGER, _eager)
AttentionMaskInterface.register(EAGER, eager_mask)
