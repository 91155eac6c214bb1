"""Blind rounds of Compare: columns under tokens that say nothing, until they are revealed.

What a token stands for never leaves the server before the reveal. So that nothing else gives it away, a round is drawn
as a whole (all columns in one message, at seeds that the server shifts by a secret number), the answers carry neither
times nor reasons, and all columns show pictures of one data set in one size.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from app.seeds import SEEDS
from app.server.errors import BAD_DATA, ProtocolError
from app.server.operations import MAX_OPERATIONS, Operation
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from engine.errors import BadValue, ModelFault, ZoetropeError
from engine.inference.requests import Answer, Job

OPS = ("blind", "reveal")
PREFIX = "blind:"
REAL = "real"
"""What a column of real pictures is called in guesses and at the reveal; no checkpoint's name, which has a dash."""
KEPT = 4096
"""Rounds that may be open at a time; of more the oldest are forgotten."""

_shuffler = secrets.SystemRandom()


@dataclass(frozen=True)
class Begin:
    """A round that is wanted: of some models, maybe with real pictures; or a single picture, real or made."""

    id: int
    slot: str
    models: tuple[str, ...]
    real: bool
    single: bool
    rows = 0


@dataclass(frozen=True)
class Reveal:
    """The guesses for the columns of a round, after which it is open."""

    id: int
    slot: str
    round: str
    guesses: tuple[str | None, ...]
    rows = 0


def read(header: dict[str, Any], number: int, slot: str) -> Begin | Reveal:
    """Read a request of a round. Raises ProtocolError."""
    if header["op"] == "blind":
        models, kind = header.get("models"), header.get("kind")
        if not _names(models) or kind not in ("models", "single"):
            sentence = f"A blind round names 1 to {MAX_OPERATIONS} models, and a kind: models or single."
            raise ProtocolError(BAD_DATA, sentence)
        return Begin(number, slot, tuple(models), header.get("real") is True, kind == "single")
    token, guesses = header.get("round"), header.get("guesses")
    if not isinstance(token, str) or not isinstance(guesses, list) or len(guesses) > MAX_OPERATIONS:
        raise ProtocolError(BAD_DATA, "A reveal names its round and has a guess for each column.")
    if not all(guess is None or isinstance(guess, str) for guess in guesses):
        raise ProtocolError(BAD_DATA, "A guess is a name, or null.")
    return Reveal(number, slot, token, tuple(guesses))


def _names(given: Any) -> TypeGuard[list[str]]:
    fits = isinstance(given, list) and 1 <= len(given) <= MAX_OPERATIONS
    return fits and all(isinstance(name, str) and len(name) <= 200 for name in given)


@dataclass(frozen=True)
class Round:
    """A round: what each token stands for, in the order of the columns, and the secret start of its seeds."""

    token: str
    columns: dict[str, str]
    shift: int
    beside: tuple[str, ...]  # drawn and thrown away, so that a real picture takes as long as a made one
    source: str  # a model whose data the real pictures are of

    def jobs(self, operations: Sequence[Operation], catalogue: Catalogue, who: str, slot: str) -> list[Job]:
        """Return a job for each operation, and then those beside. Raises ProtocolError for a part of a round."""
        models, kinds = {each.model for each in operations}, {(each.verb, each.seeds) for each in operations}
        whole = models == set(self.columns) and len(operations) == len(self.columns)
        if not whole or kinds != {("wall", operations[0].seeds)}:
            raise ProtocolError(BAD_DATA, "A blind round is drawn whole: walls of all its columns, at the same seeds.")
        seeds = tuple((seed + self.shift) % SEEDS for seed in operations[0].seeds)
        names = [*(self.columns[operation.model] for operation in operations), *self.beside]
        return [self._job(name, seeds, catalogue, who, f"{slot}/{i}") for i, name in enumerate(names)]

    def _job(self, name: str, seeds: tuple[int, ...], catalogue: Catalogue, who: str, slot: str) -> Job:
        if name == REAL:
            return Job("pictures", self.source, seeds=seeds, who=who, slot=slot)
        classes = len(catalogue.card(name).classes)
        y = np.array(seeds, np.int64) % classes if classes else None  # every class, as in the data
        return Job("wall", name, seeds=seeds, y=y, who=who, slot=slot)


class Rounds:
    """The open rounds of everybody. Who has a token may draw its round and reveal it; nobody can guess one."""

    def __init__(self) -> None:
        self.rounds = OrderedDict[str, Round]()
        self.columns = dict[str, Round]()
        self.lock = threading.Lock()

    def begin(self, wanted: Begin, catalogue: Catalogue) -> Round:
        """Open a round. Raises a ZoetropeError that says which models go together."""
        cards = [catalogue.card(name) for name in dict.fromkeys(wanted.models)]
        check(cards, wanted)
        names = [card.name for card in cards]
        beside: tuple[str, ...] = ()
        if wanted.single:
            made = secrets.choice(names)
            shown, beside = ([REAL], (made,)) if secrets.randbelow(2) else ([made], (REAL,))
        else:
            shown = names + [REAL] * wanted.real
            _shuffler.shuffle(shown)
        columns = {PREFIX + secrets.token_urlsafe(16): name for name in shown}
        made_round = Round(secrets.token_urlsafe(16), columns, secrets.randbelow(SEEDS), beside, names[0])
        self._keep(made_round)
        return made_round

    def _keep(self, opened: Round) -> None:
        with self.lock:
            self.rounds[opened.token] = opened
            self.columns |= dict.fromkeys(opened.columns, opened)
            if len(self.rounds) > KEPT:
                _, oldest = self.rounds.popitem(last=False)
                for token in oldest.columns:
                    del self.columns[token]

    def of(self, operations: Sequence[Operation]) -> Round | None:
        """Return the round that operations are of, or None where they name models. Raises BadValue where it is over."""
        asked = [operation.model for operation in operations if is_token(operation.model)]
        if asked and asked[0] not in self.columns:
            raise BadValue("This blind round is over. Start another.")
        return self.columns[asked[0]] if asked else None

    def reveal(self, guessed: Reveal) -> dict[str, Any]:
        """Tell what the columns of a round were, which guesses were right, and the first seed. Raises BadValue."""
        opened = self.rounds.get(guessed.round)
        if opened is None:
            raise BadValue("This blind round is over. Start another.")
        names = list(opened.columns.values())
        if len(guessed.guesses) != len(names):
            raise BadValue(
                f"{len(guessed.guesses)} guesses were given for {len(names)} columns; give one for each, or null."
            )
        right = [
            guess == name for guess, name in zip(_kinds(guessed.guesses, opened), _kinds(names, opened), strict=True)
        ]
        return {"columns": names, "right": right, "shift": opened.shift}


def _kinds(names: Sequence[str | None], opened: Round) -> list[str | None]:
    """Return names as they are compared: of a single picture only whether it is real."""
    if not opened.beside:
        return list(names)
    return [name if name in (None, REAL) else "made" for name in names]


def check(cards: Sequence[Card], wanted: Begin) -> None:
    """Raise BadValue unless these can be told apart by nothing but their pictures."""
    kinds = {(card.data, card.shape) for card in cards}
    if len(kinds) > 1:
        raise BadValue(
            "Blind columns show one kind of picture, or their size and subject give them away: "
            f"take models of {cards[0].data} {cards[0].shape[2]} × {cards[0].shape[1]} alone."
        )
    if not wanted.single and len(cards) + wanted.real < 2:
        raise BadValue("One column is no riddle. Add another model of the same data, or real pictures.")
    if len(cards) + wanted.real > MAX_OPERATIONS:
        raise BadValue(f"A blind round has at most {MAX_OPERATIONS} columns, real pictures among them.")


def is_token(model: str) -> bool:
    """Whether an operation's model is a column of a blind round."""
    return model.startswith(PREFIX)


def hushed(outcome: Answer | ZoetropeError) -> Answer | ZoetropeError:
    """Return an outcome without what might name its model: times, and reasons."""
    if isinstance(outcome, Answer):
        return Answer({"pictures": outcome.arrays["pictures"]})
    return ModelFault("This column could not be drawn. Start another round.")
