"""With the library's weights ours computes what the library computes; and what ours learns opens in every page."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from models import zoo
from models.records import Config, Knobs
from models.scratch import hf
from models.scratch.vision import Vision, build
from tests import tiny
from tests.scratch import library

BUNDLED = "gpt-stories algo-add algo-induction dalle-shapes bert-stories vit-fashion bart-summary marian-en-fr".split()
GPT2 = Config(d_vocab=50, max_len=64)
BERT = Config(
    d_vocab=50, max_len=48, kind="encoder", norm_place="post", embedding_norm=True, activation="gelu", n_segments=2
)
BART = Config(d_vocab=50, max_len=48, kind="encoder-decoder", norm_place="post", embedding_norm=True)
VIT = Config(d_vocab=3, kind="vision", picture=(3, 32, 48), patch=8)
LLAMA = Config(
    d_vocab=50, position="rope halves", norm="rms", activation="swiglu", bias=False, n_kv_heads=2, norm_eps=1e-6
)


@pytest.mark.parametrize("name", library.BUILDERS)
@pytest.mark.parametrize("fused", [True, False])
def test_logits_equal_the_librarys(name: str, fused: bool) -> None:
    theirs = library.module(name)
    ours, knobs = hf.from_library(theirs), replace(hf.knobs_of(theirs), fused=fused)
    for seed in range(5):
        named, plain = library.inputs(theirs, seed=seed)
        with torch.no_grad():
            expected, found = theirs(**named).logits, ours(*plain, knobs=knobs)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
        assert torch.equal(found.argmax(-1), expected.argmax(-1))


@pytest.mark.parametrize("name", BUNDLED)
@pytest.mark.parametrize("fused", [True, False])
def test_logits_equal_those_of_bundled_models(name: str, fused: bool) -> None:
    folder = zoo.folder(name)
    ours = hf.from_pretrained(folder)
    theirs = _library_model(folder)
    for seed in range(3):
        named, plain = library.inputs(theirs, n_tokens=30, seed=seed)
        with torch.no_grad():
            expected, found = theirs(**named).logits, ours(*plain, knobs=Knobs(fused=fused))
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
        assert torch.equal(found.argmax(-1), expected.argmax(-1))


def _library_model(folder: Path) -> Any:
    config = transformers.AutoConfig.from_pretrained(folder)
    cls = getattr(transformers, config.architectures[0])
    return cls.from_pretrained(folder, dtype=torch.float32).eval()


@pytest.mark.parametrize("name", ["gpt2", "llama", "mistral", "neox", "mpt", "bert", "vit", "bart", "marian"])
def test_gradients_equal_the_librarys(name: str) -> None:
    theirs = library.module(name)
    ours, knobs = hf.from_library(theirs), hf.knobs_of(theirs)
    named, plain = library.inputs(theirs)
    theirs(**named).logits.square().mean().backward()
    ours(*plain, knobs=knobs).square().mean().backward()
    gradients = dict(theirs.named_parameters())
    mine = dict(ours.named_parameters())
    compared = set()
    family = next(f for f in hf.FAMILIES if f.library is type(theirs))
    for link in family.links(ours.config):
        if link.theirs not in gradients or link.ours[0] not in mine:
            continue  # a tied matrix has one name, a buffer no gradient
        for key, gradient in zip(link.ours, link.read(gradients[link.theirs].grad), strict=True):
            torch.testing.assert_close(
                mine[key].grad, gradient, atol=1e-5, rtol=1e-3, msg=lambda m, key=key: f"{key}: {m}"
            )
            compared.add(key)
    assert set(mine) - compared <= {"unembedding.bias"}


@pytest.mark.parametrize("fused", [True, False])
def test_t5s_gradients_in_a_direction(fused: bool) -> None:
    """T5 keeps two scalings elsewhere, so that weights cannot be compared one by one: the loss's slope can."""
    theirs = library.module("t5")
    named, plain = library.inputs(theirs)
    ours = hf.from_library(theirs)
    slopes = []
    for model, run in (
        (theirs, lambda: theirs(**named).logits),
        (ours, lambda: ours(*plain, knobs=Knobs(fused=fused))),
    ):
        run().square().mean().backward()
        slopes.append(sum((p * p.grad).sum().item() for p in model.parameters() if p.grad is not None))
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-4)


def test_segments_are_read() -> None:
    theirs = library.module("bert")
    tokens, segments = torch.randint(0, 50, (2, 2, 9)).unbind()
    segments = segments % 2
    real = torch.arange(9)[None].expand(2, 9) < torch.tensor([[9], [6]])
    with torch.no_grad():
        expected = theirs(input_ids=tokens, token_type_ids=segments, attention_mask=real.long()).logits
        found = hf.from_library(theirs)(tokens, real=real, segments=segments)
    torch.testing.assert_close(found[real], expected[real], atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", library.BUILDERS)
def test_there_and_back(name: str) -> None:
    theirs = library.module(name)
    knobs = hf.knobs_of(theirs)
    back = hf.to_library(hf.from_library(theirs), knobs, **_token_ids(theirs.config))
    assert type(back) is type(theirs)
    assert hf.from_library(back).config == hf.from_library(theirs).config
    for key, value in theirs.state_dict().items():
        used = 2 if name == "bart" and key.endswith("embed_positions.weight") else 0  # nothing reads the rows before
        torch.testing.assert_close(back.state_dict()[key][used:], value[used:], atol=1e-6, rtol=1e-6)


def _token_ids(config: Any) -> dict[str, Any]:
    names = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")
    return {name: getattr(config, name) for name in names if getattr(config, name, None) is not None}


TEXTS: dict[str, tuple[Config, Knobs, str]] = {
    "GPT-2": (GPT2, Knobs(), "GPT2LMHeadModel"),
    "GPT-2 without biases, untied": (replace(GPT2, bias=False, tied=False), Knobs(), "GPT2LMHeadModel"),
    "GPT-2 with sines": (replace(GPT2, position="sinusoidal", activation="relu"), Knobs(), "GPT2LMHeadModel"),
    "GPT-2 without positions": (replace(GPT2, position="none"), Knobs(pattern="causal"), "GPT2LMHeadModel"),
    "RoPE on GPT-2's block": (replace(GPT2, position="rope halves"), Knobs(), "GPTNeoXForCausalLM"),
    "ALiBi": (replace(GPT2, position="alibi", activation="gelu", bias=False), Knobs(), "MptForCausalLM"),
    "LLaMA": (LLAMA, Knobs(), "LlamaForCausalLM"),
    "LLaMA with pairs side by side": (replace(LLAMA, position="rope"), Knobs(), "LlamaForCausalLM"),
    "LLaMA with biases": (replace(LLAMA, position="rope", bias=True, tied=False), Knobs(), "LlamaForCausalLM"),
    "LLaMA through a window": (LLAMA, Knobs(pattern="window", width=3), "MistralForCausalLM"),
    "BERT": (BERT, Knobs(), "BertForMaskedLM"),
    "BERT without segments": (replace(BERT, n_segments=0, bias=False), Knobs(), "BertForMaskedLM"),
    "BART": (BART, Knobs(), "BartForConditionalGeneration"),
    "BART with sines": (replace(BART, position="sinusoidal", bias=False), Knobs(), "BartForConditionalGeneration"),
    "Marian": (
        replace(BART, position="sinusoidal halves", embedding_norm=False, scale_embedding=True),
        Knobs(),
        "MarianMTModel",
    ),
    "T5": (
        replace(
            BART, position="t5", norm="rms", norm_place="pre", embedding_norm=False, bias=False, activation="swiglu"
        ),
        Knobs(),
        "T5ForConditionalGeneration",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_we_train_opens_in_every_page(name: str, tmp_path: Path) -> None:
    config, knobs, expected = TEXTS[name]
    pieces = tiny.word_piece() if config.kind != "decoder" else tiny.byte_level()
    torch.manual_seed(0)
    ours = build(replace(config, d_vocab=len(pieces), init_std=0.2, embedding_std=0.5)).eval()
    for weight in ours.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    hf.save(ours, tmp_path, pieces, knobs)
    loaded = zoo.load(str(tmp_path))
    assert type(loaded.module).__name__ == expected
    assert loaded.warnings == ()
    trace = loaded.trace(
        "The cat sat on the mat.", **({"target": "the dog"} if config.kind == "encoder-decoder" else {})
    )
    stacks = 3 if config.kind == "encoder-decoder" else 1
    assert [len(a.weights) for a in trace.attentions] == [config.n_layers] * stacks
    named, plain = library.inputs(loaded.module, n_tokens=12)
    with torch.no_grad():
        torch.testing.assert_close(ours(*plain, knobs=knobs), loaded.module(**named).logits, atol=1e-4, rtol=1e-4)


def test_a_vision_transformer_opens_too(tmp_path: Path) -> None:
    from PIL import Image

    torch.manual_seed(0)
    ours = build(VIT).eval()
    hf.save(ours, tmp_path, tiny.vit_processor())
    loaded = zoo.load(str(tmp_path))
    assert len(loaded.trace(image=Image.effect_noise((48, 32), 60)).attentions[0].weights) == 2
    pixels = torch.randn(2, 3, 32, 48)
    with torch.no_grad():
        torch.testing.assert_close(ours(pixels), loaded.module(pixel_values=pixels).logits, atol=1e-4, rtol=1e-4)
    assert isinstance(hf.from_pretrained(tmp_path), Vision)


@pytest.mark.parametrize(
    ("config", "knobs", "sentence"),
    [
        (replace(GPT2, position="t5"), Knobs(), "position must be .*, not “t5”"),
        (replace(GPT2, n_kv_heads=2), Knobs(), "GPT2LMHeadModel: every head must have a key and a value of its own"),
        (GPT2, Knobs(pattern="dilated"), "GPT2LMHeadModel: pattern must be full, not dilated"),
        (GPT2, Knobs(residual=False), "residual must be on"),
        (replace(GPT2, d_ff=0), Knobs(), "d_ff must be 1 or more"),
        (replace(GPT2, norm="none"), Knobs(), "norm must be “layer”, not “none”"),
        (replace(BERT, norm_place="pre"), Knobs(), "BertForMaskedLM: norm_place must be “post”, not “pre”"),
        (replace(BERT, position="alibi"), Knobs(), "BertForMaskedLM: position must be"),
        (
            replace(BART, embedding_norm=False),
            Knobs(),
            "BartForConditionalGeneration: embedding_norm must be on, not off",
        ),
        (replace(VIT, position="rope"), Knobs(), "ViTForImageClassification: position must be"),
        (
            replace(GPT2, position="alibi", activation="gelu", bias=False, d_model=48, n_heads=3, d_ff=192),
            Knobs(),
            "MptForCausalLM: n_heads must be a power of 2",
        ),
    ],
    ids=str,
)
def test_what_no_class_can_express_says_so(config: Config, knobs: Knobs, sentence: str) -> None:
    with pytest.raises(hf.NotExpressible, match=sentence):
        hf.to_library(build(config), knobs)


def test_what_cannot_be_read_says_so(folders: Path) -> None:
    with pytest.raises(
        hf.NotExpressible, match="MambaForCausalLM cannot be read into a model of ours; these can: GPT2"
    ):
        hf.from_pretrained(folders / "mamba")
    scaled = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(n_layer=1, n_embd=8, n_head=2, vocab_size=9, scale_attn_by_inverse_layer_idx=True)
    )
    with pytest.raises(hf.NotExpressible, match="scale_attn_by_inverse_layer_idx = True; what is read here has False"):
        hf.from_library(scaled)
    with pytest.raises(hf.NotExpressible, match="they have 2 and 3 layers"):
        hf.from_library(tiny.t5(50))
