"""The jobs that an engine elsewhere has not answered yet, and what becomes of them when it dies."""

import time
from concurrent.futures import Future
from dataclasses import dataclass, field

from engine.errors import Busy, EngineLost, Expired, Superseded, ZoetropeError
from engine.inference.requests import Answer, Job

CAPACITY = 4096  # jobs without an answer
DEATHS = 2  # of the engine, with the same job in its hands


@dataclass(eq=False)
class Entry:
    """A job, and the future that its caller holds."""

    number: int
    job: Job
    packet: bytes
    future: "Future[Answer]" = field(default_factory=Future)
    arrived: float = field(default_factory=time.monotonic)
    deaths: int = 0

    @property
    def late(self) -> bool:
        return self.job.patience is not None and time.monotonic() > self.arrived + self.job.patience

    def cancel(self) -> None:
        """Tell the caller that nothing comes any more."""
        self.future.cancel()
        self.future.set_running_or_notify_cancel()  # for those who wait by concurrent.futures.wait


Refusals = list[tuple[Entry, ZoetropeError]]
"""Entries that left the ledger without an answer, to be settled once its lock is free."""


class Ledger:
    """Holds jobs in the order of their arrival: those that wait to be sent, and those that were. One thread at a time.

    A job that the engine had when it died is a suspect. Suspects are sent again one at a time, so that of all that
    were there when it died, only the one that kills it is there each time.
    """

    def __init__(self) -> None:
        self.waiting: dict[int, Entry] = {}
        self.sent: dict[int, Entry] = {}
        self.suspect: int | None = None  # the one that was sent again and is not answered yet

    def add(self, entry: Entry) -> Refusals:
        """Take a job in, in place of an older one of its slot that was not sent yet."""
        refusals = self._supersede(entry)
        if len(self.waiting) + len(self.sent) >= CAPACITY:
            return [*refusals, (entry, Busy(f"{CAPACITY} requests wait already. Ask again in a moment."))]
        self.waiting[entry.number] = entry
        return refusals

    def send(self) -> tuple[list[Entry], Refusals]:
        """Hand out what is to be sent now: all that are no suspects, and one that is."""
        going: list[Entry] = []
        late = [entry for entry in self.waiting.values() if entry.late]
        for entry in late:
            del self.waiting[entry.number]
        for entry in self.waiting.values():
            if entry.deaths and self.suspect is not None:
                continue
            if entry.deaths:
                self.suspect = entry.number
            going.append(entry)
        for entry in going:
            self.sent[entry.number] = self.waiting.pop(entry.number)
        return going, [(entry, _expired(entry)) for entry in late]

    def take(self, number: int) -> Entry | None:
        """Take out a job that was answered, or is not wanted any more."""
        if number == self.suspect:
            self.suspect = None
        return self.sent.pop(number, None) or self.waiting.pop(number, None)

    def forget(self, who: str) -> list[Entry]:
        """Take out the jobs of a person that were not sent yet."""
        theirs = [entry for entry in self.waiting.values() if who and entry.job.who == who]
        for entry in theirs:
            del self.waiting[entry.number]
        return theirs

    def died(self) -> Refusals:
        """Make suspects of all that were sent, but for those whom that befalls too often."""
        later, suspects = self.waiting, self.sent
        self.waiting, self.sent, self.suspect = {}, {}, None
        refusals: Refusals = []
        for entry in suspects.values():
            entry.deaths += 1
            if entry.deaths < DEATHS:
                refusals += self._supersede(entry)
                self.waiting[entry.number] = entry
            else:
                refusals.append((entry, _deadly(entry)))
        for entry in later.values():
            refusals += self._supersede(entry)
            self.waiting[entry.number] = entry
        return refusals

    def clear(self, error: ZoetropeError) -> Refusals:
        """Give up on everything."""
        entries = [*self.sent.values(), *self.waiting.values()]
        self.waiting, self.sent, self.suspect = {}, {}, None
        return [(entry, type(error)(*error.args)) for entry in entries]  # one each: they travel on alone

    def _supersede(self, newer: Entry) -> Refusals:
        slot = _slot(newer)
        older = [entry for entry in self.waiting.values() if _slot(entry) == slot] if slot else []
        for entry in older:
            del self.waiting[entry.number]
        return [
            (entry, Superseded(f"A newer request for {entry.job.slot!r} took the place of this one."))
            for entry in older
        ]


def _slot(entry: Entry) -> tuple[str, str] | None:
    return (entry.job.who, entry.job.slot) if entry.job.who and entry.job.slot else None


def _expired(entry: Entry) -> Expired:
    return Expired(f"{entry.job.model} did not come to this within {entry.job.patience} seconds.")


def _deadly(entry: Entry) -> EngineLost:
    return EngineLost(f"This request to {entry.job.model} made the engine stop twice; it is not tried again.")
