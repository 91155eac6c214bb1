"""Explore: one model under the finger. The live component draws; this page keeps the link in step with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import streamlit as st

from app import link
from app.components import explorer
from app.server import store
from app.views import state
from app.views.facts import facts, name_of
from app.views.opening import able
from app.views.state import Reading, Usual
from app.views.style import page_style
from engine.checkpoints.card import Axis, Card


def explore() -> None:
    """Draw the page."""
    page_style()
    found = able("decodes")
    if found is None:
        return
    models, names = found
    asked = state.read("explore", models, names, USUAL)
    asked["notices"] += _first_time(store.trouble(), asked["query"])
    card = link.measured(models.card(asked["view"]["model"]))
    explorer.explorer(
        {
            "card": face(card),
            "models": [name_of(models.card(name)) for name in names],
            "asked": asked,
            "names": {str(axis): name for axis, name in store.axis_names(card.name).items()},
        },
        settled=lambda: state.follow("explore", explorer.KEY),
        renamed=_renamed,
    )


def _latent(reading: Reading) -> list[float]:
    return list(link.home(link.measured(reading.card)).z)


def _class(reading: Reading) -> int | None:
    """Return the class that a model opens with; a link with a latent and no class means the first, as it always did."""
    home = link.home(link.measured(reading.card)).y
    return home if home is None or not reading.address.get("z") else 0


USUAL: Usual = {"z": _latent, "y": _class}
"""What stands for a part that a link does not say."""


def _first_time(sentence: str, address: dict[str, str]) -> list[str]:
    """Return a sentence that a session has not heard yet, or heard at this address."""
    said = st.session_state.setdefault("heard", {})
    return [sentence] if sentence and said.setdefault(sentence, address) == address else []


def _renamed() -> None:
    given: Mapping[str, Any] | None = st.session_state[explorer.KEY].rename
    if given:
        store.name_axis(str(given["model"]), int(given["axis"]), str(given["name"]))


def face(card: Card) -> dict[str, Any]:
    """Return what the component needs to know about a model."""
    return {
        **facts(card),
        "terms": card.terms,
        "bounds": "bounds" in card.verbs,
        "parameters": card.parameters,
        "metrics": [asdict(metric) for metric in card.metrics],
        "labels": list(card.labels),
        "home": {"z": list(link.home(card).z), "y": link.home(card).y},
        "middle": list(link.middle(card)),
        "reach": link.REACH,
        "levels": levels(card),
        "axes": [_axis(axis, ends) for axis, ends in zip(card.axes, link.bounds(card), strict=True)],
    }


def levels(card: Card) -> list[dict[str, Any]]:
    """Return the levels of a latent that has several, the uppermost first, each with what its place says of it."""
    last = len(card.levels) - 1
    if last < 1:
        return []
    slices = enumerate(card.levels.items())
    return [{"name": name, "axes": list(range(*ends)), "about": _about(i, last)} for i, (name, ends) in slices]


def _about(place: int, last: int) -> str:
    if place == 0:
        return "Upper level: what is shown."
    return "Lower level: how it is shown." if place == last else "Level between: narrows down what is shown."


def _axis(axis: Axis, ends: tuple[float, float]) -> dict[str, Any]:
    return {
        "kl": axis.kl,
        "spread": axis.spread,
        "low": ends[0],
        "high": ends[1],
        "collapsed": axis.collapsed,
        "name": axis.name,
        "deviation": axis.deviation,
    }
