"""Every row of every page's table: what is shown goes into the link as core/state.js writes it, and comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.components.assets import WEB
from app.views import state
from app.views.state import Row
from engine.checkpoints.card import Outliers, Strangers
from engine.checkpoints.catalogue import Catalogue
from tests.echo import CARDS

PAGES = sorted(path.parent.name for path in (WEB / "pages").glob("*/state.json"))
LINKED = [(page, row) for page in PAGES for row in state.table(page) if row.link]
STRANGERS = Outliers(1.0, {}, (Strangers("mnist", {}),), "", 1)
CHANGED = replace(CARDS["grey"], classes=("a", "b", "c"), outliers=STRANGERS)
MODELS = Catalogue({**CARDS, "grey": CHANGED}, {})


def some(row: Row) -> Any:
    """Return a value of a row that is not its default."""
    values: dict[str, Any] = {
        "model": "colour",
        "models": ["colour", "grey"],
        "seed": 2**32 - 1,
        "seeds": [7, 0, 9],
        "class": 2,
        "whole": 2,
        "number": 0.25,
        "strangers": "mnist",
        "latent": [0.3, -1.2345],
        "axes": [1, 0],
        "choice": row.choices[-1] if row.choices else "",
        "source": "sample:grey:4",
        "sources": ["bundled:digit-3-upright", "sample:grey:4"],
    }
    return values[row.type]


def written(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def asked(page: str, **address: str) -> state.Asked:
    return state.parse(page, address, MODELS, list(CARDS), {})


@pytest.mark.parametrize(("page", "row"), LINKED, ids=lambda part: part if isinstance(part, str) else part.name)
def test_a_value_that_goes_into_the_link_comes_back(page: str, row: Row) -> None:
    value = some(row)
    found = asked(page, **{row.name: written(value)}, stranger="1")
    assert value != row.default
    assert found["view"][row.name] == value
    assert (found["notices"], found["query"]) == ([], {row.name: written(value)})


@pytest.mark.parametrize(("page", "row"), LINKED, ids=lambda part: part if isinstance(part, str) else part.name)
def test_what_is_no_value_gets_one_sentence_and_the_default(page: str, row: Row) -> None:
    usual = asked(page)["view"][row.name]
    found = asked(page, **{row.name: "no\u00b2such"})
    assert found["view"][row.name] == ([] if row.type in ("models", "sources") else usual)
    (sentence,) = found["notices"]
    assert "no\u00b2such" in sentence or f"The link's {row.name}" in sentence


@pytest.mark.parametrize("page", PAGES)
def test_rows_have_names_of_their_own_and_types_that_are_known(page: str) -> None:
    rows = state.table(page)
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.type in state.TYPES for row in rows if row.link)
    assert all(row.link for row in rows if row.history)
