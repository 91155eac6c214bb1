"""Which addresses a page follows: a message of the browser may bring that of a gesture before, even twice."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

_REPORTED, _PAGE = "addresses-told", "page-drawn"
_MOST = 200


def turn_to(page: str) -> None:
    """Draw a page: what was told on another is old, and any address leads somewhere."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        forget()


def reported(address: Mapping[str, str]) -> None:
    """Note an address that the page's component has told: whatever brings it again comes late."""
    st.session_state[_REPORTED] = [*st.session_state.get(_REPORTED, [])[-_MOST:], dict(address)]


def is_news(address: Mapping[str, str], written: Mapping[str, str]) -> bool:
    """Whether an address asks for something: it is not empty, not the one written, and the component told it not."""
    return bool(address) and address != written and address not in st.session_state.get(_REPORTED, [])


def forget() -> None:
    """Begin anew, with another entry of the browser's history: going back leads to what was told before."""
    st.session_state.pop(_REPORTED, None)
