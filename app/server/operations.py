"""Operations of the live channel: what a message asks of models, read and checked by the table of verbs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.server.errors import BAD_DATA, TOO_BIG, ProtocolError
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from engine.errors import BadValue
from engine.inference.fields import MAX_ROWS, TYPES, Array, Parameter
from engine.inference.requests import Job
from engine.inference.verbs import CLASS, LIVE, Verb

MAX_OPERATIONS = 16
MAX_ANSWER = 48 << 20


@dataclass(frozen=True)
class Operation:
    """One picture, sheet or list of latents that a message asks for."""

    verb: str
    model: str
    rows: int = 1
    columns: int | None = None
    y: Any = None  # as it came: only the card knows the classes
    fields: Mapping[str, Any] = field(default_factory=dict)  # of its job

    @property
    def kind(self) -> tuple[str, str]:
        """Operations of one kind take as many bytes a row."""
        return self.verb, self.model

    @property
    def seeds(self) -> tuple[int, ...]:
        return self.fields.get("seeds", ())


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
    if not isinstance(verb, str) or verb not in LIVE:
        raise ProtocolError(BAD_DATA, f"A verb is one of: {', '.join(LIVE)}.")
    model = given.get("model")
    if not isinstance(model, str) or len(model) > 200:
        raise ProtocolError(BAD_DATA, "An operation needs a model, a name of at most 200 letters.")
    fields, rows = dict[str, Any](), 1
    for parameter in LIVE[verb].parameters:  # that of the rows comes first
        if parameter is not CLASS:
            fields[parameter.field or parameter.name] = _read(parameter, given.get(parameter.name), rows)
        rows = fields.get("rows") or len(fields.get("seeds", ())) or 1
    fields.pop("rows", None)
    y = given.get("y") if CLASS in LIVE[verb].parameters else None
    return Operation(verb, model, rows, fields.pop("columns", None), y, fields)


def _read(parameter: Parameter, given: Any, rows: int) -> Any:
    try:
        return parameter.read(given, rows)
    except BadValue as error:
        raise ProtocolError(BAD_DATA, str(error)) from None


# To a job


def job(operation: Operation, payload: bytes, catalogue: Catalogue, who: str, slot: str) -> Job:
    """Read an operation and its part of the payload against its model's card. Raises UnknownName and ProtocolError."""
    card, verb = catalogue.card(operation.model), LIVE[operation.verb]
    if _pictures(operation, verb) * math.prod(card.shape) > MAX_ANSWER:
        raise ProtocolError(TOO_BIG, "The pictures asked for are too many for one answer.")
    arrays: dict[str, Any] = _arrays(verb, payload, operation.rows, card)
    y = _classes(operation, len(card.classes))
    return Job(operation.verb, operation.model, **arrays, **operation.fields, y=y, who=who, slot=slot)


def _pictures(operation: Operation, verb: Verb) -> int:
    """Count the pictures of the answer."""
    gives = any(given.name == "pictures" for given in verb.gives)
    return gives * operation.rows * int(operation.fields.get("neighbours", 1))


def _arrays(verb: Verb, payload: bytes, rows: int, card: Card) -> dict[str, NDArray[Any]]:
    """Cut an operation's part of the payload into the arrays of its job."""
    arrays, at = dict[str, NDArray[Any]](), 0
    for array in verb.takes:
        size = rows * array.row_bytes(card)
        arrays[array.name] = _array(array, payload[at : at + size], (rows, *array.shape(card)))
        at += size
    return arrays


def _array(array: Array, part: bytes, shape: tuple[int, ...]) -> NDArray[Any]:
    values = np.frombuffer(part, TYPES[array.dtype]).reshape(shape)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ProtocolError(BAD_DATA, f"{array.name} holds finite numbers; one of them is not.")
    return values


def _classes(operation: Operation, classes: int) -> NDArray[np.int64] | None:
    if operation.y is None or not classes:
        return None
    return np.array(_read(replace(CLASS, high=classes - 1), operation.y, operation.rows), np.int64)
