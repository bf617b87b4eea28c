"""The kinds of work that jobs can be. To add one, write a module with `run(desk, spec)` and name it here.

`run` works at a `models.jobs.worker.Desk` until its job is laid down: it obeys `desk.store.commands`, leaves events and
artifacts by `desk.write`, and stops when `desk.closing` is set. Everything it needs to go on later is in the store.

Some kinds do not work themselves but lead other jobs, which are called `JOB.NAME` after them: their module has a class
`Leader(desk, spec, owner)` whose `lead()` is called a few times a second, in the engine itself, until it returns True.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType

from models.jobs.protocol import JobError


@dataclass(frozen=True)
class Kind:
    """Where a kind's `run` is, and whether workers import it before they are given their first job."""

    module: str
    warm: bool = False
    leads: bool = False

    def load(self) -> ModuleType:
        """Its module."""
        return importlib.import_module(self.module)


KINDS = {
    "train": Kind("models.learn.job", warm=True),
    "tune": Kind("models.tuning.job"),
    "sweep": Kind("models.learn.leader", leads=True),
}
LEADING = tuple(name for name, kind in KINDS.items() if kind.leads)


def kind(name: str) -> Kind:
    """The kind of this name; raises JobError."""
    found = KINDS.get(name)
    if found is None:
        known = ", ".join(KINDS)
        raise JobError(f"This Headlight knows no work called “{name[:40]}”; it knows {known}. Another version may.")
    return found
