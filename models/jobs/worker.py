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

from models.jobs.desk import Desk, Patient
from models.jobs.kinds import KINDS, kind
from models.jobs.protocol import FAILED, TAKEN, JobError
from models.jobs.store import Store, TicketGone


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
        try:
            print("free", flush=True)
        except BrokenPipeError:  # the server was killed
            os._exit(0)  # what is left in the pipe's buffer would be complained of
        with came:
            came.wait_for(lambda: tickets or closing.is_set())
            if not tickets:
                return
            given = tickets.pop(0)
        work(Desk(Patient.of(store, closing), given["job"], given["ticket"], closing))


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
