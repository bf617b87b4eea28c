"""The store of jobs: one SQLite file in WAL mode, which servers and workers share and any of them may drop dead over.

Whoever works on a job holds a ticket. Everything a worker writes is written under its ticket, in one transaction: a
worker that was given up for dead and comes back finds its ticket gone, and nothing of what it says is kept.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from models.jobs.protocol import CANCELLED, ENDED, QUEUED, RUNNING, Event, JobError, Status

SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
  job TEXT PRIMARY KEY, kind TEXT NOT NULL, spec TEXT NOT NULL, owner TEXT NOT NULL, state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '', queued REAL NOT NULL, watched REAL NOT NULL, beat REAL NOT NULL DEFAULT 0,
  ticket TEXT NOT NULL DEFAULT '', pid INTEGER NOT NULL DEFAULT 0, deaths INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS events (
  job TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (job, number));
CREATE TABLE IF NOT EXISTS commands (
  number INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS commands_of ON commands (job, number);
CREATE TABLE IF NOT EXISTS artifacts (
  job TEXT NOT NULL, name TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (job, name));
"""
PATIENCE = 30.0  # seconds that a writer waits for another one


class TicketGone(Exception):
    """Somebody else has the job now, or nobody is to have it any more."""


def home() -> Path:
    """HEADLIGHT_HOME, by default a folder among the user's data."""
    named = os.environ.get("HEADLIGHT_HOME")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "Headlight"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Headlight"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "headlight"


class Store:
    """Jobs, what they said, what they are told, and what they left."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "jobs.sqlite"
        self._looks: dict[str, tuple[float, float]] = {}  # job -> the last look at it, seen when
        with self._open() as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(SCHEMA)

    @contextmanager
    def _open(self, write: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection for one transaction: they are cheap, and none is shared between threads."""
        db = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
        try:
            db.execute("PRAGMA synchronous=NORMAL")
            if write:
                db.execute("BEGIN IMMEDIATE")
            yield db
            if write:
                db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        finally:
            db.close()

    # ---- what pages ask

    def add(self, job: str, kind: str, spec: dict[str, Any], owner: str) -> None:
        """A new job at the end of the queue, unless it is there already."""
        with self._open(write=True) as db:
            db.execute(
                "INSERT OR IGNORE INTO jobs (job, kind, spec, owner, state, queued, watched) VALUES (?,?,?,?,?,?,?)",
                (job, kind, json.dumps(spec), owner, QUEUED, _turn(db), time.time()),
            )

    def status(self, job: str) -> Status:
        """Where a job stands; raises JobError."""
        with self._open() as db:
            row = db.execute("SELECT state, reason, kind, spec, queued FROM jobs WHERE job=?", (job,)).fetchone()
            if row is None:
                raise JobError(
                    "This run is not on this computer. Its settings are in the link, so it can be run again."
                )
            place = 0
            if row[0] == QUEUED:
                ahead = "SELECT COUNT(*) FROM jobs WHERE state=? AND (queued, job) <= (?, ?)"
                place = db.execute(ahead, (QUEUED, row[4], job)).fetchone()[0]
        return Status(job, row[0], row[1], place, row[2], json.loads(row[3]))

    def events(self, job: str, after: int = 0) -> list[Event]:
        """What it said after event `after`."""
        with self._open() as db:
            rows = db.execute(
                "SELECT number, kind, body FROM events WHERE job=? AND number>? ORDER BY number", (job, after)
            ).fetchall()
        return [Event(number, kind, json.loads(body)) for number, kind, body in rows]

    def watch(self, job: str) -> None:
        """Somebody looks at it."""
        with self._open(write=True) as db:
            db.execute("UPDATE jobs SET watched=? WHERE job=?", (time.time(), job))

    def command(self, job: str, body: dict[str, Any]) -> None:
        """Tell a job to do something, and put it into the queue if nobody works on it; raises JobError."""
        with self._open(write=True) as db:
            row = db.execute("SELECT state, ticket FROM jobs WHERE job=?", (job,)).fetchone()
            if row is None:
                raise JobError("This run is not on this computer.")
            if row[0] in ENDED:
                raise JobError(f"This run has ended ({row[0]}): nothing more can be done with it. Start a new one.")
            db.execute("INSERT INTO commands (job, body) VALUES (?,?)", (job, json.dumps(body)))
            if not row[1] and row[0] != QUEUED:
                again = "UPDATE jobs SET state=?, queued=?, watched=? WHERE job=?"
                db.execute(again, (QUEUED, _turn(db), time.time(), job))

    def artifact(self, job: str, name: str) -> bytes | None:
        """What it left under a name."""
        with self._open() as db:
            row = db.execute("SELECT data FROM artifacts WHERE job=? AND name=?", (job, name)).fetchone()
        return None if row is None else bytes(row[0])

    def names(self, job: str) -> list[str]:
        """All names it left something under, in order."""
        with self._open() as db:
            return [n for (n,) in db.execute("SELECT name FROM artifacts WHERE job=? ORDER BY name", (job,))]

    def cancel(self, job: str) -> None:
        """End it; a worker that still holds it finds its ticket gone."""
        with self._open(write=True) as db:
            db.execute("UPDATE jobs SET state=?, reason='', ticket='', pid=0 WHERE job=?", (CANCELLED, job))

    # ---- what engines ask

    def queue(self) -> list[tuple[str, str]]:
        """(job, owner) of those that wait, the first one first."""
        with self._open() as db:
            return db.execute("SELECT job, owner FROM jobs WHERE state=? ORDER BY queued, job", (QUEUED,)).fetchall()

    def held(self) -> list[tuple[str, str, str, int, float]]:
        """(job, owner, ticket, process, last sign of life) of those that somebody works on."""
        with self._open() as db:
            return db.execute("SELECT job, owner, ticket, pid, beat FROM jobs WHERE ticket != ''").fetchall()

    def give(self, job: str, ticket: str, pid: int) -> bool:
        """Give a waiting job to a worker; False if it does not wait any more."""
        with self._open(write=True) as db:
            took = "UPDATE jobs SET state=?, reason='', ticket=?, pid=?, beat=? WHERE job=? AND state=? AND ticket=''"
            return db.execute(took, (RUNNING, ticket, pid, time.time(), job, QUEUED)).rowcount == 1

    def bury(self, job: str, ticket: str, most: int, words: str) -> None:
        """Its worker is dead: back to the queue, or after `most` deaths without a new artifact failed, for `words`."""
        with self._open(write=True) as db:
            row = db.execute("SELECT deaths FROM jobs WHERE job=? AND ticket=?", (job, ticket)).fetchone()
            if row is None:
                return
            state, reason = (QUEUED, "") if row[0] + 1 < most else ("failed", words)
            db.execute(
                "UPDATE jobs SET state=?, reason=?, ticket='', pid=0, deaths=deaths+1 WHERE job=?", (state, reason, job)
            )

    # ---- what workers ask

    def spec(self, job: str, ticket: str) -> tuple[str, dict[str, Any]]:
        """(kind, specification) of a job that one holds; raises TicketGone."""
        with self._open() as db:
            row = db.execute("SELECT kind, spec FROM jobs WHERE job=? AND ticket=?", (job, ticket)).fetchone()
        if row is None:
            raise TicketGone
        return row[0], json.loads(row[1])

    def commands(self, job: str) -> list[tuple[int, dict[str, Any]]]:
        """(number, command) of those that were not obeyed yet."""
        with self._open() as db:
            rows = db.execute("SELECT number, body FROM commands WHERE job=? ORDER BY number", (job,)).fetchall()
        return [(number, json.loads(body)) for number, body in rows]

    def unwatched(self, job: str) -> float:
        """Seconds since somebody looked, as far as this process knows, by a clock that never jumps."""
        with self._open() as db:
            row = db.execute("SELECT watched FROM jobs WHERE job=?", (job,)).fetchone()
        now = time.monotonic()
        if row and self._looks.get(job, (None, 0.0))[0] != row[0]:
            self._looks[job] = row[0], now
        return now - self._looks[job][1] if row else 0.0

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
        """Everything at once or nothing: events, artifacts in and out, commands that are obeyed, the state.

        `leave` gives the ticket back. Raises TicketGone.
        """
        with self._open(write=True) as db:
            sign = "UPDATE jobs SET beat=? WHERE job=? AND ticket=?"
            if db.execute(sign, (time.time(), job, ticket)).rowcount != 1:
                raise TicketGone
            last = db.execute("SELECT COALESCE(MAX(number), 0) FROM events WHERE job=?", (job,)).fetchone()[0]
            rows = [(job, last + 1 + i, kind, json.dumps(body)) for i, (kind, body) in enumerate(events)]
            db.executemany("INSERT INTO events VALUES (?,?,?,?)", rows)
            for name, data in (artifacts or {}).items():
                db.execute("INSERT OR REPLACE INTO artifacts VALUES (?,?,?)", (job, name, data))
            db.executemany("DELETE FROM artifacts WHERE job=? AND name=?", [(job, name) for name in drop])
            if artifacts:
                db.execute("UPDATE jobs SET deaths=0 WHERE job=?", (job,))
            if obeyed:
                db.execute("DELETE FROM commands WHERE job=? AND number<=?", (job, obeyed))
            if state:
                db.execute("UPDATE jobs SET state=?, reason=? WHERE job=?", (state, reason, job))
            if leave:
                self._leave(db, job)

    @staticmethod
    def _leave(db: sqlite3.Connection, job: str) -> None:
        """Give the ticket back; a command that came meanwhile puts the job into the queue again."""
        db.execute("UPDATE jobs SET ticket='', pid=0 WHERE job=?", (job,))
        waiting = "UPDATE jobs SET state=?, queued=? WHERE job=? AND EXISTS (SELECT 1 FROM commands c WHERE c.job=?)"
        db.execute(f"{waiting} AND state NOT IN (?, ?)", (QUEUED, _turn(db), job, job, *ENDED))


def _turn(db: sqlite3.Connection) -> float:
    """A place behind all others: a number, for a clock may jump."""
    last = db.execute("SELECT COALESCE(MAX(queued), 0) FROM jobs").fetchone()[0]
    return float(last) + 1
