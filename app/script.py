"""The script that Streamlit runs for each visit: names the pages and draws the one that was asked for."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.views.explore import explore
from app.views.home import home

ICON = str(Path(__file__).parent / "components" / "web" / "icon.svg")

st.set_page_config(page_title="Zoetrope", page_icon=ICON, layout="wide")


def _home() -> None:
    home(_explore)


_explore = st.Page(explore, title="Explore", url_path="explore")
st.logo(ICON, size="large")
st.navigation([st.Page(_home, title="Home", url_path="home", default=True), _explore], position="top").run()
