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
from engine.serving.chunking import Slices

PASSES = 3
"""Turns of others between two of drawings, where both wait. A pass takes 2 to 20 ms, a slice 4."""


class Place(NamedTuple):
    """Where in the line a ticket stands."""

    person: str | int  # a number for nobody in particular
    slot: str | int  # a number for a job that replaces none
    number: int  # no two tickets have the same


@dataclass(eq=False)
class Ticket:
    """A job that waits, and the future that its caller holds."""

    job: Job
    future: "Future[Answer]"
    arrived: float  # seconds of the batcher's clock
    place: Place
    weight: float  # work; halved on each turn that went to another job of the same person, so that none starves
    ran: float = 0.0  # seconds in forward passes so far
    since: int = 0  # the number of its coming into the line, or back into it
    slices: Slices | None = None  # of a long job under way

    def late(self, now: float) -> bool:
        return self.job.patience is not None and now > self.arrived + self.job.patience


class Line:
    """The tickets that wait, by person in the order of their turns. One thread at a time."""

    def __init__(self) -> None:
        self.people: OrderedDict[str | int, dict[str | int, Ticket]] = OrderedDict()
        self.numbers = itertools.count()
        self.length = 0
        self.passes = 0  # turns of others since the last of a drawing
        self.briefest = True  # whether the last slice was that of the drawing that had run least

    def __iter__(self) -> Iterator[Ticket]:
        """Walk everybody's tickets in the order of turns."""
        return itertools.chain.from_iterable(tickets.values() for tickets in self.people.values())

    def of(self, who: str) -> list[Ticket]:
        """Name the tickets of one person."""
        return list(self.people.get(who, {}).values())

    def join(self, job: Job, arrived: float) -> tuple[Ticket, Ticket | None]:
        """Put a job in the line: its ticket, and the one that it takes the place of."""
        number = next(self.numbers)
        place = Place(job.who or number, (job.who and job.slot) or number, number)
        older = self.people.get(place.person, {}).get(place.slot)
        ticket = Ticket(job, Future(), arrived, place, older.weight if older else float(job.work))
        self._put(ticket)
        return ticket, older

    def rejoin(self, ticket: Ticket) -> bool:
        """Put a long job back after a slice; not where a newer one has taken its slot."""
        if ticket.place.slot in self.people.get(ticket.place.person, {}):
            return False
        ticket.weight = float(ticket.job.work)
        self._put(ticket)
        return True

    def leave(self, place: Place) -> bool:
        """Take out the ticket of that place, where it still stands there."""
        tickets = self.people.get(place.person, {})
        if place.slot not in tickets or tickets[place.slot].place != place:
            return False
        del tickets[place.slot]
        self.length -= 1
        if not tickets:
            del self.people[place.person]
        return True

    def turn(self, ready: Callable[[str], bool], limit: Callable[[str], int]) -> list[Ticket]:
        """Take out the tickets of the next pass: all of one model, at most its limit of rows, or one long job alone.

        The first person who waits for a model that is ready gives their lightest ticket. Of others and theirs, those
        of the same model join. Whoever is served goes to the back. Drawings have turns of their own besides.
        """
        able = next(filter(None, (self._able(tickets, ready) for tickets in self.people.values())), None)
        if able is None:
            return []
        first = min(able, key=lambda ticket: ticket.weight)
        if self.passes >= PASSES or _drawn(first, limit):
            first = self._slice(ready, limit) or first
        self.passes = 0 if _drawn(first, limit) else self.passes + 1
        batch = self._company(first, limit)
        for ticket in batch:
            self.leave(ticket.place)
            if ticket.place.person in self.people:
                self.people.move_to_end(ticket.place.person)
        for ticket in able if first in able else ():
            ticket.weight /= 2
        return batch

    # Inside

    def _slice(self, ready: Callable[[str], bool], limit: Callable[[str], int]) -> Ticket | None:
        """Pick the drawing whose turn it is: the one that has waited longest or, every second time, run least."""
        drawings = [ticket for ticket in self if _drawn(ticket, limit) and ready(ticket.job.model)]
        self.briefest = not self.briefest
        if self.briefest:
            return min(drawings, key=lambda ticket: (ticket.ran, ticket.since), default=None)
        return min(drawings, key=lambda ticket: ticket.since, default=None)

    def _put(self, ticket: Ticket) -> None:
        ticket.since = next(self.numbers)
        tickets = self.people.setdefault(ticket.place.person, {})
        self.length += ticket.place.slot not in tickets
        tickets[ticket.place.slot] = ticket

    def _able(self, tickets: dict[str | int, Ticket], ready: Callable[[str], bool]) -> list[Ticket]:
        return [ticket for ticket in tickets.values() if ready(ticket.job.model)]

    def _company(self, first: Ticket, limit: Callable[[str], int]) -> list[Ticket]:
        """Pick those that fit beside the first ticket: none fits beside a long one."""
        batch, room = [first], limit(first.job.model) - first.job.work
        for ticket in self._rounds(first.job.model):
            if room <= 0:
                break
            if ticket is not first and ticket.job.work <= room:
                batch.append(ticket)
                room -= ticket.job.work
        return batch

    def _rounds(self, model: str) -> Iterator[Ticket]:
        """Walk a model's tickets: one of each person in turn, then their second ones, and so on."""
        lines: Iterable[Iterator[Ticket]] = (self._of_model(tickets, model) for tickets in self.people.values())
        while lines:
            going = []
            for line in lines:
                if (ticket := next(line, None)) is not None:
                    yield ticket
                    going.append(line)
            lines = going

    def _of_model(self, tickets: dict[str | int, Ticket], model: str) -> Iterator[Ticket]:
        return iter([ticket for ticket in tickets.values() if ticket.job.model == model])


def _drawn(ticket: Ticket, limit: Callable[[str], int]) -> bool:
    """Whether a job is drawn pixel by pixel, in slices."""
    return ticket.job.verb == "complete" or not limit(ticket.job.model)
