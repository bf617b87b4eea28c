"""Jobs: long work outside of the page's process, and what every engine that runs it can be asked.

    engine.submit("run-1", "train", spec, owner="visitor")
    engine.control("run-1", {"do": "play"})
    for event in engine.events("run-1", after=0): ...

A job is a kind of work and a specification in JSON. It leaves events (JSON) in order and artifacts (bytes: npz or
safetensors), is told what to do by commands (JSON), and outlives the page, the worker and the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

QUEUED, RUNNING, PAUSED, DONE, FAILED, CANCELLED = "queued", "running", "paused", "done", "failed", "cancelled"
ENDED = (FAILED, CANCELLED)  # nothing more can come; a job that is done goes on if it is given more to do

TAKEN = "taken"  # the event that a worker begins with: {"machine", "process"}


class JobError(Exception):
    """What cannot be done with a job, in a sentence."""


@dataclass(frozen=True)
class Event:
    """One thing that a job said: `number` counts from 1 without gaps, `body` is JSON."""

    number: int
    kind: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Status:
    """Where a job stands: `reason` why it stands there, `place` in the queue from 1 on (0: not in it)."""

    job: str
    state: str
    reason: str
    place: int
    kind: str
    spec: dict[str, Any]


class Engine(Protocol):
    """Runs jobs. All of it may be called by any thread, and by several servers on the same data at once.

    `notice`: a sentence on how jobs are run, where that is not as it was asked for.
    """

    notice: str

    def submit(self, job: str, kind: str, spec: dict[str, Any], owner: str) -> None:
        """Put a job in the queue; the same job again changes nothing. Raises JobError."""

    def events(self, job: str, after: int = 0) -> list[Event]:
        """What the job has said after event number `after`; asking also says that somebody is there."""

    def control(self, job: str, command: dict[str, Any]) -> None:
        """Give the job a command, to be obeyed in order: {"do": "play"}. Raises JobError."""

    def status(self, job: str) -> Status:
        """Where it stands. Raises JobError if there is no such job."""

    def cancel(self, job: str) -> None:
        """End it; what it has left stays."""

    def artifact(self, job: str, name: str) -> bytes:
        """What it has left under this name. Raises JobError."""

    def family(self, job: str) -> dict[str, tuple[str, str]]:
        """Jobs that a job leads -> state, reason."""

    def said(self, job: str, *kinds: str) -> dict[str, list[Event]]:
        """Events of these kinds, of each job that a job leads."""

    def close(self) -> None:
        """Let all workers go; their jobs can be taken up again."""
