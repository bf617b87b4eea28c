"""What a job sees of the world."""

from __future__ import annotations

import threading
from typing import Any, cast

from models.jobs.store import DiskTrouble, Store, TicketGone
from models.jobs.wire import Far

DISK = 1.0  # seconds between two tries to write on a disk that takes nothing


class Desk:
    """A job's store under its ticket, and whether it is to lay down its work."""

    def __init__(self, store: Store, job: str, ticket: str, closing: threading.Event) -> None:
        self.store, self.job, self.ticket, self.closing = store, job, ticket, closing

    def write(self, *args: Any, **more: Any) -> None:
        """`Store.write` under the job's ticket."""
        self.store.write(self.job, self.ticket, *args, **more)


class Patient:
    """A store on whose full disk a job stands still until there is room."""

    def __init__(self, store: Store | Far, closing: threading.Event) -> None:
        self._store, self._closing = store, closing

    @classmethod
    def of(cls, store: Store | Far, closing: threading.Event) -> Store:
        """What a job takes for a store."""
        return cast(Store, cls(store, closing))

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            while True:
                try:
                    return getattr(self._store, name)(*args, **more)
                except DiskTrouble:
                    if self._closing.wait(DISK):  # what was not written is worked out again from the last snapshot
                        raise TicketGone from None

        return call
