"""Complete: a model draws pixel by pixel. The live component does the work; this page keeps the link."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.components import complete as component
from app.seeds import read_seed
from app.views.address import forget, is_news, reported
from app.views.facts import facts
from app.views.opening import catalogue, names_of, nothing_here
from app.views.reconstruct import parse as parse_source
from app.views.reconstruct import shelf, uploaded
from app.views.style import page_style
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue

WAYS = ("draw", "fill")


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
    _follow_link(models, names)
    brought, state = uploaded(), st.session_state
    component.complete(
        {
            "models": [entry(models.card(name)) for name in names],
            "samplers": [facts(models.card(name)) for name in names_of(models, "decodes")],
            "bundled": shelf(),
            "view": state["complete-view"],
            "version": state["complete-version"],
            "notices": state["complete-notices"],
            **brought,
        },
        settled=lambda: _settled(names),
    )


def entry(card: Card) -> dict[str, Any]:
    """Give what the component needs to know about a model."""
    return {**facts(card), "levels": levels(card), "exact": "scores" in card.verbs}


def levels(card: Card) -> int:
    """Give how many levels a value has: black and white, or bytes."""
    return 2 if card.config.get("output") == "bernoulli" else 256


def values(card: Card) -> tuple[int, int]:
    """Order models by how much there is to draw, the quickest first."""
    return levels(card), math.prod(card.shape)


# The address


def _follow_link(models: Catalogue, names: list[str]) -> None:
    """Take over what the address says, where it says something new."""
    state, address = st.session_state, st.query_params.to_dict()
    if "complete-written" in state and not is_news(address, state["complete-written"]):
        return
    forget()
    state["complete-view"], state["complete-notices"] = parse(address, models, names)
    state["complete-version"] = state.get("complete-version", 0) + 1
    state["complete-written"] = address  # last: a run that is broken off before begins anew


def parse(address: Mapping[str, str], models: Catalogue, names: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Give the view that a link asks for, and a sentence for each part of it that could not be taken."""
    notices, asked = list[str](), address.get("model", names[0])
    name = asked if asked in names else names[0]
    card = models.card(name)
    if asked not in names:
        reason = models.faults.get(asked) or f"There is no model called {asked[:60]!r} here that draws pixel by pixel."
        notices.append(f"{reason} Choose one from the list; {card.title} is shown.")
    way = address.get("way", WAYS[0])
    if way not in WAYS:
        notices.append(f"The link's way {way[:20]!r} is neither draw nor fill; a picture is drawn.")
    source, notice = parse_source(address.get("source", ""), models)
    notices.extend([notice] if notice else [])
    view = {
        "model": name,
        "seed": _seed(address.get("seed"), card, notices),
        "y": _class(address.get("y"), card, notices),
    }
    return {**view, "way": way if way in WAYS else WAYS[0], "source": source or None}, notices


def _seed(text: str | None, card: Card, notices: list[str]) -> int:
    usual = 1 if card.home is None or card.home.seed is None else card.home.seed
    if text is None:
        return usual
    if (seed := read_seed(text)) is not None:
        return seed
    notices.append(f"The link's seed {text[:20]!r} is no whole number from 0 to 2^32 - 1; seed {usual} is shown.")
    return usual


def _class(text: str | None, card: Card, notices: list[str]) -> int | None:
    """Give a class; none means that the model is not told any."""
    if text is None or not card.classes:
        return None
    if text.isdecimal() and int(text) < len(card.classes):
        return int(text)
    notices.append(f"The link asks for class {text[:20]}; {card.title} has classes 0 to {len(card.classes) - 1}.")
    return None


def _settled(names: list[str]) -> None:
    """Follow the component, where a person has chosen something else."""
    view: Mapping[str, Any] = st.session_state[component.KEY].view
    if view.get("model") not in names:
        return
    wanted = {name: str(view[name]) for name in ("model", "seed", "y", "way", "source") if view.get(name) is not None}
    st.session_state["complete-written"] = wanted
    reported(wanted)
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
