"""Leads the runs of a sweep: sends each to its rungs, and says which go on. All it knows is in the store.

Its own events: "go" (a run was sent to a rung), "out" (a run will not go on, and why), "end". The runs are jobs of kind
"train", called SWEEP.000, SWEEP.001 and so on: they can be opened in the playground like any other.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from typing import Any

from models.jobs.desk import Desk
from models.jobs.protocol import DONE, ENDED, PAUSED, Event, JobError
from models.learn.sweep import Standing, from_json, next_move

BEAT = 5.0  # seconds between two signs of life
WAITING = (PAUSED, DONE)


def name_of(sweep: str, number: int) -> str:
    """A run's job."""
    return f"{sweep}.{number:03}"


class Leader:
    """What the engine asks a few times a second: one look at all runs, and what follows from it."""

    def __init__(self, desk: Desk, spec: dict[str, Any], owner: str) -> None:
        self.desk, self.owner = desk, f"sweep of {owner}"  # a sweep waits beside its visitor's own runs, not before
        self.sweep = from_json(spec)
        trials = self.sweep.trials
        self.trials = {number: trials[number] for number in self.sweep.order}
        self.sent, self.out = sent_and_out(desk.store.events(desk.job))
        self._beaten = 0.0
        self._family: dict[str, tuple[str, str]] | None = None  # as it was at the last look
        for trial in self.trials.values():
            if trial.problem and trial.number not in self.out:
                self._leave_out(trial.number, trial.problem)

    def lead(self) -> bool:
        """Returns True when nothing is left to do. Raises TicketGone when it is cancelled."""
        self._beat()
        family = self.desk.store.family(self.desk.job)
        if family == self._family:  # a run comes to its rung and stands still in one write
            return False
        self._family = family
        standings = self._standings(family)
        for number, standing in standings.items():
            if standing.busy and standing.sent >= 0:
                self._push(number, family)
        busy = sum(standing.busy and standing.sent >= 0 for standing in standings.values())
        while busy < self.sweep.at_once:
            move = next_move(standings, {n: len(self._rungs(n)) - 1 for n in standings}, self.sweep.keep)
            if move is None:
                break
            number, rung = move
            self.desk.write([("go", {"run": number, "rung": rung})])
            self.sent[number] = rung
            standings[number] = Standing(rung, standings[number].scores)
            self._push(number, family)
            busy += 1
        if busy:
            return False
        self.desk.write([("end", {})], state=DONE, leave=True)
        return True

    def _standings(self, family: dict[str, tuple[str, str]]) -> dict[int, Standing]:
        said = self.desk.store.said(self.desk.job, "evaluation", "back", "diverged")
        found = {}
        for number in self.trials:
            job = name_of(self.desk.job, number)
            scores = self._scores(number, said.get(job, []))
            busy = number in self.sent and self.sent[number] >= len(scores)
            if number not in self.out and (why := _lost(busy, family.get(job), said.get(job, []))):
                self._leave_out(number, why)
            found[number] = Standing(self.sent.get(number, -1), scores, number in self.out)
        return found

    def _scores(self, number: int, events: Iterable[Event]) -> tuple[float, ...]:
        """At every rung it has come to."""
        at = {event.body["step"]: self.sweep.score(event.body) for event in events if event.kind == "evaluation"}
        scores = []
        for rung in self._rungs(number)[: self.sent.get(number, -1) + 1]:
            if rung not in at:
                break
            scores.append(at[rung])
        return tuple(scores)

    def _rungs(self, number: int) -> list[int]:
        spec = self.trials[number].spec
        return self.sweep.rungs(spec.steps) if spec else [0]

    def _push(self, number: int, family: dict[str, tuple[str, str]]) -> None:
        """See that a run is on its way: it may be new, or laid down by a server that ended."""
        store, job, spec = self.desk.store, name_of(self.desk.job, number), self.trials[number].spec
        assert spec is not None
        if job not in family:
            store.add(job, "train", spec.as_json(), self.owner)
        if job not in family or (family[job][0] in WAITING and not store.commands(job)):
            with contextlib.suppress(JobError):  # ended by hand just now: the next look finds out
                store.command(job, {"do": "step", "to": self._rungs(number)[self.sent[number]]})
            self._family = None  # it may be there before the next look, standing as it stands now

    def _leave_out(self, number: int, why: str) -> None:
        self.desk.write([("out", {"run": number, "why": why})])
        self.out[number] = why

    def _beat(self) -> None:
        """Alive, and watching: runs of a sweep do not stop because nobody looks."""
        if time.monotonic() - self._beaten < BEAT:
            return
        self._beaten = time.monotonic()
        self.desk.write()
        for number in self.sent:
            self.desk.store.watch(name_of(self.desk.job, number))


def sent_and_out(events: Iterable[Event]) -> tuple[dict[int, int], dict[int, str]]:
    """From a sweep's own events: the rung each run was last sent to, and why runs are out."""
    sent, out = {}, {}
    for event in events:
        if event.kind == "go":
            sent[event.body["run"]] = event.body["rung"]
        elif event.kind == "out":
            out[event.body["run"]] = event.body["why"]
    return sent, out


def _lost(busy: bool, stands: tuple[str, str] | None, events: Iterable[Event]) -> str:
    """Why a run that is on its way will not come to its rung."""
    if not busy or stands is None:
        return ""
    broken = [event.body["why"] for event in events if event.kind == "diverged"]
    if broken:
        return str(broken[-1])
    return (stands[1] or "It was ended by hand.") if stands[0] in ENDED else ""
