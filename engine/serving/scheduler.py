"""The waiting jobs of many people, joined into few forward passes by one thread."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial

from engine import errors
from engine.errors import Busy, EngineLost, Expired, ModelFault, Superseded, ZoetropeError
from engine.inference.requests import Answer, Job, Outcome, settle
from engine.serving.chunking import Chunks, Run, in_parts
from engine.serving.fair_queue import FairQueue, Position, QueuedJob
from engine.serving.loader import Loader

CAPACITY = 4096  # jobs that may wait


class Batcher:
    """Takes jobs from many threads and runs them in one.

    `run(model, jobs)` answers each job, or has an error in its place; `limit(model)` is how many rows one forward pass
    takes; a job of more goes on in `chunks(job, limit)`, one a turn. Models that are not loaded are first handed
    to `prepare`, in another thread. `is_loaded` and `limit` are asked at every turn: they may not wait nor raise.
    """

    def __init__(
        self,
        run: Run,
        limit: Callable[[str], int],
        is_loaded: Callable[[str], bool] = lambda model: True,
        prepare: Callable[[str], object] = lambda model: None,
        chunks: Callable[[Job, int], Chunks] | None = None,
        capacity: int = CAPACITY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.run, self.limit, self.is_loaded, self.capacity, self.clock = run, limit, is_loaded, capacity, clock
        self.chunks = chunks or partial(in_parts, run)
        self.queue = FairQueue()
        self.running: list[QueuedJob] = []
        self.began: float | None = None  # of the pass under way
        self.opening: set[str] = set()  # models that the loader has been asked for
        self.opened: set[str] = set()  # models that it gave: good for one pass even if they have left the device again
        self.closed = False
        self.changed = threading.Condition()
        self.loader = Loader(prepare, self._loaded)
        self.thread = threading.Thread(target=self._work, name="batcher", daemon=True)
        self.thread.start()

    def submit(self, job: Job) -> "Future[Answer]":
        """Ask for something and return at once. Whatever goes wrong comes through the future, as a ZoetropeError."""
        with self.changed:
            queued, older = self.queue.join(job, self.clock())
            rejection = None if older else self._rejection()
            if rejection:
                self.queue.leave(queued.position)
            self.changed.notify()
        if rejection:
            settle(queued.future, rejection)
        if older:
            settle(older.future, _superseded(job))
        queued.future.add_done_callback(partial(self._leave, queued.position))  # the cancelled leave the queue at once
        return queued.future

    @property
    def busy(self) -> float:
        """How many seconds the pass under way has taken so far; 0 where there is none."""
        began = self.began
        return 0.0 if began is None else self.clock() - began

    def warm(self, models: Iterable[str]) -> None:
        """Make models ready before anybody asks for them, in this order."""
        self.loader.warm(models)

    def forget(self, who: str) -> None:
        """Cancel what a person who has left still waits for."""
        with self.changed:
            running = [queued for queued in self.running if who and queued.job.who == who]
            theirs = [*self.queue.of(who), *running]
        for queued in theirs:
            queued.future.cancel()

    def close(self) -> None:
        """Stop after the pass under way; those who still wait hear EngineLost."""
        with self.changed:
            self.closed = True
            waiting, self.queue = list(self.queue), FairQueue()
            self.changed.notify()
        for queued in waiting:
            settle(queued.future, _lost())
        self.loader.close()
        if threading.current_thread() is not self.thread:
            self.thread.join()

    # The worker

    def _work(self) -> None:
        while self._next():
            began = self.began = self.clock()
            due = self._due(self.running, began)
            self._answer(due, self._pass(due), began)
            self.began = None
            del due  # while nobody asks, nothing is held

    def _next(self) -> bool:
        """Wait for the jobs of the next pass; False when closed."""
        with self.changed:
            self.running = []
            while not self.closed and not self.running:
                self.running = self.queue.next_batch(self._runnable, self.limit)
                if not self.running:
                    self.changed.wait()
            return bool(self.running)

    def _due(self, batch: list[QueuedJob], now: float) -> list[QueuedJob]:
        for queued in batch:
            if queued.late(now):
                why = f"{queued.job.model} did not come to this within {queued.job.patience} seconds."
                settle(queued.future, Expired(why))
        return [queued for queued in batch if not queued.late(now)]

    def _pass(self, jobs: list[QueuedJob]) -> Sequence[Outcome | None]:
        """One forward pass: the outcome of each job, None where a long job goes on."""
        if not jobs:
            return []
        model = jobs[0].job.model
        self.opened.discard(model)
        try:
            if len(jobs) == 1 and jobs[0].job.work > self.limit(model):
                return [self._chunk(jobs[0])]
            outcomes = list(self.run(model, [queued.job for queued in jobs]))
            if len(outcomes) != len(jobs):
                raise ValueError(f"{len(outcomes)} answers to {len(jobs)} jobs")
        except ZoetropeError as error:
            return [errors.named(type(error).__name__, str(error)) for _ in jobs]  # one each: they travel on alone
        except Exception as error:
            return [ModelFault(f"{model} failed ({type(error).__name__}: {error}). Ask again.") for _ in jobs]
        return outcomes

    def _chunk(self, queued: QueuedJob) -> Outcome | None:
        if queued.chunks is None:
            queued.chunks = self.chunks(queued.job, self.limit(queued.job.model))
        try:
            next(queued.chunks)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        return None

    def _answer(self, jobs: list[QueuedJob], outcomes: Sequence[Outcome | None], began: float) -> None:
        now = self.clock()
        for queued, result in zip(jobs, outcomes, strict=True):
            queued.ran += now - began
            outcome = self._go_on(queued) if result is None else result
            if isinstance(outcome, Answer):
                waited = 1000 * (now - queued.arrived - queued.ran)
                outcome = Answer(outcome.arrays, {**outcome.ms, "queue": waited})
            if outcome is not None:
                settle(queued.future, outcome)

    def _go_on(self, queued: QueuedJob) -> ZoetropeError | None:
        """Put a long job back into the queue, unless it has no business there any more."""
        with self.changed:
            if self.closed:
                return _lost()
            if not queued.future.cancelled() and self.queue.rejoin(queued):
                return None
        return _superseded(queued.job)

    # What both threads and all callers share; under the lock

    def _runnable(self, model: str) -> bool:
        """Whether a job of the model can run now; the loader is asked for it otherwise."""
        if model in self.opening:
            return False
        if model in self.opened or self.is_loaded(model):
            return True
        self.opening.add(model)
        self.loader.want(model)
        return False

    def _loaded(self, model: str, trouble: ZoetropeError | None) -> None:
        with self.changed:
            stranded = [queued for queued in self.queue if trouble and queued.job.model == model]
            for queued in stranded:
                self.queue.leave(queued.position)
            if model in self.opening and not trouble:
                self.opened.add(model)
            self.opening.discard(model)
            self.changed.notify()
        for queued in stranded:
            settle(queued.future, errors.named(type(trouble).__name__, str(trouble)))

    def _rejection(self) -> ZoetropeError | None:
        if self.closed:
            return _lost()
        if self.queue.length > self.capacity:
            return Busy(f"{self.capacity} requests wait already. Ask again in a moment.")
        return None

    def _leave(self, position: Position, future: "Future[Answer]") -> None:
        with self.changed:
            waited = self.queue.leave(position)
        if waited:
            future.set_running_or_notify_cancel()  # for those who wait by concurrent.futures.wait


def _superseded(job: Job) -> Superseded:
    return Superseded(f"A newer request for {job.slot!r} took the place of this one.")


def _lost() -> EngineLost:
    return EngineLost("The engine has been closed. Start it again to go on.")
