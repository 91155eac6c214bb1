"""The runs that led to a checkpoint's weights, oldest first: a run keeps those before it, and its card adds its own."""

from dataclasses import dataclass
from typing import Any

from engine.checkpoints.card import Card, Leg
from engine.checkpoints.files import WEIGHTS


@dataclass(frozen=True)
class Origin:
    """The weights that a run began from, and the runs that had led to them."""

    digest: str | None = ""  # SHA-256; "": drawn by the seed; None: not on record
    history: tuple[Leg, ...] = ()

    def then(self, recipe: dict[str, Any], steps: int, batch: int) -> tuple[Leg, ...]:
        """Add the leg of a run that went on from here for some steps of `batch` pictures, over all ranks."""
        return (*self.history, Leg(recipe, steps, steps * batch, self.digest))


def origin_of(card: Card) -> Origin:
    """Give a checkpoint as the origin of a run; one without a history has a leg of unknown length for its recipe."""
    earlier = "" if card.recipe and not card.recipe.get("begin") else None
    return Origin(card.digests[WEIGHTS], card.history or (Leg(card.recipe, None, None, earlier),))
