"""Checks of signatures while the tests run: shapes where a signature has them, types everywhere.

The wrapper of jaxtyping takes about 50 microseconds a call, which binds the arguments and checks them twice, also in
the many functions that have no shape at all. Here each is checked once, and only what has shapes pays for them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, get_args

import jaxtyping
from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray, TypeCheckError, jaxtyped

typed = beartype(conf=BeartypeConf(violation_type=TypeCheckError))  # a TypeError, as of Python's own


def install(packages: list[str]) -> None:
    """Check what is called of the packages that are imported from now on."""
    jaxtyping.jaxtyped = checked  # the hook looks it up in the module, for each function and class
    jaxtyping.install_import_hook(packages, "beartype.beartype")


def checked(item: Any = None, *, typechecker: Any) -> Any:
    """Stand in for `jaxtyping.jaxtyped`, with the same checks."""
    if item is None:
        return partial(checked, typechecker=typechecker)
    if inspect.isclass(item):
        if "__dataclass_fields__" in vars(item):
            item.__init__ = checked(item.__init__, typechecker=typechecker)
        return item
    if not inspect.isfunction(item) or inspect.isgeneratorfunction(item):
        return jaxtyped(item, typechecker=typechecker)
    return with_shapes(item) if has_shapes(item) else typed(item)


def with_shapes(function: Callable[..., Any]) -> Callable[..., Any]:
    """Check a function whose axes have the same sizes throughout one call."""
    checking = typed(function)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with jaxtyped("context"):
            return checking(*args, **kwargs)

    return call


def has_shapes(function: Callable[..., Any]) -> bool:
    """Whether a shape is written anywhere in a signature; if that cannot be read, it may be."""
    try:
        return any(is_shaped(hint, function.__globals__) for hint in function.__annotations__.values())
    except NameError:
        return True


def is_shaped(hint: Any, names: dict[str, Any]) -> bool:
    if isinstance(hint, str):
        hint = eval(hint, names)
    if isinstance(hint, type) and issubclass(hint, AbstractArray):
        return True
    parts = hint if isinstance(hint, list) else get_args(hint)  # of a Callable the arguments are a list
    return any(is_shaped(part, names) for part in parts)
