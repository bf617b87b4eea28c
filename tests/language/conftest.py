"""Tiny models for the text tasks, made once and loaded when they are asked for."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from models import zoo
from models.zoo.model import Model
from tests.language import tiny_tasks


@pytest.fixture(scope="session")
def task_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    root = tmp_path_factory.mktemp("tasks")

    @functools.cache
    def folder(name: str) -> Path:
        return tiny_tasks.save(name, root / name)

    return folder


@pytest.fixture(scope="session")
def task_model(task_folder: Callable[[str], Path]) -> Callable[[str], Model]:
    """A model by its name in `tiny_tasks.MODELS`, or a bundled one."""

    @functools.cache
    def load(name: str) -> Model:
        return zoo.load(str(task_folder(name)) if name in tiny_tasks.MODELS else name)

    return load
