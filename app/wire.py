"""Messages of the live channel: read, checked against the model's card, and written. The protocol is in app/live.py."""

from __future__ import annotations

import json
import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from engine.card import Card

MAX_MESSAGE = 1 << 20
MAX_ROWS = 1024
MAX_ANSWER = 48 << 20
POLICY, BAD_DATA, TOO_BIG, BROKEN = 1008, 1007, 1009, 1011
NAMES = ("decode", "draw", "posterior")


class Refused(Exception):
    """A message that this channel does not accept: close code and a sentence of at most 120 bytes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass
class Job:
    """One request on its way through the model, a chunk at a time."""

    header: dict[str, Any]
    payload: bytes
    arrived: float
    z: NDArray[np.float32] | None = None
    y: NDArray[np.int64] | None = None
    done: list[NDArray[np.uint8]] = field(default_factory=list)
    ms: dict[str, float] = field(default_factory=lambda: {"queue": 0.0, "model": 0.0, "encode": 0.0})

    @property
    def op(self) -> str:
        return str(self.header["op"])

    @property
    def left(self) -> int:
        """Rows not yet decoded; the smallest job goes first, so that a gesture overtakes a sheet."""
        rows = int(self.header.get("rows", 1))
        return rows - sum(len(part) for part in self.done)


def parse(data: bytes | None) -> Job:
    """Give the job in a message. Refused unless it is well formed."""
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
    _check_header(header)
    return Job(header, data[4 + length :], time.perf_counter())


def _check_header(header: Any) -> None:
    if not isinstance(header, dict) or str(header.get("op")) not in NAMES:
        raise Refused(BAD_DATA, f"The header needs an op, one of: {', '.join(NAMES)}.")
    for name, kind in (("id", int), ("slot", str), ("model", str)):
        if not isinstance(header.get(name), kind) or isinstance(header[name], bool):
            raise Refused(BAD_DATA, f"The header needs {name}, a {kind.__name__}.")
    if len(header["slot"]) > 64 or len(header["model"]) > 200:
        raise Refused(BAD_DATA, "The slot or the model has too long a name.")


def check(job: Job, card: Card | None) -> None:
    """Read the payload against the model's card. Refused where they do not fit."""
    if job.op == "draw":
        _check_seeds(job.header)
    if job.op != "decode" or card is None:
        return
    rows = job.header.get("rows")
    if not isinstance(rows, int) or not 1 <= rows <= MAX_ROWS:
        raise Refused(BAD_DATA, f"A request asks for 1 to {MAX_ROWS} rows.")
    if rows * int(np.prod(card.shape)) > MAX_ANSWER:
        raise Refused(TOO_BIG, "The pictures asked for are too many for one answer.")
    if len(job.payload) != 4 * rows * card.latent:
        raise Refused(BAD_DATA, f"{rows} rows of {card.latent} latents are {4 * rows * card.latent} bytes.")
    job.z = np.frombuffer(job.payload, "<f4").reshape(rows, card.latent)
    if not np.isfinite(job.z).all():
        raise Refused(BAD_DATA, "A latent is not a finite number.")
    columns = job.header.get("columns", 1)
    if not isinstance(columns, int) or not 1 <= columns <= MAX_ROWS:
        raise Refused(BAD_DATA, f"A sheet has 1 to {MAX_ROWS} columns.")
    job.y = _labels(job.header.get("y"), rows, len(card.classes))


def _check_seeds(header: dict[str, Any]) -> None:
    seeds, truncation = header.get("seeds"), header.get("truncation", 1.0)
    if not isinstance(seeds, list) or not 1 <= len(seeds) <= MAX_ROWS:
        raise Refused(BAD_DATA, f"A draw names 1 to {MAX_ROWS} seeds.")
    if not all(isinstance(seed, int) and 0 <= seed < 2**32 for seed in seeds):
        raise Refused(BAD_DATA, "A seed is a whole number from 0 to 2^32 - 1.")
    if not isinstance(truncation, int | float) or not 0 <= truncation <= 2:
        raise Refused(BAD_DATA, "The truncation lies between 0 and 2.")


def _labels(y: Any, rows: int, classes: int) -> NDArray[np.int64] | None:
    if y is None or not classes:
        return None
    labels = [y] * rows if isinstance(y, int) else y
    if not isinstance(labels, list) or len(labels) != rows:
        raise Refused(BAD_DATA, "y is one class, or one class for each row.")
    if not all(isinstance(label, int) and 0 <= label < classes for label in labels):
        raise Refused(BAD_DATA, f"A class is a whole number from 0 to {classes - 1}.")
    return np.array(labels, np.int64)


def message(header: dict[str, Any], payload: bytes = b"") -> bytes:
    """Give a message as it travels."""
    text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + payload
