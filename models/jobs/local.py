"""The local engine: a process per job on this computer, one kept warm, a queue for those who have to wait."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from models.jobs.stored import StoredEngine
from models.jobs.tending import TEND, Crew

ROOT = Path(__file__).parents[2]
PER_VISITOR = 2  # jobs of one visitor at a time; more wait


def slots() -> int:
    """Jobs at a time: HEADLIGHT_WORKERS, or one per core but one, four at most."""
    return int(os.environ.get("HEADLIGHT_WORKERS") or max(1, min(4, (os.cpu_count() or 2) - 1)))


class Worker:
    """A process, and the job it is at."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "models.jobs.worker", str(folder)]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = self.process.pid
        self.job = self.ticket = ""
        self._free = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def free(self) -> bool:
        """It waits for a job."""
        return self._free.is_set()

    @property
    def dead(self) -> bool:
        """It is no more."""
        return self.process.poll() is not None

    def send(self, job: str, ticket: str) -> None:
        """Give it a job."""
        assert self.process.stdin is not None
        self._free.clear()
        self.job, self.ticket = job, ticket
        with contextlib.suppress(OSError):  # it died just now: the next look finds out
            self.process.stdin.write(json.dumps({"job": job, "ticket": ticket}) + "\n")
            self.process.stdin.flush()

    def close(self) -> None:
        """It lays its job down when its input ends."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def end(self) -> None:
        """Wait until it has."""
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _listen(self) -> None:
        """It says when it is free."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == "free":
                self._free.set()


class LocalEngine(StoredEngine):
    """`models.jobs.protocol.Engine` on this computer; several may share one folder."""

    def __init__(self, folder: Path, n_slots: int = 0, per_visitor: int = PER_VISITOR, warm: bool = True) -> None:
        super().__init__(folder)
        self.crew = Crew(self.store, n_slots or slots(), per_visitor, lambda: Worker(folder), warm)
        self._closing = threading.Event()
        self._tending = threading.Thread(target=self._tend, daemon=True)
        self._tending.start()

    def close(self) -> None:
        """Let the workers lay their jobs down."""
        self._closing.set()
        self._tending.join()
        self.crew.close()

    def _tend(self) -> None:
        while not self._closing.wait(TEND):
            try:
                self.crew.tend()
            except Exception as error:  # a full disk or a locked store passes: the next look tries again
                print(f"jobs: {type(error).__name__}: {error}", file=sys.stderr)
                time.sleep(1)
