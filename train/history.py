"""The runs that led to a checkpoint's weights, oldest first: a run keeps those before it, and its card adds its own."""

from dataclasses import dataclass
from typing import Any

from engine.checkpoints.card import Card, TrainingRun
from engine.checkpoints.files import WEIGHTS


@dataclass(frozen=True)
class Origin:
    """The weights that a run began from, and the runs that had led to them."""

    digest: str | None = ""  # SHA-256; "": drawn by the seed; None: not on record
    history: tuple[TrainingRun, ...] = ()

    def then(self, recipe: dict[str, Any], steps: int, batch: int) -> tuple[TrainingRun, ...]:
        """Add a run that went on from here for some steps of `batch` pictures, over all ranks."""
        return (*self.history, TrainingRun(recipe, steps, steps * batch, self.digest))


def origin_of(card: Card) -> Origin:
    """Return a checkpoint as the origin of a run; one without a history has one of a single run of unknown length."""
    earlier = "" if card.recipe and not card.recipe.get("init_from") else None
    return Origin(card.digests[WEIGHTS], card.history or (TrainingRun(card.recipe, None, None, earlier),))
