"""Downloads, against a hub on loopback that works, refuses, is absent, or breaks off."""

from pathlib import Path

import pytest

from models import zoo
from tests.fake_hub import FakeHub


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins with nothing downloaded."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return


def test_a_download_reports_its_bytes(hub: FakeHub, folders: Path) -> None:
    seen: list[zoo.Progress] = []
    model = zoo.load("acme/tiny", seen.append)
    assert model.info.source == "hub"
    assert model.info.name == "acme/tiny"
    loading = [p for p in seen if p.stage.startswith("Downloading")]
    weights = (folders / "gpt2" / "model.safetensors").stat().st_size
    assert loading[-1].done == loading[-1].total > weights
    assert [p.done for p in loading] == sorted(p.done for p in loading)


def test_a_second_load_needs_no_hub(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    zoo.load("acme/tiny")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert zoo.load("acme/tiny").info.source == "hub"


def test_an_unknown_id(hub: FakeHub) -> None:
    with pytest.raises(zoo.LoadError, match="knows no model called “acme/nothing”"):
        zoo.load("acme/nothing")


def test_nobody_answers(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(zoo.LoadError, match=r"cannot be reached.*bundled models"):
        zoo.load("acme/tiny")


def test_offline_mode(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.is_offline_mode", lambda: True)
    with pytest.raises(zoo.LoadError, match="cannot be reached"):
        zoo.load("acme/tiny")


def test_a_download_that_breaks_off(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(hub, "cut", "model.safetensors")
    with pytest.raises(zoo.LoadError, match="broke off"):
        zoo.load("acme/tiny")
    monkeypatch.setattr(hub, "cut", None)
    assert zoo.load("acme/tiny").info.n_layers == 3


def test_only_pickles(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "config.json").write_text("{}")
    (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"x")
    hub.add("acme/pickled", tmp_path / "pickled")
    with pytest.raises(zoo.LoadError, match="pickle"):
        zoo.load("acme/pickled")
    assert not any(r.startswith("GET") and r.endswith("pytorch_model.bin") for r in hub.requests)


def test_too_large(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADLIGHT_MAX_DOWNLOAD_GB", "0.000001")
    with pytest.raises(zoo.LoadError, match="HEADLIGHT_MAX_DOWNLOAD_GB"):
        zoo.load("acme/tiny")
