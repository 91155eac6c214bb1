"""What checkpoints there are: their cards, and a sentence for each that was refused."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass

from engine.checkpoints.card import Card, from_json
from engine.errors import CheckpointRefused, MissingVerb, UnknownName


@dataclass(frozen=True)
class Catalogue:
    """The cards of all checkpoints that can be used, by name, and the faults of those that cannot."""

    cards: Mapping[str, Card]
    faults: Mapping[str, str]

    def names(self, verb: str | None = None) -> list[str]:
        """Name the checkpoints, or those that have a verb."""
        return [name for name, card in self.cards.items() if verb is None or verb in card.verbs]

    def card(self, name: str) -> Card:
        """Return a checkpoint's card. Raises UnknownName, or CheckpointRefused with the reason."""
        if name in self.faults:
            raise CheckpointRefused(self.faults[name])
        if name not in self.cards:
            raise UnknownName("checkpoint", name, self.cards)
        return self.cards[name]

    def able(self, name: str, verb: str) -> Card:
        """Return the card of a checkpoint that has a verb. Raises MissingVerb where it has not."""
        card = self.card(name)
        if verb not in card.verbs:
            able = ", ".join(self.names(verb)) or "none"
            raise MissingVerb(f"{name} is of family {card.family}, which has no {verb!r}. These have it: {able}.")
        return card

    def to_json(self) -> bytes:
        """Write the catalogue for another process to read."""
        cards = {name: dataclasses.asdict(card) for name, card in self.cards.items()}
        return json.dumps({"cards": cards, "faults": dict(self.faults)}).encode()


def catalogue_from(text: bytes) -> Catalogue:
    """Read what `Catalogue.to_json` wrote."""
    fields = json.loads(text)
    cards = {name: from_json(json.dumps(card), name) for name, card in fields["cards"].items()}
    return Catalogue(cards, fields["faults"])
