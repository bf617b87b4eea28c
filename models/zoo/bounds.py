"""How large a number in a config may be: everything that is built later takes time and memory by these numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from models.zoo.errors import LoadError

MAX_LAYERS = 512  # of one stack, or of all stages of one together
MAX_PATCHES = 262_144  # in one input: 512 x 512 patches of a picture, or fewer in each of several frames
MAX_EXPERTS = 1_000_000  # layers x experts: the time to build a model grows with their number


@dataclass(frozen=True)
class Bound:
    """Keys of a config whose values decide how much is built, and the range that real models stay well inside.

    `whole`: nothing but a whole number will do; else lists are looked into and other types left to transformers.
    """

    names: re.Pattern[str]
    smallest: int
    largest: int
    whole: bool = False

    def complaint(self, value: object) -> str:
        """What was expected, if the value is out of range; else an empty string."""
        if isinstance(value, list | tuple):
            return next(filter(None, (self.complaint(item) for item in value)), "")
        integer = isinstance(value, int) and not isinstance(value, bool)
        number = integer or isinstance(value, float)
        if value is None or (not number and not self.whole):
            return ""
        if (integer or not self.whole) and number and self.smallest <= float(str(value)) <= self.largest:
            return ""
        return f"expected a whole number from {self.smallest:,} to {self.largest:,}"


def _bound(names: str, smallest: int, largest: int, whole: bool = False) -> Bound:
    return Bound(re.compile(names.replace("*_", "(?:.*_)?").replace(" ", "|")), smallest, largest, whole)


# The first that matches a key decides; the keys that every transformer has come first.
BOUNDS = (
    _bound("num_hidden_layers n_layers?", 1, MAX_LAYERS, True),
    _bound("encoder_layers decoder_layers num_encoder_layers num_decoder_layers", 0, MAX_LAYERS, True),
    _bound("num_attention_heads num_key_value_heads n_heads?", 1, 1_024, True),
    _bound("hidden_size n_embd dim d_model", 1, 65_536),
    _bound("vocab_size", 1, 4_000_000, True),
    _bound(
        "*_layers *_blocks *_blocks_per_stage blocks_per_stage *_depths? *_loops *_block_sizes *_block_repeats",
        -MAX_LAYERS,
        MAX_LAYERS,
    ),
    _bound(
        "*_cycles *_num_hidden_groups inner_group_num *_attends_per_block *_stages *_levels", -MAX_LAYERS, MAX_LAYERS
    ),
    _bound("*_heads *_heads_per_(stage|layer)", 0, 1_024),
    _bound("*_experts zero_expert_num", 0, 16_384),
    _bound(
        "*_(hidden_size|hidden_sizes|embed_dims?|head_dim|hidden_dim|embedding_size|width|channels|dims|d_kv)",
        -1,
        65_536,
    ),
    _bound(
        "*_(intermediate_size|inner_dim|n_inner|d_ff|d_inner|ffn_dim|mlp_dim|dim_feedforward|dim_ff|dff)", 0, 524_288
    ),
    _bound("*_vocab_sizes?(_.*)?", 0, 100_000_000),
    _bound("*_image_size *_img_size pretrain_image_size", 1, 16_384),
    _bound("*_patch_size *_tubelet_size", 1, 16_384),
    _bound("num_frames frames_per_clip", 1, 4_096),
    _bound("num_channels in_channels in_chans", 0, 4_096),
    _bound("num_labels num_classes", 0, 1_000_000),
    _bound("*_(position_embeddings|positions|n_ctx|context_length)", -1, 100_000_000),
    _bound("(num|n)_.* .*_(size|dim|count|rank|bins|buckets)", -100_000_000, 100_000_000),
)
FREE = ("id2label", "label2id", "task_specific_params")  # a visitor's own words as keys; bounded by the file's size


def check_bounds(config: dict[str, Any], place: str = "") -> None:
    """Raise LoadError if a number in the settings or in those of a part (text_config, encoder, ...) is absurd.

    Everything that is built later, if only to be measured, takes time and memory by these numbers.
    """
    for key, value in config.items():
        if isinstance(value, dict) and key not in FREE and not key.endswith(("image_size", "patch_size")):
            check_bounds(value, f"{place}{key}.")
        bound = next((bound for bound in BOUNDS if bound.names.fullmatch(key)), None)
        parts = list(value.values()) if isinstance(value, dict) else value  # {"height": 224, "width": 224}
        said = bound.complaint(parts) if bound else ""
        if said:
            raise LoadError(f"config.json says {place}{key} = {repr(value)[:80]}; {said}.")
    _check_products(config, place)


def _check_products(config: dict[str, Any], place: str) -> None:
    """Numbers that are fine alone and absurd together: stages of layers, experts in layers, patches of a picture."""
    for key, value in config.items():
        if re.fullmatch(r"(.*_)?depths|block_sizes|n_blocks", key) and sum(_integers(value)) > MAX_LAYERS:
            raise LoadError(
                f"config.json says {place}{key} = {repr(value)[:80]}; expected at most {MAX_LAYERS} layers in all."
            )
    layers = max([1, *(_integer(config, key) for key in ("num_hidden_layers", "n_layer", "n_layers", "num_layers"))])
    for key in config:
        if re.fullmatch(r"(.*_)?experts", key) and layers * _integer(config, key) > MAX_EXPERTS:
            raise LoadError(
                f"config.json says {place}{key} = {config[key]!r} in each of {layers} layers; expected at most "
                f"{MAX_EXPERTS:,} experts in all."
            )
    _check_patches(config, place)


def _check_patches(config: dict[str, Any], place: str) -> None:
    """A picture must hold at least one patch, and not too many."""
    image, patch = pair(config.get("image_size")), pair(config.get("patch_size"))
    if image is None or patch is None:
        return
    rows, columns = image[0] // patch[0], image[1] // patch[1]
    frames = max(1, _integer(config, "num_frames"))
    if not 1 <= rows * columns * frames <= MAX_PATCHES:
        raise LoadError(
            f"config.json says {place}image_size = {config['image_size']!r} and {place}patch_size = "
            f"{config['patch_size']!r}: {rows * columns * frames:,} patches; expected 1 to {MAX_PATCHES:,}."
        )


def pair(size: Any) -> tuple[int, int] | None:
    """(height, width) of a size written as 224, [224, 224] or {"height": 224, "width": 224}; None for anything else."""
    values = list(size.values()) if isinstance(size, dict) else size if isinstance(size, list | tuple) else [size] * 2
    values = values[-2:] * (2 if len(values) == 1 else 1)
    whole = len(values) == 2 and all(isinstance(v, int) and not isinstance(v, bool) and v > 0 for v in values)
    return (values[0], values[1]) if whole else None


def _integer(config: dict[str, Any], key: str) -> int:
    """A whole number from the settings, 0 if there is none."""
    return max([0, *_integers(config.get(key))])


def _integers(value: Any) -> Iterator[int]:
    """The whole numbers in a value that may be one or a list of them."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, int) and not isinstance(item, bool):
            yield item
