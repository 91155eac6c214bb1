"""Why a message of the live channel is not accepted: its sentence is the answer, unless it closes the socket."""

from __future__ import annotations

from typing import Any, TypeGuard

POLICY, BAD_DATA, TOO_BIG, BROKEN = 1008, 1007, 1009, 1011
"""Codes with which a socket closes (RFC 6455, section 7.4.1)."""


class ProtocolError(Exception):
    """A message that this channel does not accept: close code and a sentence, of at most 120 bytes if it closes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def whole(value: Any, low: int, high: int) -> TypeGuard[int]:
    """Whether a value is a whole number from low to high."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
