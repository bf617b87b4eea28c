"""The store over a wire, for workers on machines that do not see its file: a call is JSON, and bytes beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from models.jobs.protocol import Event
from models.jobs.store import DiskTrouble, Store, TicketGone

Message = tuple[str, list[bytes]]  # JSON, and the bytes of what has a name in it
READ = ("spec", "commands", "events", "names", "artifact", "unwatched", "queue")  # what workers may ask


class Clerk:
    """Answers the calls of workers from a store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def answer(self, call: str, blobs: list[bytes]) -> Message:
        """One call; what went wrong is part of the answer."""
        asked = json.loads(call)
        try:
            return self._found(asked["call"], asked["args"], asked.get("more", {}), blobs)
        except TicketGone:
            return json.dumps({"gone": True}), []
        except DiskTrouble as trouble:
            return json.dumps({"trouble": str(trouble)}), []

    def _found(self, call: str, args: list[Any], more: dict[str, Any], blobs: list[bytes]) -> Message:
        if call == "write":
            names = more.pop("artifacts")
            job, ticket = args
            self.store.write(job, ticket, artifacts=dict(zip(names, blobs, strict=True)), **more)
            return json.dumps({"is": None}), []
        if call not in READ:
            raise ValueError(f"workers may not call {call!r}")
        found = getattr(self.store, call)(*args)
        if call == "events":
            found = [(event.number, event.kind, event.body) for event in found]
        if call == "artifact":
            return json.dumps({"is": found is not None}), [] if found is None else [found]
        return json.dumps({"is": found}), []


class Far:
    """What a job's desk needs of `models.jobs.store.Store`, asked by `send`; it raises TicketGone if nobody answers."""

    def __init__(self, send: Callable[[str, list[bytes]], Message]) -> None:
        self._send = send

    def spec(self, job: str, ticket: str) -> tuple[str, dict[str, Any]]:
        """(kind, specification) of a job that one holds."""
        kind, spec = self._ask("spec", job, ticket)
        return kind, spec

    def commands(self, job: str) -> list[tuple[int, dict[str, Any]]]:
        """(number, command) of those that were not obeyed yet."""
        return [(number, body) for number, body in self._ask("commands", job)]

    def events(self, job: str, after: int = 0) -> list[Event]:
        """What was said after event `after`."""
        return [Event(*event) for event in self._ask("events", job, after)]

    def names(self, job: str) -> list[str]:
        """All names it left something under."""
        return list(self._ask("names", job))

    def unwatched(self, job: str) -> float:
        """Seconds since somebody looked."""
        return float(self._ask("unwatched", job))

    def queue(self) -> list[tuple[str, str]]:
        """(job, owner) of those that wait."""
        return [(job, owner) for job, owner in self._ask("queue")]

    def artifact(self, job: str, name: str) -> bytes | None:
        """What it left under a name."""
        _, blobs = self._call({"call": "artifact", "args": [job, name]}, [])
        return blobs[0] if blobs else None

    def write(
        self,
        job: str,
        ticket: str,
        events: Iterable[tuple[str, dict[str, Any]]] = (),
        artifacts: dict[str, bytes] | None = None,
        drop: Iterable[str] = (),
        obeyed: int = 0,
        state: str = "",
        reason: str = "",
        leave: bool = False,
    ) -> None:
        """Everything at once or nothing, as `Store.write`."""
        artifacts = artifacts or {}
        more = {"artifacts": list(artifacts), "obeyed": obeyed, "state": state, "reason": reason, "leave": leave}
        more |= {"events": list(events), "drop": list(drop)}
        self._call({"call": "write", "args": [job, ticket], "more": more}, list(artifacts.values()))

    def _ask(self, call: str, *args: Any) -> Any:
        return self._call({"call": call, "args": list(args)}, [])[0]

    def _call(self, asked: dict[str, Any], blobs: list[bytes]) -> tuple[Any, list[bytes]]:
        said, found = self._send(json.dumps(asked), blobs)
        answer = json.loads(said)
        if "gone" in answer:
            raise TicketGone
        if "trouble" in answer:
            raise DiskTrouble(answer["trouble"])
        return answer["is"], found
