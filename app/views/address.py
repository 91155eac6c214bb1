"""What a component tells goes before the address that its message brings, which may be that of a gesture before."""

from __future__ import annotations

import streamlit as st

_TOLD = "told-in-this-run"


def told(page: str) -> None:
    """Note, in the callback of a page's component, that this run of the script began with what it told."""
    st.session_state[_TOLD] = page


def is_news(page: str, address: object, written: object) -> bool:
    """Whether the address asks for something: it is not empty, not what was written, and no component has told more."""
    return bool(address) and address != written and st.session_state.get(_TOLD) != page


def end_of_run() -> None:
    """Forget what was told in this run, however it ended."""
    st.session_state.pop(_TOLD, None)
