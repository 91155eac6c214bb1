"""Mounts the explorer: picture, plane, sliders and strips of one model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app.components import assets

KEY = "explorer"

_mount = st.components.v2.component(
    "zoetrope_explorer",
    html='<div class="zt" data-part="explorer"></div>',
    css=assets.style("base.css", "explorer/explorer.css", "explorer/levels.css"),
    js=assets.SCRIPT,
    isolate_styles=False,
)


def explorer(data: dict[str, Any], settled: Callable[[], None], renamed: Callable[[], None]) -> None:
    """Show the explorer. `settled` runs when a gesture ends, `renamed` when a person names an axis."""
    _mount(
        key=KEY,
        data={"module": assets.module("explorer/index.js"), **data},
        on_view_change=settled,
        on_rename_change=renamed,
    )
