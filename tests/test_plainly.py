"""Text from files is shown letter by letter."""

from __future__ import annotations

import string

import pytest

from app.views.plainly import JOINER, unmarked, untagged


@pytest.mark.parametrize("text", ["handwritten digits", "Ziffern für alle", "数字", ""])
def test_words_stay_as_they_are(text: str) -> None:
    assert unmarked(text) == untagged(text) == text


def test_every_mark_is_escaped_and_kept_from_its_neighbour() -> None:
    assert unmarked(string.punctuation) == "".join(f"\\{mark}{JOINER}" for mark in string.punctuation)


def test_a_text_of_several_lines_is_one_line() -> None:
    assert unmarked("a\n\n    b\r\n\tc ") == "a b c"


def test_tags_are_letters_to_plotly() -> None:
    assert untagged('<a href="x">b</a> & c') == '&lt;a href="x"&gt;b&lt;/a&gt; &amp; c'
