"""The engine in this process: two threads, one that runs the models and one that opens them. Loads torch."""

import time
from collections.abc import Iterable
from concurrent.futures import Future

from engine.checkpoints.catalogue import Catalogue
from engine.inference.batching import check, pixel_sampling
from engine.inference.engine import Engine
from engine.inference.requests import Answer, Job
from engine.serving.chunking import Chunks, in_parts, in_time
from engine.serving.protocol import Listener
from engine.serving.scheduler import CAPACITY, Batcher
from engine.serving.states import States


class ThreadBackend:
    """A Backend over an Engine of this process."""

    def __init__(self, engine: Engine, capacity: int = CAPACITY) -> None:
        self.engine = engine
        self.states = States("ready")
        self.batcher = Batcher(engine.run, engine.limit, engine.is_loaded, engine.device_model, self._chunks, capacity)

    def catalogue(self, timeout: float | None = None) -> Catalogue:
        """Return the checkpoints there are; it takes no time here."""
        return self.engine.catalogue

    def submit(self, job: Job) -> "Future[Answer]":
        """Ask for something and return at once. Whatever goes wrong comes through the future, as a ZoetropeError."""
        return self.batcher.submit(job)

    def warm(self, names: Iterable[str]) -> None:
        """Make models ready before anybody asks for them, in this order, behind those that somebody waits for."""
        self.batcher.warm(names)

    def forget(self, who: str) -> None:
        """Drop what a person who has left still waits for."""
        self.batcher.forget(who)

    def watch(self, listener: Listener) -> None:
        """Call `listener` with each new state, from any thread, and with the present one at once."""
        self.states.watch(listener)

    def close(self) -> None:
        """Stop; those who still wait hear EngineLost."""
        self.states.tell("lost")
        self.batcher.close()

    def _chunks(self, job: Job, limit: int) -> Chunks:
        """Look at a long job as a whole before it is cut: a part may be right where the whole is wrong."""
        device_model = self.engine.device_model(job.model)
        whole = check(device_model, job)
        if (sampling := pixel_sampling(device_model, whole)) is not None:
            return (yield from in_time(sampling, time.perf_counter))
        return (yield from in_parts(self.engine.run, whole, max(1, limit)))
