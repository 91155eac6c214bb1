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
from engine.serving.cluster.codec import bundle, unbundle
from engine.serving.cluster.connection import Link, Unreachable
from engine.serving.cluster.health import Pulse
from engine.serving.cluster.outbox import Outbox
from engine.serving.pending_jobs import DEATHS, Entry, Refusals
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
        self.outbox, self.closed = Outbox(), False
        self.known: Catalogue | None = None
        self.asking: dict[Link, list[Entry]] = {}
        self.changed = threading.Condition()  # guards the four above
        self.links = [Link(url, SILENCE) for _ in range(connections)]
        self.health = Link(url, QUICK)
        self.pulse = Pulse(self._alive, patience)
        self.pulse.states.watch(self._turned)
        self.threads = [threading.Thread(target=self._work, args=(link,), daemon=True) for link in self.links]
        self.pulse.start()
        for thread in self.threads:
            thread.start()

    # Backend

    def catalogue(self, timeout: float | None = None) -> Catalogue:
        """Give the checkpoints there are, waiting for the engine to answer. Raises EngineLost where it does not."""
        with self.changed:
            self.changed.wait_for(lambda: self.known or self.closed or self.pulse.state in ("ready", "lost"), timeout)
            if self.known is not None:
                return self.known
            if self.closed or self.pulse.state != "ready":
                raise self._lost()
        known = self._fetch()
        with self.changed:
            self.known = known
        return known

    def submit(self, job: Job) -> "Future[Answer]":
        """Ask for something and return at once. Whatever goes wrong comes through the future, as a ZoetropeError."""
        entry, refusals = Entry(next(self.numbers), job, b""), Refusals()
        try:
            entry.packet = codec.pack_job(job)
        except ZoetropeError as error:
            refusals.append((entry, error))
        with self.changed:
            if self.closed or self.pulse.state == "lost":
                refusals = [(entry, self._lost())]
            if not refusals:
                refusals = self.outbox.add(entry)
            self.changed.notify()
        _settle(refusals)
        return entry.future

    def forget(self, who: str) -> None:
        """Cancel what a person who has left still waits for, on the cluster too."""
        with self.changed:
            theirs = self.outbox.of(who)
        for entry in theirs:
            entry.future.cancel()
        with self.changed:
            for link, entries in self.asking.items():
                if all(entry in theirs for entry in entries):
                    link.end()
            self.changed.notify_all()

    def watch(self, listener: Listener) -> None:
        """Call `listener` with each new state, from any thread, and with the present one at once."""
        self.pulse.states.watch(listener)

    def close(self) -> None:
        """Stop asking; those who still wait hear EngineLost. The cluster itself goes on."""
        with self.changed:
            self.closed = True
            refusals = self.outbox.clear(self._lost())
            self.changed.notify_all()
        _settle(refusals)
        self._hang_up()
        self.pulse.close()
        self.health.close()
        for thread in self.threads:
            thread.join()

    # The threads that ask

    def _work(self, link: Link) -> None:
        while entries := self._next(link):
            try:
                outcomes = self._exchange(link, entries)
            except OSError as error:
                log.info("%s gave no answer to %d jobs: %s", self.url, len(entries), error)
                self._again(entries, suspect=not isinstance(error, Unreachable))
            else:
                self._deliver(entries, outcomes)
        link.close()

    def _next(self, link: Link) -> list[Entry]:
        """Wait for the jobs of the next request; none when closed."""
        while True:
            with self.changed:
                self.asking.pop(link, None)
                self.changed.wait_for(lambda: self.closed or (self.pulse.state == "ready" and self.outbox.due()))
                if self.closed:
                    return []
                link.begin()
                self.asking[link], refusals = self.outbox.load(ROWS)
                entries = self.asking[link]
            _settle(refusals)
            if entries:
                return entries

    def _exchange(self, link: Link, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Ask for an answer to each. Raises Unreachable where nobody was asked, OSError where an engine failed."""
        status, body = link.ask("POST", "/jobs", bundle([entry.packet for entry in entries]))
        if status == 200:
            return self._outcomes(body, len(entries))
        if status == 503:
            return [Busy(f"Too many requests wait at {self.url}. Ask again in a moment.") for _ in entries]
        if status in (400, 413):
            reason = body.decode(errors="replace")
            return [EngineTrouble(f"The engine at {self.url} refused this: {reason}") for _ in entries]
        if status == 404:
            raise Unreachable("something listens there, but it is no engine")
        raise OSError(f"the engine failed with status {status}")

    def _outcomes(self, body: bytes, count: int) -> Sequence[Outcome]:
        try:
            outcomes = [codec.answer_from(*codec.unpack(part)) for part in unbundle(body)]
        except ZoetropeError as error:
            raise OSError(str(error)) from None
        if len(outcomes) != count:
            raise OSError(f"{len(outcomes)} answers to {count} jobs")
        return outcomes

    def _deliver(self, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
        self.pulse.hear()
        with self.changed:
            if any(isinstance(outcome, CheckpointRefused) for outcome in outcomes):
                self.known = None  # it has a fault that it had not when it was told
            pairs = [pair for pair in zip(entries, outcomes, strict=True) if self.outbox.back(pair[0])]
            self.changed.notify_all()
        for entry, outcome in pairs:
            settle(entry.future, _timed(entry, outcome))

    def _again(self, entries: Sequence[Entry], suspect: bool) -> None:
        """Let jobs that got no answer wait for the engine to come back, but for those whom that befalls too often."""
        wanted = [entry for entry in entries if not entry.future.cancelled()]
        if wanted:
            self.pulse.doubt()
        refusals: Refusals = []
        with self.changed:
            for entry in [entry for entry in reversed(entries) if self.outbox.back(entry)]:
                entry.deaths += suspect
                if entry in wanted and entry.deaths < DEATHS:
                    refusals += self.outbox.again(entry)
                else:
                    refusals.append((entry, _deadly(entry)))
            self.changed.notify_all()
        _settle(refusals)

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
            refusals = self.outbox.clear(self._lost()) if state == "lost" else []
            self.changed.notify_all()
        if state == "lost":
            self._hang_up()
        _settle(refusals)

    def _fetch(self) -> Catalogue:
        link = Link(self.url, PATIENCE)
        try:
            status, body = link.ask("GET", "/catalogue")
            if status == 200:
                return catalogue_from(body)
        except (OSError, ValueError, KeyError, TypeError):  # of an answer that is no catalogue
            pass
        finally:
            link.close()
        raise self._lost()

    def _hang_up(self) -> None:
        for link in self.links:
            link.end()

    def _lost(self) -> EngineLost:
        if self.closed:
            return EngineLost("The engine has been closed. Start it again to go on.")
        return EngineLost(f"The engine at {self.url} does not answer. Look whether `zoetrope serve` runs there.")


def _settle(refusals: Refusals) -> None:
    for entry, error in refusals:
        settle(entry.future, error)


def _timed(entry: Entry, outcome: Outcome) -> Outcome:
    """Count as waiting all the time that was not spent in the model, the road included."""
    if not isinstance(outcome, Answer):
        return outcome
    waited = 1e3 * (time.monotonic() - entry.arrived) - outcome.ms.get("model", 0.0)
    return Answer(outcome.arrays, {**outcome.ms, "queue": waited})


def _deadly(entry: Entry) -> EngineLost:
    return EngineLost(f"This request to {entry.job.model} made the engine stop twice; it is not tried again.")
