"""Blind rounds: nothing that leaves the server before the reveal says what a column is."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from app import blind
from app.blind import KEPT, REAL, Begin, Reveal, Rounds
from app.server.errors import ProtocolError
from app.server.operations import operations
from app.server.pictures import Codec
from app.server.protocol import Show, parse
from app.server.responses import written
from engine.checkpoints.catalogue import Catalogue
from engine.errors import BadValue, ModelFault, UnknownName
from engine.inference.requests import Answer
from tests.echo import card

CARDS = {
    "digits-one": card("digits-one", 2, (1, 8, 8)),
    "digits-two": card("digits-two", 3, (1, 8, 8), classes=4),
    "digits-three": card("digits-three", 9, (1, 8, 8)),
    "faces-one": card("faces-one", 2, (3, 8, 8)),
}
CATALOGUE = Catalogue(CARDS, {})
THREE = ("digits-one", "digits-two", "digits-three")


def begin(*models: str, real: bool = False, single: bool = False) -> Begin:
    return Begin(1, "blind", models or THREE, real, single)


def walls(columns: Any, seeds: tuple[int, ...] = (1, 2, 3)) -> list[dict[str, Any]]:
    return [{"verb": "wall", "model": token, "seeds": list(seeds)} for token in columns]


def test_a_round_has_every_column_once_under_tokens_that_say_nothing() -> None:
    rounds = Rounds()
    opened = rounds.begin(begin(real=True), CATALOGUE)
    assert sorted(opened.columns.values()) == sorted([*THREE, REAL])
    assert all(not any(name in token for name in (*THREE, REAL)) for token in opened.columns)
    assert len({opened.token, *opened.columns}) == 5


def test_columns_are_shuffled_anew_in_each_round() -> None:
    rounds = Rounds()
    orders = {tuple(rounds.begin(begin(), CATALOGUE).columns.values()) for _ in range(60)}
    assert len(orders) == 6


def test_seeds_are_shifted_so_that_nobody_can_look_them_up() -> None:
    rounds = Rounds()
    opened = rounds.begin(begin(), CATALOGUE)
    jobs = opened.jobs(operations(walls(opened.columns)), CATALOGUE, "me", "walls-0")
    assert {job.seeds for job in jobs} == {tuple((seed + opened.shift) % 2**32 for seed in (1, 2, 3))}
    assert len({rounds.begin(begin(), CATALOGUE).shift for _ in range(5)}) == 5
    conditional = next(job for job in jobs if job.model == "digits-two")
    assert conditional.y is not None
    assert set(conditional.y) <= set(range(4))


@pytest.mark.parametrize("part", ["one column alone", "other seeds", "another verb", "twice the same"])
def test_a_round_that_is_not_drawn_whole_is_refused(part: str) -> None:
    opened = Rounds().begin(begin(), CATALOGUE)
    asked = walls(opened.columns)
    if part == "one column alone":
        asked = asked[:1]
    elif part == "other seeds":
        asked[0]["seeds"] = [9, 2, 3]
    elif part == "another verb":
        asked[0] = {**asked[0], "verb": "latents"}
    else:
        asked[0] = asked[1]
    with pytest.raises(ProtocolError, match="whole"):
        opened.jobs(operations(asked), CATALOGUE, "me", "walls-0")


def test_the_answer_holds_neither_names_nor_times_nor_reasons() -> None:
    rounds = Rounds()
    opened = rounds.begin(begin(), CATALOGUE)
    show = Show(1, "walls-0", operations(walls(opened.columns)), b"")
    picture = np.zeros((3, 8, 8, 1), np.uint8)
    outcomes = [
        Answer({"pictures": picture, "z": np.ones((3, 9), np.float32)}, {"queue": 1.5, "model": 777.0}),
        ModelFault("digits-two failed on this request (RuntimeError)."),
        Answer({"pictures": picture}, {"queue": 2.5, "model": 3.0}),
    ]
    message = written(show, [blind.hushed(outcome) for outcome in outcomes], Codec())
    text = message.decode("latin1")
    header = json.loads(message[4 : 4 + int.from_bytes(message[:4], "little")])
    assert not any(name in text for name in (*THREE, "777", "RuntimeError", "latent"))
    assert (header["ms"]["model"], header["ms"]["queue"]) == (0, 0)
    assert header["results"][0].keys() == header["results"][2].keys()
    assert header["results"][0]["bytes"] == header["results"][2]["bytes"]


def test_the_reveal_tells_columns_and_which_guesses_were_right() -> None:
    rounds = Rounds()
    opened = rounds.begin(begin(), CATALOGUE)
    names = list(opened.columns.values())
    told = rounds.reveal(Reveal(2, "reveal", opened.token, (names[0], names[0], None)))
    assert told == {"columns": names, "right": [True, False, False], "shift": opened.shift}
    with pytest.raises(BadValue, match="give one for each"):
        rounds.reveal(Reveal(2, "reveal", opened.token, ()))
    with pytest.raises(BadValue, match="over"):
        rounds.reveal(Reveal(2, "reveal", "unknown", (None,)))


def test_of_a_single_picture_real_and_made_are_both_drawn_whichever_is_shown() -> None:
    rounds, shown = Rounds(), set[str]()
    for _ in range(40):
        opened = rounds.begin(begin(single=True), CATALOGUE)
        (name,) = opened.columns.values()
        jobs = opened.jobs(operations(walls(opened.columns, (1,))), CATALOGUE, "me", "walls-0")
        assert sorted(job.verb for job in jobs) == ["pictures", "wall"]
        assert jobs[0].verb == ("pictures" if name == REAL else "wall")
        truth = REAL if name == REAL else "made"
        assert rounds.reveal(Reveal(2, "reveal", opened.token, (truth,)))["right"] == [True]
        wrong = "made" if name == REAL else REAL
        assert rounds.reveal(Reveal(2, "reveal", opened.token, (wrong,)))["right"] == [False]
        shown.add(truth)
    assert shown == {REAL, "made"}


def test_what_would_give_itself_away_or_is_no_riddle_is_refused_with_a_sentence() -> None:
    rounds = Rounds()
    with pytest.raises(BadValue, match="one kind of picture"):
        rounds.begin(begin("digits-one", "faces-one"), CATALOGUE)
    with pytest.raises(BadValue, match="no riddle"):
        rounds.begin(begin("digits-one", "digits-one"), CATALOGUE)
    with pytest.raises(UnknownName):
        rounds.begin(begin("nobody"), CATALOGUE)


def test_only_so_many_rounds_are_kept_and_an_old_one_is_over() -> None:
    rounds = Rounds()
    first = rounds.begin(begin(), CATALOGUE)
    for _ in range(KEPT):
        rounds.begin(begin(), CATALOGUE)
    assert (len(rounds.rounds), len(rounds.columns)) == (KEPT, 3 * KEPT)
    with pytest.raises(BadValue, match="over"):
        rounds.of(operations(walls(first.columns)))
    assert rounds.of(operations([{"verb": "wall", "model": "digits-one", "seeds": [1]}])) is None


def message(**header: Any) -> bytes:
    text = json.dumps({"id": 1, "slot": "blind", **header}).encode()
    return len(text).to_bytes(4, "little") + text


def test_requests_are_read_from_the_wire() -> None:
    assert parse(message(op="blind", models=list(THREE), kind="models", real=True)) == begin(real=True)
    told = parse(message(op="reveal", round="abc", guesses=[None, REAL]))
    assert told == Reveal(1, "blind", "abc", (None, REAL))


@pytest.mark.parametrize(
    "header",
    [
        {"op": "blind", "models": [], "kind": "models"},
        {"op": "blind", "models": "digits-one", "kind": "models"},
        {"op": "blind", "models": ["a"], "kind": "other"},
        {"op": "reveal", "round": 7, "guesses": []},
        {"op": "reveal", "round": "a", "guesses": [7]},
    ],
)
def test_malformed_requests_are_refused(header: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        parse(message(**header))
