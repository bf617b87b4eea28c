"""The arithmetic against what is there and what runs: parameters, products and bytes, ours and the library's."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from models.cost.budget import budget, cache
from models.records import POSITIONS, Budget, Config, Knobs
from models.scratch import hf
from models.scratch.vision import Transformer, build
from tests.scratch import library

SOURCE, TARGET = 20, 11
SHAPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "untied, no biases": {"tied": False, "bias": False},
    "grouped, RMSNorm, SwiGLU": {"n_kv_heads": 2, "norm": "rms", "activation": "swiglu"},
    "attention only, no norm": {"d_ff": 0, "norm": "none"},
    "norm after": {"norm_place": "post", "embedding_norm": True, "n_segments": 2},
    **{position: {"position": position} for position in POSITIONS},
}


def counted(run: Any) -> int:
    """Operations that torch counts while something runs."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


def arithmetic(config: Config) -> Budget:
    """For the inputs of these tests."""
    both = config.kind == "encoder-decoder"
    return budget(config, TARGET if both else SOURCE, SOURCE if both else 0)


def given(config: Config) -> tuple[Tensor, ...]:
    if config.picture is not None:
        return (torch.randn(1, *config.picture),)
    tokens = torch.randint(0, config.d_vocab, (1, SOURCE))
    return (tokens, tokens[:, :TARGET]) if config.kind == "encoder-decoder" else (tokens,)


def inside(model: Transformer, part: str) -> int:
    """Numbers that are learnt in the modules of this name."""
    return sum(p.numel() for name, p in model.named_parameters() if f".{part}." in f".{name}")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["decoder", "encoder", "encoder-decoder", "vision"])
def test_ours(kind: str, shape: str) -> None:
    picture = {"picture": (3, 12, 16), "patch": 4} if kind == "vision" else {}
    sizes = {key: value for key, value in SHAPES[shape].items() if key != "n_segments" or kind == "encoder"}
    config = Config(**{"d_vocab": 30, "kind": kind, "max_len": 24, "d_model": 32, "d_ff": 80} | picture | sizes)
    model, found = build(config).eval(), arithmetic(config)
    assert found.n_params == sum(p.numel() for p in model.parameters())
    assert found.flops == counted(lambda: model(*given(config), knobs=Knobs(fused=False)))
    parts = {part.name: part for part in found.parts}
    assert sum(part.n_params for name, part in parts.items() if name.endswith(" attention") or name == "attention") == (
        inside(model, "attention")
    )
    assert sum(part.n_params for name, part in parts.items() if "feed-forward" in name) == inside(model, "feed_forward")


@pytest.mark.parametrize("name", library.BUILDERS)
def test_the_librarys_parameters(name: str) -> None:
    theirs = library.module(name)
    config = hf.from_library(theirs).config
    learnt = sum(p.numel() for p in theirs.parameters() if p.requires_grad)
    unused = {"bart": 2 * 2 * config.d_model}.get(name, 0)  # two rows of either table of positions
    output = {"bart": config.d_vocab, "marian": config.d_vocab}.get(name, 0)  # a bias that the library does not train
    assert arithmetic(config).n_params == learnt - unused + output


@pytest.mark.parametrize("name", ["gpt2", "bert", "vit", "bart", "marian", "t5", "llama", "mistral"])
def test_the_librarys_operations(name: str) -> None:
    theirs = library.module(name)
    theirs.set_attn_implementation("eager")
    config = hf.from_library(theirs).config
    named = {key: value[:1] for key, value in library.inputs(theirs)[0].items()}
    options = {} if name in ("vit", "bert") else {"use_cache": False}
    assert arithmetic(config).flops == counted(lambda: theirs(**named, **options))


@pytest.mark.parametrize("name", ["gpt2", "llama", "neox"])
def test_the_librarys_cache(name: str) -> None:
    theirs = library.module(name)
    with torch.no_grad():
        kept = theirs(torch.randint(0, 50, (1, SOURCE)), use_cache=True).past_key_values
    assert cache(hf.from_library(theirs).config, SOURCE) == _held(kept)


@pytest.mark.parametrize("name", ["bart", "t5"])
def test_the_librarys_cache_of_two_texts(name: str) -> None:
    theirs = library.module(name)
    with torch.no_grad():
        kept = theirs(torch.ones(1, SOURCE).long(), decoder_input_ids=torch.ones(1, TARGET).long()).past_key_values
    held = _held(kept.self_attention_cache) + _held(kept.cross_attention_cache)
    assert cache(hf.from_library(theirs).config, TARGET, SOURCE) == held


def _held(kept: Any) -> int:
    return sum(layer.keys.nbytes + layer.values.nbytes for layer in kept.layers)


def test_figures_that_are_known() -> None:
    gpt2 = Config(d_vocab=50_257, max_len=1024, n_layers=12, n_heads=12, d_model=768, d_ff=3072)
    assert budget(gpt2, 1).n_params == 124_439_808
    llama = Config(d_vocab=32_000, n_layers=32, n_heads=32, n_kv_heads=8, d_model=4096, d_ff=14_336)
    assert cache(llama, 8192, bytes_each=2) == 1_073_741_824
    many = Config(d_vocab=32_000, n_layers=32, n_heads=32, d_model=4096, d_ff=14_336)
    assert cache(many, 8192, bytes_each=2) == 4_294_967_296


def test_an_encoder_keeps_nothing() -> None:
    assert cache(Config(d_vocab=30, kind="encoder"), 100) == 0
