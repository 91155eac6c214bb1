"""Operations of the live channel: what a message asks for, read and checked. The protocol stands in websocket.py."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.seeds import SEEDS
from app.server.errors import BAD_DATA, TOO_BIG, ProtocolError, whole
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from engine.inference.requests import MAX_NEIGHBOURS, MAX_STEPS, Job

MAX_OPERATIONS = 16
MAX_ROWS = 1024  # of all operations of one message
MAX_SEARCHES = 16  # rows of an inversion
MAX_FILLINGS = 16  # rows of a completion
MAX_PIXELS = 1 << 20  # of a picture
MAX_ANSWER = 48 << 20
VERBS = (
    "decode", "reconstruct", "distance", "invert", "latents", "posterior", "directions", "wall", "pictures", "points",
    "nearest", "complete", "surprise", "receptive", "masks", "classify", "score",
)  # fmt: skip
"""What an operation may ask for, by the engine's own names."""
SEEDED = ("wall", "pictures", "points")
"""Operations that name seeds and get what their model makes of them."""


@dataclass(frozen=True)
class Operation:
    """One picture, sheet or list of latents that a message asks for."""

    verb: str
    model: str
    rows: int = 1
    y: int | list[int] | None = None
    columns: int | None = None
    seeds: tuple[int, ...] = ()
    truncation: float = 1.0
    steps: int = 1
    neighbours: int = 1
    terms: bool = True
    first: int = 0
    last: int = 0

    @property
    def kind(self) -> tuple[str, str]:
        """Operations of one kind take as many bytes a row."""
        return self.verb, self.model


# From a header


def operations(given: Any) -> tuple[Operation, ...]:
    """Read the operations of a message. Raises ProtocolError."""
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_OPERATIONS:
        raise ProtocolError(BAD_DATA, f"A message shows 1 to {MAX_OPERATIONS} operations.")
    read = tuple(_operation(operation) for operation in given)
    if sum(operation.rows for operation in read) > MAX_ROWS:
        raise ProtocolError(BAD_DATA, f"A message asks for at most {MAX_ROWS} rows.")
    return read


def _operation(given: Any) -> Operation:
    verb = given.get("verb") if isinstance(given, dict) else None
    if not isinstance(verb, str) or verb not in VERBS:
        raise ProtocolError(BAD_DATA, f"A verb is one of the {len(VERBS)} that app/server/websocket.py lists.")
    model = given.get("model")
    if not isinstance(model, str) or len(model) > 200:
        raise ProtocolError(BAD_DATA, "An operation needs a model, a name of at most 200 letters.")
    if verb == "latents":
        return Operation(verb, model, len(seeds := _seeds(given)), seeds=seeds, truncation=_truncation(given))
    if verb in ("posterior", "directions", "masks"):
        return Operation(verb, model)
    if verb in SEEDED:
        truncation, columns = _truncation(given), _columns(given)
        return Operation(verb, model, len(seeds := _seeds(given)), given.get("y"), columns, seeds, truncation)
    rows, columns = given.get("rows"), _columns(given)
    if not whole(rows, 1, MAX_ROWS):
        raise ProtocolError(BAD_DATA, f"An operation asks for 1 to {MAX_ROWS} rows.")
    if verb in ("complete", "receptive"):
        return _stretch(given, verb, model, rows)
    seeds = _seeds_of_rows(given, rows) if verb == "reconstruct" else ()
    steps = _steps(given, rows) if verb == "invert" else 1
    neighbours = _neighbours(given) if verb == "nearest" else 1
    return Operation(verb, model, rows, given.get("y"), columns, seeds, 1.0, steps, neighbours, _terms(given))


def _terms(given: dict[str, Any]) -> bool:
    terms = given.get("terms", True)
    if not isinstance(terms, bool):
        raise ProtocolError(BAD_DATA, "terms is true or false.")
    return terms


def _stretch(given: dict[str, Any], verb: str, model: str, rows: int) -> Operation:
    """Read an operation that speaks of pixels: from which on, and of a completion to which, and by which seeds."""
    first, last = given.get("first"), given.get("last", 0)
    if not whole(first, 0, MAX_PIXELS) or not whole(last, 0, MAX_PIXELS) or rows > MAX_FILLINGS:
        raise ProtocolError(BAD_DATA, f"Pixels have numbers, row · width + column; at most {MAX_FILLINGS} rows.")
    seeds = _seeds_of_rows(given, rows) if verb == "complete" else ()
    if verb == "complete" and not seeds:
        raise ProtocolError(BAD_DATA, "A completion needs a seed, or one for each row.")
    more: dict[str, Any] = {"terms": _terms(given), "first": first, "last": last}
    return Operation(verb, model, rows, given.get("y"), _columns(given), seeds, **more)


def _columns(given: dict[str, Any]) -> int | None:
    columns = given.get("columns")
    if columns is not None and not whole(columns, 1, MAX_ROWS):
        raise ProtocolError(BAD_DATA, f"A sheet has 1 to {MAX_ROWS} columns.")
    return columns


def _seeds(given: dict[str, Any]) -> tuple[int, ...]:
    seeds = given.get("seeds")
    if not isinstance(seeds, list) or not 1 <= len(seeds) <= MAX_ROWS:
        raise ProtocolError(BAD_DATA, f"A draw names 1 to {MAX_ROWS} seeds.")
    return _checked_seeds(seeds)


def _seeds_of_rows(given: dict[str, Any], rows: int) -> tuple[int, ...]:
    """Give a seed for each row to be drawn; none where none is given."""
    seed = given.get("seed")
    seeds = [] if seed is None else seed if isinstance(seed, list) else [seed] * rows
    if seed is not None and len(seeds) != rows:
        raise ProtocolError(BAD_DATA, "seed is one number, or one for each row.")
    return _checked_seeds(seeds)


def _checked_seeds(seeds: list[Any]) -> tuple[int, ...]:
    if not all(whole(seed, 0, SEEDS - 1) for seed in seeds):
        raise ProtocolError(BAD_DATA, "A seed is a whole number from 0 to 2^32 - 1.")
    return tuple(seeds)


def _steps(given: dict[str, Any], rows: int) -> int:
    steps = given.get("steps")
    if not whole(steps, 1, MAX_STEPS) or rows > MAX_SEARCHES:
        raise ProtocolError(BAD_DATA, f"An inversion takes 1 to {MAX_STEPS} steps of at most {MAX_SEARCHES} rows.")
    return steps


def _neighbours(given: dict[str, Any]) -> int:
    neighbours = given.get("neighbours", 1)
    if not whole(neighbours, 1, MAX_NEIGHBOURS):
        raise ProtocolError(BAD_DATA, f"A picture has 1 to {MAX_NEIGHBOURS} neighbours.")
    return int(neighbours)


def _truncation(given: dict[str, Any]) -> float:
    truncation = given.get("truncation", 1.0)
    if not isinstance(truncation, int | float) or isinstance(truncation, bool) or not 0 <= truncation <= 2:
        raise ProtocolError(BAD_DATA, "The truncation lies between 0 and 2.")
    return float(truncation)


# To a job


def _latent_bytes(card: Card) -> int:
    return 4 * card.latent


def _picture_bytes(card: Card) -> int:
    return math.prod(card.shape)


def _pair_bytes(card: Card) -> int:
    return 2 * _picture_bytes(card)


def _search_bytes(card: Card) -> int:
    return _picture_bytes(card) + 4 * (3 * card.latent + 1)


def _hidden_bytes(card: Card) -> int:
    _, height, width = card.shape
    return _picture_bytes(card) + height * width


TAKEN: dict[str, Callable[[Card], int]] = {
    "decode": _latent_bytes,
    "reconstruct": _picture_bytes,
    "distance": _pair_bytes,
    "invert": _search_bytes,
    "nearest": _picture_bytes,
    "complete": _hidden_bytes,
    "surprise": _picture_bytes,
    "receptive": _picture_bytes,
    "classify": _picture_bytes,
    "score": _picture_bytes,
}
"""How many bytes of the payload a row of an operation takes."""


def job(operation: Operation, payload: bytes, catalogue: Catalogue, who: str, slot: str) -> Job:
    """Read an operation and its part of the payload against its model's card. Raises UnknownName and ProtocolError."""
    card = catalogue.card(operation.model)
    if (
        operation.verb in (*TAKEN, *SEEDED)
        and operation.rows * operation.neighbours * _picture_bytes(card) > MAX_ANSWER
    ):
        raise ProtocolError(TOO_BIG, "The pictures asked for are too many for one answer.")
    return Job(
        operation.verb,
        operation.model,
        **_arrays(operation, payload, card),
        y=_classes(operation, len(card.classes)),
        seeds=operation.seeds,
        truncation=operation.truncation,
        steps=operation.steps,
        neighbours=operation.neighbours,
        terms=operation.terms,
        first=operation.first,
        last=operation.last,
        who=who,
        slot=slot,
    )


def _arrays(operation: Operation, payload: bytes, card: Card) -> dict[str, Any]:
    """Cut an operation's part of the payload into the arrays of its job."""
    if operation.verb not in TAKEN:
        return {}
    if operation.verb == "decode":
        return {"z": _floats(payload, operation.rows)}
    channels, height, width = card.shape
    size = operation.rows * _picture_bytes(card)
    pictures = np.frombuffer(payload, np.uint8, size).reshape(operation.rows, height, width, channels)
    if operation.verb == "distance":
        return {"pictures": pictures, "others": np.frombuffer(payload[size:], np.uint8).reshape(pictures.shape)}
    if operation.verb == "complete":
        return {"pictures": pictures, "hidden": np.frombuffer(payload[size:], np.uint8).reshape(pictures.shape[:3])}
    return {"pictures": pictures} | (
        {"state": _floats(payload[size:], operation.rows)} if operation.verb == "invert" else {}
    )


def _floats(payload: bytes, rows: int) -> NDArray[np.float32]:
    array = np.frombuffer(payload, "<f4").reshape(rows, -1)
    if not np.isfinite(array).all():
        raise ProtocolError(BAD_DATA, "A latent is not a finite number.")
    return array


def _classes(operation: Operation, classes: int) -> NDArray[np.int64] | None:
    if operation.y is None or not classes:
        return None
    labels: Sequence[Any] = operation.y if isinstance(operation.y, list) else [operation.y] * operation.rows
    if len(labels) != operation.rows:
        raise ProtocolError(BAD_DATA, "y is one class, or one class for each row.")
    if not all(whole(label, 0, classes - 1) for label in labels):
        raise ProtocolError(BAD_DATA, f"A class is a whole number from 0 to {classes - 1}.")
    return np.array(labels, np.int64)
