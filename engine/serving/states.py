"""The state of an engine, and its listeners."""

import logging
import threading

from engine.serving.protocol import Listener, State

LOG = logging.getLogger(__name__)


class States:
    """The present state and its listeners, who hear all states in their order; from any thread."""

    def __init__(self, present: State = "starting") -> None:
        self.present = present
        self.listeners: list[Listener] = []
        self.lock = threading.RLock()  # held while telling; a listener may watch or ask in turn

    def watch(self, listener: Listener) -> None:
        """Call `listener` with each new state, and with the present one at once."""
        with self.lock:
            self.listeners.append(listener)
            listener(self.present)

    def tell(self, state: State) -> None:
        """Take on a state. A listener that fails is logged, as a future's callback is, and the others hear it."""
        with self.lock:
            if state == self.present:
                return
            self.present = state
            for listener in list(self.listeners):
                try:
                    listener(state)
                except Exception:
                    LOG.exception("a listener failed")
