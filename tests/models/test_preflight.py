"""What a model costs, held against what it then does cost; never against a clock."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as hf

from models import zoo
from models.zoo import device, memory, sizes, twin
from models.zoo.preflight import place, size
from tests import tiny
from tests.fake_hub import FakeHub


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins with nothing downloaded."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))


def config_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "config.json").read_text())


def loaded(folder: Path) -> Any:
    """The model as it is opened: the class its config names, float32."""
    return getattr(hf, config_of(folder)["architectures"][0]).from_pretrained(folder, dtype=torch.float32)


@pytest.mark.parametrize("name", tiny.MODELS)
def test_the_weights_in_memory_are_those_foretold(folders: Path, name: str) -> None:
    module = loaded(folders / name)
    found = zoo.preflight(str(folders / name), n_tokens=20)
    assert found.hold_weights == device.nbytes(module)
    assert found.n_params == sum(p.numel() for p in module.parameters())
    assert found.tier == "interface"
    assert (found.source, found.download, found.reason, found.fits) == ("folder", 0, None, True)
    assert found.family == module.config.model_type
    assert found.seconds is not None


def test_a_trace_keeps_what_is_foretold(folders: Path) -> None:
    # queries and keys of every layer, float32: gpt2 has 4 heads of 8, llama half as many key heads
    assert zoo.preflight(str(folders / "gpt2"), 20).hold_capture == 3 * 20 * (32 + 32) * 4
    assert zoo.preflight(str(folders / "llama"), 20).hold_capture == 2 * 20 * (32 + 16) * 4


def test_what_passes_through_is_the_larger_of_a_layer_and_the_logits(folders: Path) -> None:
    found = zoo.preflight(str(folders / "gpt2"), 20)
    layer = 4 * 20 * (6 * 32 + 2 * 128) + 2 * 4 * 4 * 20 * 20
    logits = 2 * 4 * 20 * config_of(folders / "gpt2")["vocab_size"]
    assert found.peak == max(layer, logits)
    assert found.needs == found.hold_weights + found.hold_capture + found.peak


def test_no_more_tokens_than_the_model_or_the_limits_allow(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert zoo.preflight(str(folders / "gpt2"), 512).n_tokens == 64
    monkeypatch.setenv("HEADLIGHT_MAX_TOKENS", "16")
    assert zoo.preflight(str(folders / "gpt2"), 512).n_tokens == 16


def test_a_bundled_model_costs_no_download() -> None:
    found = zoo.preflight(zoo.bundled()[0].name)
    assert (found.source, found.download, found.fits) == ("bundled", 0, True)


def test_the_download_is_what_the_hub_then_sends(hub: FakeHub, folders: Path) -> None:
    found = zoo.preflight("acme/tiny", 20)
    before = len(hub.requests)
    assert found.source == "hub"
    from models.zoo import sources

    folder = sources.locate("acme/tiny", lambda _: None).folder
    sent = {r.split("/")[-1] for r in hub.requests[before:] if r.startswith("GET") and "/resolve/" in r}
    assert "config.json" not in sent
    assert found.download == sum((folders / "gpt2" / name).stat().st_size for name in sent)
    assert found.hold_weights == device.nbytes(loaded(folder))


def test_before_a_download_only_the_settings_are_fetched(hub: FakeHub) -> None:
    before = len(hub.requests)
    zoo.preflight("acme/tiny", 20)
    fetched = [r for r in hub.requests[before:] if r.startswith("GET") and "/resolve/" in r]
    assert [r.split("/")[-1] for r in fetched] == ["config.json"]


def test_after_a_download_nothing_is_to_come(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    from models.zoo import sources

    sources.locate("acme/tiny", lambda _: None)
    assert zoo.preflight("acme/tiny", 20).download == 0
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    offline = zoo.preflight("acme/tiny", 20)
    assert (offline.download, offline.fits) == (0, True)


def test_reasons_come_as_sentences(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    hub.add("acme/empty", tmp_path / "empty")
    assert "knows no model" in str(zoo.preflight("acme/nothing").reason)
    assert "no model.safetensors" in str(zoo.preflight("acme/empty").reason)
    assert "neither a folder" in str(zoo.preflight("file:///etc/passwd").reason)
    assert "no config.json" in str(zoo.preflight(str(tmp_path / "empty")).reason)
    monkeypatch.setenv("HEADLIGHT_MAX_DOWNLOAD_GB", "0.000001")
    assert "HEADLIGHT_MAX_DOWNLOAD_GB" in str(zoo.preflight("acme/tiny").reason)
    monkeypatch.setenv("HEADLIGHT_PUBLIC", "1")
    assert "is not among" in str(zoo.preflight("acme/tiny").reason)


def test_a_repository_without_settings(hub: FakeHub, tmp_path: Path, folders: Path) -> None:
    (tmp_path / "bare").mkdir()
    shutil.copy(folders / "gpt2" / "model.safetensors", tmp_path / "bare")
    hub.add("acme/bare", tmp_path / "bare")
    assert "no config.json" in str(zoo.preflight("acme/bare").reason)


def test_too_large_is_refused_with_the_numbers(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folders / "gpt2"
    whole = zoo.preflight(str(folder), 20)
    monkeypatch.setattr(memory, "free_bytes", lambda: whole.needs)
    assert zoo.preflight(str(folder), 20).fits
    monkeypatch.setattr(memory, "free_bytes", lambda: whole.needs - 1)
    found = zoo.preflight(str(folder), 20)
    assert not found.fits
    assert f"needs {size(found.needs)} of memory, {size(found.free)} are free" in found.sentence()
    assert place("gpt2", config_of(folder)).device == "cpu"  # what a trace needs besides is not the loader's to refuse
    monkeypatch.setattr(memory, "free_bytes", lambda: whole.hold_weights - 1)
    with pytest.raises(zoo.LoadError, match="of memory"):
        place("gpt2", config_of(folder))


def test_a_limit_on_what_is_held(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADLIGHT_MAX_HOLD_GB", "0.0001")
    assert "models of up to 100 kB are opened" in str(zoo.preflight(str(folders / "gpt2")).reason)
    with pytest.raises(zoo.LoadError, match="up to 100 kB"):
        place("gpt2", config_of(folders / "gpt2"))


def test_a_config_that_promises_more_than_its_file_is_refused_before_it_is_built(folders: Path) -> None:
    huge = config_of(folders / "gpt2") | {"n_embd": 65_536, "n_layer": 512, "n_head": 4}
    with pytest.raises(zoo.LoadError, match=r"needs [\d,]+ GB of memory"):
        place("gpt2", huge)


def test_an_unknown_architecture_and_settings_that_contradict_each_other(folders: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folders / "gpt2", tmp_path / "model"))
    for change, said in (
        ({"model_type": "gpt2000"}, "no model type “gpt2000”"),
        ({"model_type": "evil", "auto_map": {"AutoModel": "x.Y"}}, "which Headlight never runs"),
        ({"n_head": 5}, "cannot be built from its config.json"),
        ({"n_layer": 10**6}, "expected a whole number"),
    ):
        (folder / "config.json").write_text(json.dumps(config_of(folders / "gpt2") | change))
        assert said in str(zoo.preflight(str(folder)).reason)


def test_strangers_see_no_message_of_the_library(monkeypatch: pytest.MonkeyPatch, folders: Path) -> None:
    monkeypatch.setenv("HEADLIGHT_PUBLIC", "1")
    with pytest.raises(zoo.LoadError, match=r"config.json \(ValueError\)\."):
        twin.skeleton(config_of(folders / "gpt2") | {"n_head": 5})


def saved(folder: Path, model: Any) -> str:
    model.save_pretrained(folder)
    return str(folder)


def test_no_attention_is_said_before_the_download(tmp_path: Path) -> None:
    config = hf.MambaConfig(vocab_size=60, hidden_size=16, num_hidden_layers=1)
    found = zoo.preflight(saved(tmp_path, hf.MambaForCausalLM(config)))
    assert found.tier == "none"
    assert "shows no attention" in found.sentence()


WIDTHS = {"hidden_size": 32, "num_attention_heads": 4, "num_hidden_layers": 3, "intermediate_size": 64}
T5 = {"vocab_size": 60, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 3, "num_heads": 4}
T5_IDS = {"decoder_start_token_id": 0}
CLIP = {"text_config": WIDTHS | {"vocab_size": 60}, "vision_config": WIDTHS | {"image_size": 32, "patch_size": 8}}
OTHERS = {
    "an encoder-decoder": lambda: hf.T5ForConditionalGeneration(hf.T5Config(**T5, **T5_IDS)),
    "a vision model": lambda: hf.ViTForImageClassification(hf.ViTConfig(image_size=32, patch_size=8, **WIDTHS)),
    "a picture and a text": lambda: hf.CLIPModel(hf.CLIPConfig(projection_dim=16, **CLIP)),
    "windows in stages": lambda: hf.SwinModel(
        hf.SwinConfig(image_size=32, patch_size=2, embed_dim=16, depths=[1, 2], num_heads=[2, 4], window_size=4)
    ),
    "a softmax of its own": lambda: hf.BloomForCausalLM(
        hf.BloomConfig(vocab_size=60, hidden_size=32, n_layer=3, n_head=4)
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_kinds_of_models(tmp_path: Path, name: str) -> None:
    folder = saved(tmp_path, OTHERS[name]())
    found = zoo.preflight(folder, 16)
    assert found.hold_weights == device.nbytes(loaded(tmp_path))
    assert found.tier == ("function" if "softmax" in name else "interface")
    assert found.reason is None
    assert found.seconds is not None
    assert found.hold_capture > 0
    assert ("for a picture" if name in ("a vision model", "windows in stages") else "for 16 tokens") in found.sentence()


def test_8_bit_weights_begin_as_floats(folders: Path) -> None:
    pytest.importorskip("torchao")
    floats, bits = (zoo.preflight(str(folders / "llama"), 20, precision) for precision in ("auto", "int8"))
    assert bits.precision == "8-bit weights"
    assert bits.hold_weights < floats.hold_weights
    assert bits.hold_weights + bits.peak >= floats.hold_weights
    assert zoo.preflight(str(folders / "llama"), precision="int3").reason is not None


def test_real_weights(minilm: Path) -> None:
    found = zoo.preflight(str(minilm), 128)
    assert found.hold_weights == device.nbytes(hf.AutoModel.from_pretrained(minilm, dtype=torch.float32))
    assert found.hold_capture == 6 * 128 * (384 + 384) * 4


def test_layers_positions_and_heads_of_other_kinds() -> None:
    t5 = sizes.stacks(hf.T5Config(**T5), 16)
    assert [(s.layers, s.heads, s.d_head, s.queries, s.keys) for s in t5] == [(3, 4, 8, 16, 16)] * 3
    vit = sizes.stacks(hf.ViTConfig(image_size=32, patch_size=8, **WIDTHS), 16)
    assert [(s.layers, s.queries, s.keys) for s in vit] == [(3, 17, 17)]
    clip = sizes.stacks(hf.CLIPConfig(projection_dim=16, **CLIP), 16)
    assert sorted((s.layers, s.queries) for s in clip) == [(3, 16), (3, 17)]
    swin = sizes.stacks(
        hf.SwinConfig(image_size=32, patch_size=2, embed_dim=16, depths=[1, 2], num_heads=[2, 4], window_size=4), 16
    )
    assert [(s.layers, s.heads, s.d_head, s.queries, s.keys) for s in swin] == [(1, 2, 8, 256, 16), (2, 4, 8, 64, 16)]


def test_weights_are_kept_where_they_cannot_be_made_later() -> None:
    stack = sizes.Stack(layers=3, heads=4, kv_heads=2, d_head=8, queries=10, keys=20, width=32, inner=64)
    assert stack.kept("interface") == 3 * 8 * (4 * 10 + 2 * 20) * 4
    assert stack.kept("function") == stack.kept(None) == 3 * 4 * 10 * 20 * 4


def test_a_twin_has_few_layers_and_words() -> None:
    small = twin.cut(
        {
            "num_hidden_layers": 12,
            "layer_types": ["full_attention"] * 12,
            "vocab_size": 50_000,
            "pad_token_id": 49_999,
            "eos_token_id": [49_998, 2],
            "text_config": {"n_layer": 6, "vocab_size": 30},
            "vision_config": {"depths": [2, 18], "num_layers": 2, "num_heads": [3, 6]},
            "architectures": ["A"],
        },
        2,
    )
    assert small == {
        "num_hidden_layers": 2,
        "layer_types": ["full_attention"] * 2,
        "vocab_size": 512,
        "pad_token_id": 511,
        "eos_token_id": [511, 2],
        "text_config": {"n_layer": 2, "vocab_size": 30},
        "vision_config": {"depths": [2, 2], "num_layers": 2, "num_heads": [3, 6]},
        "architectures": ["A"],
    }


def test_a_twin_too_large_for_real_numbers_still_shows_its_tier(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twin, "LARGEST", 0)
    found = zoo.preflight(str(folders / "llama"), 20)
    assert found.tier == "interface"
    assert found.seconds is not None


def test_nobody_elses_random_numbers_are_touched(folders: Path) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    zoo.preflight(str(folders / "gpt2"))
    assert torch.equal(torch.rand(3), expected)


def test_work_counts_matrices_but_not_tables(folders: Path) -> None:
    config = config_of(folders / "gpt2")
    per_layer = 32 * 96 + 32 * 32 + 2 * 32 * 128
    assert twin.work(twin.skeleton(config)) == 3 * per_layer + 32 * config["vocab_size"]


def test_the_sentence() -> None:
    found = zoo.Preflight(
        "gpt2",
        "hub",
        "gpt2",
        download=548_000_000,
        hold_weights=500_000_000,
        hold_capture=10_000_000,
        peak=590_000_000,
        free=12_345_000_000,
        n_tokens=62,
        seconds=0.41,
        tier="interface",
    )
    assert found.sentence() == (
        "Downloads 548 MB, holds 1.1 GB of 12 GB free, about 0.4 s for 62 tokens; attention is read through the "
        "attention interface."
    )
    here = dataclasses.replace(found, download=0, seconds=None, tier=None)
    assert here.sentence() == (
        "Holds 1.1 GB of 12 GB free; whether its attention can be read is found out when it is loaded."
    )
    assert [size(n) for n in (0, 1_500, 2_340_000, 999_000_000)] == ["0 kB", "2 kB", "2.3 MB", "999 MB"]
