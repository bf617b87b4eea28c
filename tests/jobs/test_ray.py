"""The Ray engine: the contract on a cluster of two machines, and what only a cluster does."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.jobs import ray as engines
from models.jobs.ray import RayEngine
from tests.jobs.cluster import TOKEN, TwoMachines, two_machines
from tests.jobs.contract import *  # noqa: F403  (the contract's tests run here)

Make = Callable[[Path], RayEngine]


@pytest.fixture(scope="module")
def cluster() -> Iterator[TwoMachines]:
    with two_machines() as found:
        yield found


@pytest.fixture(scope="module")
def make(cluster: TwoMachines) -> Iterator[Make]:
    """An engine whose foreman is in the cluster's network."""
    before = engines.COMMAND
    engines.COMMAND = [*cluster.inside, *before]
    os.environ |= TOKEN
    yield lambda folder: RayEngine(folder, cluster.address, n_slots=2, per_visitor=1)
    engines.COMMAND = before
    for name in TOKEN:
        del os.environ[name]


@pytest.fixture(scope="module")
def engine(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayEngine]:
    engine = make(tmp_path_factory.mktemp("home"))
    assert engine.up.wait(60), engine.notice
    yield engine
    engine.close()
