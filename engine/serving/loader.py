"""Models are made ready in a thread of their own, so that a large one that is opened stalls nobody's drag."""

import threading
from collections import deque
from collections.abc import Callable, Iterable

from engine.errors import ModelFault, ZoetropeError


class Loader:
    """Makes models ready one at a time: those that somebody waits for first, then those to be kept warm."""

    def __init__(self, prepare: Callable[[str], object], done: Callable[[str, ZoetropeError | None], None]) -> None:
        self.prepare, self.done = prepare, done
        self.wanted: deque[str] = deque()
        self.warming: deque[str] = deque()
        self.closed = False
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._work, name="loader", daemon=True)
        self.thread.start()

    def want(self, model: str) -> None:
        """Make a model ready for those who wait; `done` hears when it is, or why it cannot be."""
        with self.changed:
            self.wanted.append(model)
            self.changed.notify()

    def warm(self, models: Iterable[str]) -> None:
        """Make models ready, in this order, when nobody waits for another."""
        with self.changed:
            self.warming.extend(models)
            self.changed.notify()

    def close(self) -> None:
        with self.changed:
            self.closed = True
            self.changed.notify()
        if threading.current_thread() is not self.thread:
            self.thread.join()

    # Inside

    def _work(self) -> None:
        while (model := self._next()) is not None:
            self.done(model, self._trouble(model))

    def _next(self) -> str | None:
        with self.changed:
            self.changed.wait_for(lambda: self.closed or self.wanted or self.warming)
            return None if self.closed else (self.wanted or self.warming).popleft()

    def _trouble(self, model: str) -> ZoetropeError | None:
        try:
            self.prepare(model)
        except ZoetropeError as error:
            return error
        except Exception as error:
            return ModelFault(f"{model} cannot be opened ({type(error).__name__}: {error}). Look at its files.")
        return None
