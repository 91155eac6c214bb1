"""Who comes next: people take turns, and a turn is one forward pass that waiting jobs of the same model join.

A drawing, pixel by pixel, takes one slice a turn. Two rules keep it from starving in a crowd: after PASSES turns of
others the next one is a slice's; and every second slice is that of the drawing that has run least, so that one of a
few pixels is soon done among many of whole pictures.
"""

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple

from engine.inference.requests import Answer, Job
from engine.serving.chunking import Chunks

PASSES = 3
"""Turns of others between two of drawings, where both wait. A pass takes 2 to 20 ms, a slice 4."""


class Place(NamedTuple):
    """Where in the queue a job stands."""

    person: str | int  # a number for nobody in particular
    slot: str | int  # a number for a job that replaces none
    number: int  # no two jobs have the same


@dataclass(eq=False)
class QueuedJob:
    """A job that waits, and the future that its caller holds."""

    job: Job
    future: "Future[Answer]"
    arrived: float  # seconds of the batcher's clock
    place: Place
    weight: float  # work; halved on each turn that went to another job of the same person, so that none starves
    ran: float = 0.0  # seconds in forward passes so far
    since: int = 0  # the number of its coming into the queue, or back into it
    slices: Chunks | None = None  # of a long job under way

    def late(self, now: float) -> bool:
        return self.job.patience is not None and now > self.arrived + self.job.patience


class FairQueue:
    """The jobs that wait, by person in the order of their turns. One thread at a time."""

    def __init__(self) -> None:
        self.people: OrderedDict[str | int, dict[str | int, QueuedJob]] = OrderedDict()
        self.numbers = itertools.count()
        self.length = 0
        self.passes = 0  # turns of others since the last of a drawing
        self.briefest = True  # whether the last slice was that of the drawing that had run least

    def __iter__(self) -> Iterator[QueuedJob]:
        """Walk everybody's jobs in the order of turns."""
        return itertools.chain.from_iterable(jobs.values() for jobs in self.people.values())

    def of(self, who: str) -> list[QueuedJob]:
        """Name the jobs of one person."""
        return list(self.people.get(who, {}).values())

    def join(self, job: Job, arrived: float) -> tuple[QueuedJob, QueuedJob | None]:
        """Put a job in the queue: what stands for it there, and the one that it takes the place of."""
        number = next(self.numbers)
        place = Place(job.who or number, (job.who and job.slot) or number, number)
        older = self.people.get(place.person, {}).get(place.slot)
        queued = QueuedJob(job, Future(), arrived, place, older.weight if older else float(job.work))
        self._put(queued)
        return queued, older

    def rejoin(self, queued: QueuedJob) -> bool:
        """Put a long job back after a slice; not where a newer one has taken its slot."""
        if queued.place.slot in self.people.get(queued.place.person, {}):
            return False
        queued.weight = float(queued.job.work)
        self._put(queued)
        return True

    def leave(self, place: Place) -> bool:
        """Take out the job of that place, where it still stands there."""
        jobs = self.people.get(place.person, {})
        if place.slot not in jobs or jobs[place.slot].place != place:
            return False
        del jobs[place.slot]
        self.length -= 1
        if not jobs:
            del self.people[place.person]
        return True

    def next_batch(self, ready: Callable[[str], bool], limit: Callable[[str], int]) -> list[QueuedJob]:
        """Take out the jobs of the next pass: all of one model, at most its limit of rows, or one long job alone.

        The first person who waits for a model that is ready gives their lightest job. Of others and theirs, those
        of the same model join. Whoever is served goes to the back. Drawings have turns of their own besides.
        """
        able = next(filter(None, (self._able(jobs, ready) for jobs in self.people.values())), None)
        if able is None:
            return []
        first = min(able, key=lambda queued: queued.weight)
        if self.passes >= PASSES or _drawn(first, limit):
            first = self._slice(ready, limit) or first
        self.passes = 0 if _drawn(first, limit) else self.passes + 1
        batch = self._joining(first, limit)
        for queued in batch:
            self.leave(queued.place)
            if queued.place.person in self.people:
                self.people.move_to_end(queued.place.person)
        for queued in able if first in able else ():
            queued.weight /= 2
        return batch

    # Inside

    def _slice(self, ready: Callable[[str], bool], limit: Callable[[str], int]) -> QueuedJob | None:
        """Pick the drawing whose turn it is: the one that has waited longest or, every second time, run least."""
        drawings = [queued for queued in self if _drawn(queued, limit) and ready(queued.job.model)]
        self.briefest = not self.briefest
        if self.briefest:
            return min(drawings, key=lambda queued: (queued.ran, queued.since), default=None)
        return min(drawings, key=lambda queued: queued.since, default=None)

    def _put(self, queued: QueuedJob) -> None:
        queued.since = next(self.numbers)
        jobs = self.people.setdefault(queued.place.person, {})
        self.length += queued.place.slot not in jobs
        jobs[queued.place.slot] = queued

    def _able(self, jobs: dict[str | int, QueuedJob], ready: Callable[[str], bool]) -> list[QueuedJob]:
        return [queued for queued in jobs.values() if ready(queued.job.model)]

    def _joining(self, first: QueuedJob, limit: Callable[[str], int]) -> list[QueuedJob]:
        """Pick those that fit beside the first job: none fits beside a long one."""
        batch, room = [first], limit(first.job.model) - first.job.work
        for queued in self._rounds(first.job.model):
            if room <= 0:
                break
            if queued is not first and queued.job.work <= room:
                batch.append(queued)
                room -= queued.job.work
        return batch

    def _rounds(self, model: str) -> Iterator[QueuedJob]:
        """Walk a model's jobs: one of each person in turn, then their second ones, and so on."""
        walks: Iterable[Iterator[QueuedJob]] = (self._of_model(jobs, model) for jobs in self.people.values())
        while walks:
            going = []
            for walk in walks:
                if (queued := next(walk, None)) is not None:
                    yield queued
                    going.append(walk)
            walks = going

    def _of_model(self, jobs: dict[str | int, QueuedJob], model: str) -> Iterator[QueuedJob]:
        return iter([queued for queued in jobs.values() if queued.job.model == model])


def _drawn(queued: QueuedJob, limit: Callable[[str], int]) -> bool:
    """Whether a job is drawn pixel by pixel, in slices."""
    return queued.job.verb == "complete" or not limit(queued.job.model)
