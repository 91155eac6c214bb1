"""Messages of the live channel: read, checked, and written, as docs/protocol.md has them."""

from __future__ import annotations

import json
import math
import re
import struct
from dataclasses import dataclass, field
from typing import Any

from app import blind
from app.blind import Begin, Reveal
from app.server.errors import BAD_DATA, TOO_BIG, ProtocolError, whole
from app.server.operations import Operation, job, operations
from engine.checkpoints.catalogue import Catalogue
from engine.errors import ZoetropeError
from engine.inference.requests import Job
from engine.inference.verbs import LIVE

MAX_MESSAGE = 1 << 20
MAX_VIEW = 64 << 10
OPS = ("show", "cancel", "keep", "recall", "subscribe", *blind.OPS)
TOKEN = re.compile(r"[A-Za-z0-9_-]{22,64}")


@dataclass(frozen=True)
class Show:
    """Operations that are to be answered together."""

    id: int
    slot: str
    operations: tuple[Operation, ...]
    payload: bytes
    rate: float | None = None  # bytes a second that the client has measured

    @property
    def rows(self) -> int:
        return sum(operation.rows for operation in self.operations)

    def jobs(self, catalogue: Catalogue, who: str) -> list[Job | ZoetropeError]:
        """Give a job for each operation, or why there is none. Raises ProtocolError for a payload that does not fit."""
        widths, jobs, at = self._widths(catalogue), list[Job | ZoetropeError](), 0
        for number, operation in enumerate(self.operations):
            size = operation.rows * widths.get(operation.kind, 0)
            part, at = self.payload[at : at + size], at + size
            try:
                jobs.append(job(operation, part, catalogue, who, f"{self.slot}/{number}"))
            except ZoetropeError as error:  # an unknown model is answered in its operation, not punished
                jobs.append(error)
        return jobs

    def _widths(self, catalogue: Catalogue) -> dict[tuple[str, str], int]:
        """Give the bytes of a row of each kind of operation: from its card, or from what is left for it."""
        rows = dict[tuple[str, str], int]()
        for operation in self.operations:
            if LIVE[operation.verb].takes:
                rows[operation.kind] = rows.get(operation.kind, 0) + operation.rows
        known = {kind: LIVE[kind[0]].row_bytes(catalogue.cards[kind[1]]) for kind in rows if kind[1] in catalogue.cards}
        left, unknown = len(self.payload) - sum(rows[kind] * known[kind] for kind in known), rows.keys() - known
        if left < 0 or (left and not unknown):
            wanted = ", ".join(f"{rows[kind]} rows of {known[kind]} bytes" for kind in list(known)[:3]) or "nothing"
            raise ProtocolError(BAD_DATA, f"The operations take {wanted}; the payload differs by {left} bytes.")
        if len(unknown) > 1:
            raise ProtocolError(BAD_DATA, "Several models of this message are unknown; reload the page.")
        for kind in unknown:
            known[kind] = left // rows[kind]
        return known


@dataclass(frozen=True)
class Keep:
    """A view to be kept under a token."""

    id: int
    slot: str
    token: str
    view: str  # JSON
    rows = 0


@dataclass(frozen=True)
class Recall:
    """A token whose view is wanted back."""

    id: int
    slot: str
    token: str
    rows = 0


@dataclass(frozen=True)
class Subscribe:
    """A topic of which somebody wants to hear, and of what in it, until they cancel or there is no more to tell."""

    id: int
    slot: str
    topic: str
    key: str
    rows = 0


@dataclass(frozen=True)
class Cancel:
    """Nobody waits any more for the request of this slot that has this id."""

    id: int
    slot: str
    rows = 0


Answered = Show | Keep | Recall | Begin | Reveal
Request = Answered | Subscribe | Cancel


@dataclass(frozen=True)
class Message:
    """A message as it came: whose request it is, as far as that can be read, and what it asks for."""

    id: int | None = None
    slot: str | None = None
    header: dict[str, Any] = field(default_factory=dict)
    payload: bytes = b""
    trouble: str = ""  # where not even its sender's slot can be read
    rows = 0

    def request(self) -> Request:
        """Give the request. Raises ProtocolError unless it is well formed."""
        number, slot, op = self.id, self.slot, self.header.get("op")
        if number is None or slot is None:
            raise ProtocolError(BAD_DATA, self.trouble)
        if not isinstance(op, str) or op not in OPS:
            raise ProtocolError(BAD_DATA, f"The header needs an op, one of: {', '.join(OPS)}.")
        if op == "show":
            rate = _rate(self.header.get("rate"))
            return Show(number, slot, operations(self.header.get("operations")), self.payload, rate)
        if op == "cancel":
            return Cancel(number, slot)
        if op == "subscribe":
            return _subscription(self.header, number, slot)
        if op in blind.OPS:
            return blind.read(self.header, number, slot)
        return _memory(self.header, number, slot)


def read(data: bytes | None) -> Message:
    """Read a message as far as its header goes. Raises ProtocolError where it is too big to be looked at."""
    if data is None:
        return Message(trouble="Messages are binary: header length, JSON header, payload.")
    if len(data) > MAX_MESSAGE:
        raise ProtocolError(TOO_BIG, f"A message holds at most {MAX_MESSAGE} bytes.")
    if len(data) < 4 or (length := struct.unpack_from("<I", data)[0]) > len(data) - 4:
        return Message(trouble="The message is shorter than its header says.")
    try:
        header = json.loads(data[4 : 4 + length].decode())
    except (ValueError, RecursionError):
        return Message(trouble="The header is not JSON in UTF-8.")
    if not isinstance(header, dict):
        return Message(trouble="The header is not a JSON object.")
    number, slot = header.get("id"), header.get("slot")
    if not whole(number, 0, 2**53):
        return Message(trouble="The header needs an id, a whole number.")
    if not isinstance(slot, str) or len(slot) > 64:
        return Message(number, trouble="The header needs a slot, a name of at most 64 letters.")
    return Message(number, slot, header, data[4 + length :])


def parse(data: bytes | None) -> Request:
    """Give the request in a message. Raises ProtocolError unless it is well formed."""
    return read(data).request()


def _memory(header: dict[str, Any], number: int, slot: str) -> Keep | Recall:
    token = header.get("token")
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise ProtocolError(BAD_DATA, "A token is 22 to 64 letters, digits, - and _.")
    if header["op"] == "recall":
        return Recall(number, slot, token)
    if not isinstance(header.get("view"), dict):
        raise ProtocolError(BAD_DATA, "A view is an object.")
    try:
        view = json.dumps(header["view"], separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        raise ProtocolError(BAD_DATA, "A view holds finite numbers only.") from None
    if len(view) > MAX_VIEW:
        sentence = f"A view holds at most {MAX_VIEW} bytes, and this one has {len(view)}. It was not kept."
        raise ProtocolError(TOO_BIG, sentence)
    return Keep(number, slot, token, view)


def _subscription(header: dict[str, Any], number: int, slot: str) -> Subscribe:
    topic, key = header.get("topic"), header.get("key")
    if not (isinstance(topic, str) and isinstance(key, str) and len(key) <= 64):
        raise ProtocolError(BAD_DATA, "A subscription names a topic, and in it a key of at most 64 letters.")
    return Subscribe(number, slot, topic, key)


def _rate(given: Any) -> float | None:
    if given is None:
        return None
    if not isinstance(given, int | float) or isinstance(given, bool) or not 0 < given < math.inf:
        raise ProtocolError(BAD_DATA, "The rate is a number of bytes a second.")
    return float(min(given, 1e12))  # whatever its digits, it fits


def message(header: dict[str, Any], *payloads: bytes) -> bytes:
    """Give a message as it travels."""
    text = json.dumps(header).encode()
    return b"".join([struct.pack("<I", len(text)), text, *payloads])
