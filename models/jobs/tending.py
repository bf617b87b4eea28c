"""Tending: who works on which job next. Every engine does it by the same rules, whatever its workers are.

crew = Crew(store, n_slots=2, per_visitor=1, hire=Process.start)
while not closing.wait(TEND):
    crew.tend()
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from models.jobs.desk import Desk
from models.jobs.kinds import kind
from models.jobs.protocol import FAILED, QUEUED
from models.jobs.store import DiskTrouble, Store, TicketGone

LEAD = 0.2  # seconds between two looks of those who lead other jobs
TEND = 0.05  # seconds between two looks at workers and queue
SILENT = 20.0  # seconds without a sign of life after which a worker of another server counts as dead
REST = 30.0  # seconds after which a worker that is not needed goes
DEATHS = 3  # of workers in a row, without progress, after which a job is not tried again
GIVEN_UP = f"The run's process ended {DEATHS} times without getting on: there may be too little memory."


class Hand(Protocol):
    """A worker as its engine sees it; `pid` is the process on this computer without which it is lost."""

    job: str
    ticket: str
    pid: int

    @property
    def free(self) -> bool:
        """It waits for a job."""

    @property
    def dead(self) -> bool:
        """It is no more."""

    def send(self, job: str, ticket: str) -> None:
        """Give it a job."""

    def close(self) -> None:
        """Ask it to lay its job down."""

    def end(self) -> None:
        """Wait until it has, not for ever."""


@dataclass(eq=False)
class Crew:
    """Workers, and the queue they are given jobs from; the n_slots of one crew are places on one engine."""

    store: Store
    n_slots: int
    per_visitor: int
    hire: Callable[[], Hand]
    warm: bool = True  # one worker more than is needed now stands ready
    hands: list[Hand] = field(default_factory=list)
    _idle: float = 0.0  # since when more workers stand ready than are needed
    leaders: dict[str, tuple[Desk, Any]] = field(default_factory=dict)
    _led: float = 0.0  # when those who lead were asked last
    _signs: dict[str, tuple[float, float]] = field(default_factory=dict)  # ticket -> its last sign of life, seen when

    def tend(self) -> None:
        """Bury the dead, give waiting jobs to free workers, keep one warm."""
        self._bury()
        self._lead()
        free = [hand for hand in self.hands if hand.free]
        for hand in free:
            hand.job = hand.ticket = ""
        queue = self.store.queue()
        busy = len(self.hands) - len(free)
        self._send_home(free, queue)
        wanted = min(self.n_slots, busy + max(len(queue), int(self.warm)))
        while len(self.hands) < wanted:
            self.hands.append(self.hire())
        self._give(queue, free[: max(0, self.n_slots - busy)])

    def _lead(self) -> None:
        """Take jobs that lead others, and let them."""
        now = time.monotonic()
        if now - self._led < LEAD:
            return
        self._led = now
        for job in self.store.leaderless():
            ticket = secrets.token_hex(8)
            if self.store.give(job, ticket, os.getpid()):
                self.leaders[job] = Desk(self.store, job, ticket, threading.Event()), None
        for job, (desk, leader) in list(self.leaders.items()):
            with contextlib.suppress(DiskTrouble):
                leader = leader or _leader(desk)
                self.leaders[job] = desk, leader
                if leader is None or _over(desk, leader):
                    del self.leaders[job]

    def _send_home(self, free: list[Hand], queue: list[tuple[str, str]]) -> None:
        """Workers that nobody has needed for a while give their memory back."""
        now = time.monotonic()
        if queue or len(free) <= int(self.warm):
            self._idle = now
        elif now - self._idle > REST:
            self._idle = now
            self.hands.remove(free[-1])
            free.pop().close()

    def _give(self, queue: list[tuple[str, str]], free: list[Hand]) -> None:
        """First come, first served, but nobody holds more than `per_visitor` places."""
        if not queue or not free:
            return
        running = self.store.busy()
        for job, owner in queue:
            if not free:
                return
            ticket = secrets.token_hex(8)
            if running.count(owner) < self.per_visitor and self.store.give(job, ticket, free[0].pid):
                free.pop(0).send(job, ticket)
                running.append(owner)

    def _bury(self) -> None:
        """Workers of ours that ended, and those of a server that is no more."""
        for hand in [hand for hand in self.hands if hand.dead]:
            self.hands.remove(hand)
            if hand.job:
                self.store.bury(hand.job, hand.ticket, DEATHS, GIVEN_UP)
        ours = {hand.ticket for hand in self.hands} | {desk.ticket for desk, _ in self.leaders.values()}
        for job, _, ticket, pid, beat in self.store.held():
            if ticket not in ours and (not _alive(pid) or self._silent(ticket, beat)):
                self.store.bury(job, ticket, DEATHS, GIVEN_UP)

    def _silent(self, ticket: str, beat: float) -> bool:
        """Whether its last sign of life has stayed the same for too long, by a clock that never jumps."""
        now = time.monotonic()
        if self._signs.get(ticket, (None, 0.0))[0] != beat:
            self._signs[ticket] = beat, now
        return now - self._signs[ticket][1] > SILENT

    def close(self) -> None:
        """Let the workers lay their jobs down."""
        for desk, _ in self.leaders.values():
            with contextlib.suppress(TicketGone, DiskTrouble):
                desk.write(state=QUEUED, leave=True)  # the next engine takes it up
        for hand in self.hands:
            hand.close()
        for hand in self.hands:
            hand.end()


def _leader(desk: Desk) -> Any:
    """What leads a job's others; None if it cannot, which is written down."""
    try:
        name, spec = desk.store.spec(desk.job, desk.ticket)
        return kind(name).load().Leader(desk, spec, desk.store.owner(desk.job))
    except (TicketGone, DiskTrouble):
        return None
    except Exception as error:  # a fault in one must not stop the others
        _fail(desk, error)
        return None


def _over(desk: Desk, leader: Any) -> bool:
    """Let it look once; True when it has nothing left to do, or is not wanted any more."""
    try:
        return bool(leader.lead())
    except TicketGone:
        return True
    except DiskTrouble:
        raise
    except Exception as error:
        _fail(desk, error)
        return True


def _fail(desk: Desk, error: Exception) -> None:
    words = f"It stopped because of a fault in Headlight ({type(error).__name__}: {str(error)[:200]})."
    with contextlib.suppress(TicketGone):
        desk.write(state=FAILED, reason=words, leave=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
