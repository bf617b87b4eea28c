"""What every engine has in common: jobs, events and artifacts are in the store, whoever works on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.jobs import kinds
from models.jobs.protocol import QUEUED, RUNNING, Event, JobError, Status
from models.jobs.store import DiskTrouble, Store

GOING = (QUEUED, RUNNING)
STANDS = "Runs stand still until there is room again; nothing that was recorded is lost."


class StoredEngine:
    """The half of `models.jobs.protocol.Engine` that pages see."""

    notice = ""  # a sentence on how jobs are run, where that is not as it was asked for

    def __init__(self, folder: Path) -> None:
        self.store, self.folder = Store(folder), folder
        self.trouble = ""  # with the disk

    def submit(self, job: str, kind: str, spec: dict[str, Any], owner: str) -> None:
        """Put a job in the queue; the same job again changes nothing. Raises JobError for work that nobody knows."""
        kinds.kind(kind)
        with self._said():
            self.store.add(job, kind, spec, owner)

    def events(self, job: str, after: int = 0) -> list[Event]:
        """What it said after event `after`."""
        try:
            self.store.watch(job)
            self.trouble = ""
        except DiskTrouble as trouble:
            self.trouble = f"{trouble} {STANDS}"
        return self.store.events(job, after)

    def control(self, job: str, command: dict[str, Any]) -> None:
        """Tell it what to do; raises JobError."""
        with self._said():
            self.store.command(job, command)

    def status(self, job: str) -> Status:
        """Where it stands; raises JobError."""
        found = self.store.status(job)
        return replace(found, reason=self.trouble) if self.trouble and found.state in GOING else found

    def cancel(self, job: str) -> None:
        """End it, hard if it does not listen."""
        with self._said():
            self.store.cancel(job)

    def artifact(self, job: str, name: str) -> bytes:
        """What it left under a name; raises JobError."""
        found = self.store.artifact(job, name)
        if found is None:
            raise JobError(f"This run has left nothing called “{name}”.")
        return found

    def family(self, job: str) -> dict[str, tuple[str, str]]:
        """Jobs that a job leads -> state, reason."""
        return self.store.family(job)

    def said(self, job: str, *kinds: str) -> dict[str, list[Event]]:
        """Events of these kinds, of each job that a job leads."""
        return self.store.said(job, *kinds)

    @staticmethod
    @contextmanager
    def _said() -> Iterator[None]:
        """What a disk does not take is an error in a sentence."""
        try:
            yield
        except DiskTrouble as trouble:
            raise JobError(f"{trouble} Make room there, then try again.") from trouble
