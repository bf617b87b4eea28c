"""The local engine: a process per job on this computer, one kept warm, a queue for those who have to wait."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.jobs import kinds
from models.jobs.protocol import Event, JobError, Status
from models.jobs.store import Store

ROOT = Path(__file__).parents[2]
PER_VISITOR = 2  # jobs of one visitor at a time; more wait
TEND = 0.05  # seconds between two looks at workers and queue
SILENT = 20.0  # seconds without a sign of life after which a worker of another server counts as dead
DEATHS = 3  # of workers in a row, without progress, after which a job is not tried again


def slots() -> int:
    """Jobs at a time: HEADLIGHT_WORKERS, or one per core but one, four at most."""
    return int(os.environ.get("HEADLIGHT_WORKERS") or max(1, min(4, (os.cpu_count() or 2) - 1)))


@dataclass(eq=False)
class Worker:
    """A process, and the job it is at."""

    process: subprocess.Popen[str]
    free: threading.Event = field(default_factory=threading.Event)
    job: str = ""
    ticket: str = ""

    def listen(self) -> None:
        """It says when it is free."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == "free":
                self.free.set()

    def send(self, job: str, ticket: str) -> None:
        """Give it a job."""
        assert self.process.stdin is not None
        self.free.clear()
        self.job, self.ticket = job, ticket
        with contextlib.suppress(OSError):  # it died just now: the next look finds out
            self.process.stdin.write(json.dumps({"job": job, "ticket": ticket}) + "\n")
            self.process.stdin.flush()


class LocalEngine:
    """`models.jobs.protocol.Engine` on this computer; several may share one folder."""

    def __init__(self, folder: Path, n_slots: int = 0, per_visitor: int = PER_VISITOR, warm: bool = True) -> None:
        self.store, self.folder = Store(folder), folder
        self.n_slots, self.per_visitor, self.warm = n_slots or slots(), per_visitor, warm
        self.workers: list[Worker] = []
        self._closing = threading.Event()
        self._tending = threading.Thread(target=self._tend_always, daemon=True)
        self._tending.start()

    # ---- the protocol

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

    def close(self) -> None:
        """Let the workers lay their jobs down."""
        self._closing.set()
        self._tending.join()
        for worker in self.workers:
            assert worker.process.stdin is not None
            with contextlib.suppress(OSError):
                worker.process.stdin.close()
        for worker in self.workers:
            try:
                worker.process.wait(10)
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()

    # ---- workers

    def _tend_always(self) -> None:
        while not self._closing.wait(TEND):
            try:
                self._tend()
            except Exception as error:  # a full disk or a locked store passes: the next look tries again
                print(f"jobs: {type(error).__name__}: {error}", file=sys.stderr)
                time.sleep(1)

    def _tend(self) -> None:
        """Bury the dead, give waiting jobs to free workers, keep one warm."""
        self._bury()
        free = [w for w in self.workers if w.free.is_set()]
        for worker in free:
            worker.job = worker.ticket = ""
        queue = self.store.queue()
        busy = len(self.workers) - len(free)
        wanted = min(self.n_slots, busy + max(len(queue), int(self.warm)))
        while len(self.workers) < wanted:
            self._spawn()
        if not queue or not free:
            return
        running = [owner for _, owner, *_ in self.store.held()]
        for job, owner in queue:
            if not free:
                return
            if running.count(owner) >= self.per_visitor:
                continue
            ticket, worker = secrets.token_hex(8), free[0]
            if self.store.give(job, ticket, worker.process.pid):
                free.pop(0).send(job, ticket)
                running.append(owner)

    def _bury(self) -> None:
        """Workers of ours that ended, and those of a server that is no more."""
        for worker in [w for w in self.workers if w.process.poll() is not None]:
            self.workers.remove(worker)
            if worker.job:
                self._dead(worker.job, worker.ticket)
        ours = {worker.ticket for worker in self.workers}
        for job, _, ticket, pid, beat in self.store.held():
            if ticket not in ours and (not _alive(pid) or time.time() - beat > SILENT):
                self._dead(job, ticket)

    def _dead(self, job: str, ticket: str) -> None:
        words = f"The run's process ended {DEATHS} times without getting on: there may be too little memory."
        self.store.bury(job, ticket, DEATHS, words)

    def _spawn(self) -> None:
        command = [sys.executable, "-m", "models.jobs.worker", str(self.folder)]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        worker = Worker(process)
        threading.Thread(target=worker.listen, daemon=True).start()
        self.workers.append(worker)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
