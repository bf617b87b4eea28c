"""What every engine has in common: jobs, events and artifacts are in the store, whoever works on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.jobs import kinds
from models.jobs.protocol import Event, JobError, Status
from models.jobs.store import Store


class StoredEngine:
    """The half of `models.jobs.protocol.Engine` that pages see."""

    notice = ""  # a sentence on how jobs are run, where that is not as it was asked for

    def __init__(self, folder: Path) -> None:
        self.store, self.folder = Store(folder), folder

    def submit(self, job: str, kind: str, spec: dict[str, Any], owner: str) -> None:
        """Put a job in the queue; the same job again changes nothing. Raises JobError for work that nobody knows."""
        kinds.kind(kind)
        self.store.add(job, kind, spec, owner)

    def events(self, job: str, after: int = 0) -> list[Event]:
        """What it said after event `after`."""
        self.store.watch(job)
        return self.store.events(job, after)

    def control(self, job: str, command: dict[str, Any]) -> None:
        """Tell it what to do; raises JobError."""
        self.store.command(job, command)

    def status(self, job: str) -> Status:
        """Where it stands; raises JobError."""
        return self.store.status(job)

    def cancel(self, job: str) -> None:
        """End it, hard if it does not listen."""
        self.store.cancel(job)

    def artifact(self, job: str, name: str) -> bytes:
        """What it left under a name; raises JobError."""
        found = self.store.artifact(job, name)
        if found is None:
            raise JobError(f"This run has left nothing called “{name}”.")
        return found
