"""Explore: one model under the finger. The live component draws; this page keeps the link in step with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

import streamlit as st

from app import link
from app.components import explorer
from app.link import View
from app.server import store
from app.views.address import forget, is_news, reported
from app.views.facts import facts, name_of
from app.views.opening import able
from app.views.style import page_style
from engine.checkpoints.card import Axis, Card
from engine.checkpoints.catalogue import Catalogue

PARTS = ("model", "z", "y", "axes")
"""What an address may say of a view."""
FLAT = Axis(kl=None, spread=0.0, quantiles=(-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0), mean=0.0, deviation=1.0)
"""Stands for the axes of a card that has no measurements yet."""


def explore() -> None:
    """Draw the page."""
    page_style()
    found = able("decodes")
    if found is None:
        return
    models, names = found
    _follow_link(models, names)
    shown = st.session_state["shown"]
    card = measured(models.card(shown["model"]))
    explorer.explorer(
        {
            "card": face(card),
            "models": [name_of(models.card(name)) for name in names],
            "view": shown,
            "given": st.session_state["given"],
            "address": st.session_state["written"],
            "version": st.session_state["version"],
            "notices": st.session_state["notices"],
            "names": {str(axis): name for axis, name in store.axis_names(card.name).items()},
        },
        settled=lambda: _settled(models),
        renamed=_renamed,
    )


def _follow_link(models: Catalogue, names: list[str]) -> None:
    """Take over what the address says, where it says something new."""
    state, address = st.session_state, st.query_params.to_dict()
    if "written" in state and not is_news(address, state["written"]):
        return
    forget()
    model, notices = address.get("model", names[0]), list[str]()
    if model not in names:
        notices.append(_absent(models, model, names))
        model = state["shown"]["model"] if "shown" in state and state["shown"]["model"] in names else names[0]
        address = state.get("views", {}).get(model, {})
    card = measured(models.card(model))
    view, more = link.parse(address, card)
    _push(card, view, notices + more + _first_time(store.trouble()), address)
    _remember(card, view)
    state["written"] = st.query_params.to_dict()  # last: a run that is broken off before begins anew


def _absent(models: Catalogue, model: str, names: list[str]) -> str:
    reason = models.faults.get(model) or f"There is no model called {model[:60]!r} here."
    return f"{reason} Choose one from the list; {models.card(names[0]).title} is shown first."


def _first_time(sentence: str) -> list[str]:
    """Return a sentence that a session has not heard yet."""
    if not sentence or st.session_state.get("heard") == sentence:
        return []
    st.session_state["heard"] = sentence
    return [sentence]


def _push(card: Card, view: View, notices: list[str], given: Iterable[str]) -> None:
    """Have the component take a view that it does not know of, and which parts of it somebody asked for."""
    state = st.session_state
    state["version"] = state.get("version", 0) + 1
    state["notices"] = notices
    state["given"] = [part for part in PARTS if part in given]


def _remember(card: Card, view: View) -> dict[str, str]:
    """Remember what is shown, and give the address that leads there."""
    state, wanted = st.session_state, link.query(card.name, view)
    state["shown"] = {"model": card.name, "z": list(view.z), "y": view.y, "axes": view.axes}
    state.setdefault("views", {})[card.name] = wanted
    return wanted


def _write(card: Card, view: View) -> None:
    """Remember what is shown, and put it into the address, where the component has written it already."""
    wanted = _remember(card, view)
    st.session_state["written"] = wanted
    reported(wanted)
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def _settled(models: Catalogue) -> None:
    """Follow the component, where a gesture ended or another model was picked."""
    sent: Mapping[str, Any] = st.session_state[explorer.KEY].view
    name = str(sent.get("model"))
    if name not in models.names("decodes"):
        return
    card, asked = measured(models.card(name)), {part: str(sent[part]) for part in PARTS if sent.get(part) is not None}
    if "at" in sent:  # another model: as the browser remembers it, else as this session does
        asked = asked if "z" in asked else st.session_state.get("views", {}).get(name, {"model": name})
    view, notices = link.parse(asked, card)
    if "at" in sent:
        forget()
        _push(card, view, notices, asked)
    _write(card, view)


def _renamed() -> None:
    given: Mapping[str, Any] | None = st.session_state[explorer.KEY].rename
    if given:
        store.name_axis(str(given["model"]), int(given["axis"]), str(given["name"]))


def measured(card: Card) -> Card:
    """Return a card that has an axis for every latent, measured or not."""
    return card if card.axes else replace(card, axes=(FLAT,) * card.latent)


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
