"""Layers whose queries or keys are not what went in: latents, landmarks, pooled tokens, text and picture in one row."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from models.capture.calls import Call
from models.capture.shapes.base import SEED, Scene, Shape, Side, Sides, named, numbered, placed, plain
from models.capture.shapes.towers import pair, pixels_of, tower


def _counts(call: Call) -> tuple[int, int]:
    """Number of queries and of keys."""
    n_queries, n_keys = call.weights(slice(0, 1)).shape[-2:]
    return int(n_queries), int(n_keys)


def _perceiver(call: Call, _: Scene) -> Sides:
    """Latents read the input, then one another; what is asked for reads the latents."""
    n_queries, n_keys = _counts(call)
    if "decod" in call.layer:
        return None, named("latent", n_keys)
    return named("latent", n_queries), None if "cross" in call.layer else named("latent", n_keys)


def _landmarks(call: Call, scene: Scene) -> Sides:
    """Nyströmformer's three factors: tokens to landmarks, among landmarks, landmarks to tokens."""
    n_queries, n_keys = _counts(call)
    n_landmarks = int(scene.around(call, "num_landmarks"))
    if n_queries == n_keys and n_queries != n_landmarks:
        return None, None  # a text as short as its landmarks is read whole
    queries, keys = ((True, False), (False, False), (False, True))[call.number % 3]
    return (None if queries else named("landmark", n_queries)), (None if keys else named("landmark", n_keys))


def _two_streams(call: Call, _: Scene) -> Sides:
    """XLNet: the second call is of the stream that does not see the word it predicts."""
    n_queries, _n = _counts(call)
    return (named("query stream", n_queries), None) if call.number % 2 else (None, None)


def _pooled(call: Call, scene: Scene) -> Sides:
    """Funnel: in each block two tokens become one, first among the queries."""
    found = re.search(r"blocks\.(\d+)\.(\d+)\.", call.layer)
    if found is None:  # the decoder has all of them again
        return None, None
    block, first = int(found[1]), found[2] == "0"
    structure = scene.at(call.layer.partition(".blocks")[0]).attention_structure
    keys = block - 1 if first and structure.config.pool_q_only else block
    return _pool(structure, block, scene.length), _pool(structure, max(keys, 0), scene.length)


def _pool(structure: Any, times: int, n: int) -> Side | None:
    """Names of tokens that were pooled so often: the numbers go through the model's own pooling."""
    if times == 0:
        return None
    low = high = torch.arange(float(n))[None]
    for _ in range(times):
        low, high = structure.pool_tensor(low, mode="min"), structure.pool_tensor(high, mode="max")
    spans = list(zip(low[0].long().tolist(), high[0].long().tolist(), strict=True))
    names = tuple(f"token {a}" if a == b else f"tokens {a}–{b}" for a, b in spans)
    if structure.config.separate_cls:
        return Side(len(names), before=("CLS",), names=names[1:])
    return Side(len(names), names=names)


def _questions(call: Call, scene: Scene) -> Sides:
    """Q-Former: learnt queries, perhaps with an instruction after them, read one another and then the picture."""
    n_queries, n_keys = _counts(call)
    learnt = int(getattr(scene.config, "num_query_tokens", n_queries))
    own = Side(n_queries, names=numbered("query", learnt) + numbered("instruction", n_queries - learnt))
    if "cross" not in call.layer:
        return own, own
    return own, tower(scene.config, pixels_of(scene), n_keys)


def _resampled(call: Call, scene: Scene) -> Sides:
    """Idefics 2, Kosmos-2: learnt queries read the picture and themselves."""
    n_queries, n_keys = _counts(call)
    if n_queries == n_keys or "language" in call.layer or "text_model" in call.layer:
        return None, None
    page = tower(scene.config, pixels_of(scene), n_keys - n_queries)
    return named("latent", n_queries), Side(n_keys, page.grid, page.before, numbered("latent", n_queries))


def _frames(call: Call, scene: Scene) -> Sides:
    """X-CLIP: frames exchange messages; each also reads its own patches and its message, shown of the first."""
    n_queries, n_keys = _counts(call)
    if "message_attn" in call.layer or call.layer.startswith("mit."):
        return named("frame", n_queries), named("frame", n_keys)
    if "vision_model" not in call.layer:
        return None, None
    page = tower(scene.config, pixels_of(scene), n_keys - 1)
    side = Side(n_keys, page.grid, page.before, ("message",))
    return side, side


def _groups(call: Call, scene: Scene) -> Sides:
    """GroupViT: patches and the groups they are about to be put in; then groups of groups."""
    found = re.search(r"vision_model.*stages\.(\d+)\.", call.layer)
    if found is None:
        return None, None
    config, stage = scene.around(call, "config"), int(found[1])
    n_queries, n_keys = _counts(call)
    groups = numbered("group", config.num_group_tokens[stage])
    if n_queries != n_keys:  # groups read what they are made of
        return named("group", n_queries), _members(config, stage, n_keys, (), scene)
    side = _members(config, stage, n_keys, groups, scene)
    return side, side


def _members(config: Any, stage: int, n: int, groups: tuple[str, ...], scene: Scene) -> Side:
    """What stands in a stage: patches in the first, then what the stage before made of them."""
    if stage == 0:
        found = tower(config, pixels_of(scene), n - len(groups))
        return Side(n, found.grid, after=groups)
    return Side(n, names=numbered(f"group of stage {stage - 1},", n - len(groups)), after=groups)


# Text and picture in one row


def _after_text(call: Call, scene: Scene, what: str) -> Side:
    """The text's tokens, then things that are only numbered."""
    n, n_text = _counts(call)[1], scene.length
    return Side(n, names=numbered(what, n - n_text), text=n_text)


def _layout(call: Call, scene: Scene) -> Sides:
    """LayoutLM v2 and v3: words, then the page as patches."""
    config, n = scene.around(call, "config"), _counts(call)[1]
    n_text = scene.length if scene.inputs.get("input_ids") is not None else 0
    if n == n_text:
        return None, None
    if config.model_type == "layoutlmv2":
        rows, columns = config.image_feature_pool_shape[:2]
        side = Side(n, (rows, columns), text=n_text)
    else:
        page = tower(config, pixels_of(scene), n - n_text)
        side = Side(n, page.grid, page.before, text=n_text)
    return side, side


def _vilt(call: Call, scene: Scene, heads: slice) -> Tensor:
    """ViLT draws its patches in an order of its own: they are put back in reading order."""
    weights, places = plain(call, scene, heads), _drawn_places(scene)
    if places is None:
        return weights
    order, grid = places
    n_text = scene.length
    to = torch.cat([torch.arange(n_text + 1), n_text + 1 + order])[None]
    n = n_text + 1 + grid[0] * grid[1]
    return placed(weights[None], to, to, n, n)


def _vilt_sides(call: Call, scene: Scene) -> Sides:
    n, n_text, places = _counts(call)[1], scene.length, _drawn_places(scene)
    if places is None:
        side = Side(n, before=("picture CLS",), names=numbered("patch drawn", n - n_text - 1), text=n_text)
    else:
        grid = places[1]
        cell = pair(scene.around(call, "config").patch_size)
        side = Side(n_text + 1 + grid[0] * grid[1], grid, ("picture CLS",), text=n_text, cell=cell)
    return side, side


def draws_patches(model: Any) -> bool:
    """Whether a model puts its patches in an order that it draws, which its output need not show."""
    return any(hasattr(module, "visual_embed") for module in model.modules())


@torch.no_grad()
def _drawn_places(scene: Scene) -> tuple[Tensor, tuple[int, int]] | None:
    """The patch that each drawn one is, and rows and columns: the draw of a pass, made again by the same seed."""
    pixels = scene.inputs.get("pixel_values")
    draws = next((module for module in scene.model.modules() if hasattr(module, "visual_embed")), None)
    if draws is None or not isinstance(pixels, Tensor):
        return None
    mask = scene.inputs.get("pixel_mask")
    mask = torch.ones_like(pixels[:, 0], dtype=torch.long) if mask is None else mask
    embed: Any = draws.visual_embed
    config: Any = draws.config
    where = next(draws.parameters()).device
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        _, _, (index, grid) = embed(pixels.to(where), mask.to(where), max_image_length=config.max_image_length)
    rows, columns = int(grid[0]), int(grid[1])
    found = index[scene.item].cpu()
    return found[:, 0] * columns + found[:, 1], (rows, columns)


def _flava(call: Call, scene: Scene, heads: slice) -> Tensor:
    """In the multimodal layers the text, which comes last, is put first."""
    weights = plain(call, scene, heads)
    if "multimodal_model" not in call.layer or "input_ids" not in scene.inputs:
        return weights
    order = (torch.arange(weights.shape[-1]) + scene.length)[None] % weights.shape[-1]
    return placed(weights[None], order, order, weights.shape[-1], weights.shape[-1])


def _flava_sides(call: Call, scene: Scene) -> Sides:
    if "text_model" in call.layer:
        return None, None
    config, n = scene.config, _counts(call)[1]
    image = getattr(config, "image_config", config)
    if "multimodal_model" not in call.layer:
        side = tower(image, pixels_of(scene), n)
        return side, side
    n_text = scene.length
    page = tower(image, pixels_of(scene), n - n_text - 1)
    side = Side(n, page.grid, ("CLS", *(f"picture {name}" for name in page.before)), text=n_text)
    return side, side


def _git(call: Call, scene: Scene, heads: slice) -> Tensor:
    """GIT reads the picture first: the text is put before it, as everywhere in this app."""
    weights = plain(call, scene, heads)
    n = weights.shape[-1]
    order = ((torch.arange(n) + scene.length) % n)[None]
    return placed(weights[None], order, order, n, n)


def _git_sides(call: Call, scene: Scene) -> Sides:
    n, n_text = _counts(call)[1], scene.length
    page = tower(scene.config.vision_config, pixels_of(scene), n - n_text)
    side = Side(n, page.grid, page.before, text=n_text)
    return side, side


def _regions(call: Call, scene: Scene) -> Sides:
    """VisualBERT: words, then regions that a detector found."""
    side = _after_text(call, scene, "region")
    return (None, None) if side.n == side.text else (side, side)


def _entities(call: Call, scene: Scene) -> Sides:
    """LUKE: words, then entities."""
    side = _after_text(call, scene, "entity")
    return (None, None) if side.n == side.text else (side, side)


def _chosen(call: Call, _: Scene) -> Sides:
    """Informer: only the queries that a sample of keys told apart, which ones it does not tell."""
    n_queries, n_keys = _counts(call)
    return (None, None) if n_queries == n_keys else (named("chosen query", n_queries), named("step", n_keys))


def _crossing(call: Call, _: Scene) -> Sides:
    """LXMERT: words and regions, each with themselves, and across by one module that is called twice."""
    n_queries, n_keys = _counts(call)
    if "visual_attention" in call.layer:
        words_ask = call.number % 2 == 0
        return (None, named("region", n_keys)) if words_ask else (named("region", n_queries), None)
    if "r_layers" in call.layer or "visn_self_att" in call.layer:
        return named("region", n_queries), named("region", n_keys)
    return None, None


STREAMS: dict[str, Shape] = {
    r"PerceiverSelfAttention": Shape(plain, _perceiver),
    r"NystromformerSelfAttention": Shape(plain, _landmarks),
    r"XLNetRelativeAttention": Shape(plain, _two_streams),
    r"FunnelRelMultiheadAttention": Shape(plain, _pooled),
    r"(Blip2|InstructBlip|InstructBlipVideo)QFormer\w*Attention": Shape(plain, _questions),
    r"Idefics2PerceiverAttention|KosmosTextAttention": Shape(plain, _resampled),
    r"XCLIPAttention": Shape(plain, _frames),
    r"GroupViTAttention": Shape(plain, _groups),
    r"LayoutLMv[23]SelfAttention": Shape(plain, _layout),
    r"ViltSelfAttention": Shape(_vilt, _vilt_sides),
    r"FlavaSelfAttention": Shape(_flava, _flava_sides),
    r"GitSelfAttention": Shape(_git, _git_sides),
    r"VisualBertSelfAttention": Shape(plain, _regions),
    r"LukeSelfAttention": Shape(plain, _entities),
    r"InformerProbSparseAttention": Shape(plain, _chosen),
    r"LxmertAttention": Shape(plain, _crossing),
}
