"""What a page shows while there is no engine yet."""

from __future__ import annotations

import streamlit as st

from app.door import door
from engine.catalogue import Catalogue
from engine.errors import ZoetropeError


def catalogue() -> Catalogue | None:
    """Give the catalogue; where the engine does not open, say why in the page and give None."""
    try:
        if door().ready:
            return door().catalogue()
        with st.spinner("The engine is starting…"):
            return door().catalogue()
    except ZoetropeError as error:
        st.error(str(error))
        st.button("Try again")  # whatever is pressed runs the page again
        return None
