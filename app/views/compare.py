"""Compare: models side by side in lock-step. The live component draws; this page keeps the link and the charts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import streamlit as st

from app.components import compare as component
from app.seeds import read_seed
from app.views.address import forget, is_news, reported
from app.views.charts import charts
from app.views.facts import facts
from app.views.opening import able
from app.views.reconstruct import shelf
from app.views.style import page_style
from engine.analysis.toy_modes import MODES, REACH
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from engine.checkpoints.figures import SECTIONS, figures

COUNT, MOST = 36, 64
"""Samples of a wall to begin with, and at most."""
FIRST = 4
"""Columns to begin with, of one kind of picture."""
ALL = -1
"""In the place of a class: all of them, in turn, as models draw that know no classes."""
SIDE_BY_SIDE = ("vae", "dcgan", "ali", "pixel_cnn")
"""Families to begin with, where they are here: those that lectures set against each other."""


def compare() -> None:
    """Draw the page."""
    page_style()
    found = able("decodes", "samples")
    if found is None:
        return
    models, names = found
    _follow_link(models, names)
    state = st.session_state
    component.compare(
        {
            "models": [entry(models.card(name)) for name in names],
            "bundled": shelf(),
            "view": state["compare-view"],
            "version": state["compare-version"],
            "notices": state["compare-notices"],
        },
        settled=_settled,
    )
    shown = [models.card(name) for name in state["compare-shown"] if name in names]
    charts(shown, state.get("compare-latency", {}))


# The address


def _follow_link(models: Catalogue, names: list[str]) -> None:
    """Take over what the address says, where it says something new."""
    state, address = st.session_state, st.query_params.to_dict()
    if "compare-written" in state and not is_news(address, state["compare-written"]):
        return
    forget()
    view, notices = parse(address, models, names)
    state["compare-view"], state["compare-notices"] = view, notices
    state["compare-shown"] = view["models"]
    state["compare-version"] = state.get("compare-version", 0) + 1
    state["compare-written"] = address  # last: a run that is broken off before begins anew


def parse(address: Mapping[str, str], models: Catalogue, names: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Give the view that a link asks for, and a sentence for each part of it that could not be taken."""
    notices = list[str]()
    return {
        "models": _models(address.get("models"), models, names, notices),
        "seed": _seed(address.get("seed"), notices),
        "n": int(_number(address.get("n"), "n", (1, MOST), COUNT, notices)),
        "t": _number(address.get("t"), "t", (0.0, 1.5), 1.0, notices),
        "y": int(_number(address.get("y"), "y", (ALL, 999), ALL, notices)),
    }, notices


def _models(text: str | None, models: Catalogue, names: list[str], notices: list[str]) -> list[str]:
    if text is None:
        return opening(models, names)
    asked = [name for name in dict.fromkeys(text.split(",")) if name]
    absent = "There is no model called {!r} here that draws pictures."
    notices.extend(models.faults.get(name) or absent.format(name[:60]) for name in asked if name not in names)
    return [name for name in asked if name in names]


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


def _seed(text: str | None, notices: list[str]) -> str:
    if text is None:
        return "1"
    seeds = [read_seed(part) for part in text.split(",", MOST)]
    if len(seeds) <= MOST and None not in seeds:
        return ",".join(map(str, seeds))
    notices.append(f"The link's seed {text[:40]!r} is not made of whole numbers below 2^32; seed 1 is shown.")
    return "1"


def _number(text: str | None, what: str, ends: tuple[float, float], usual: float, notices: list[str]) -> float:
    if text is None:
        return usual
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if ends[0] <= value <= ends[1]:
        return value
    notices.append(f"The link's {what} {text[:20]!r} is no number from {ends[0]:g} to {ends[1]:g}; {usual:g} is shown.")
    return usual


def _settled() -> None:
    """Follow the component, where columns or seeds have changed."""
    view: Mapping[str, Any] = st.session_state[component.KEY].view
    wanted = {name: str(view[name]) for name in ("models", "seed", "n", "t", "y") if name in view}
    state = st.session_state
    state["compare-written"] = wanted
    reported(wanted)
    state["compare-shown"] = [name for name in wanted.get("models", "").split(",") if name]
    latency = view.get("latency")
    state["compare-latency"] = dict(latency) if isinstance(latency, Mapping) else {}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


# Models


def entry(card: Card) -> dict[str, Any]:
    """Give what the component needs to know about a model."""
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
    """Give the plane of a toy with the modes of its data; None for a model of pictures."""
    extent = card.config.get("extent")
    if not extent:
        return None
    modes = MODES.get(card.data)
    centres = [list(centre) for centre in modes.centres] if modes else []
    return {"extent": extent, "modes": centres, "deviation": modes.deviation if modes else 0.0, "reach": REACH}
