"""Whether a server far away lives: asked over and over; its listeners are told."""

import threading
import time
from collections.abc import Callable

from engine.serving.protocol import State
from engine.serving.states import States

PERIOD = 1.0  # seconds between questions while all is well
EAGER = 0.25  # seconds between them while it is not


class HealthMonitor:
    """Calls `alive` in a thread of its own, and keeps the state that follows from its answers.

    It is lost after `patience` seconds without an answer, and ready again with the first.
    """

    def __init__(self, alive: Callable[[], bool], patience: float) -> None:
        self.alive, self.patience = alive, patience
        self.states = States()
        self.heard = time.monotonic()
        self.woken = threading.Event()
        self.closed = False
        self.thread = threading.Thread(target=self._work, name="health monitor", daemon=True)

    def start(self) -> None:
        self.thread.start()

    @property
    def state(self) -> State:
        return self.states.present

    def hear(self) -> None:
        """Take note that the server has just answered, so that it need not be asked."""
        self.heard = time.monotonic()

    def check_now(self) -> None:
        """Take note that the server could not be reached: nothing is ready until it answers again."""
        self._tell("restarting", only_if_ready=True)
        self.woken.set()

    def close(self) -> None:
        self.closed = True
        self.woken.set()
        if threading.current_thread() is not self.thread:
            self.thread.join()

    def _work(self) -> None:
        while not self.closed:
            fresh = self.state == "ready" and time.monotonic() - self.heard < PERIOD
            if not fresh and self.alive():
                self.hear()
                fresh = True
            self._update(fresh)
            self.woken.wait(PERIOD if self.state == "ready" else EAGER)
            self.woken.clear()

    def _update(self, alive: bool) -> None:
        if alive:
            self._tell("ready")
        elif time.monotonic() - self.heard > self.patience:
            self._tell("lost")
        else:
            self._tell("restarting", only_if_ready=True)

    def _tell(self, state: State, only_if_ready: bool = False) -> None:
        with self.states.lock:
            if not self.closed and (self.state == "ready" or not only_if_ready):
                self.states.tell(state)
