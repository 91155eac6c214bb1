"""What the tests call is checked: shapes that do not go together, and types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import torch
from beartype import beartype
from jaxtyping import Float
from torch import Tensor

from engine.checkpoints.card import Metric
from engine.nn.likelihoods import gaussian_log_density
from engine.registry import build
from tests.signatures import checked, has_shapes

Square = Float[Tensor, "side side"]
Row = Float[Tensor, "count"]


def check(item):  # type: ignore[no-untyped-def]
    return checked(typechecker=beartype)(item)


@check
def made(rows: int, columns: int) -> Square:
    return torch.zeros(rows, columns)


@check
def each(squares: list[Square], count: int) -> Iterator[Square]:
    yield from squares[:count]


@check
@dataclass
class Pair:
    first: Row
    second: Row


def test_the_packages_are_checked() -> None:
    x = torch.zeros(2, 1, 4, 4)
    assert gaussian_log_density(x, x, x).shape == (2,)
    for wrong in (torch.zeros(3, 1, 4, 4), torch.zeros(2, 16), x.int()):
        with pytest.raises(TypeError):
            gaussian_log_density(x, wrong, x)
    with pytest.raises(TypeError):
        build("digits-vae")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Metric("a name", "no number", "", "a protocol")  # type: ignore[arg-type]


def test_what_is_given_back_is_checked_against_itself_in_each_call() -> None:
    assert made(2, 2).shape == (2, 2)
    assert made(3, 3).shape == (3, 3)
    with pytest.raises(TypeError):
        made(2, 3)


def test_iterators_and_dataclasses_are_checked() -> None:
    assert len(list(each([torch.zeros(2, 2)], 1))) == 1
    with pytest.raises(TypeError):
        list(each([torch.zeros(2, 3)], 1))
    with pytest.raises(TypeError):
        list(each([], "one"))  # type: ignore[arg-type]
    assert Pair(torch.zeros(2), torch.zeros(2)).first.shape == (2,)
    with pytest.raises(TypeError):
        Pair(torch.zeros(2), torch.zeros(3))


def test_shapes_are_found_wherever_they_are_written() -> None:
    def plain(each: int, all: list[Tensor]) -> None: ...
    def nested(each: int, ways: dict[str, Callable[[Square | None], int]]) -> None: ...
    def unknown(each: Absent) -> None: ...  # type: ignore[name-defined]

    assert not has_shapes(plain)
    assert has_shapes(nested)
    assert has_shapes(unknown)
