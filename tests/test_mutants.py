"""The table of mutants fits the code that it breaks."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from tests.mutants import MUTANTS, Area, Mutant, main

ROOT = Path(__file__).parent.parent

each_mutant = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.file)


@each_mutant
def test_what_a_mutant_replaces_is_there_once(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text("utf-8").count(mutant.found) == 1
    assert mutant.broken != mutant.found


@each_mutant
def test_a_broken_module_of_python_can_still_be_read(mutant: Mutant) -> None:
    whole = (ROOT / mutant.file).read_text("utf-8")
    if mutant.file.endswith(".py"):
        ast.parse(whole.replace(mutant.found, mutant.broken))


@each_mutant
def test_the_test_that_has_to_catch_a_mutant_is_there(mutant: Mutant) -> None:
    file, _, name = mutant.test.partition("::")
    text = (ROOT / file).read_text("utf-8")
    assert not name or f"\ndef {name}(" in text


def test_each_area_has_ten_or_more() -> None:
    counts = Counter(mutant.area for mutant in MUTANTS)
    assert set(counts) == set(get_args(Area))
    assert min(counts.values()) >= 10


def test_mutants_can_be_listed_by_area(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--only", "front end"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == sum(mutant.area == "front end" for mutant in MUTANTS)
