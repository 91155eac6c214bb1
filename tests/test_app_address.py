"""Which addresses a page follows."""

from __future__ import annotations

import streamlit as st

from app.views.address import end_of_run, is_news, told


def test_an_address_is_news_unless_it_was_written_or_its_page_s_component_has_told_more() -> None:
    assert is_news("explore", {"z": "1"}, {"z": "0"})
    assert not is_news("explore", {"z": "1"}, {"z": "1"})
    assert not is_news("explore", {}, {"z": "1"})
    told("explore")
    assert not is_news("explore", {"z": "1"}, {"z": "0"})
    assert is_news("morph", {"z": "1"}, {"z": "0"})  # of a run that turned to another page
    end_of_run()
    assert is_news("explore", {"z": "1"}, {"z": "0"})
    st.session_state.clear()
