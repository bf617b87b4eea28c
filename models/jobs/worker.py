"""A worker: a process that is given one job after another on its standard input, and says when it is free.

Everything else goes through the store. When its input closes, the server is gone: it lays its job down and ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, cast

from models.jobs.kinds import KINDS, kind
from models.jobs.protocol import FAILED, TAKEN, JobError
from models.jobs.store import DiskTrouble, Store, TicketGone
from models.jobs.wire import Far

DISK = 1.0  # seconds between two tries to write on a disk that takes nothing


class Desk:
    """What a job sees of the world: its store under its ticket, and whether it is to lay down its work."""

    def __init__(self, store: Store | Far, job: str, ticket: str, closing: threading.Event) -> None:
        self.store, self.job, self.ticket, self.closing = cast(Store, _Patient(store, closing)), job, ticket, closing

    def write(self, *args: Any, **more: Any) -> None:
        """`Store.write` under the job's ticket."""
        self.store.write(self.job, self.ticket, *args, **more)


class _Patient:
    """A store on whose full disk a job stands still until there is room."""

    def __init__(self, store: Store | Far, closing: threading.Event) -> None:
        self._store, self._closing = store, closing

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            while True:
                try:
                    return getattr(self._store, name)(*args, **more)
                except DiskTrouble:
                    if self._closing.wait(DISK):  # what was not written is worked out again from the last snapshot
                        raise TicketGone from None

        return call


def main() -> None:
    """Serve until the input ends."""
    store, closing = Store(Path(sys.argv[1])), threading.Event()
    tickets: list[dict[str, str]] = []
    came = threading.Condition()

    def listen() -> None:
        for line in sys.stdin:
            with came:
                tickets.append(json.loads(line))
                came.notify()
        closing.set()
        with came:
            came.notify()

    warm()
    threading.Thread(target=listen, daemon=True).start()
    while True:
        print("free", flush=True)
        with came:
            came.wait_for(lambda: tickets or closing.is_set())
            if not tickets:
                return
            given = tickets.pop(0)
        work(Desk(store, given["job"], given["ticket"], closing))


def warm() -> None:
    """Import what most jobs need, so that torch is there before the first one comes."""
    for one in KINDS.values():
        if one.warm:
            one.load()


def work(desk: Desk) -> None:
    """One job, from where it stands; whatever goes wrong is written down in a sentence."""
    try:
        name, spec = desk.store.spec(desk.job, desk.ticket)
        desk.write([(TAKEN, {"machine": platform.node(), "process": os.getpid()})])
        kind(name).load().run(desk, spec)
    except TicketGone:
        return
    except JobError as problem:
        _fail(desk, str(problem))
    except Exception as error:  # a fault of ours must not take the server's other jobs with it
        traceback.print_exc()
        _fail(desk, f"The run stopped because of a fault in Headlight ({type(error).__name__}: {str(error)[:200]}).")


def _fail(desk: Desk, words: str) -> None:
    with contextlib.suppress(TicketGone):
        desk.write(state=FAILED, reason=words, leave=True)


if __name__ == "__main__":
    os.nice(10)  # the page comes first
    main()
