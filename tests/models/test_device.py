"""Where a model runs and what it weighs there; graphics processors are only pretended."""

from pathlib import Path

import pytest
import torch
import transformers as hf

from models.zoo import LoadError, device, memory
from models.zoo.device import Placement


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of 10 GB each, the first with 8 GB free, that know bfloat16."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda number: ((8 if number == 0 else 10) * 10**9, 10**10))


def test_a_cpu_computes_in_float32() -> None:
    assert device.choose() == Placement("cpu", "float32")
    assert device.choose("bfloat16") == Placement("cpu", "bfloat16")
    assert device.choose().options() == {"dtype": torch.float32}


def test_a_gpu_computes_in_half_precision(gpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert device.choose(n_bytes=10**9) == Placement("cuda", "bfloat16")
    assert device.choose("float32", 10**9) == Placement("cuda", "float32")
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda: False)
    assert device.choose(n_bytes=10**9) == Placement("cuda", "float16")


def test_a_model_too_large_for_one_gpu_is_spread(gpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "find_spec", lambda name: object())
    spread = device.choose(n_bytes=20 * 10**9)
    assert spread == Placement("auto", "bfloat16")
    assert spread.options() == {"dtype": torch.bfloat16, "device_map": "auto"}
    assert device.free_bytes(spread) == 18 * 10**9
    assert device.free_bytes(Placement("cuda", "bfloat16")) == 8 * 10**9


def test_spreading_needs_accelerate(gpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "find_spec", lambda name: None)
    with pytest.raises(LoadError, match=r"accelerate.*requirements.txt"):
        device.choose(n_bytes=20 * 10**9)


def test_an_unknown_precision() -> None:
    with pytest.raises(LoadError, match="choose one of auto, float32"):
        device.choose("float3")


def test_8_bits_without_torchao_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "find_spec", lambda name: None)
    with pytest.raises(LoadError, match=r"torchao.*requirements-extra.txt"):
        device.choose("int8")


def test_what_the_page_calls_it() -> None:
    assert Placement("cpu", "float32").label == "float32"
    assert Placement("cuda", "bfloat16").label == "bfloat16 on the GPU"
    assert Placement("cpu", "float32", int8=True).label == "8-bit weights"


def test_the_weight_of_a_network() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.BatchNorm1d(5))
    assert device.nbytes(network) == 4 * (15 + 5 + 5 + 5 + 5 + 5) + 8


def test_8_bit_weights_are_near_the_floats_and_counted_as_they_are(folders: Path) -> None:
    pytest.importorskip("torchao")
    from models.zoo import twin

    network = hf.AutoModelForCausalLM.from_pretrained(folders / "llama").eval()
    ids = torch.arange(1, 13)[None]
    with torch.no_grad():
        before = network(ids).logits
        held = twin.held(network, Placement("cpu", "float32", int8=True))
        Placement("cpu", "float32", int8=True).finish(network)
        after = network(ids).logits
    assert (after - before).abs().max() < 0.05 * before.abs().max()
    assert device.nbytes(network) == held


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


SYSTEM = {"proc/meminfo": "MemTotal:  16000 kB\nMemAvailable:    8000 kB\n"}
V2 = SYSTEM | {
    "proc/self/cgroup": "0::/app/page\n",
    "sys/fs/cgroup/app/page/memory.max": "max\n",
    "sys/fs/cgroup/app/page/memory.current": "100\n",
    "sys/fs/cgroup/app/page/memory.stat": "inactive_file 10\n",
    "sys/fs/cgroup/app/memory.max": "5000000\n",
    "sys/fs/cgroup/app/memory.current": "3000000\n",
    "sys/fs/cgroup/app/memory.stat": "anon 5\ninactive_file 1000000\n",
}
V1 = SYSTEM | {
    "proc/self/cgroup": "4:cpu,memory:/docker/x\n",  # inside a container the group's own path does not exist
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "2000000\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": "500000\n",
    "sys/fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 100000\n",
}


def test_free_memory_is_what_the_system_says_where_nothing_limits_it(tmp_path: Path) -> None:
    assert memory.free_bytes(tree(tmp_path, SYSTEM)) == 8_192_000


def test_a_group_around_ours_may_limit_it(tmp_path: Path) -> None:
    assert memory.free_bytes(tree(tmp_path, V2)) == 5_000_000 - (3_000_000 - 1_000_000)


def test_the_older_kind_of_group(tmp_path: Path) -> None:
    assert memory.free_bytes(tree(tmp_path, V1)) == 2_000_000 - 400_000


def test_no_limit_and_no_room(tmp_path: Path) -> None:
    unlimited = V1 | {"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}
    assert memory.free_bytes(tree(tmp_path / "a", unlimited)) == 8_192_000
    full = V1 | {"sys/fs/cgroup/memory/memory.usage_in_bytes": "9000000\n"}
    assert memory.free_bytes(tree(tmp_path / "b", full)) == 0


def test_this_machine_has_memory() -> None:
    assert memory.free_bytes() > 0
