"""Models are made ready in threads of their own, so that one that is slow to open, or never ends, stalls nobody."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from engine.errors import Busy, ModelFault, ZoetropeError

AT_ONCE = 2
"""How many models that somebody waits for are opened at once; one to be kept warm only while none is."""
LIMIT = 60.0
"""Seconds after which nobody waits for a model to open any more, and another takes its turn; the largest takes 5."""
MOST_STUCK = 8
"""How many may be stuck in their opening before no further one is opened: their threads cannot be ended."""
GRACE = 5.0  # seconds for those under way when all ends


class Loader:
    """Makes models ready, a few at once: those that somebody waits for first, then those to be kept warm.

    `done` hears of each when it is ready, or why it cannot be: at the latest when its time is up.
    """

    def __init__(
        self,
        prepare: Callable[[str], object],
        done: Callable[[str, ZoetropeError | None], None],
        limit: float = LIMIT,
    ) -> None:
        self.prepare, self.done, self.limit = prepare, done, limit
        self.wanted: deque[str] = deque()
        self.warming: deque[str] = deque()
        self.opening: dict[str, float] = {}  # model → when its time is up
        self.stuck: set[str] = set()  # models whose time was up, and that still open
        self.threads: dict[str, threading.Thread] = {}
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
            under_way = [self.threads[model] for model in self.opening]
        for thread in (self.thread, *under_way):
            if threading.current_thread() is not thread:
                thread.join(GRACE)

    # Inside

    def _work(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(self._due, self._patience())
                if self.closed:
                    return
                news = self._overdue() or self._begin()
            for model, trouble in news:
                self.done(model, trouble)

    def _due(self) -> bool:
        return self.closed or self._next() is not None

    def _patience(self) -> float | None:
        return max(0.0, min(self.opening.values()) - time.monotonic()) if self.opening else None

    def _next(self) -> deque[str] | None:
        """Return the queue whose turn it is; None where all have to wait."""
        if self.wanted and len(self.opening) < AT_ONCE:
            return self.wanted
        return self.warming if self.warming and not self.opening else None

    def _overdue(self) -> list[tuple[str, ZoetropeError]]:
        late = [model for model, end in self.opening.items() if end <= time.monotonic()]
        for model in late:
            del self.opening[model]
            self.stuck.add(model)
        return [(model, self._slow(model)) for model in late]

    def _begin(self) -> list[tuple[str, ZoetropeError]]:
        """Open the next model in a thread of its own; returns those that cannot even begin."""
        queue = self._next()
        if queue is None:
            return []
        model = queue.popleft()
        if model in self.opening:  # it is being kept warm: `done` will be heard
            return []
        if model in self.stuck:
            return [(model, self._slow(model))]
        if len(self.threads) >= MOST_STUCK:
            return [(model, Busy(f"{MOST_STUCK} models do not come to an end of opening. Restart to open others."))]
        self.opening[model] = time.monotonic() + self.limit
        self.threads[model] = threading.Thread(target=self._open, args=(model,), name=f"opens {model}", daemon=True)
        self.threads[model].start()
        return []

    def _open(self, model: str) -> None:
        trouble = self._trouble(model)
        with self.changed:
            in_time = self.opening.pop(model, None) is not None
            self.stuck.discard(model)
            del self.threads[model]
            self.changed.notify()
        if in_time:
            self.done(model, trouble)

    def _trouble(self, model: str) -> ZoetropeError | None:
        try:
            self.prepare(model)
        except ZoetropeError as error:
            return error
        except Exception as error:
            return ModelFault(f"{model} cannot be opened ({type(error).__name__}: {error}). Look at its files.")
        return None

    def _slow(self, model: str) -> ModelFault:
        return ModelFault(
            f"{model} was not open within {self.limit:g} seconds. Ask again later, or take another model."
        )
