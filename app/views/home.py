"""Home: every model as a card with a live thumbnail; choosing one opens it in Explore."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.components.gallery import gallery
from app.views.facts import facts
from app.views.opening import EMPTY, catalogue, names_of
from app.views.style import page_style

WELCOME = """
<header class="zt-welcome">
<h1>Spin a picture.</h1>
<p>Each card is a model that learnt to draw from examples. Inside, it describes a picture by a few numbers: its
<em>latents</em>. Open a card, drag, and watch the picture follow. Everything you see is computed as you look.</p>
</header>
"""


def home(explore: Any) -> None:
    """Draw the page; `explore` is the page that a card opens."""
    page_style()
    st.html(WELCOME)
    models = catalogue()
    if models is None:
        return
    names = names_of(models, "decodes")
    if not names:
        st.info(EMPTY, icon=None)
    elif chosen := gallery([facts(models.card(name)) for name in names]):
        st.switch_page(explore, query_params={"model": chosen})
    _refused(models.faults)


def _refused(faults: Mapping[str, str]) -> None:
    if not faults:
        return
    noun = "model was" if len(faults) == 1 else "models were"
    with st.expander(f"{len(faults)} {noun} not opened"):
        for sentence in faults.values():
            st.text(sentence)
