"""Which addresses a page follows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streamlit as st

from app.views.address import forget, is_news, reported, turn_to

FIRST, SECOND = {"model": "grey", "z": "1"}, {"model": "grey", "z": "2"}


@pytest.fixture(autouse=True)
def session() -> Iterator[None]:
    st.session_state.clear()
    yield
    st.session_state.clear()


def test_an_address_is_news_unless_it_is_empty_or_was_written() -> None:
    assert is_news(FIRST, SECOND)
    assert not is_news(FIRST, FIRST)
    assert not is_news({}, FIRST)


def test_what_the_component_told_before_comes_late_and_is_no_news() -> None:
    turn_to("Explore")
    reported(FIRST)
    reported(SECOND)
    turn_to("Explore")  # a run that was broken off begins anew
    assert not is_news(FIRST, SECOND)
    assert is_news({"model": "grey", "z": "3"}, SECOND)


def test_another_entry_of_the_history_or_another_page_begins_anew() -> None:
    turn_to("Explore")
    reported(FIRST)
    forget()
    assert is_news(FIRST, SECOND)
    reported(FIRST)
    turn_to("Home")
    turn_to("Explore")
    assert is_news(FIRST, SECOND)
