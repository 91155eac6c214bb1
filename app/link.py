"""Deep links: `?model=NAME&z=0.3,-1.2&y=3&axes=0,1` to a view and back, whatever a link holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.checkpoints.card import Axis, Card

FEW = 10
"""Latents up to which the middle of the prior is as likely as any place."""
REACH = 4.0
"""A latent may lie this many times as far out as its slider goes; beyond, decoders answer with noise."""


@dataclass(frozen=True)
class View:
    """What Explore shows: a latent, a class where the model has classes, and the two axes of the plane."""

    z: tuple[float, ...]
    y: int | None = None
    axes: tuple[int, int] | None = None


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


def parse(query: Mapping[str, str], card: Card) -> tuple[View, list[str]]:
    """Return the view that a link asks for, and a sentence for each part of it that could not be taken."""
    start, notices = home(card), list[str]()
    z = _latent(query.get("z"), card, notices) or start.z
    y = _class(query.get("y"), card, notices) if query.get("y") or query.get("z") else start.y
    return View(z, y, _axes(query.get("axes"), card, notices)), notices


def _latent(text: str | None, card: Card, notices: list[str]) -> tuple[float, ...] | None:
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


def _within(values: list[float], card: Card, notices: list[str]) -> tuple[float, ...]:
    kept = list[float]()
    for value, (low, high) in zip(values, bounds(card), strict=True):
        middle, half = (low + high) / 2, REACH * (high - low) / 2
        kept.append(min(max(value, middle - half), middle + half))
    beyond = [f"z{i} = {value:g}" for i, value in enumerate(values) if value != kept[i]]
    if beyond:
        shown = ", ".join(beyond[:3]) + (" and others" if len(beyond) > 3 else "")
        notices.append(f"The link's {shown} lies out of range; the nearest value in range is shown.")
    return tuple(kept)


def _class(text: str | None, card: Card, notices: list[str]) -> int | None:
    if not card.classes:
        return None
    if not text:
        return 0
    if text.isdecimal() and int(text) < len(card.classes):
        return int(text)
    notices.append(f"The link asks for class {text[:20]}; {card.title} has classes 0 to {len(card.classes) - 1}.")
    return 0


def _axes(text: str | None, card: Card, notices: list[str]) -> tuple[int, int] | None:
    if not text:
        return None
    parts = text.split(",")
    if len(parts) == 2 and all(part.isdecimal() and int(part) < card.latent for part in parts):
        first, second = int(parts[0]), int(parts[1])
        if first != second:
            return first, second
    notices.append(f"The link's axes are not two different axes of {card.title}; its two strongest are shown.")
    return None


def query(model: str, view: View) -> dict[str, str]:
    """Return the link's parameters for a view."""
    wanted = {"model": model, "z": ",".join(_short(value) for value in view.z)}
    if view.y is not None:
        wanted["y"] = str(view.y)
    if view.axes is not None:
        wanted["axes"] = f"{view.axes[0]},{view.axes[1]}"
    return wanted


def _short(value: float) -> str:
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
