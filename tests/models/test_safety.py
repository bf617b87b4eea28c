"""What is looked at before anything is used: settings, weights' headers, and the patterns of a tokenizer."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from models.zoo import LoadError, patterns, safety
from models.zoo.bounds import check_bounds, pair
from tests import tiny


def write_config(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    (folder / "config.json").write_text(text, encoding)
    return folder


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('\ufeff{"model_type": "gpt2"}', "byte-order mark"),
        ('{"model_type": "gpt2", "n_layer": 2, "n_layer": 3}', "“n_layer” twice"),
        ('{"model_type": "gpt2", "text_config": {"a": 1, "a": 1}}', "“a” twice"),
        ('{"model_type": "gpt2", "rope_theta": 1e400}', "1e400"),
        ('{"model_type": "gpt2", "x": -1e999}', "-1e999"),
        ('{"model_type": "gpt2", "x": ' + "9" * 5_000 + "}", "not valid JSON"),
        ('{"model_type": "gpt2", "x": ' + "[" * 40 + "]" * 40 + "}", "nested more than 32 deep"),
        ('{"model_type": "gpt2", "x": ' + "[" * 10_000 + "]" * 10_000 + "}", "config.json"),
        ('{"model_type": "gpt2"', "not valid JSON"),
        ("3", "something else"),
    ],
)
def test_a_config_that_readers_would_not_agree_about(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(LoadError, match=r"config\.json") as caught:
        safety.checked_config(write_config(tmp_path, text))
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_config_of_many_megabytes(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="larger than 10 MB"):
        safety.checked_config(write_config(tmp_path, '{"model_type": "' + "x" * 10_000_001 + '"}'))


def test_floats_that_json_has_no_word_for_are_read_as_transformers_writes_them(tmp_path: Path) -> None:
    config = {"model_type": "mamba", "limits": [0.0, {"__float__": "Infinity"}], "_x": {"__float__": "NaN"}}
    assert safety.checked_config(write_config(tmp_path, json.dumps(config)))["limits"] == [0.0, float("inf")]


@pytest.mark.parametrize(
    "config",
    [
        {"encoder_layers": 10**6},
        {"decoder_layers": -1},
        {"num_hidden_layers": 0},
        {"num_hidden_layers": 2.5},
        {"d_model": 10**9},
        {"d_model": 1e9},
        {"encoder_ffn_dim": 10**9},
        {"num_experts": 10**6},
        {"num_local_experts": -1},
        {"num_labels": 10**9},
        {"image_size": 10**6},
        {"image_size": [224, 10**6]},
        {"image_size": {"height": 10**6, "width": 224}},
        {"patch_size": 0},
        {"depths": [2, 2, 10**6, 2]},
        {"depths": [300, 300]},
        {"hidden_sizes": [64, 10**9]},
        {"max_position_embeddings": 10**12},
        {"num_queries": 10**12},
        {"num_frames": 10**6},
        {"num_hidden_layers": 512, "num_experts": 10_000},
        {"image_size": 16_384, "patch_size": 2},
        {"image_size": 14, "patch_size": 16},
        {"image_size": 4_096, "patch_size": 16, "num_frames": 64},
    ],
    ids=str,
)
@pytest.mark.parametrize("part", ["", "text_config", "vision_config", "encoder", "decoder"])
def test_absurd_numbers_are_refused_in_every_part_of_a_config(config: dict[str, Any], part: str) -> None:
    whole = {"model_type": "any", part: config} if part else config
    with pytest.raises(LoadError) as caught:
        check_bounds(whole)
    name = next(iter(config)) if "experts" not in str(config) else "experts"
    assert (f"{part}.{name}" if part and name != "experts" else name) in str(caught.value)
    assert "expected" in str(caught.value)


@pytest.mark.parametrize(
    "config",
    [
        {"num_hidden_layers": None, "vocab_size": 250_880, "pad_token_id": -1},
        {"depths": [2, 2, 18, 2], "num_heads": [6, 12, 24, 48], "image_size": 384, "patch_size": 4},
        {"image_size": 1_024, "patch_size": [16, 16], "num_hidden_layers": 61, "n_routed_experts": 256},
        {"id2label": {"0": "n_layers"}, "label2id": {"n_layers": 10**9}, "feature_layers": [-2, -5]},
        {"model_max_length": 10**30, "rope_theta": 500_000.0},
    ],
    ids=str,
)
def test_large_real_models_pass(config: dict[str, Any]) -> None:
    check_bounds(config)


def test_the_defaults_of_every_architecture_pass() -> None:
    from transformers import AutoConfig
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    passed = 0
    for kind in CONFIG_MAPPING_NAMES:
        try:
            settings = AutoConfig.for_model(kind)
        except Exception:  # needs arguments, or a package that is not here
            continue
        check_bounds(json.loads(settings.to_json_string(use_diff=False)))
        passed += 1
    assert passed > 700


def test_sizes_in_all_spellings() -> None:
    assert pair(224) == pair([224, 224]) == pair({"height": 224, "width": 224}) == (224, 224)
    assert pair([2, 16, 14]) == (16, 14)  # a tubelet's first number counts frames
    assert pair({"longest_edge": 512}) == (512, 512)
    assert pair(None) is pair("224") is pair([]) is pair(True) is pair([0, 0]) is None


def entry(first: int, last: int, dtype: str = "F32", shape: list[int] | None = None) -> dict[str, Any]:
    return {"dtype": dtype, "shape": [(last - first) // 4] if shape is None else shape, "data_offsets": [first, last]}


def weights(folder: Path, header: str | dict[str, Any], data: int) -> Path:
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    path = folder / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * data)
    return path


@pytest.mark.parametrize(
    ("header", "data", "said"),
    [
        ({"a": entry(0, 8), "b": entry(4, 12)}, 12, "b overlaps"),
        ({"a": entry(0, 8), "b": entry(0, 8)}, 8, "overlaps"),
        ({"a": entry(0, 8), "b": entry(12, 16)}, 16, "hole of 4 bytes"),
        ({"a": entry(4, 8)}, 8, "hole of 4 bytes"),
        ({"a": entry(0, 8)}, 12, "should have 8 bytes"),
        ({"a": entry(0, 8)}, 4, "should have 8 bytes"),
        ({"a": entry(0, 8, "F16")}, 8, "does not take 8 bytes"),
        ({"a": entry(0, 8, "F32", [3])}, 8, "does not take 8 bytes"),
        ({"a": entry(0, 8, "F128")}, 8, "no type, shape or place"),
        ({"a": entry(0, 8, "F32", [-2, -1])}, 8, "no type, shape or place"),
        ({"a": entry(0, 8, "F32", [2.0])}, 8, "no type, shape or place"),  # type: ignore[list-item]
        ({"a": entry(0, 8, "F32", [True, 2])}, 8, "no type, shape or place"),
        ({"a": {"dtype": "F32"}}, 0, "no type, shape or place"),
        ({"a": 3}, 0, "no type, shape or place"),
        ({"a": {"dtype": ["F32"], "shape": [2], "data_offsets": [0, 8]}}, 8, "no type, shape or place"),
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}, 8, "does not take"),
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8, 9]}}, 8, "no type, shape or place"),
        ('{"a": ' + json.dumps(entry(0, 8)) + ', "a": ' + json.dumps(entry(0, 8)) + "}", 8, "“a” twice"),
        (" " + json.dumps({"a": entry(0, 8)}), 8, "damaged header"),
        ("[]", 0, "damaged header"),
        ("{" * 500, 0, "not valid JSON"),
        ("{\xff}", 0, "not valid JSON"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_safetensors_header_that_breaks_a_rule(tmp_path: Path, header: Any, data: int, said: str) -> None:
    with pytest.raises(LoadError, match=r"model\.safetensors") as caught:
        safety.check_safetensors(weights(tmp_path, header, data))
    assert said in str(caught.value)


def test_a_header_of_101_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", 101_000_000))
        file.truncate(8 + 101_000_000)
    with pytest.raises(LoadError, match="no safetensors file"):
        safety.check_safetensors(path)


def test_headers_in_any_order_with_empty_tensors_and_notes_pass(tmp_path: Path) -> None:
    header = {"b": entry(8, 16), "__metadata__": {"format": "pt"}, "a": entry(0, 8), "none": entry(8, 8)}
    assert set(safety.check_safetensors(weights(tmp_path, header, 16))) == {"a", "b", "none"}
    assert safety.check_safetensors(weights(tmp_path, {"nibbles": entry(0, 2, "F4", [4])}, 2))


@pytest.mark.parametrize("content", ['{"weight_map": []}', "{}", '{"weight_map": {"a": 3}}'])
def test_an_index_without_files(tmp_path: Path, content: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(content)
    with pytest.raises(LoadError, match="no list of files"):
        safety.weight_files(tmp_path)


@pytest.mark.parametrize(
    "settings",
    [
        {"size": 10**6},
        {"size": {"height": 10**6, "width": 10}},
        {"size": {"shortest_edge": 10**5}},
        {"image_processor": {"crop_size": {"height": 10, "width": 10**6}}},
        {"max_pixels": 10**9},
        {"size": {"shortest_edge": 10**9, "longest_edge": 10**9}},
    ],
    ids=str,
)
def test_pictures_are_not_blown_up(tmp_path: Path, settings: dict[str, Any]) -> None:
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings))
    with pytest.raises(LoadError, match="expected at most"):
        safety.check_processor(tmp_path)


def test_how_real_models_prepare_pictures_passes(tmp_path: Path) -> None:
    real = [
        {"size": {"height": 224, "width": 224}, "crop_size": 224, "rescale_factor": 1 / 255},
        {"size": {"shortest_edge": 800, "longest_edge": 1_333}, "image_processor_type": "DetrImageProcessor"},
        {"size": {"shortest_edge": 65_536, "longest_edge": 16_777_216}, "max_pixels": 12_845_056},
    ]
    for settings in real:
        (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings))
        safety.check_processor(tmp_path)


def splitting(folder: Path, pattern: str) -> Path:
    """A folder whose tokenizer splits text by a pattern."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.mark.parametrize("pattern", ["(a+)+$", "(é|é)*$", "x*x*x*x*$", r"(\p{L}+)+$", r"(\s+)+$"])
def test_a_pattern_that_explodes_is_found_in_another_process(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(LoadError, match="pattern"):
        patterns.check_tokenizer(splitting(tmp_path, pattern))


def test_a_tokenizer_that_does_not_come_back_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_PROBE", "import time\ntime.sleep(600)")
    with pytest.raises(LoadError, match=r"still busy after 0.2 seconds"):
        patterns.check_tokenizer(splitting(tmp_path, "(ab?)x"), seconds=0.2)


def test_an_unknown_pattern_that_is_harmless_passes(tmp_path: Path) -> None:
    folder = splitting(tmp_path, r"[a-z]+(?:-[a-z]+)?|\d+")
    assert patterns.unknown_patterns(safety.read_json(folder / "tokenizer.json"))
    patterns.check_tokenizer(folder)


def test_a_broken_file_is_not_blamed_on_its_pattern(tmp_path: Path) -> None:
    content = {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(ab?)x"}}}
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    patterns.check_tokenizer(tmp_path)


GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
QWEN = LLAMA3.replace("{1,3}", "")


@pytest.mark.parametrize("pattern", [GPT2, LLAMA3, QWEN, r"\s+", " {2,}", r"[\n\r\t]", r"\d", "^▁+$", "[一-龥]+"])
def test_well_known_and_plain_patterns_start_no_process(
    tmp_path: Path, pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subprocess.run", None)
    patterns.check_tokenizer(splitting(tmp_path, pattern))


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "a+$", "a+b", "(a|b)+", r"\s+|(a+)+$", "a{99999}", "[[a]b]+", "a|(b|c)*d"]
)
def test_patterns_that_can_fail_late_are_not_called_plain(pattern: str) -> None:
    assert patterns.unknown_patterns({"pre_tokenizer": {"pattern": {"Regex": pattern}}}) == {pattern}


def test_patterns_are_found_wherever_they_stand(tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex("(a+)+$"), " ")])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert patterns.unknown_patterns(safety.read_json(tmp_path / "tokenizer.json")) == {"(a+)+$"}


@pytest.mark.parametrize("name", tiny.MODELS)
def test_ordinary_tokenizers_start_no_process(folders: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.run", None)
    patterns.check_tokenizer(folders / name)
    patterns.check_tokenizer(folders)  # no tokenizer.json at all
