"""What requests and answers are made of: arrays, with their shapes, and parameters, with their bounds."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from engine.checkpoints.card import Card
from engine.errors import BadValue

MAX_ROWS = 1024
"""Rows of all operations of one message."""

SIDES: dict[str, Callable[[Card], int]] = {
    "latent": lambda card: card.latent,
    "3 · latent + 1": lambda card: 3 * card.latent + 1,
    "channel": lambda card: card.shape[0],
    "height": lambda card: card.shape[1],
    "width": lambda card: card.shape[2],
}
"""Sides of a row of an array, by the card of its model."""
TYPES = {"uint8": "u1", "int16": "<i2", "int64": "<i8", "float32": "<f4"}
"""Types of arrays, each as it travels."""

Kind = Literal["whole", "number", "flag"]
Many = Literal["one", "each", "list"]
Sent = Literal["pictures", "raw", "floats", "following", "labels", "numbers", "classes", "flag", "json"]


@dataclass(frozen=True)
class Array:
    """An array that a verb takes, n rows of these sides: a field of its job."""

    name: str
    sides: tuple[str, ...]
    dtype: str = "uint8"

    def shape(self, card: Card) -> tuple[int, ...]:
        """Return the shape of one row."""
        return tuple(SIDES[side](card) for side in self.sides)

    def row_bytes(self, card: Card) -> int:
        return math.prod(self.shape(card)) * int(TYPES[self.dtype][-1])


@dataclass(frozen=True)
class Given:
    """An array that a verb gives, and how the live channel sends it, see docs/protocol.md. The first is its payload."""

    name: str
    shape: tuple[str, ...]
    sent: Sent = "following"
    dtype: str = "float32"
    field: str = ""  # of the answer's header, where it is not the name
    when: str = ""  # where it is not always there


@dataclass(frozen=True)
class Parameter:
    """A field of a request beside its arrays: one value, one for all rows or each, or a list that has the rows."""

    name: str
    kind: Kind = "whole"
    low: int = 0
    high: int | None = None  # where the card alone knows it
    many: Many = "one"
    required: bool = True
    default: Any = None
    field: str = ""  # of the job, where it is not the name

    @property
    def accepts(self) -> str:
        """Say what is accepted."""
        if self.kind == "flag":
            return "true or false"
        word = "whole number" if self.kind == "whole" else "number"
        limits = f"from {self.low}" if self.high is None else f"from {self.low} to {self.high}"
        if self.many == "list":
            return f"a list of 1 to {MAX_ROWS} {word}s {limits}"
        return f"a {word} {limits}" + (", or one for each row" if self.many == "each" else "")

    def check(self, value: Any) -> Any:
        """Return a value. Raises BadValue outside its bounds."""
        if not self._fits(value):
            raise self._refused(value)
        return float(value) if self.kind == "number" else value

    def read(self, given: Any, rows: int = 1) -> Any:
        """Return the field of a request as a job has it. Raises BadValue."""
        if given is None and not self.required:
            return self.default
        if self.many == "one":
            return self.check(given)
        values = given if isinstance(given, list) else [given] * rows if self.many == "each" else []
        counts = (rows, rows) if self.many == "each" else (1, MAX_ROWS)
        if not counts[0] <= len(values) <= counts[1] or not all(map(self._fits, values)):
            raise self._refused(given)
        return tuple(values)

    def _fits(self, value: Any) -> bool:
        if self.kind == "flag" or isinstance(value, bool):
            return self.kind == "flag" and isinstance(value, bool)
        high = math.inf if self.high is None else self.high
        return isinstance(value, int if self.kind == "whole" else int | float) and self.low <= value <= high

    def _refused(self, value: Any) -> BadValue:
        shown = "nothing" if value is None else repr(value)
        return BadValue(f"{self.name} is {self.accepts}; {shown[:40]} was given.")
