"""The engine on a cluster, or on any other machine: what `zoetrope serve` serves, over HTTP."""

import itertools
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future

from engine.checkpoints.catalogue import Catalogue, catalogue_from
from engine.errors import Busy, CheckpointRefused, EngineLost, EngineTrouble, ZoetropeError
from engine.inference.requests import Answer, Job, settle
from engine.serving import codec
from engine.serving.cluster.codec import pack_all, unpack_all
from engine.serving.cluster.connection import HttpConnection, Unreachable
from engine.serving.cluster.health import HealthMonitor
from engine.serving.pending_jobs import Failures, PendingJob, PendingJobs, fail
from engine.serving.protocol import Listener, State

CONNECTIONS = 16  # requests under way at once
ROWS = 64  # pictures of one request, unless one job alone wants more
SILENCE = 600.0  # seconds for the answer to a request
PATIENCE = 30.0  # seconds without a sign of life until the engine counts as lost
QUICK = 3.0  # seconds for a sign of life

Outcome = Answer | ZoetropeError

log = logging.getLogger(__name__)


class ClusterBackend:
    """The engine that answers at an address, such as http://localhost:8600. Raises BadValue for what is no address."""

    def __init__(self, url: str, connections: int = CONNECTIONS, patience: float = PATIENCE) -> None:
        self.url, self.numbers = url, itertools.count()
        self.pending, self.closed = PendingJobs(), False
        self.known: Catalogue | None = None
        self.asking: dict[HttpConnection, list[PendingJob]] = {}
        self.changed = threading.Condition()  # guards the four above
        self.connections = [HttpConnection(url, SILENCE) for _ in range(connections)]
        self.health = HttpConnection(url, QUICK)
        self.monitor = HealthMonitor(self._alive, patience)
        self.monitor.states.watch(self._turned)
        self.threads = [threading.Thread(target=self._work, args=(one,), daemon=True) for one in self.connections]
        self.monitor.start()
        for thread in self.threads:
            thread.start()

    # Backend

    def catalogue(self, timeout: float | None = None) -> Catalogue:
        """Return the checkpoints there are, waiting for the engine to answer. Raises EngineLost where it does not."""
        with self.changed:
            self.changed.wait_for(lambda: self.known or self.closed or self.monitor.state in ("ready", "lost"), timeout)
            if self.known is not None:
                return self.known
            if self.closed or self.monitor.state != "ready":
                raise self._lost()
        known = self._fetch()
        with self.changed:
            self.known = known
        return known

    def submit(self, job: Job) -> "Future[Answer]":
        """Ask for something and return at once. Whatever goes wrong comes through the future, as a ZoetropeError."""
        each, failures = PendingJob(next(self.numbers), job, b""), Failures()
        try:
            each.packet = codec.pack_job(job)
        except ZoetropeError as error:
            failures.append((each, error))
        with self.changed:
            if self.closed or self.monitor.state == "lost":
                failures = [(each, self._lost())]
            if not failures:
                failures = self.pending.add(each)
            self.changed.notify()
        fail(failures)
        return each.future

    def forget(self, who: str) -> None:
        """Cancel what a person who has left still waits for, on the cluster too."""
        with self.changed:
            theirs = self.pending.of(who)
        for each in theirs:
            each.future.cancel()
        with self.changed:
            for connection, jobs in self.asking.items():
                if all(each in theirs for each in jobs):
                    connection.end()
            self.changed.notify_all()

    def watch(self, listener: Listener) -> None:
        """Call `listener` with each new state, from any thread, and with the present one at once."""
        self.monitor.states.watch(listener)

    def close(self) -> None:
        """Stop asking; those who still wait hear EngineLost. The cluster itself goes on."""
        with self.changed:
            self.closed = True
            failures = self.pending.clear(self._lost())
            self.changed.notify_all()
        fail(failures)
        self._hang_up()
        self.monitor.close()
        self.health.close()
        for thread in self.threads:
            thread.join()

    # The threads that ask

    def _work(self, connection: HttpConnection) -> None:
        while jobs := self._next(connection):
            try:
                outcomes = self._exchange(connection, jobs)
            except OSError as error:
                log.info("%s gave no answer to %d jobs: %s", self.url, len(jobs), error)
                self._retry(jobs, crashed=not isinstance(error, Unreachable))
            else:
                self._deliver(jobs, outcomes)
        connection.close()

    def _next(self, connection: HttpConnection) -> list[PendingJob]:
        """Wait for the jobs of the next request; none when closed."""
        while True:
            with self.changed:
                self.asking.pop(connection, None)
                self.changed.wait_for(lambda: self.closed or (self.monitor.state == "ready" and self.pending.due()))
                if self.closed:
                    return []
                connection.begin()
                self.asking[connection], failures = self.pending.send_together(ROWS)
                jobs = self.asking[connection]
            fail(failures)
            if jobs:
                return jobs

    def _exchange(self, connection: HttpConnection, jobs: Sequence[PendingJob]) -> Sequence[Outcome]:
        """Ask for an answer to each. Raises Unreachable where nobody was asked, OSError where an engine failed."""
        status, body = connection.ask("POST", "/jobs", pack_all([each.packet for each in jobs]))
        if status == 200:
            return self._outcomes(body, len(jobs))
        if status == 503:
            return [Busy(f"Too many requests wait at {self.url}. Ask again in a moment.") for _ in jobs]
        if status in (400, 413):
            reason = body.decode(errors="replace")
            return [EngineTrouble(f"The engine at {self.url} refused this: {reason}") for _ in jobs]
        if status == 404:
            raise Unreachable("something listens there, but it is no engine")
        raise OSError(f"the engine failed with status {status}")

    def _outcomes(self, body: bytes, count: int) -> Sequence[Outcome]:
        try:
            outcomes = [codec.answer_from(*codec.unpack(part)) for part in unpack_all(body)]
        except ZoetropeError as error:
            raise OSError(str(error)) from None
        if len(outcomes) != count:
            raise OSError(f"{len(outcomes)} answers to {count} jobs")
        return outcomes

    def _deliver(self, jobs: Sequence[PendingJob], outcomes: Sequence[Outcome]) -> None:
        self.monitor.hear()
        with self.changed:
            if any(isinstance(outcome, CheckpointRefused) for outcome in outcomes):
                self.known = None  # it has a fault that it had not when it was told
            pairs = [pair for pair in zip(jobs, outcomes, strict=True) if self.pending.take(pair[0].number)]
            self.changed.notify_all()
        for each, outcome in pairs:
            settle(each.future, _timed(each, outcome))

    def _retry(self, jobs: Sequence[PendingJob], crashed: bool) -> None:
        """Let jobs that got no answer wait for the engine to come back."""
        if not all(each.future.cancelled() for each in jobs):
            self.monitor.check_now()
        with self.changed:
            failures = self.pending.retry(jobs, crashed)
            self.changed.notify_all()
        fail(failures)

    # Signs of life

    def _alive(self) -> bool:
        try:
            return self.health.ask("GET", "/health")[0] == 200
        except OSError:
            return False

    def _turned(self, state: State) -> None:
        with self.changed:
            if state == "ready":
                self.known = None  # it may have come back with other checkpoints
            failures = self.pending.clear(self._lost()) if state == "lost" else []
            self.changed.notify_all()
        if state == "lost":
            self._hang_up()
        fail(failures)

    def _fetch(self) -> Catalogue:
        connection = HttpConnection(self.url, PATIENCE)
        try:
            status, body = connection.ask("GET", "/catalogue")
            if status == 200:
                return catalogue_from(body)
        except (OSError, ValueError, KeyError, TypeError):  # of an answer that is no catalogue
            pass
        finally:
            connection.close()
        raise self._lost()

    def _hang_up(self) -> None:
        for connection in self.connections:
            connection.end()

    def _lost(self) -> EngineLost:
        if self.closed:
            return EngineLost("The engine has been closed. Start it again to go on.")
        return EngineLost(f"The engine at {self.url} does not answer. Look whether `zoetrope serve` runs there.")


def _timed(each: PendingJob, outcome: Outcome) -> Outcome:
    """Count as waiting all the time that was not spent in the model, the road included."""
    if not isinstance(outcome, Answer):
        return outcome
    waited = 1e3 * (time.monotonic() - each.arrived) - outcome.ms.get("model", 0.0)
    return Answer(outcome.arrays, {**outcome.ms, "queue": waited})
