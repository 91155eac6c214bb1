"""The one engine of this process, opened in the background so that the port answers at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.runtime import Engine

FAVOURITE = "frey-vae-2d"
"""The model shown first: dragging over a face explains a latent space without a word."""


class Door:
    """The engine and the single thread that may run models.

    One thread, because two forward passes that share two cores are slower than one after the other.
    """

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine")
        self.opening: Future[Engine] = Future()

    def start(self, factory: Callable[[], Engine]) -> None:
        """Open the engine and warm its first model without making the caller wait."""
        self.pool.submit(self._open, factory)

    def _open(self, factory: Callable[[], Engine]) -> None:
        try:
            engine = factory()
        except BaseException as error:  # whoever waits for the engine must hear why it never came
            self.opening.set_exception(error)
            return
        self.opening.set_result(engine)
        _warm(engine)

    def engine(self, timeout: float = 120.0) -> Engine:
        """Give the engine, once it is open."""
        return self.opening.result(timeout)


def _warm(engine: Engine) -> None:
    from engine.errors import ZoetropeError

    for name in order(engine.names("decodes"))[:1]:
        try:
            engine.decode(name, engine.latents(name, [0]))
        except ZoetropeError:  # the page will say it, to the person who opens that model
            continue


def order(names: list[str]) -> list[str]:
    """Names as the pages list them: the favourite first, the rest as the engine gives them."""
    return sorted(names, key=lambda name: name != FAVOURITE)


def open_engine(folders: list[Path] | None) -> Engine:
    """Open an engine over `folders`; None stands for the shipped and the user's own."""
    from engine.runtime import Engine  # here, not above: it loads torch, which takes seconds

    return Engine(folders)


_door: Door | None = None


def door() -> Door:
    """Give the door of this process, made at its first use."""
    global _door
    if _door is None:
        _door = Door()
    return _door
