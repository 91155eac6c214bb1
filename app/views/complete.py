"""Complete: a model draws pixel by pixel. The live component does the work; this page keeps the link."""

from __future__ import annotations

import math
from typing import Any

from app.components import complete as component
from app.views import state
from app.views.facts import facts
from app.views.opening import catalogue, names_of, nothing_here
from app.views.reconstruct import shelf, uploaded
from app.views.state import Reading
from app.views.style import page_style
from engine.checkpoints.card import Card


def complete() -> None:
    """Draw the page."""
    page_style()
    models = catalogue()
    if models is None:
        return
    names = sorted(names_of(models, "completes"), key=lambda name: values(models.card(name)))
    if not names:
        nothing_here("model that draws pixel by pixel", "mnist-pixelcnn", " --minutes 60")
        return
    component.complete(
        {
            "models": [entry(models.card(name)) for name in names],
            "samplers": [facts(models.card(name)) for name in names_of(models, "decodes")],
            "bundled": shelf(),
            "asked": state.read("complete", models, names, {"seed": seed}),
            **uploaded(),
        },
        settled=lambda: state.follow("complete", component.KEY),
    )


def entry(card: Card) -> dict[str, Any]:
    """Return what the component needs to know about a model."""
    return {**facts(card), "levels": levels(card), "exact": "scores" in card.verbs}


def levels(card: Card) -> int:
    """Return how many levels a value has: black and white, or bytes."""
    return 2 if card.config.get("output") == "bernoulli" else 256


def values(card: Card) -> tuple[int, int]:
    """Order models by how much there is to draw, the quickest first."""
    return levels(card), math.prod(card.shape)


def seed(reading: Reading) -> int:
    """Return the seed that a model opens with."""
    home = reading.card.home
    return 1 if home is None or home.seed is None else home.seed
