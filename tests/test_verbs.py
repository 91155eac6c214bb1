"""The table of verbs: what follows from it is what is written down, and nothing else says the same again."""

from __future__ import annotations

import re
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.server import connection, protocol, websocket
from app.server.operations import MAX_ANSWER, MAX_OPERATIONS, operations
from app.server.token_bucket import BURST, MESSAGES_PER_SECOND
from engine.errors import BadValue
from engine.inference.fields import MAX_ROWS, SIDES, Parameter
from engine.inference.requests import Job
from engine.inference.verbs import CLASS, LIVE, SEED, SEED_LIST, STEPS, TRUNCATION, VERBS, WITH_TERMS
from tests.echo import card

ROOT = Path(__file__).parent.parent
CARD = card("pair", 2, (3, 4, 5), classes=3)

GIVEN = {"rows": 2, "seeds": [1, 2], "seed": 7, "steps": 3, "first": 0, "last": 4, "neighbours": 2, "truncation": 0.5}
GIVEN |= {"terms": False, "columns": 1, "y": 1}


@pytest.mark.parametrize("file", ["app/components/web/core/verbs.js", "docs/protocol.md"])
def test_what_is_written_is_what_the_table_gives(file: str) -> None:
    written = runpy.run_path(str(ROOT / "docs" / "verbs.py"))["files"]()
    assert written[ROOT / file] == (ROOT / file).read_text("utf-8")


@pytest.mark.parametrize("verb", VERBS)
def test_a_row_speaks_of_fields_of_a_job_and_of_known_sides(verb: str) -> None:
    row, job = VERBS[verb], Job(verb, "pair")
    assert all(hasattr(job, array.name) and set(array.sides) <= set(SIDES) for array in row.takes)
    apart = ("rows", "columns")  # of the message alone
    assert all(hasattr(job, each.field or each.name) for each in row.parameters if each.name not in apart)
    assert len({given.name for given in row.gives}) == len(row.gives)
    assert row.about.endswith(".")


SIZES = {
    "decode": 8,
    "reconstruct": 60,
    "distance": 120,
    "invert": 60 + 4 * 7,
    "complete": 60 + 20,
    "nearest": 60,
    "surprise": 60,
    "receptive": 60,
    "classify": 60,
    "score": 60,
    "encode": 60,
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_row_has_so_many_bytes(verb: str) -> None:
    assert VERBS[verb].row_bytes(CARD) == SIZES.get(verb, 0)


@pytest.mark.parametrize("verb", LIVE)
def test_every_verb_can_be_asked_for_by_the_fields_that_the_table_names_and_refuses_without(verb: str) -> None:
    asked: dict[str, Any] = {"verb": verb, "model": "pair"}
    asked |= {each.name: GIVEN[each.name] for each in LIVE[verb].parameters}
    (read,) = operations([asked])
    assert read.rows == (2 if LIVE[verb].rows else 1)
    for each in LIVE[verb].parameters:
        rest = {name: value for name, value in asked.items() if name != each.name}
        if each.required:
            with pytest.raises(Exception, match=f"{each.name} is .*; nothing was given"):
                operations([rest])
        else:
            assert operations([rest])[0].rows == read.rows


BOUNDS: list[tuple[Parameter, Any, int, Any]] = [
    (STEPS, 25, 1, 25),
    (TRUNCATION, None, 1, 1.0),
    (TRUNCATION, 2, 1, 2.0),
    (WITH_TERMS, None, 1, True),
    (SEED, 3, 2, (3, 3)),
    (SEED, [3, 4], 2, (3, 4)),
    (SEED_LIST, [2**32 - 1], 1, (2**32 - 1,)),
    (replace(CLASS, high=2), [0, 2], 2, (0, 2)),
    (CLASS, None, 2, None),
]
REFUSED: list[tuple[Parameter, Any, str]] = [
    (STEPS, 26, "steps is a whole number from 1 to 25; 26 was given"),
    (STEPS, None, "nothing was given"),
    (STEPS, True, "True was given"),
    (STEPS, 2.0, "2.0 was given"),
    (TRUNCATION, float("nan"), "truncation is a number from 0 to 2; nan"),
    (TRUNCATION, [1], "was given"),
    (WITH_TERMS, 1, "terms is true or false; 1 was"),
    (SEED, [3], "or one for each row"),
    (SEED, 2**32, "4294967296 was given"),
    (SEED_LIST, 3, "a list of 1 to 1024 whole numbers from 0 to 4294967295; 3"),
    (SEED_LIST, [], "a list of 1 to"),
    (SEED_LIST, [1] * 1025, "a list of 1 to"),
    (SEED_LIST, [1, "2"], "a list of 1 to"),
    (replace(CLASS, high=2), 3, "y is a whole number from 0 to 2, or one for each row; 3"),
    (STEPS, "9" * 10_000, "; '9{39} was given"),  # of a long value the beginning
]


@pytest.mark.parametrize(("parameter", "given", "rows", "read"), BOUNDS)
def test_a_parameter_is_read(parameter: Parameter, given: Any, rows: int, read: Any) -> None:
    value = parameter.read(given, rows)
    assert value == read
    assert type(value) is type(read)


@pytest.mark.parametrize(("parameter", "given", "sentence"), REFUSED)
def test_a_parameter_beyond_its_bounds_is_refused(parameter: Parameter, given: Any, sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        parameter.read(given, 2)


def test_the_page_of_the_protocol_has_every_op_and_every_limit() -> None:
    text = (ROOT / "docs" / "protocol.md").read_text("utf-8")
    assert [op for op in protocol.OPS if f"\n| `{op}` |" not in text] == []
    limits = {
        f"1 to {MAX_OPERATIONS}, of {MAX_ROWS} rows": "show",
        f"a message of {protocol.MAX_MESSAGE >> 20} MiB": "message",
        f"at most {protocol.MAX_VIEW >> 10} KB": "view",
        f"| {connection.MAX_SLOTS} slots": "slots",
        f"| {connection.MAX_WAITING} rows": "waiting",
        f"| {connection.MAX_SUBSCRIPTIONS} subscriptions of one person": "subscriptions",
        f"| {MESSAGES_PER_SECOND:.0f} messages a second of one person, {BURST:.0f} at": "rate",
        f"| {websocket.MOST} sockets of one person; {websocket.MOST_NAMELESS} of": "sockets",
        f"| {MAX_ANSWER >> 20} MiB of pictures": "answer",
    }
    assert [name for sentence, name in limits.items() if sentence not in text] == []


SPELT = {
    "app/components/web/core/verbs.js",  # written from it
    "engine/inference/batching.py",  # what each verb runs
    "engine/inference/device_model.py",  # passes, by the same names
    "engine/inference/engine.py",  # a method each, for people who script
    "engine/inference/passes.py",
    "engine/inference/verbs.py",
}


def test_no_other_file_has_a_table_of_verbs() -> None:
    name = re.compile("[\"'](" + "|".join(VERBS) + ")[\"']")
    sources = [path for folder in ("app", "engine") for path in (ROOT / folder).rglob("*")]
    found = {path: path.read_text("utf-8") for path in sources if path.suffix in (".py", ".js")}
    assert {str(path.relative_to(ROOT)) for path, text in found.items() if len(set(name.findall(text))) > 4} == SPELT
