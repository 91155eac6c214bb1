"""Who comes next: people take turns, and a turn is one forward pass that waiting jobs of the same model join.

What is drawn pixel by pixel takes one chunk a turn. Two rules keep it from starving in a crowd: after PASSES turns of
others the next one is a chunk's; and every second chunk is that of the job that has run least, so that one of a few
pixels is soon done among many of whole pictures.
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
"""Turns of others between two of drawings, where both wait. A pass takes 2 to 20 ms, a chunk 4."""


class Position(NamedTuple):
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
    position: Position
    weight: float  # work; halved on each turn that went to another job of the same person, so that none starves
    ran: float = 0.0  # seconds in forward passes so far
    since: int = 0  # the number of its coming into the queue, or back into it
    chunks: Chunks | None = None  # of a long job under way

    def late(self, now: float) -> bool:
        return self.job.patience is not None and now > self.arrived + self.job.patience


class FairQueue:
    """The jobs that wait, by person in the order of their turns. One thread at a time."""

    def __init__(self) -> None:
        self.people: OrderedDict[str | int, dict[str | int, QueuedJob]] = OrderedDict()
        self.numbers = itertools.count()
        self.length = 0
        self.passes = 0  # turns of others since the last of a drawing
        self.briefest = True  # whether the last chunk was that of the drawing that had run least

    def __iter__(self) -> Iterator[QueuedJob]:
        """Walk everybody's jobs in the order of turns."""
        return itertools.chain.from_iterable(jobs.values() for jobs in self.people.values())

    def of(self, who: str) -> list[QueuedJob]:
        """Name the jobs of one person."""
        return list(self.people.get(who, {}).values())

    def join(self, job: Job, arrived: float) -> tuple[QueuedJob, QueuedJob | None]:
        """Put a job in the queue: what stands for it there, and the one that it takes the place of."""
        number = next(self.numbers)
        position = Position(job.who or number, (job.who and job.slot) or number, number)
        older = self.people.get(position.person, {}).get(position.slot)
        queued = QueuedJob(job, Future(), arrived, position, older.weight if older else float(job.work))
        self._put(queued)
        return queued, older

    def rejoin(self, queued: QueuedJob) -> bool:
        """Put a long job back after a chunk; not where a newer one has taken its slot."""
        if queued.position.slot in self.people.get(queued.position.person, {}):
            return False
        queued.weight = float(queued.job.work)
        self._put(queued)
        return True

    def leave(self, position: Position) -> bool:
        """Take out the job of that place, where it still stands there."""
        jobs = self.people.get(position.person, {})
        if position.slot not in jobs or jobs[position.slot].position != position:
            return False
        del jobs[position.slot]
        self.length -= 1
        if not jobs:
            del self.people[position.person]
        return True

    def next_batch(self, is_loaded: Callable[[str], bool], limit: Callable[[str], int]) -> list[QueuedJob]:
        """Take out the jobs of the next pass: all of one model, at most its limit of rows, or one long job alone.

        The first person who waits for a model that is ready gives their lightest job. Of others and theirs, those
        of the same model join. People who have been served go to the back. Drawings have turns of their own besides.
        """
        able = next(filter(None, (self._able(jobs, is_loaded) for jobs in self.people.values())), None)
        if able is None:
            return []
        first = min(able, key=lambda queued: queued.weight)
        if self.passes >= PASSES or _by_pixels(first, limit):
            first = self._chunk(is_loaded, limit) or first
        self.passes = 0 if _by_pixels(first, limit) else self.passes + 1
        batch = self._joining(first, limit)
        for queued in batch:
            self.leave(queued.position)
            if queued.position.person in self.people:
                self.people.move_to_end(queued.position.person)
        for queued in able if first in able else ():
            queued.weight /= 2
        return batch

    # Inside

    def _chunk(self, is_loaded: Callable[[str], bool], limit: Callable[[str], int]) -> QueuedJob | None:
        """Pick the drawing whose turn it is: the one that has waited longest or, every second time, run least."""
        samplings = [queued for queued in self if _by_pixels(queued, limit) and is_loaded(queued.job.model)]
        self.briefest = not self.briefest
        if self.briefest:
            return min(samplings, key=lambda queued: (queued.ran, queued.since), default=None)
        return min(samplings, key=lambda queued: queued.since, default=None)

    def _put(self, queued: QueuedJob) -> None:
        queued.since = next(self.numbers)
        jobs = self.people.setdefault(queued.position.person, {})
        self.length += queued.position.slot not in jobs
        jobs[queued.position.slot] = queued

    def _able(self, jobs: dict[str | int, QueuedJob], is_loaded: Callable[[str], bool]) -> list[QueuedJob]:
        return [queued for queued in jobs.values() if is_loaded(queued.job.model)]

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
        iterators: Iterable[Iterator[QueuedJob]] = (self._of_model(jobs, model) for jobs in self.people.values())
        while iterators:
            going = []
            for iterator in iterators:
                if (queued := next(iterator, None)) is not None:
                    yield queued
                    going.append(iterator)
            iterators = going

    def _of_model(self, jobs: dict[str | int, QueuedJob], model: str) -> Iterator[QueuedJob]:
        return iter([queued for queued in jobs.values() if queued.job.model == model])


def _by_pixels(queued: QueuedJob, limit: Callable[[str], int]) -> bool:
    """Whether a job is drawn pixel by pixel, in chunks."""
    return queued.job.verb == "complete" or not limit(queued.job.model)
