"""The jobs that an engine elsewhere has not answered yet, and what becomes of them when it dies."""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from engine.errors import Busy, EngineLost, Expired, Superseded, ZoetropeError
from engine.inference.requests import Answer, Job, settle

CAPACITY = 4096  # jobs without an answer
MAX_CRASHES = 2  # of the engine, while it had the same job

Key = tuple[str, str] | int


@dataclass(eq=False)
class PendingJob:
    """A job, and the future that its caller holds."""

    number: int
    job: Job
    packet: bytes
    future: "Future[Answer]" = field(default_factory=Future)
    arrived: float = field(default_factory=time.monotonic)
    crash_count: int = 0

    @property
    def key(self) -> Key:
        """What its newer versions share: one person's slot."""
        return (self.job.who, self.job.slot) if self.job.who and self.job.slot else self.number

    @property
    def late(self) -> bool:
        return self.job.patience is not None and time.monotonic() > self.arrived + self.job.patience

    def cancel(self) -> None:
        """Tell the caller that nothing comes any more."""
        self.future.cancel()
        self.future.set_running_or_notify_cancel()  # for those who wait by concurrent.futures.wait


Failures = list[tuple[PendingJob, ZoetropeError]]
"""Jobs that left without an answer, to be settled once the lock is free."""


class PendingJobs:
    """Holds jobs in the order of their arrival: those that wait to be sent, and those that were. One thread at a time.

    Of one person's slot only the newest waits. Jobs that an engine had when it died are sent again one at a time, so
    that of all that it had, only the one that kills it is there each time.
    """

    def __init__(self) -> None:
        self.waiting: dict[Key, PendingJob] = {}
        self.sent: dict[int, PendingJob] = {}

    def add(self, new: PendingJob) -> Failures:
        """Take a job in, in place of an older one of its slot that was not sent yet."""
        older = self.waiting.get(new.key)
        if older is None and len(self.waiting) + len(self.sent) >= CAPACITY:
            return [(new, Busy(f"{CAPACITY} requests wait already. Ask again in a moment."))]
        self.waiting[new.key] = new
        return [] if older is None else [(older, _overtaken(older))]

    def send(self) -> tuple[list[PendingJob], Failures]:
        """Hand out all that is to be sent now: of those that an engine died with only one at a time."""
        failures, retrying = self._late(), any(each.crash_count for each in self.sent.values())
        going = list[PendingJob]()
        for each in self.waiting.values():
            if not (each.crash_count and retrying):
                going.append(each)
                retrying |= each.crash_count > 0
        return self._sent(going), failures

    def send_together(self, rows: int) -> tuple[list[PendingJob], Failures]:
        """Hand out the jobs of one request: the oldest that may go, and those of its model that fit beside it.

        A request costs a server far away more than a job does. One that an engine died with goes alone. Of one slot,
        one is sent and one waits.
        """
        failures, away = self._late(), {each.key for each in self.sent.values()}
        going, total = list[PendingJob](), 0
        for each in self.waiting.values():
            if each.key not in away and (not going or (total + each.job.rows <= rows and _fit(going[0], each))):
                going.append(each)
                total += each.job.rows
            if total >= rows:
                break
        return self._sent(going), failures

    def due(self) -> bool:
        """Whether there is a job that may go into a request."""
        away = {each.key for each in self.sent.values()}
        return any(key not in away for key in self.waiting)

    def take(self, number: int) -> PendingJob | None:
        """Take out a job that was answered, or is not wanted any more."""
        if number in self.sent:
            return self.sent.pop(number)
        waiting = next((each for each in self.waiting.values() if each.number == number), None)
        return waiting and self.waiting.pop(waiting.key)

    def of(self, who: str) -> list[PendingJob]:
        """Name the jobs of one person."""
        return [each for each in (*self.waiting.values(), *self.sent.values()) if who and each.job.who == who]

    def retry(self, unanswered: Sequence[PendingJob], crashed: bool = True) -> Failures:
        """Let jobs that were sent wait again, before the others; those with which engines crash are given up."""
        back, failures = dict[Key, PendingJob](), Failures()
        for each in unanswered:
            if self.sent.pop(each.number, None) is None:
                continue
            each.crash_count += crashed
            if each.crash_count >= MAX_CRASHES or each.future.cancelled():
                failures.append((each, _deadly(each)))
            elif each.key in self.waiting:
                failures.append((each, _overtaken(each)))
            else:
                failures += [(older, _overtaken(older)) for older in [back.pop(each.key, None)] if older]
                back[each.key] = each
        self.waiting = back | self.waiting
        return failures

    def clear(self, error: ZoetropeError) -> Failures:
        """Give up on everything."""
        every = [*self.sent.values(), *self.waiting.values()]
        self.waiting, self.sent = {}, {}
        return [(each, type(error)(*error.args)) for each in every]  # one each: they travel on alone

    # Inside

    def _sent(self, going: list[PendingJob]) -> list[PendingJob]:
        for each in going:
            self.sent[each.number] = self.waiting.pop(each.key)
        return going

    def _late(self) -> Failures:
        """Take out those that nobody waits for any more."""
        late = [each for each in self.waiting.values() if each.late or each.future.cancelled()]
        return [(self.waiting.pop(each.key), _expired(each)) for each in late]


def fail(failures: Failures) -> None:
    """Tell the callers. Call it without a lock."""
    for each, error in failures:
        settle(each.future, error)


def _fit(first: PendingJob, other: PendingJob) -> bool:
    """Whether two jobs may travel in one request."""
    return not first.crash_count and not other.crash_count and first.job.model == other.job.model


def _overtaken(each: PendingJob) -> Superseded:
    return Superseded(f"A newer request for {each.job.slot!r} took the place of this one.")


def _expired(each: PendingJob) -> Expired:
    return Expired(f"{each.job.model} did not come to this within {each.job.patience} seconds.")


def _deadly(each: PendingJob) -> EngineLost:
    return EngineLost(f"This request to {each.job.model} made the engine stop twice; it is not tried again.")
