"""Latents in links, `?model=NAME&z=0.3,-1.2&y=3&axes=0,1`: where a model opens, and how far one may go."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from engine.checkpoints.card import Axis, Card

FEW = 10
"""Latents up to which the middle of the prior is as likely as any place."""
REACH = 4.0
"""A latent may lie this many times as far out as its slider goes; beyond, decoders answer with noise."""


FLAT = Axis(kl=None, spread=0.0, quantiles=(-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0), mean=0.0, deviation=1.0)
"""Stands for the axes of a card that has no measurements yet."""


@dataclass(frozen=True)
class View:
    """A latent, and a class where the model has classes."""

    z: tuple[float, ...]
    y: int | None = None


def measured(card: Card) -> Card:
    """Return a card that has an axis for every latent, measured or not."""
    return card if card.axes else replace(card, axes=(FLAT,) * card.latent)


def limits(axis: Axis, prior: bool) -> tuple[float, float]:
    """Return the ends of an axis' slider: -3 to 3 under a standard normal prior, else the data's own range.

    Wider where the aggregate posterior needs it.
    """
    low, high = axis.quantiles[0], axis.quantiles[-1]
    margin = 0.1 * (high - low)
    if prior:
        low, high = min(-3.0, low - margin), max(3.0, high + margin)
    else:
        low, high = low - margin, high + margin
    if high - low < 1e-3:
        low, high = low - 1.0, high + 1.0
    return _rounded(low), _rounded(high)


def _rounded(value: float) -> float:
    digits = 1 - math.floor(math.log10(abs(value))) if value else 0
    return round(value, max(0, min(digits, 4)))


def bounds(card: Card) -> list[tuple[float, float]]:
    """Return the limits of every axis of a model, in latent order."""
    prior = "samples" in card.verbs
    return [limits(axis, prior) for axis in card.axes]


def middle(card: Card) -> tuple[float, ...]:
    """Return the middle of a prior, or of the codes where there is none."""
    return tuple(0.0 if "samples" in card.verbs else round(axis.mean, 3) for axis in card.axes)


def home(card: Card) -> View:
    """Where a model opens: as its card says, else in the middle; a game of many latents at a draw, always the same.

    All draws of many latents lie about as far out as each other, so a generator has never been asked for their middle.
    """
    if card.home is not None:
        return View(card.home.z, (card.home.y or 0) if card.classes else None)
    game = {"samples", "decodes"} <= set(card.verbs) and "bounds" not in card.verbs
    latent = np.random.default_rng(7).standard_normal(card.latent).round(3)
    z = tuple(latent.tolist()) if game and card.latent > FEW else middle(card)
    return View(z, 0 if card.classes else None)


def latent(text: str, card: Card, notices: list[str]) -> list[float] | None:
    """Read a latent, brought within reach; None, with a sentence, where it does not fit the model."""
    if not text:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        notices.append(f"The link's z is not a list of numbers, so {card.title} opens as it always does.")
        return None
    if len(values) != card.latent:
        notices.append(
            f"The link gives {len(values)} latents and {card.title} has {card.latent}, so it opens as it always does."
        )
        return None
    if not all(math.isfinite(value) for value in values):
        notices.append(f"The link's z holds a value that is not finite, so {card.title} opens as it always does.")
        return None
    return _within(values, card, notices)


def _within(values: list[float], card: Card, notices: list[str]) -> list[float]:
    kept = list[float]()
    for value, (low, high) in zip(values, bounds(card), strict=True):
        middle, half = (low + high) / 2, REACH * (high - low) / 2
        kept.append(min(max(value, middle - half), middle + half))
    beyond = [f"z{i} = {value:g}" for i, value in enumerate(values) if value != kept[i]]
    if beyond:
        shown = ", ".join(beyond[:3]) + (" and others" if len(beyond) > 3 else "")
        notices.append(f"The link's {shown} lies out of range; the nearest value in range is shown.")
    return kept


def axes(text: str, card: Card, notices: list[str]) -> list[int] | None:
    """Read the two axes of the plane; None, with a sentence, where they are none of the model."""
    if not text:
        return None
    parts = text.split(",")
    if len(parts) == 2 and all(part.isdecimal() and int(part) < card.latent for part in parts):
        first, second = int(parts[0]), int(parts[1])
        if first != second:
            return [first, second]
    notices.append(f"The link's axes are not two different axes of {card.title}; its two strongest are shown.")
    return None
