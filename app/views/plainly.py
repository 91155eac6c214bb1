"""Text from files and from links, shown as it stands: no letter of it is Markdown, HTML or a shortcode of Streamlit."""

from __future__ import annotations

import html
import re

MARK = re.compile(r"[!-/:-@\[-`{-~]")  # what Markdown allows to be escaped
JOINER = "\u2060"  # has no width; after a mark it keeps shortcodes, addresses and arrows from being found


def unmarked(text: str) -> str:
    """Write text so that Markdown shows it letter by letter, in one line."""
    return MARK.sub(lambda mark: f"\\{mark[0]}{JOINER}", " ".join(text.split()))


def untagged(text: str) -> str:
    """Write text so that Plotly, which reads a few tags of HTML, shows it letter by letter."""
    return html.escape(text, quote=False)
