"""Home: every model as a card with a live thumbnail; choosing one opens it in Explore, or where it draws by pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.components.gallery import gallery
from app.views.complete import levels
from app.views.facts import facts
from app.views.opening import EMPTY, catalogue, names_of
from app.views.style import page_style
from engine.card import Card

WELCOME = """
<header class="zt-welcome">
<h1>Spin a picture.</h1>
<p>Each card is a model that learnt to draw from examples. Inside, it describes a picture by a few numbers: its
<em>latents</em>. Open a card, drag, and watch the picture follow. Everything you see is computed as you look.</p>
</header>
"""


def home(explore: Any, complete: Any) -> None:
    """Draw the page; a card opens `explore`, or `complete` where a model has no latents to explore."""
    page_style()
    st.html(WELCOME)
    models = catalogue()
    if models is None:
        return
    names = names_of(models, "decodes", "completes")
    if not names:
        st.info(EMPTY, icon=None)
    elif chosen := gallery([entry(models.card(name)) for name in names]):
        page = explore if "decodes" in models.card(chosen).verbs else complete
        st.switch_page(page, query_params={"model": chosen})
    _refused(models.faults)


def entry(card: Card) -> dict[str, Any]:
    """Give what the component needs to know about a model."""
    return {**facts(card), "decodes": "decodes" in card.verbs, "levels": levels(card)}


def _refused(faults: Mapping[str, str]) -> None:
    if not faults:
        return
    noun = "model was" if len(faults) == 1 else "models were"
    with st.expander(f"{len(faults)} {noun} not opened"):
        for sentence in faults.values():
            st.text(sentence)
