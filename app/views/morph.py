"""Morph: a walk through key pictures. The live component plays it; this page keeps the model in the address."""

from __future__ import annotations

from typing import Any

from app.components import morph as component
from app.server.export.path_file import KEYS, MAX_FILE, RATES, SECONDS, WEIGHTS
from app.views import state
from app.views.facts import facts
from app.views.opening import able
from app.views.reconstruct import classifier
from app.views.style import page_style
from engine.checkpoints.card import Card
from engine.latent.path import shell

LIMITS = {"keys": KEYS, "seconds": SECONDS, "rates": RATES, "bytes": MAX_FILE}


def morph() -> None:
    """Draw the page."""
    page_style()
    found = able("decodes")
    if found is None:
        return
    models, names = found
    cards = [models.card(each) for each in names]
    faces = [{**face(card), "judge": classifier(card, models)} for card in cards]
    data = {"models": faces, "limits": LIMITS, "asked": state.read("morph", models, names)}
    component.morph(data, picked=lambda: state.follow("morph", component.KEY))


def face(card: Card) -> dict[str, Any]:
    """Return what the component needs to know about a model."""
    prior = "samples" in card.verbs
    return {
        **facts(card),
        "bounds": "bounds" in card.verbs,
        "encodes": "encodes" in card.verbs,
        "weights": card.digests.get(WEIGHTS, ""),
        # Where there is no prior, nothing says how far out a latent should lie but the codes of the data.
        "shell": shell(card.latent) if prior else None,
    }
