"""How many messages a person may send, and why a socket is closed that sends too much."""

from __future__ import annotations

import time

from app.server.errors import POLICY

MESSAGES_PER_SECOND = 300.0
BURST = 600.0


class TooMany(Exception):
    """Why a socket is closed: a sentence of at most 120 bytes."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = POLICY, reason


class TokenBucket:
    """A bucket of messages that refills with time."""

    def __init__(self) -> None:
        self.tokens, self.since = BURST, time.monotonic()

    def spend(self) -> None:
        now = time.monotonic()
        self.tokens = min(BURST, self.tokens + (now - self.since) * MESSAGES_PER_SECOND) - 1
        self.since = now
        if self.tokens < 0:
            raise TooMany(f"More than {MESSAGES_PER_SECOND:.0f} messages a second; reload the page.")
