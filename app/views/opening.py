"""What a page shows while there is no engine yet, or no model."""

from __future__ import annotations

import streamlit as st

from app.engine_client import engine_client, order
from app.views.plainly import unmarked
from engine.checkpoints.catalogue import Catalogue
from engine.errors import ZoetropeError


def nothing_here(kind: str = "model", recipe: str = "frey-vae-2d", options: str = "") -> None:
    """Say in the page that no model of a kind is here, and the commands that make one appear."""
    st.info(f"""
No {kind} is here yet. Train one, then reload this page:

    zoetrope-train run {recipe}{options}
    zoetrope-train export {recipe} {recipe}

Or start with a folder that holds some: `zoetrope run --checkpoints FOLDER`.
""")


def able(*verbs: str) -> tuple[Catalogue, list[str]] | None:
    """Return the catalogue and its models that have any of the verbs, the favourite first.

    Where there is no engine, or no such model, say what to do in the page and give None.
    """
    models = catalogue()
    if models is None:
        return None
    names = names_of(models, *verbs)
    if not names:
        nothing_here()
        return None
    return models, names


def names_of(models: Catalogue, *verbs: str) -> list[str]:
    """Name the models that have any of the verbs, the favourite first."""
    return order([name for name, card in models.cards.items() if set(verbs) & set(card.verbs)])


def catalogue() -> Catalogue | None:
    """Return the catalogue; where the engine does not open, say why in the page and give None."""
    try:
        if engine_client().ready:
            return engine_client().catalogue()
        with st.spinner("The engine is starting…"):
            return engine_client().catalogue()
    except ZoetropeError as error:
        st.error(unmarked(str(error)))
        st.button("Try again")  # whatever is pressed runs the page again
        return None
