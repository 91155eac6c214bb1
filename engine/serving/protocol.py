"""Where an engine runs is its caller's choice; what it answers is not: one protocol, one conformance suite."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Literal, Protocol, runtime_checkable

from engine.checkpoints.catalogue import Catalogue
from engine.inference.requests import Answer, Job

State = Literal["starting", "ready", "restarting", "lost"]
Listener = Callable[[State], None]


@runtime_checkable
class Backend(Protocol):
    """An engine somewhere: threads of this process, a process of its own, or a cluster."""

    def catalogue(self, timeout: float | None = None) -> Catalogue:
        """Return the checkpoints there are, waiting for the engine to open. Raises EngineLost where it cannot."""
        ...

    def submit(self, job: Job) -> "Future[Answer]":
        """Ask for something and return at once. Whatever goes wrong comes through the future, as a ZoetropeError."""
        ...

    def forget(self, who: str) -> None:
        """Drop what a person who has left still waits for."""
        ...

    def watch(self, listener: Listener) -> None:
        """Call `listener` with each new state, from any thread, and with the present one at once."""
        ...

    def close(self) -> None:
        """Stop; those who still wait hear EngineLost."""
        ...
