"""Answers of the live channel as messages. docs/protocol.md describes them."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.blind import is_token
from app.server import protocol
from app.server.operations import Operation
from app.server.pictures import RAW_LIMIT, Codec
from app.server.protocol import Message, Request, Show
from engine.errors import ZoetropeError
from engine.inference.fields import Sent
from engine.inference.requests import Answer, Outcome
from engine.inference.verbs import LIVE


def slow(outcome: Outcome) -> bool:
    """Whether an answer takes so long to write that the event loop has no time for it."""
    pictures = outcome.arrays.get("pictures") if isinstance(outcome, Answer) else None
    return pictures is not None and pictures.nbytes > RAW_LIMIT


def trouble(request: Request | Message, sentence: str) -> bytes:
    """Write why a whole request failed."""
    return protocol.message({"id": request.id, "slot": request.slot, "error": sentence})


def written(show: Show, outcomes: Sequence[Outcome], codec: Codec) -> bytes:
    """Write the answer to all operations of a request."""
    started = time.perf_counter()
    parts = [
        _result(operation, outcome, codec, show.rate)
        for operation, outcome in zip(show.operations, outcomes, strict=True)
    ]
    answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
    ms = {stage: max((answer.ms.get(stage, 0.0) for answer in answers), default=0.0) for stage in ("queue", "model")}
    ms["encode"] = 1e3 * (time.perf_counter() - started)
    header = {
        "id": show.id,
        "slot": show.slot,
        "ms": {stage: round(value, 3) for stage, value in ms.items()},
        "results": [about for about, _ in parts],
    }
    return protocol.message(header, *(payload for _, payload in parts))


def _result(operation: Operation, outcome: Outcome, codec: Codec, rate: float | None) -> tuple[dict[str, Any], bytes]:
    about: dict[str, Any] = {"model": operation.model, "verb": operation.verb}
    if isinstance(outcome, ZoetropeError):
        return {**about, "error": str(outcome)}, b""
    more, payload = _main(operation, outcome.arrays, codec, rate)
    for given in LIVE[operation.verb].gives[1:]:
        if given.name in outcome.arrays:
            value, part = SENT[given.sent](outcome.arrays[given.name])
            more[given.field or given.name] = value
            payload += part
    ms = {stage: round(value, 3) for stage, value in outcome.ms.items()}
    return {**about, **more, "ms": ms, "bytes": len(payload)}, payload


def _main(
    operation: Operation, arrays: Mapping[str, NDArray[Any]], codec: Codec, rate: float | None
) -> tuple[dict[str, Any], bytes]:
    """Write what an answer gives first: pictures, or numbers."""
    given = LIVE[operation.verb].gives[0]
    if given.sent == "floats":
        numbers = arrays.get(given.name, NONE)
        return {"shape": numbers.shape, "format": "float32"}, _floats(numbers)
    pictures = arrays[given.name]
    pictures = pictures.reshape(-1, *pictures.shape[-3:])  # the neighbours of a picture stand behind each other
    columns = min(len(pictures), operation.columns or math.ceil(math.sqrt(len(pictures))))
    if given.sent == "raw":
        form, payload = "raw", pictures.tobytes()  # what was drawn is given again, bit by bit, to be drawn on
    else:
        form, payload = codec.encode("blind" if is_token(operation.model) else operation.model, pictures, columns, rate)
    return {"shape": pictures.shape, "format": form, "columns": columns}, payload


NONE = np.zeros(0, np.float32)


def _floats(numbers: NDArray[Any]) -> bytes:
    return numbers.astype("<f4").tobytes()


def _listed(numbers: NDArray[Any]) -> list[float | None]:
    """Give numbers as JSON has them: it knows no infinity."""
    return [round(float(number), 4) if math.isfinite(number) else None for number in numbers]


SENT: dict[Sent, Callable[[NDArray[Any]], tuple[Any, bytes]]] = {
    "following": lambda array: (array.shape, _floats(array)),
    "labels": lambda array: (True, array.astype("<i2").tobytes()),
    "numbers": lambda array: (_listed(array), b""),
    "classes": lambda array: (array.tolist(), b""),
    "flag": lambda array: (bool(array.all()), b""),
    "json": lambda array: (json.loads(array.tobytes()), b""),
}
"""How an array beside the first is sent: its field of the header, and what follows in the payload."""
