"""Compare: models side by side in lock-step. The live component draws; this page keeps the link and the charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import streamlit as st

from app.components import compare as component
from app.views import state
from app.views.charts import OPENED, charts
from app.views.facts import facts
from app.views.opening import able
from app.views.reconstruct import shelf
from app.views.style import page_style
from engine.analysis.toy_modes import MODES, REACH
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from engine.checkpoints.figures import SECTIONS, figures

FIRST = 4
"""Columns to begin with, of one kind of picture."""
SIDE_BY_SIDE = ("vae", "dcgan", "ali", "pixel_cnn")
"""Families to begin with, where they are here: those that lectures set against each other."""


def compare() -> None:
    """Draw the page."""
    page_style()
    found = able("decodes", "samples")
    if found is None:
        return
    models, names = found
    asked = state.read("compare", models, names, {"models": lambda _: opening(models, names)})
    component.compare(
        {
            "models": [entry(models.card(name)) for name in names],
            "bundled": shelf(),
            "asked": asked,
            "charts": bool(st.session_state.get(OPENED)),
        },
        settled=lambda: state.follow("compare", component.KEY),
    )
    latency = state.reported(component.KEY).get("latency")
    charts([models.card(name) for name in asked["view"]["models"]], latency if isinstance(latency, Mapping) else {})


def opening(models: Catalogue, names: list[str]) -> list[str]:
    """Name the first columns: models of the kind of picture of which there are most, and of different families."""
    kinds: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for name in names:
        kinds.setdefault((models.card(name).data, models.card(name).shape), []).append(name)
    alike = max(kinds.values(), key=len)
    chosen = [plain for family in SIDE_BY_SIDE if (plain := _plainest(family, alike, models))]
    return [*chosen, *(name for name in alike if name not in chosen)][:FIRST]


def _plainest(family: str, names: list[str], models: Catalogue) -> str | None:
    """Name the model that stands for a family: DATA-FAMILY rather than a variant."""
    cards = [models.card(name) for name in names if models.card(name).family == family]
    plain = (card.name for card in cards if card.name == f"{card.data}-{family.replace('_', '')}")
    return next(plain, cards[0].name if cards else None)


# Models


def entry(card: Card) -> dict[str, Any]:
    """Return what the component needs to know about a model."""
    return {
        **facts(card),
        "parameters": card.parameters,
        "samples": "samples" in card.verbs,
        "decodes": "decodes" in card.verbs,
        "encodes": "encodes" in card.verbs,
        "metrics": [{**asdict(figure), "text": figure.text} for figure in figures(card)],
        "sections": SECTIONS,
        "rule": rule(card),
        "toy": toy(card),
    }


def rule(card: Card) -> dict[str, str]:
    """Say by which rule a model's column is made: what is shown, by which weights, and what its likelihood is worth."""
    return {"shown": _shown(card), "weights": _weights(card), "likelihood": _likelihood(card)}


def _shown(card: Card) -> str:
    verbs = set(card.verbs)
    if "decodes" not in verbs:
        return "sample, pixel by pixel"
    if "samples" not in verbs:
        return "decoded draw of a Gaussian fitted to its codes: it has no prior"
    return (
        "mean of p(x|z), z drawn from the prior"
        if "bounds" in verbs
        else "sample: the picture of z, drawn from the prior"
    )


def _weights(card: Card) -> str:
    average = card.recipe.get("ema")
    if not isinstance(average, int | float):
        return "EMA or raw weights: its card does not say"
    return f"EMA weights ({average:g})" if average else "raw weights"


def _likelihood(card: Card) -> str:
    if "scores" in card.verbs:
        return "exact likelihood"
    return "bound on the likelihood" if "bounds" in card.verbs else "no likelihood"


def toy(card: Card) -> dict[str, Any] | None:
    """Return the plane of a toy with the modes of its data; None for a model of pictures."""
    extent = card.config.get("extent")
    if not extent:
        return None
    modes = MODES.get(card.data)
    centres = [list(centre) for centre in modes.centres] if modes else []
    return {"extent": extent, "modes": centres, "deviation": modes.deviation if modes else 0.0, "reach": REACH}
