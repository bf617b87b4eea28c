"""Folders that are wrong in every way people meet: each gives a sentence, none is run."""

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from models import zoo
from models.zoo import safety


@pytest.fixture
def folder(folders: Path, tmp_path: Path) -> Path:
    """A private copy of a tiny GPT-2 to break."""
    return Path(shutil.copytree(folders / "gpt2", tmp_path / "model"))


def edit_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def edit_weights(folder: Path, change: Callable[[dict[str, np.ndarray]], None]) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})


def refusal(ref: Path | str) -> str:
    with pytest.raises(zoo.LoadError) as caught:
        zoo.load(str(ref))
    message = str(caught.value)
    assert "Traceback" not in message
    assert message.endswith(".")
    return message


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "no config.json" in refusal(tmp_path)


def test_a_folder_that_is_not_there() -> None:
    assert "neither a folder" in refusal("/no/such/folder")
    assert "neither a folder" in refusal("../../no-such-folder")
    assert "neither a folder" in refusal("file:///etc/passwd")
    assert "neither a folder" in refusal("http://169.254.169.254/")
    assert "neither a folder" in refusal("<script>alert(1)</script>")
    assert "neither a folder" in refusal("")


def test_weights_missing(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert "the weights are missing" in refusal(folder)


def test_pickle_only_is_refused_unopened(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    assert "pickle" in refusal(folder)


@pytest.mark.parametrize("keep", [0, 4, 100, 5_000])
def test_truncated_safetensors(folder: Path, keep: int) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    assert "model.safetensors" in refusal(folder)


def test_safetensors_with_bytes_after_the_end(folder: Path) -> None:
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"PK\x03\x04")
    assert "cut short or damaged" in refusal(folder)


def test_a_header_of_a_terabyte(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(struct.pack("<Q", 10**12) + path.read_bytes()[8:])
    assert "no safetensors file" in refusal(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, '{"model_type": 3}', "{}", "\xff"])
def test_a_config_that_is_none(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text, "latin-1")
    assert "config.json" in refusal(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [("n_layer", -1), ("n_layer", 10**6), ("n_head", 0), ("n_embd", 10**9), ("vocab_size", "many"), ("n_layer", True)],
)
def test_numbers_out_of_bounds_are_refused_before_anything_is_built(folder: Path, key: str, value: object) -> None:
    edit_config(folder, **{key: value})
    message = refusal(folder)
    assert key in message
    assert repr(value) in message


def test_heads_that_do_not_divide_the_width(folder: Path) -> None:
    edit_config(folder, n_head=5)
    assert "cannot be built" in refusal(folder)


def test_shapes_that_do_not_fit(folder: Path) -> None:
    edit_config(folder, n_embd=64)
    assert "other shapes" in refusal(folder)


def test_code_in_the_checkpoint_is_not_run(folder: Path) -> None:
    (folder / "modeling_evil.py").write_text("open('pwned', 'w')\nraise SystemExit\n")
    edit_config(folder, model_type="evil", auto_map={"AutoModelForCausalLM": "modeling_evil.Evil"})
    assert "which Headlight never runs" in refusal(folder)
    assert not Path("pwned").exists()


def test_a_known_model_with_code_of_its_own_runs_as_the_librarys_class_and_says_so(folder: Path) -> None:
    (folder / "modeling_evil.py").write_text("raise SystemExit\n")
    edit_config(folder, auto_map={"AutoModelForCausalLM": "modeling_evil.Evil"})
    model = zoo.load(str(folder))
    assert type(model.module).__module__.startswith("transformers.")
    assert "was not run" in model.warnings[0]


def test_private_keys_of_a_config_are_dropped(folder: Path) -> None:
    edit_config(folder, _attn_implementation_internal="evil/kernel", nested={"_x": 1, "y": 2})
    config = safety.checked_config(folder)
    assert "_attn_implementation_internal" not in config
    assert config["nested"] == {"y": 2}
    zoo.load(str(folder))


def test_an_unknown_model_type(folder: Path) -> None:
    edit_config(folder, model_type="gpt2000")
    assert "gpt2000" in refusal(folder)


def test_missing_weights_are_said(folder: Path) -> None:
    edit_weights(folder, lambda tensors: tensors.pop("transformer.h.1.attn.c_attn.weight"))
    assert "1 weights are missing" in zoo.load(str(folder)).warnings[0]


def test_nan_weights_are_said(folder: Path) -> None:
    def poison(tensors: dict[str, np.ndarray]) -> None:
        tensors["transformer.h.1.ln_1.weight"][0] = np.nan

    edit_weights(folder, poison)
    assert "NaN" in zoo.load(str(folder)).warnings[0]


def test_half_precision_files_are_computed_in_float32(folder: Path) -> None:
    edit_weights(folder, lambda t: t.update({k: v.astype(np.float16) for k, v in t.items()}))
    edit_config(folder, dtype="float16")
    model = zoo.load(str(folder))
    assert {p.dtype for p in model.module.parameters()} == {torch.float32}


def test_a_folder_without_a_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    assert "no tokenizer" in refusal(folder)


def test_a_broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")
    assert "tokenizer" in refusal(folder)


def test_a_folder_with_an_adapter_is_refused(folder: Path) -> None:
    """peft would put it on the model by itself, and read it from a pickle if that is what there is."""
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "acme/other"}')
    assert "holds an adapter" in refusal(folder)


def test_quantised_checkpoints_are_refused(folder: Path) -> None:
    edit_config(folder, quantization_config={"quant_method": "gptq"})
    assert "quantised" in refusal(folder)


def test_an_index_that_points_outside(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "../../etc/passwd"}}))
    assert "outside" in refusal(folder)


def test_a_sharded_checkpoint(folder: Path, folders: Path) -> None:
    whole = zoo.load(str(folders / "gpt2"))
    whole.module.save_pretrained(folder, max_shard_size="50KB")
    (folder / "model.safetensors").unlink()
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    weights = zoo.load(str(folder)).trace("The cat sat").attentions[0].weights[1]
    assert np.array_equal(weights, whole.trace("The cat sat").attentions[0].weights[1])


def test_models_without_readable_attention_say_so(tmp_path: Path) -> None:
    import transformers as hf

    from tests import tiny

    tokenizer = tiny.byte_level()
    tokenizer.save_pretrained(tmp_path)
    hf.MambaForCausalLM(hf.MambaConfig(vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1)).save_pretrained(
        tmp_path
    )
    assert "shows no attention" in refusal(tmp_path)


def test_model_info(folders: Path) -> None:
    info = zoo.load(str(folders / "llama")).info
    assert (info.n_layers, info.n_heads, info.d_model, info.d_head) == (2, 4, 32, 8)
    assert (info.family, info.task, info.source) == ("llama", "next token", "folder")
    assert info.max_len == 96
