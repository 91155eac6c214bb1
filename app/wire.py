"""Messages of the live channel: read, checked, and written. The protocol stands at the top of app/live.py."""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from engine.catalogue import Catalogue
from engine.errors import ZoetropeError
from engine.serving.jobs import Job

MAX_MESSAGE = 1 << 20
MAX_PANELS = 16
MAX_ROWS = 1024  # of all panels of one message
MAX_VIEW = 64 << 10
MAX_ANSWER = 48 << 20
POLICY, BAD_DATA, TOO_BIG, BROKEN = 1008, 1007, 1009, 1011
OPERATIONS = ("show", "keep", "recall")
VERBS = {"decode": "decode", "draw": "latents", "posterior": "posterior"}
"""What a panel may ask for, and the engine's name for it."""
TOKEN = re.compile(r"[A-Za-z0-9_-]{22,64}")


class Refused(Exception):
    """A message that this channel does not accept: close code and a sentence of at most 120 bytes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True)
class Panel:
    """One picture, sheet or list of latents that a message asks for."""

    verb: str
    model: str
    rows: int = 1
    y: int | list[int] | None = None
    columns: int | None = None
    seeds: tuple[int, ...] = ()
    truncation: float = 1.0


@dataclass(frozen=True)
class Show:
    """Panels that are to be answered together."""

    id: int
    slot: str
    panels: tuple[Panel, ...]
    payload: bytes
    rate: float | None = None  # bytes a second that the client has measured

    @property
    def rows(self) -> int:
        return sum(panel.rows for panel in self.panels)

    def jobs(self, catalogue: Catalogue, who: str) -> list[Job | ZoetropeError]:
        """Give a job for each panel, or why there is none. Raises Refused where the payload does not fit the cards."""
        widths, jobs, at = self._widths(catalogue), list[Job | ZoetropeError](), 0
        for number, panel in enumerate(self.panels):
            size = 4 * panel.rows * widths.get(panel.model, 0) if panel.verb == "decode" else 0
            part, at = self.payload[at : at + size], at + size
            try:
                jobs.append(_job(panel, part, catalogue, who, f"{self.slot}/{number}"))
            except ZoetropeError as error:  # an unknown model is answered in its panel, not punished
                jobs.append(error)
        return jobs

    def _widths(self, catalogue: Catalogue) -> dict[str, int]:
        """Give the length of a row of each model that is decoded: from its card, or from what is left for it."""
        rows = dict[str, int]()
        for panel in self.panels:
            if panel.verb == "decode":
                rows[panel.model] = rows.get(panel.model, 0) + panel.rows
        known = {name: catalogue.cards[name].latent for name in rows if name in catalogue.cards}
        left, unknown = len(self.payload) - 4 * sum(rows[name] * known[name] for name in known), rows.keys() - known
        if not unknown and left:
            wanted = ", ".join(f"{rows[name]} rows of {known[name]}" for name in list(known)[:3]) or "no latents"
            raise Refused(BAD_DATA, f"The panels ask for {wanted}; the payload differs by {left} bytes.")
        if len(unknown) > 1:
            raise Refused(BAD_DATA, "Several models of this message are unknown; reload the page.")
        for name in unknown:
            known[name] = max(0, left // (4 * rows[name]))
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


Request = Show | Keep | Recall


def parse(data: bytes | None) -> Request:
    """Give the request in a message. Raises Refused unless it is well formed."""
    if data is None:
        raise Refused(BAD_DATA, "Messages are binary: header length, JSON header, payload.")
    if len(data) > MAX_MESSAGE:
        raise Refused(TOO_BIG, f"A message holds at most {MAX_MESSAGE} bytes.")
    if len(data) < 4 or (length := struct.unpack_from("<I", data)[0]) > len(data) - 4:
        raise Refused(BAD_DATA, "The message is shorter than its header says.")
    try:
        header = json.loads(data[4 : 4 + length])
    except (ValueError, RecursionError):
        raise Refused(BAD_DATA, "The header is not JSON.") from None
    if not isinstance(header, dict) or header.get("op") not in OPERATIONS:
        raise Refused(BAD_DATA, f"The header needs an op, one of: {', '.join(OPERATIONS)}.")
    number, slot = header.get("id"), header.get("slot")
    if not _whole(number, 0, 2**53):
        raise Refused(BAD_DATA, "The header needs an id, a whole number.")
    if not isinstance(slot, str) or len(slot) > 64:
        raise Refused(BAD_DATA, "The header needs a slot, a name of at most 64 letters.")
    if header["op"] == "show":
        return Show(number, slot, _panels(header.get("panels")), data[4 + length :], _rate(header.get("rate")))
    return _memory(header, number, slot)


def _memory(header: dict[str, Any], number: int, slot: str) -> Keep | Recall:
    token = header.get("token")
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise Refused(BAD_DATA, "A token is 22 to 64 letters, digits, - and _.")
    if header["op"] == "recall":
        return Recall(number, slot, token)
    if not isinstance(header.get("view"), dict):
        raise Refused(BAD_DATA, "A view is an object.")
    try:
        view = json.dumps(header["view"], separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        raise Refused(BAD_DATA, "A view holds finite numbers only.") from None
    if len(view) > MAX_VIEW:
        raise Refused(TOO_BIG, f"A view holds at most {MAX_VIEW} bytes.")
    return Keep(number, slot, token, view)


# Panels


def _panels(given: Any) -> tuple[Panel, ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_PANELS:
        raise Refused(BAD_DATA, f"A message shows 1 to {MAX_PANELS} panels.")
    panels = tuple(_panel(panel) for panel in given)
    if sum(panel.rows for panel in panels) > MAX_ROWS:
        raise Refused(BAD_DATA, f"A message asks for at most {MAX_ROWS} rows.")
    return panels


def _panel(given: Any) -> Panel:
    verb = given.get("verb") if isinstance(given, dict) else None
    if not isinstance(verb, str) or verb not in VERBS:
        raise Refused(BAD_DATA, f"A panel needs a verb, one of: {', '.join(VERBS)}.")
    model = given.get("model")
    if not isinstance(model, str) or len(model) > 200:
        raise Refused(BAD_DATA, "A panel needs a model, a name of at most 200 letters.")
    if verb == "draw":
        return Panel(verb, model, len(seeds := _seeds(given)), seeds=seeds, truncation=_truncation(given))
    if verb == "posterior":
        return Panel(verb, model)
    rows, columns = given.get("rows"), given.get("columns")
    if not _whole(rows, 1, MAX_ROWS):
        raise Refused(BAD_DATA, f"A panel asks for 1 to {MAX_ROWS} rows.")
    if columns is not None and not _whole(columns, 1, MAX_ROWS):
        raise Refused(BAD_DATA, f"A sheet has 1 to {MAX_ROWS} columns.")
    return Panel(verb, model, rows, given.get("y"), columns)


def _seeds(given: dict[str, Any]) -> tuple[int, ...]:
    seeds = given.get("seeds")
    if not isinstance(seeds, list) or not 1 <= len(seeds) <= MAX_ROWS:
        raise Refused(BAD_DATA, f"A draw names 1 to {MAX_ROWS} seeds.")
    if not all(_whole(seed, 0, 2**32 - 1) for seed in seeds):
        raise Refused(BAD_DATA, "A seed is a whole number from 0 to 2^32 - 1.")
    return tuple(seeds)


def _truncation(given: dict[str, Any]) -> float:
    truncation = given.get("truncation", 1.0)
    if not isinstance(truncation, int | float) or isinstance(truncation, bool) or not 0 <= truncation <= 2:
        raise Refused(BAD_DATA, "The truncation lies between 0 and 2.")
    return float(truncation)


def _rate(given: Any) -> float | None:
    if given is None:
        return None
    if not isinstance(given, int | float) or isinstance(given, bool) or not 0 < given < math.inf:
        raise Refused(BAD_DATA, "The rate is a number of bytes a second.")
    return min(float(given), 1e12)


def _whole(value: Any, low: int, high: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


# Jobs


def _job(panel: Panel, payload: bytes, catalogue: Catalogue, who: str, slot: str) -> Job:
    """Read a panel against its model's card. Raises UnknownName; Refused where they do not fit."""
    card = catalogue.card(panel.model)
    verb = VERBS[panel.verb]
    if panel.verb != "decode":
        return Job(verb, panel.model, seeds=panel.seeds, truncation=panel.truncation, who=who, slot=slot)
    if panel.rows * math.prod(card.shape) > MAX_ANSWER:
        raise Refused(TOO_BIG, "The pictures asked for are too many for one answer.")
    z = np.frombuffer(payload, "<f4").reshape(panel.rows, card.latent)
    if not np.isfinite(z).all():
        raise Refused(BAD_DATA, "A latent is not a finite number.")
    y = _classes(panel, len(card.classes))
    return Job(verb, panel.model, z=z, y=y, who=who, slot=slot)


def _classes(panel: Panel, classes: int) -> NDArray[np.int64] | None:
    if panel.y is None or not classes:
        return None
    labels: Sequence[Any] = panel.y if isinstance(panel.y, list) else [panel.y] * panel.rows
    if len(labels) != panel.rows:
        raise Refused(BAD_DATA, "y is one class, or one class for each row.")
    if not all(_whole(label, 0, classes - 1) for label in labels):
        raise Refused(BAD_DATA, f"A class is a whole number from 0 to {classes - 1}.")
    return np.array(labels, np.int64)


def message(header: dict[str, Any], *payloads: bytes) -> bytes:
    """Give a message as it travels."""
    text = json.dumps(header).encode()
    return b"".join([struct.pack("<I", len(text)), text, *payloads])
