"""Attention in bands and blocks of a text: spread out over all of its tokens, zero where nothing was computed."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from models.capture.calls import Call
from models.capture.shapes.base import NOWHERE, Scene, Shape, Side, Sides, Unshown, numbered, placed, plain


def within(positions: Tensor, n: int) -> Tensor:
    """The positions, NOWHERE outside of the text."""
    return torch.where((positions >= 0) & (positions < n), positions, NOWHERE)


def whole_text(_: Call, scene: Scene) -> Sides:
    """The text's tokens, however many columns a band or a block has."""
    side = Side(scene.length, text=scene.length)
    return side, side


# Longformer, LED: a band around every token, and a few tokens that read and are read by all


def _band(call: Call, scene: Scene, heads: slice) -> Tensor:
    weights = call.weights(heads)[scene.item]  # [head, token, global + window + 1], the text filled up to windows
    n, n_padded = scene.length, weights.shape[1]
    window = _window(call, scene)
    keys = torch.arange(n_padded)[:, None] + torch.arange(-(window // 2), window // 2 + 1)
    everywhere = _read_by_all(call, scene, window, keys)
    most = weights.shape[-1] - window - 1  # global tokens come first, filled up to the most that any text has
    columns = F.pad(everywhere, (0, most - len(everywhere)), value=NOWHERE).expand(n_padded, -1)
    keys = torch.cat([columns, within(keys, n)], 1)
    rows = within(torch.arange(n_padded), n)
    matrix = placed(weights.movedim(1, 0)[:, :, None], rows[:, None], keys, n, n)
    matrix[:, masked(scene, n)] = 0  # as the model does: padding reads nothing
    if len(everywhere):
        matrix[:, everywhere] = _reading_all(scene, heads, n)[:, : len(everywhere)]
    return matrix


def _window(call: Call, scene: Scene) -> int:
    """Tokens in a band besides the middle one."""
    return 2 * int(scene.around(call, "one_sided_attn_window_size"))


def masked(scene: Scene, n: int) -> Tensor:
    """Which tokens of a text are padding."""
    mask = scene.inputs.get("attention_mask")
    return torch.zeros(n, dtype=torch.bool) if mask is None else mask[scene.item].cpu() == 0


def _read_by_all(call: Call, scene: Scene, window: int, keys: Tensor) -> Tensor:
    """Positions of the tokens that all others read."""
    given = scene.inputs.get("global_attention_mask")
    if given is None and call.weights(slice(0, 1)).shape[-1] > window + 1:
        return _missing(call, scene, window, keys)  # the model chose them itself, as question answering does
    if given is None:
        return torch.zeros(0, dtype=torch.long)
    return given[scene.item].cpu().nonzero()[:, 0]


def _missing(call: Call, scene: Scene, window: int, keys: Tensor) -> Tensor:
    """Tokens that no band reads, because they have columns of their own: those with a weight of exactly 0."""
    bands = call.weights()[scene.item, :, :, -(window + 1) :].sum(0).cpu()  # [token, window + 1]
    n = scene.length
    read = torch.zeros(n + 1).index_add_(0, within(keys, n).flatten() % (n + 1), bands.flatten())[:n]
    return ((read == 0) & ~masked(scene, n)).nonzero()[:, 0]


def _reading_all(scene: Scene, heads: slice, n: int) -> Tensor:
    """What the global tokens read, [head, global, token]."""
    if len(scene.calls) < 2:
        raise Unshown("what the global tokens read was not captured")
    return scene.calls[1].weights(heads)[scene.item, :, :, :n]


# LongT5: blocks that read themselves and both neighbours, and perhaps summaries of the whole text


def _neighbours(call: Call, scene: Scene, heads: slice) -> Tensor:
    weights = call.weights(heads)[scene.item].movedim(1, 0)  # [block, head, query, 3 blocks + summaries]
    n, (n_blocks, size) = scene.length, (len(weights), weights.shape[2])
    starts = torch.arange(n_blocks)[:, None] * size
    queries = within(starts + torch.arange(size), n)
    keys = within(starts + torch.arange(-size, 2 * size), n)
    n_summaries = weights.shape[-1] - 3 * size
    keys = torch.cat([keys, (n + torch.arange(n_summaries)).expand(n_blocks, -1)], 1)
    matrix = placed(weights, queries, keys, n, n + n_summaries)
    matrix[:, masked(scene, n)] = 0  # padding, with nothing near it to read, reads places outside of the text
    return matrix


def _summaries(call: Call, scene: Scene) -> Sides:
    shape, n = call.weights(slice(0, 1)).shape, scene.length
    n_summaries = shape[-1] - 3 * shape[-2]
    return Side(n, text=n), Side(n + n_summaries, after=numbered("summary", n_summaries), text=n)


# PEGASUS-X: blocks that read themselves and the global tokens, which read everything


def _staggered(call: Call, scene: Scene, heads: slice) -> Tensor:
    """Tokens first, then global tokens, [head, both, both]."""
    if len(scene.calls) != 2:
        raise Unshown("what the tokens of the blocks read was not captured")
    reading, blocks = (part.weights(heads)[scene.item] for part in scene.calls)
    n, n_global = scene.length, reading.shape[1]
    n_blocks, size = blocks.shape[1:3]
    shift = size // 2 if scene.around(call, "stagger_blocks_this_layer") else 0
    globals_ = n + torch.arange(n_global)
    tokens = within(torch.arange(n_blocks * size) - shift, n)
    own = torch.cat([globals_.expand(n_blocks, -1), tokens.view(n_blocks, size)], 1)
    matrix = placed(blocks.movedim(1, 0), tokens.view(n_blocks, size), own, n + n_global, n + n_global)
    return matrix + placed(
        reading[None], globals_[None], torch.cat([globals_, tokens])[None], n + n_global, n + n_global
    )


def _with_globals(call: Call, scene: Scene) -> Sides:
    n, n_global = scene.length, scene.around(call, "config").num_global_tokens
    side = Side(n + n_global, after=numbered("global", n_global), text=n)
    return side, side


# CANINE: one call for each piece of the text


def _pieces(call: Call, scene: Scene, heads: slice) -> Tensor:
    around = scene.at(call.layer.rpartition(".")[0])
    if not getattr(around, "local", False):
        return call.weights(heads)[scene.item]
    n, first = scene.length, int(bool(around.first_position_attends_to_all))
    starts = [0] * first + list(range(first, n, int(around.attend_from_chunk_stride)))
    reads = [0] * first + list(range(0, n, int(around.attend_to_chunk_stride)))
    matrix = torch.tensor(0.0)
    if len(scene.calls) != len(starts):
        raise Unshown(f"{call.layer} was captured in {len(scene.calls)} of {len(starts)} pieces")
    for part, start, read in zip(scene.calls, starts, reads, strict=True):
        weights = part.weights(heads)[scene.item]
        queries, keys = start + torch.arange(weights.shape[1]), read + torch.arange(weights.shape[2])
        if around.always_attend_to_first_position:
            keys = F.pad(keys[:-1], (1, 0))
        matrix = matrix + placed(weights[None], queries[None], keys[None], n, n)
    return matrix


def _characters(call: Call, scene: Scene) -> Sides:
    """Characters are the tokens; between the first and the last layer, several are one."""
    if "char_encoder" in call.layer:
        return whole_text(call, scene)
    n = call.weights(slice(0, 1)).shape[-1]
    size = scene.around(call, "config").downsampling_rate
    names = tuple(f"characters {i * size}–{(i + 1) * size - 1}" for i in range(n - 1))
    side = Side(n, before=("CLS",), names=names)
    return side, side


# ProphetNet: the text, and for each of the next n words a stream that reads the text and itself


def _streams(call: Call, scene: Scene, heads: slice) -> Tensor:
    """The text's tokens first, then stream after stream, [head, all, all]."""
    if len(scene.calls) != 2:
        raise Unshown("what the streams of the next words read was not captured")
    main, ahead = (part.weights(heads)[scene.item] for part in scene.calls)
    n, n_streams = main.shape[-1], _n_streams(call, scene)
    ahead = _stream_first(ahead, n_streams)  # [stream, head, token, text + stream]
    tokens = torch.arange(n)
    streams = n * (1 + torch.arange(n_streams))[:, None] + tokens
    total = n * (1 + n_streams)
    keys = torch.cat([tokens.expand(n_streams, -1), streams], 1)
    return placed(main[None], tokens[None], tokens[None], total, total) + placed(ahead, streams, keys, total, total)


def _n_streams(call: Call, scene: Scene) -> int:
    return int(scene.around(call, "config").ngram)


def _stream_first(ahead: Tensor, n_streams: int) -> Tensor:
    """[stream, head, query, key] from [head, stream, query, key]."""
    if ahead.dim() != 4 or ahead.shape[1] != n_streams:
        raise Unshown("the streams of the next words are not where this app expects them")
    return ahead.movedim(1, 0)


def _ahead(n: int, n_streams: int) -> Side:
    """The text and what stands for the words to come."""
    names = tuple(f"next {stream + 1} after {i}" for stream in range(n_streams) for i in range(n))
    return Side(n * (1 + n_streams), names=names, text=n)


def _stream_sides(call: Call, scene: Scene) -> Sides:
    n = call.weights(slice(0, 1)).shape[-1]
    side = _ahead(n, _n_streams(call, scene))
    return side, side


def _stream_queries(call: Call, scene: Scene) -> Sides:
    """Cross-attention of ProphetNet's decoder, whose queries are the text and all streams."""
    n, n_streams = call.weights(slice(0, 1)).shape[-2], _n_streams(call, scene)
    if "cross" not in call.layer or n % (1 + n_streams):
        return None, None
    return _ahead(n // (1 + n_streams), n_streams), None


# Reformer: chunks that read themselves and their neighbours; its output gives nothing else


def _chunks(call: Call, scene: Scene, heads: slice) -> Tensor:
    weights = call.weights(heads)[scene.item]
    if weights.dim() == 3:  # a text of one chunk
        return weights
    config = scene.config
    kind = config.attn_layers[call.number]
    if kind != "local":
        raise Unshown(
            "this layer sorts its tokens into buckets by a random hash and does not tell the order, so what each of "
            "them read cannot be said"
        )
    n_chunks, size = weights.shape[1:3]
    before, after = config.local_num_chunks_before, config.local_num_chunks_after
    n = scene.length
    chunks = torch.arange(n_chunks * size).view(n_chunks, size)
    reads = torch.cat([chunks.roll(-step, 0) for step in range(-before, after + 1)], 1)  # the ends meet
    return placed(weights.movedim(1, 0), within(chunks, n), within(reads, n), n, n)


BANDS: dict[str, Shape] = {
    r"(Longformer|LEDEncoder)SelfAttention": Shape(_band, whole_text, whole=True),
    r"LongT5LocalAttention": Shape(_neighbours, whole_text),
    r"LongT5TransientGlobalAttention": Shape(_neighbours, _summaries),
    r"PegasusXGlobalLocalAttention": Shape(_staggered, _with_globals, whole=True),
    r"CanineSelfAttention": Shape(_pieces, _characters, whole=True),
    r"ProphetNetNgramSelfAttention": Shape(_streams, _stream_sides, whole=True),
    r"ProphetNetAttention": Shape(plain, _stream_queries),
    r"Reformer\w*": Shape(_chunks, whole_text),
}
