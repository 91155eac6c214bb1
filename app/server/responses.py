"""Answers of the live channel as messages. The protocol stands at the top of app/server/websocket.py."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.blind import is_token
from app.server import protocol
from app.server.operations import Operation
from app.server.pictures import RAW_LIMIT, Codec
from app.server.protocol import Message, Request, Show
from engine.errors import ZoetropeError
from engine.inference.requests import TERMS, Answer, Outcome


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
    write = _numbers if "pictures" not in outcome.arrays else _pictures
    more, payload = write(operation, outcome.arrays, codec, rate)
    ms = {stage: round(value, 3) for stage, value in outcome.ms.items()}
    return {**about, **more, "ms": ms, "bytes": len(payload)}, payload


Arrays = Mapping[str, NDArray[Any]]
FOLLOWING = {"z": "latent", "state": "state", "losses": "losses", "distance": "apart", "chances": "chances"}
"""Arrays of float32 that follow the pictures of an answer, and the field of the header that has their shape."""
NUMBERS = {
    "distance": "distance",
    "points": "points",
    "classify": "logits",
    "score": "given",
    "surprise": "surprise",
    "receptive": "reach",
    "masks": "masks",
}
"""Where the numbers of an answer without pictures are, but for z."""
NONE = np.zeros(0, np.float32)
LISTED = (*TERMS, "strangeness", "texture", "turned", "log_prob", "elbo", "file_bits")
"""Arrays, a number a row, that stand in the header itself."""


def _pictures(operation: Operation, arrays: Arrays, codec: Codec, rate: float | None) -> tuple[dict[str, Any], bytes]:
    pictures = arrays["pictures"]
    pictures = pictures.reshape(-1, *pictures.shape[-3:])  # the neighbours of a picture stand behind each other
    columns = min(len(pictures), operation.columns or math.ceil(math.sqrt(len(pictures))))
    if operation.verb == "complete":
        form, payload = "raw", pictures.tobytes()  # what was drawn is given again, bit by bit, to be drawn on
    else:
        form, payload = codec.encode("blind" if is_token(operation.model) else operation.model, pictures, columns, rate)
    about: dict[str, Any] = {"shape": pictures.shape, "format": form, "columns": columns}
    for name, field in FOLLOWING.items():
        if name in arrays:
            following = arrays[name].T if name == "losses" else arrays[name]
            about[field] = following.shape
            payload += following.astype("<f4").tobytes()
    if "drawn" in arrays:
        about["drawn"] = bool(arrays["drawn"].all())
    if "y" in arrays:
        about["y"] = arrays["y"].tolist()
    return about | {name: _listed(arrays[name]) for name in LISTED if name in arrays}, payload


def _listed(numbers: NDArray[Any]) -> list[float | None]:
    """Give numbers as JSON has them: it knows no infinity."""
    return [round(float(number), 4) if math.isfinite(number) else None for number in numbers]


def _numbers(operation: Operation, arrays: Arrays, codec: Codec, rate: float | None) -> tuple[dict[str, Any], bytes]:
    numbers, labels = arrays.get(NUMBERS.get(operation.verb, "z"), NONE), arrays.get("labels")
    payload = numbers.astype("<f4").tobytes() + (b"" if labels is None else labels.astype("<i2").tobytes())
    about: dict[str, Any] = {"shape": numbers.shape, "format": "float32"}
    if "about" in arrays:
        about[operation.verb] = json.loads(arrays["about"].tobytes())  # of directions, or of masks
    about |= {name: _listed(arrays[name]) for name in LISTED if name in arrays}
    return about | ({} if labels is None else {"labels": True}), payload
