"""What both pages change about the frame that Streamlit puts around them."""

from __future__ import annotations

import streamlit as st

_CSS = """
<style>
.stMainBlockContainer { padding: 3.6rem clamp(.75rem, 1.6vw, 2.5rem) .75rem !important; max-width: 120rem; }
.stMainBlockContainer > .stVerticalBlock { gap: .5rem; }
[data-testid="stHeader"] { height: 3.1rem; min-height: 3.1rem; }
.stElementContainer:has(> .stHtml > style:only-child) { display: none; }
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
[data-testid="stHeader"] a:focus-visible, [data-testid="stHeader"] button:focus-visible {
  outline: 2.5px solid var(--st-primary-color, currentColor) !important; outline-offset: 2px;
}
.zt-welcome { max-width: 46rem; }
.zt-welcome h1 { font-size: 2.1rem; font-weight: 650; letter-spacing: -.025em; padding: 0 0 .3rem; margin: 0; }
.zt-welcome p { font-size: 1.06rem; line-height: 1.5; margin: 0 0 .4rem; opacity: .82; text-wrap: pretty; }
</style>
"""


def page_style() -> None:
    """Let a page use its width and height: an instrument is not an article."""
    st.html(_CSS)
