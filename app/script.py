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


_pages = [
    st.Page(home, title="Home", url_path="home", default=True),
    st.Page(explore, title="Explore", url_path="explore"),
    st.Page(morph, title="Morph", url_path="morph"),
    st.Page(reconstruct, title="Reconstruct", url_path="reconstruct"),
    st.Page(compare, title="Compare", url_path="compare"),
    st.Page(complete, title="Complete", url_path="complete"),
    st.Page(outliers, title="Outliers", url_path="outliers"),
]
st.logo(ICON, size="large")
_page = st.navigation(_pages, position="top")
_title = getattr(_page, "title", "")  # there is none while nobody looks
st.set_page_config(page_title=f"{_title} · Zoetrope", page_icon=ICON, layout="wide")
_page.run()
