"""Plain values become typed ones, or are refused by the name of their field."""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from engine import schema
from engine.errors import BadValue


@dataclass(frozen=True)
class Inner:
    sizes: tuple[int, ...]
    rate: float = 1.0


@dataclass(frozen=True)
class Outer:
    name: Literal["a", "b"]
    inner: Inner
    pair: tuple[float, float] = (0.0, 1.0)
    maybe: float | None = None
    table: dict[str, tuple[int, int]] = field(default_factory=dict)
    flag: bool = False


WHOLE = Outer("b", Inner((1, 2, 3), 2.0), (1.0, 2.0), 0.5, {"z1": (0, 4)}, True)


def test_a_dataclass_survives_json() -> None:
    assert schema.read(json.loads(json.dumps(dataclasses.asdict(WHOLE))), Outer, "outer") == WHOLE


def test_whole_numbers_pass_for_numbers() -> None:
    read = schema.read({"name": "a", "inner": {"sizes": [], "rate": 3}}, Outer, "outer")
    assert read.inner == Inner((), 3.0)
    assert isinstance(read.inner.rate, float)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": "c"}, r"outer\.name is 'c'"),
        ({"name": None}, r"outer\.name"),
        ({"inner": 3}, r"outer\.inner is '3'; it has to be a table"),
        ({"inner": {}}, r"outer\.inner lacks sizes"),
        ({"inner": {"sizes": [1, "2"]}}, r"outer\.inner\.sizes\[1\] is '2', which is no int"),
        ({"inner": {"sizes": [True]}}, r"sizes\[0\] is 'True'"),
        ({"inner": {"sizes": "12"}}, r"outer\.inner\.sizes"),
        ({"pair": [1]}, r"outer\.pair has 1 values; it has to have 2"),
        ({"maybe": "x"}, r"outer\.maybe is 'x', which is no float\. Nor: .*no NoneType"),
        ({"table": {"z": [0]}}, r"outer\.table\.z has 1 values"),
        ({"flag": 1}, r"outer\.flag"),
        ({"extra": 1}, r"outer has no field extra\. It has: flag, inner"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadValue, match=complaint):
        schema.read({**dataclasses.asdict(WHOLE), **change}, Outer, "outer")
