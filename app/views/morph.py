"""Morph: a walk through key pictures. The live component plays it; this page keeps the model in the address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.components import morph as component
from app.server.export.path_file import KEYS, MAX_FILE, RATES, SECONDS, WEIGHTS
from app.views.facts import facts
from app.views.opening import able
from app.views.reconstruct import classifier
from app.views.style import page_style
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from engine.latent.path import shell

LIMITS = {"keys": KEYS, "seconds": SECONDS, "rates": RATES, "bytes": MAX_FILE}


def morph() -> None:
    """Draw the page."""
    page_style()
    found = able("decodes")
    if found is None:
        return
    models, names = found
    name, notices = _model(models, names)
    cards = [models.card(each) for each in names]
    faces = [{**face(card), "judge": classifier(card, models)} for card in cards]
    data = {"models": faces, "model": name, "limits": LIMITS, "notices": notices}
    component.morph(data, picked=lambda: _picked(names))


def _model(models: Catalogue, names: list[str]) -> tuple[str, list[str]]:
    """Give the model that the address asks for, else the one shown last; and why it is another."""
    last = st.session_state.get("morph-model", names[0])
    asked = st.query_params.get("model", last)
    name = asked if asked in names else last if last in names else names[0]
    st.session_state["morph-model"] = name
    if asked in names:
        return name, []
    reason = models.faults.get(asked) or f"There is no model called {asked[:60]!r} here that decodes."
    return name, [f"{reason} Choose one from the list; {models.card(name).title} is shown."]


def _write(name: str) -> None:
    st.session_state["morph-model"] = name
    if st.query_params.to_dict() != {"model": name}:
        st.query_params.from_dict({"model": name})


def _picked(names: list[str]) -> None:
    reported: Mapping[str, Any] = st.session_state[component.KEY].view
    if reported.get("model") in names:
        _write(str(reported["model"]))


def face(card: Card) -> dict[str, Any]:
    """Give what the component needs to know about a model."""
    prior = "samples" in card.verbs
    return {
        **facts(card),
        "bounds": "bounds" in card.verbs,
        "encodes": "encodes" in card.verbs,
        "weights": card.digests.get(WEIGHTS, ""),
        # Where there is no prior, nothing says how far out a latent should lie but the codes of the data.
        "shell": shell(card.latent) if prior else None,
    }
