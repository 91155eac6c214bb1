"""Plain JSON values as typed ones: what a file claims is read field by field, or refused with the field's name."""

import dataclasses
import types
import typing
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal, Union

from engine.errors import BadValue

RENAMED = {
    "begin": "init_from",
    "mutated": "noise_fraction",
    "located": "position_bias_layers",
    "penalized": "lazy_reg_fraction",
    "share": "variance_share",
    "top": "z2_dim",
}
"""Fields of recipes and configs by the names that they had in older runs and cards."""


def renamed(value: Any) -> Any:
    """Rename the fields of a recipe or a config, as JSON has them, to those of this version, at every depth."""
    if isinstance(value, dict):
        return {RENAMED.get(name, name): renamed(item) for name, item in value.items()}
    return [renamed(item) for item in value] if isinstance(value, list) else value


def read(value: Any, kind: Any, name: str) -> Any:
    """Read a value as a number, string, tuple, dictionary, union, literal or dataclass. Raises BadValue naming it."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return value if type(value) is kind else read_fields(value, kind, name)
    if origin in (Union, types.UnionType):
        return read_first(value, arguments, name)
    if origin is Literal and value in arguments:
        return value
    if origin is tuple and isinstance(value, Sequence) and not isinstance(value, str):
        return read_tuple(value, arguments, name)
    if origin is dict and isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: read(item, arguments[1], f"{name}.{key}") for key, item in value.items()}
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return read_float(value, name)
    if kind in (int, str, bool, type(None)) and type(value) is kind:
        return value
    wanted = kind.__name__ if isinstance(kind, type) else str(kind)
    raise BadValue(f"{name} is {str(value)[:60]!r}, which is no {wanted}.")


def read_float(value: int | float, name: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise BadValue(f"{name} is a whole number of more digits than a float can have.") from None


def read_fields(value: Any, kind: Any, name: str) -> Any:
    if not isinstance(value, dict):
        raise BadValue(f"{name} is {str(value)[:60]!r}; it has to be a table of fields.")
    fields, hints = fields_of(kind)
    if unknown := sorted(map(str, set(value) - set(fields))):
        raise BadValue(f"{name} has no field {', '.join(unknown)}. It has: {', '.join(sorted(fields))}.")
    nothing = dataclasses.MISSING
    needed = {field for field, spec in fields.items() if spec.default is spec.default_factory is nothing}
    if missing := sorted(needed - set(value)):
        raise BadValue(f"{name} lacks {', '.join(missing)}.")
    return kind(**{field: read(item, hints[field], f"{name}.{field}") for field, item in value.items()})


@cache
def fields_of(kind: type) -> tuple[dict[str, dataclasses.Field[Any]], dict[str, Any]]:
    """Name the fields of a dataclass, and the types of them."""
    return {field.name: field for field in dataclasses.fields(kind)}, typing.get_type_hints(kind)


def read_first(value: Any, kinds: Sequence[Any], name: str) -> Any:
    faults = []
    for kind in kinds:
        try:
            return read(value, kind, name)
        except BadValue as fault:
            faults.append(str(fault))
    raise BadValue(" Nor: ".join(faults))


def read_tuple(value: Sequence[Any], kinds: Sequence[Any], name: str) -> tuple[Any, ...]:
    alike = len(kinds) == 2 and kinds[1] is ...
    if alike and all(type(item) is kinds[0] for item in value):  # as in most: a card has thousands of numbers
        return tuple(value)
    each = [kinds[0]] * len(value) if alike else list(kinds)
    if len(each) != len(value):
        raise BadValue(f"{name} has {len(value)} values; it has to have {len(each)}.")
    return tuple(read(item, kind, f"{name}[{i}]") for i, (item, kind) in enumerate(zip(value, each, strict=True)))
