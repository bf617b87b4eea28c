"""The jobs that lie in a store: which there are, what they are called, and how to be rid of one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.jobs.store import Store

NAMES = "CREATE TABLE IF NOT EXISTS names (job TEXT PRIMARY KEY, name TEXT NOT NULL)"
LONGEST_NAME = 60  # characters
MOST = 50  # jobs that are listed, the newest ones


@dataclass(frozen=True)
class Lying:
    """A job on the shelf: `last` is the body of its last event of the kind that was asked for, {} if there is none."""

    job: str
    name: str
    state: str
    spec: dict[str, Any]
    last: dict[str, Any]


class Shelf(Store):
    """What a visitor has left: every call is a transaction of its own, beside whoever works on the jobs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with self._open(write=True) as db:
            db.execute(NAMES)

    def listed(self, kind: str, last: str, owner: str | None = None) -> list[Lying]:
        """The newest jobs of a kind, the last one first; `owner`: only this visitor's. `last`: a kind of event."""
        said = "SELECT body FROM events e WHERE e.job=j.job AND e.kind=? ORDER BY number DESC LIMIT 1"
        newest = (
            f"SELECT j.job, COALESCE(n.name, ''), j.state, j.spec, COALESCE(({said}), '{{}}') FROM jobs j "
            "LEFT JOIN names n ON n.job=j.job WHERE j.kind=? AND (? IS NULL OR j.owner=?) ORDER BY j.rowid DESC LIMIT ?"
        )
        with self._open() as db:
            rows = db.execute(newest, (last, kind, owner, owner, MOST)).fetchall()
        return [Lying(job, name, state, json.loads(spec), json.loads(last)) for job, name, state, spec, last in rows]

    def name(self, job: str, name: str) -> None:
        """Call it something; nothing takes the name away."""
        with self._open(write=True) as db:
            db.execute("DELETE FROM names WHERE job=?", (job,))
            if words := " ".join(name.split())[:LONGEST_NAME]:
                db.execute("INSERT INTO names VALUES (?,?)", (job, words))

    def delete(self, job: str) -> None:
        """Be rid of it and all it left; a worker that holds it finds its ticket gone."""
        with self._open(write=True) as db:
            for table in ("jobs", "events", "commands", "artifacts", "names"):
                db.execute(f"DELETE FROM {table} WHERE job=?", (job,))
