"""The one way from the pages to the models: an engine somewhere, and the catalogue of what it has."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from urllib.parse import urlsplit

from engine.checkpoints.catalogue import Catalogue
from engine.errors import BadValue, EngineLost, ZoetropeError
from engine.inference.requests import Answer, Job
from engine.serving.protocol import Backend, Listener, State

log = logging.getLogger(__name__)

DEFAULT_MODEL = "frey-vae-2d"
"""The model shown first: dragging over a face explains a latent space without a word."""
PATIENCE = 120.0
"""Seconds that a page waits for an engine that is starting."""
PAUSE = 3.0
"""Seconds between two attempts to open an engine that does not open, however many ask."""


class EngineClient:
    """The engine of this web process, opened in the background so that the port answers at once."""

    def __init__(self) -> None:
        self.state: State = "starting"
        self.lock = threading.Lock()
        self.listeners: list[Listener] = []
        self.factory: Callable[[], Backend] | None = None
        self.backend: Backend | None = None
        self.coming: Future[Catalogue] | None = None
        self.begun = 0.0

    def open(self, factory: Callable[[], Backend]) -> None:
        """Start the engine that `factory` makes, without making the caller wait."""
        self.factory = factory
        self.opening()

    def opening(self) -> Future[Catalogue]:
        """Return the catalogue to come. Where the last attempt to open the engine failed, this may be a new one."""
        with self.lock:
            failed = self.coming is not None and self.coming.done() and self.coming.exception() is not None
            if self.coming is None or (failed and time.monotonic() - self.begun > PAUSE):
                self.coming, self.begun = Future(), time.monotonic()
                threading.Thread(target=self._open, args=(self.coming,), name="engine client", daemon=True).start()
            return self.coming

    def _open(self, coming: Future[Catalogue]) -> None:
        try:
            backend = self.backend or self._made()
            coming.set_result(backend.catalogue())
        except Exception as error:  # those who wait for the engine must hear why it never came
            if self.backend is None:
                self._changed("lost")
            coming.set_exception(error if isinstance(error, ZoetropeError) else _unforeseen(error))

    def _made(self) -> Backend:
        if self.factory is None:
            raise EngineLost("No engine was opened in this process. Start Zoetrope with: zoetrope run.")
        made = self.factory()
        with self.lock:
            if self.factory is not None:
                self.backend = made
        if self.backend is not made:
            made.close()
            raise EngineLost("Zoetrope is stopping.")
        made.watch(self._changed)
        return made

    @property
    def ready(self) -> bool:
        """Whether the catalogue can be had without waiting."""
        return self.coming is not None and self.coming.done() and not self.coming.exception()

    def catalogue(self, timeout: float = PATIENCE) -> Catalogue:
        """Return the catalogue once the engine is open. Raises EngineLost where it does not open."""
        try:
            return self.opening().result(timeout)
        except TimeoutError:
            raise EngineLost(f"The engine did not start within {timeout:.0f} s. Reload the page to wait on.") from None

    async def arrived(self) -> Catalogue:
        """Return the catalogue once the engine is open. Raises EngineLost where it does not open."""
        if self.coming is not None and self.ready:
            return self.coming.result()
        return await asyncio.shield(asyncio.wrap_future(self.opening()))

    def submit(self, job: Job) -> Future[Answer]:
        """Ask the engine, once the catalogue is there."""
        if self.backend is None:
            lost = Future[Answer]()
            lost.set_exception(EngineLost("The engine is not open yet. Ask again in a moment."))
            return lost
        return self.backend.submit(job)

    def forget(self, who: str) -> None:
        """Drop what a person who has left still waits for."""
        if self.backend is not None:
            self.backend.forget(who)

    def watch(self, listener: Listener) -> None:
        """Call `listener` with each new state of the engine, from any thread."""
        self.listeners.append(listener)

    def _changed(self, state: State) -> None:
        self.state = state
        for listener in self.listeners:
            listener(state)

    def close(self) -> None:
        """Stop the engine. Nobody gets another one unless the client is opened again."""
        with self.lock:
            backend, self.backend, self.coming, self.factory = self.backend, None, None, None
        if backend is not None:
            with contextlib.suppress(EngineLost):
                backend.close()


def _unforeseen(error: Exception) -> EngineLost:
    log.error("The engine did not open", exc_info=error)
    return EngineLost(f"The engine did not open ({type(error).__name__}). The terminal says more; see zoetrope doctor.")


def backend(kind: str, folders: Sequence[Path] | None) -> Backend:
    """Make an engine over folders, None for the shipped and the user's own. Raises BadValue for an unknown kind."""
    check(kind)
    given = None if folders is None else list(folders)
    # Imported here, not above: torch comes with an engine in this process, and only then.
    if kind == "thread":
        from engine.inference.engine import Engine
        from engine.serving.local import ThreadBackend

        thread = ThreadBackend(Engine(given, threads=threads()))
        names = thread.catalogue().names
        thread.warm(order(list(dict.fromkeys([*names("decodes"), *names("completes")]))))
        return thread
    if kind == "process":
        from engine.serving.process import ProcessBackend

        return ProcessBackend(given, threads=threads(), warm=(DEFAULT_MODEL,))
    from engine.serving.cluster import ClusterBackend

    return ClusterBackend(kind)


def check(kind: str) -> None:
    """Raise BadValue for a kind of engine that there is not."""
    if kind not in ("process", "thread") and urlsplit(kind).scheme not in ("http", "https"):
        raise BadValue(f"An engine {kind!r} was asked for; there is process, thread, or the http://… of a cluster.")


def threads() -> int:
    """Cores for the engine: most stay free for the pages, and for the browser that may run on this very machine.

    A small decoder gains nothing from a second thread, and waits for it whenever another program holds that core:
    measured on two busy cores, 0.6 ms a picture became 14.
    """
    return max(1, (os.cpu_count() or 1) // 4)


def order(names: list[str]) -> list[str]:
    """Names as the pages list them: the favourite first, the rest as the engine gives them."""
    return sorted(names, key=lambda name: name != DEFAULT_MODEL)


_client: EngineClient | None = None


def engine_client() -> EngineClient:
    """Return the client of this process, made at its first use."""
    global _client
    if _client is None:
        _client = EngineClient()
    return _client
