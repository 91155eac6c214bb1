"""The script that Streamlit runs for each visit: names the pages and draws the one that was asked for."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.views.compare import compare
from app.views.complete import complete
from app.views.explore import explore
from app.views.home import home
from app.views.morph import morph
from app.views.outliers import outliers
from app.views.reconstruct import reconstruct

ICON = str(Path(__file__).parent / "components" / "web" / "icon.svg")

st.set_page_config(page_title="Zoetrope", page_icon=ICON, layout="wide")


def _home() -> None:
    home(_exploring, _completing)


def _explore() -> None:
    explore(_morphing)


def _morph() -> None:
    morph(_reconstructing)


def _reconstruct() -> None:
    reconstruct(_exploring, _morphing)


_exploring = st.Page(_explore, title="Explore", url_path="explore")
_morphing = st.Page(_morph, title="Morph", url_path="morph")
_reconstructing = st.Page(_reconstruct, title="Reconstruct", url_path="reconstruct")
_completing = st.Page(complete, title="Complete", url_path="complete")
_pages = [
    st.Page(_home, title="Home", url_path="home", default=True),
    _exploring,
    _morphing,
    _reconstructing,
    st.Page(compare, title="Compare", url_path="compare"),
    _completing,
    st.Page(outliers, title="Outliers", url_path="outliers"),
]
st.logo(ICON, size="large")
st.navigation(_pages, position="top").run()
