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
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from models.jobs.kinds import LEADING
from models.jobs.protocol import CANCELLED, ENDED, QUEUED, RUNNING, TAKEN, Event, JobError, Status

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
VERSION = 1  # of the schema; a store of a newer one is left alone
WORKING = f"kind NOT IN ({', '.join(repr(name) for name in LEADING)})"
FAMILY = "job > ? AND job < ?"
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


class DiskTrouble(Exception):
    """The store's disk takes nothing more: it is full, read-only, or broken. The sentence says which."""


class Store:
    """Jobs, what they said, what they are told, and what they left."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "jobs.sqlite"
        self._looks: dict[str, tuple[float, float]] = {}  # job -> the last look at it, seen when
        with self._open() as db:
            db.execute("PRAGMA journal_mode=WAL")
            if db.execute("PRAGMA user_version").fetchone()[0] > VERSION:
                raise JobError(f"the runs in {folder} were written by a newer Headlight. Update this one to see them.")
            db.executescript(f"{SCHEMA} PRAGMA user_version={VERSION};")
        self._keeper = sqlite3.connect(self.path, check_same_thread=False)  # as long as it is open, WAL stays: others
        self._keeper.execute("SELECT COUNT(*) FROM jobs").fetchone()  # open fast, and read on a full disk

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
        except sqlite3.OperationalError as problem:
            _roll_back(db)
            raise (_trouble(problem) or problem) from problem
        except BaseException:
            _roll_back(db)
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
            if row[0] == QUEUED and row[2] not in LEADING:
                ahead = f"SELECT COUNT(*) FROM jobs WHERE state=? AND (queued, job) <= (?, ?) AND {WORKING}"
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
        """End it, and what it leads and is not at rest; a worker that still holds it finds its ticket gone."""
        end = "UPDATE jobs SET state=?, reason='', ticket='', pid=0 WHERE"
        with self._open(write=True) as db:
            db.execute(f"{end} job=?", (CANCELLED, job))
            db.execute(f"{end} {FAMILY} AND state IN (?, ?)", (CANCELLED, *_family(job), QUEUED, RUNNING))

    # ---- what engines ask

    def queue(self) -> list[tuple[str, str]]:
        """(job, owner) of those that wait for a worker, the first one first."""
        waiting = f"SELECT job, owner FROM jobs WHERE state=? AND {WORKING} ORDER BY queued, job"
        with self._open() as db:
            return db.execute(waiting, (QUEUED,)).fetchall()

    def leaderless(self) -> list[str]:
        """Jobs that lead others, and that no engine has taken."""
        with self._open() as db:
            found = db.execute(f"SELECT job FROM jobs WHERE state=? AND NOT ({WORKING})", (QUEUED,))
            return [job for (job,) in found]

    def busy(self) -> list[str]:
        """Owners of the jobs that workers are at, one for each."""
        with self._open() as db:
            found = db.execute(f"SELECT owner FROM jobs WHERE ticket != '' AND {WORKING}")
            return [owner for (owner,) in found]

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
        """Its worker is dead: back to the queue, or after `most` deaths with nothing new failed, for `words`."""
        with self._open(write=True) as db:
            row = db.execute("SELECT deaths FROM jobs WHERE job=? AND ticket=?", (job, ticket)).fetchone()
            if row is None:
                return
            state, reason = (QUEUED, "") if row[0] + 1 < most else ("failed", words)
            db.execute(
                "UPDATE jobs SET state=?, reason=?, ticket='', pid=0, deaths=deaths+1 WHERE job=?", (state, reason, job)
            )

    # ---- what those who lead other jobs ask

    def owner(self, job: str) -> str:
        """Whose it is."""
        with self._open() as db:
            return str(db.execute("SELECT owner FROM jobs WHERE job=?", (job,)).fetchone()[0])

    def family(self, job: str) -> dict[str, tuple[str, str]]:
        """Jobs that a job leads -> state, reason."""
        with self._open() as db:
            found = db.execute(f"SELECT job, state, reason FROM jobs WHERE {FAMILY}", _family(job)).fetchall()
        return {name: (state, reason) for name, state, reason in found}

    def said(self, job: str, *kinds: str) -> dict[str, list[Event]]:
        """Events of these kinds, of each job that a job leads."""
        some = f"SELECT job, number, kind, body FROM events WHERE {FAMILY} AND kind IN ({','.join('?' * len(kinds))})"
        with self._open() as db:
            rows = db.execute(f"{some} ORDER BY job, number", (*_family(job), *kinds)).fetchall()
        found: dict[str, list[Event]] = {}
        for name, number, kind, body in rows:
            found.setdefault(name, []).append(Event(number, kind, json.loads(body)))
        return found

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
        """Seconds since somebody looked; from the first time that this process asks on by a clock that never jumps."""
        with self._open() as db:
            row = db.execute("SELECT watched FROM jobs WHERE job=?", (job,)).fetchone()
        now = time.monotonic()
        if row and job not in self._looks:
            self._looks[job] = row[0], now - max(0.0, time.time() - row[0])
        elif row and self._looks[job][0] != row[0]:
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
            if artifacts or any(row[2] != TAKEN for row in rows):
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


def _family(job: str) -> tuple[str, str]:
    """The names that begin with this one and a dot lie between these two."""
    return f"{job}.", f"{job}/"


def _roll_back(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        with suppress(sqlite3.OperationalError):  # a full disk has rolled it back already
            db.execute("ROLLBACK")


def _trouble(problem: sqlite3.OperationalError) -> DiskTrouble | None:
    """What is wrong with the disk, if it is the disk."""
    codes = {
        sqlite3.SQLITE_FULL: "is full",
        sqlite3.SQLITE_READONLY: "is read-only",
        sqlite3.SQLITE_IOERR: "does not take what is written",
        sqlite3.SQLITE_CANTOPEN: "cannot be written to",
    }
    what = codes.get(getattr(problem, "sqlite_errorcode", 0) & 0xFF)
    return DiskTrouble(f"The disk where runs are kept {what}.") if what else None


def _turn(db: sqlite3.Connection) -> float:
    """A place behind all others: a number, for a clock may jump."""
    last = db.execute("SELECT COALESCE(MAX(queued), 0) FROM jobs").fetchone()[0]
    return float(last) + 1
