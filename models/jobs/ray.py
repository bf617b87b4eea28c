"""The Ray engine: jobs on all machines of a Ray cluster, chosen by HEADLIGHT_RAY=<address>. Only this file imports ray.

Where things live: the server's SQLite store stays the only truth. A worker is a Ray actor, anywhere in the cluster;
what it reads and writes goes to a writer, an actor that is bound to the server's machine and has the store open. Every
write is one call under the job's ticket and returns when it is on the disk, so that a machine that was given up for
dead finds its ticket gone, and what a visitor has seen was kept. Calls are JSON and bytes (`models.jobs.wire`); the
actors themselves are the two classes below, which every machine imports from its own copy of Headlight, and a copy that
differs is given nothing.

Ray runs in a process of its own, the foreman, never in the server: `ray.init` wants the main thread, and Ray may end
its process. When the foreman cannot join the cluster or loses it, jobs are run on this computer, which `notice` says,
and it tries again. Ray's own limit is respected: without a token (RAY_AUTH_MODE=token, Ray 2.52 or newer) anybody who
reaches its ports can run code, so that a cluster without one is joined only on this computer itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from models.jobs.local import ROOT, LocalEngine, slots
from models.jobs.store import DiskTrouble, Store, TicketGone
from models.jobs.stored import StoredEngine
from models.jobs.tending import TEND, Crew
from models.jobs.version import here
from models.jobs.wire import Clerk, Far, Message

COMMAND = [sys.executable, "-m", "models.jobs.ray"]
OLDEST = (2, 52)  # the first Ray with tokens
SPACE = "headlight"
RETRY = 20.0  # seconds between two tries to join the cluster
ANSWER = 3.0  # seconds within which an address has to answer
GOODBYE = 15.0  # seconds that workers have to lay their jobs down


class RayEngine(StoredEngine):
    """`models.jobs.protocol.Engine` on a cluster; on this computer as long as the cluster is not there."""

    def __init__(self, folder: Path, address: str, n_slots: int = 0, per_visitor: int = 0, warm: bool = True) -> None:
        super().__init__(folder)
        self.options = {"folder": str(folder), "address": address, "n_slots": n_slots, "per_visitor": per_visitor}
        self.options["warm"] = warm
        self.up = threading.Event()
        self._foreman: subprocess.Popen[str] | None = None
        self._local: LocalEngine | None = None
        self._closing = threading.Event()
        self._minding = threading.Thread(target=self._mind, daemon=True)
        self._minding.start()

    def close(self) -> None:
        """Let all workers lay their jobs down."""
        self._closing.set()
        if self._foreman is not None and self._foreman.stdin is not None:
            with contextlib.suppress(OSError):
                self._foreman.stdin.close()
        self._minding.join(2 * GOODBYE)
        if self._foreman is not None and self._foreman.poll() is None:
            self._foreman.kill()
            self._foreman.wait()
        if self._local is not None:
            self._local.close()

    def _mind(self) -> None:
        """Keep a foreman; while there is none, work here."""
        while not self._closing.is_set():
            self._foreman = subprocess.Popen(
                [*COMMAND, json.dumps(self.options)],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert self._foreman.stdout is not None
            why = "The process that speaks to it ended."
            for line in self._foreman.stdout:
                why = self._hear(line) or why
            self._foreman.wait()
            if self.up.is_set():  # it was there: most likely only the foreman is gone
                self.up.clear()
            elif not self._closing.is_set():
                self._work_here(why)
                self._closing.wait(RETRY)

    def _hear(self, line: str) -> str:
        """What the foreman says: that it has joined, a notice, or why it ends, which is returned."""
        try:
            said = json.loads(line)
        except json.JSONDecodeError:
            return ""
        self.notice = said.get("notice", self.notice)
        if said.get("up"):
            self.notice = ""
            if self._local is not None:
                self._local.crew.n_slots = 0  # what runs here ends here, and nothing new begins
            self.up.set()
        return str(said.get("down", ""))

    def _work_here(self, why: str) -> None:
        self.notice = f"The Ray cluster at {self.options['address']} is not used: {why} Runs go on this computer."
        if self._local is None:
            self._local = LocalEngine(self.folder)
        else:
            self._local.crew.n_slots = slots()


def environment() -> dict[str, str]:
    """Of the foreman: tokens unless the operator says otherwise, and no report to Ray's makers."""
    return {"RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS": "0"} | os.environ


# ---- actors: only these two classes, JSON and bytes go through Ray


class Writer:
    """On the server's machine: the store, for workers that do not see it."""

    def __init__(self, folder: str) -> None:
        self.clerk = Clerk(Store(Path(folder)))
        self.for_ever = threading.Event()

    def answer(self, call: str, blobs: list[bytes]) -> Message:
        """One call of a worker."""
        return self.clerk.answer(call, blobs)

    def stay(self) -> None:
        """Returns never: who waits for it learns when this writer is gone."""
        self.for_ever.wait()


class Worker:
    """Somewhere in the cluster: works on one job after another."""

    def __init__(self, writer: str) -> None:
        self.writer, self.closing = writer, threading.Event()
        with contextlib.suppress(OSError):
            os.nice(10)

    def hello(self) -> str:
        """What this machine runs, after torch is there."""
        from models.jobs.worker import warm

        warm()
        return json.dumps(here() | {"machine": socket.gethostname()})

    def work(self, job: str, ticket: str) -> None:
        """One job, until it is laid down."""
        from models.jobs.worker import Desk, Patient, work

        with contextlib.suppress(TicketGone):
            work(Desk(Patient.of(Far(self._send), self.closing), job, ticket, self.closing))

    def close(self) -> None:
        """Lay the job down."""
        self.closing.set()

    def _send(self, call: str, blobs: list[bytes]) -> Message:
        import ray

        try:
            found: Message = ray.get(ray.get_actor(self.writer, SPACE).answer.remote(call, blobs))
        except (ray.exceptions.RayError, ValueError) as problem:  # the writer is gone, and the ticket with it
            raise TicketGone from problem
        return found


# ---- the foreman


class Hired:
    """`models.jobs.tending.Hand`: an actor."""

    def __init__(self, writer: str, foreman: Foreman) -> None:
        import ray

        kind = ray.remote(Worker).options(num_cpus=1, max_concurrency=2, scheduling_strategy="SPREAD")
        self.actor: Any = kind.remote(writer)
        self.job = self.ticket = ""
        self.pid = os.getpid()
        self.foreman = foreman
        self._doing: Any = self.actor.hello.remote()
        self._fits: bool | None = None  # unknown until it has said hello
        self._dead = False

    @property
    def free(self) -> bool:
        """It waits for a job; one whose Headlight differs never does."""
        self._look()
        return self._doing is None and bool(self._fits) and not self._dead

    @property
    def dead(self) -> bool:
        """Its process or its machine is no more."""
        self._look()
        return self._dead

    def _look(self) -> None:
        import ray

        if self._doing is None or not ray.wait([self._doing], timeout=0)[0]:
            return
        doing, self._doing = self._doing, None
        try:
            said = ray.get(doing)
        except ray.exceptions.RayError:
            self._dead = True
            return
        if self._fits is None:
            self._fits = self.foreman.fits(json.loads(said))

    def send(self, job: str, ticket: str) -> None:
        """Give it a job."""
        self.job, self.ticket = job, ticket
        self._doing = self.actor.work.remote(job, ticket)

    def close(self) -> None:
        """Ask it to lay its job down."""
        self.actor.close.remote()

    def end(self) -> None:
        """Wait until it has."""
        import ray

        if self._doing is not None and self.job:
            ray.wait([self._doing], timeout=GOODBYE)


class Foreman:
    """Joins the cluster and gives jobs to its machines, until the server is gone."""

    def __init__(self, options: dict[str, Any]) -> None:
        import ray

        self.name = f"writer-{secrets.token_hex(8)}"
        bound = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
        kind = ray.remote(Writer).options(
            name=self.name, num_cpus=0, max_concurrency=32, scheduling_strategy=bound, namespace=SPACE
        )
        self.writer: Any = kind.remote(options["folder"])
        self.pulse = self.writer.stay.remote()
        self.asked, self.per_visitor = options["n_slots"], options["per_visitor"]
        self.crew = Crew(Store(Path(options["folder"])), 0, 0, lambda: Hired(self.name, self), options["warm"])

    def fits(self, there: dict[str, str]) -> bool:
        """Whether a machine runs the same; if not, that is said."""
        different = [name for name, value in here().items() if there.get(name) != value]
        if different:
            what = " and ".join(sorted(different))
            say(notice=f"The machine {there['machine']} has another {what} than this one: it is given nothing to do.")
        return not different

    def tend(self) -> None:
        """One look at everything; raises RayError when the cluster or the writer is gone."""
        import ray

        if ray.wait([self.pulse], timeout=0)[0]:
            ray.get(self.pulse)
        places = int(ray.cluster_resources().get("CPU", 0))
        self.crew.n_slots = min(self.asked or places, places)
        self.crew.per_visitor = self.per_visitor or max(2, self.crew.n_slots - 1)
        with contextlib.suppress(DiskTrouble):  # the next look tries again
            self.crew.tend()


def main() -> None:
    """The foreman's life: its input ends when the server is gone."""
    closing = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(closing,), daemon=True).start()
    options = json.loads(sys.argv[1])
    why = trouble(options["address"])
    if why:
        return say(down=why)
    import ray

    try:
        ray.init(address=options["address"], namespace=SPACE, log_to_driver=False, logging_level="WARNING")
        foreman = Foreman(options)
        say(up=True)
        while not closing.wait(TEND):
            foreman.tend()
        foreman.crew.close()
        ray.shutdown()
    except Exception as problem:  # whatever Ray raises: the server goes on without it
        first = str(problem).strip().split("\n", 1)[0].rstrip(".:")[:200]
        say(down=f"{first or type(problem).__name__}.")
    return None


def _wait_for_the_end(closing: threading.Event) -> None:
    sys.stdin.read()
    closing.set()


def trouble(address: str) -> str:
    """Why this cluster cannot be used, in a sentence; empty if it can be tried."""
    try:
        from ray import __version__ as version
    except ImportError:
        return "Ray is not installed. `pip install -r requirements-extra.txt` brings it."
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        return f"Ray {version} knows no tokens; it has to be {'.'.join(map(str, OLDEST))} or newer."
    host, _, port = address.rpartition(":")
    if address != "auto" and not (host and port.isdigit()):
        return f"An address is expected as 127.0.0.1:6379, or “auto”; got “{address[:60]}”."
    if os.environ.get("RAY_AUTH_MODE") != "token" and host not in ("127.0.0.1", "localhost", "[::1]"):
        return "It asks for no token (RAY_AUTH_MODE=token), so that anybody who reaches it could run code."
    if address == "auto":
        return ""
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER).close()
    except OSError:
        return f"Nothing answers there within {ANSWER:.0f} seconds."
    return ""


def say(**what: Any) -> None:
    """Tell the server, in a line of JSON."""
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    from models.jobs import ray as itself  # under its own name, which other machines know too

    itself.main()
