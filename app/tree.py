"""The family tree of generative models: by what each kind can say of a picture's probability.

Explicit and implicit density, tractable and approximate: Goodfellow, "NIPS 2016 Tutorial: Generative Adversarial
Networks" (arXiv 1701.00160), figure 9.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from engine.checkpoints.card import Card


@dataclass(frozen=True)
class Branch:
    """Families of models that answer alike, or branches that do."""

    title: str  # in plain words
    term: str  # what the field calls it
    text: str
    families: tuple[str, ...] = ()
    branches: tuple[Branch, ...] = ()

    def leaves(self) -> Iterable[str]:
        """Name the families on this branch."""
        yield from self.families
        for branch in self.branches:
            yield from branch.leaves()


TREE = (
    Branch(
        "It knows how likely a picture is",
        "explicit density",
        "Show it any picture, and it answers with a probability.",
        branches=(
            Branch(
                "Exactly",
                "tractable",
                "Pixel by pixel, each thrown from a distribution that knows those before. All their chances multiplied "
                "are the picture's.",
                ("pixel_cnn", "pixel_rnn"),
            ),
            Branch(
                "At least so likely",
                "approximate",
                "It explains a picture by a few numbers, its latents. All latents that might have made it are too many "
                "to count, so it counts some and gives a bound.",
                ("vae", "iaf_vae", "pixel_vae"),
            ),
        ),
    ),
    Branch(
        "It only draws",
        "implicit density",
        "It turns random numbers into pictures, and learnt how from a critic that tries to tell them from real ones.",
        ("gan", "dcgan", "progressive_gan", "r3gan", "ali", "hierarchical_ali"),
    ),
    Branch(
        "It only copies",
        "no density",
        "A picture is squeezed into a few numbers and drawn again from them. Which numbers are good ones, nobody says.",
        ("ae",),
    ),
)


LEAVES = tuple(family for branch in TREE for family in branch.leaves())


def outline() -> list[dict[str, Any]]:
    """Return the tree as plain values."""
    return [asdict(branch) for branch in TREE]


def kinds(cards: Iterable[Card]) -> int:
    """Count the families of the tree that cards belong to."""
    return len({*LEAVES} & {card.family for card in cards})


def in_order(cards: Iterable[Card]) -> list[Card]:
    """Sort models as they stand on the tree, from the top."""
    return sorted(cards, key=lambda card: LEAVES.index(card.family))
