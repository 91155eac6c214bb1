"""Mounts the explorer: picture, plane, sliders and strips of one model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.components import assets

KEY = "explorer"

_mount = assets.component("explore", part="explorer")


def explorer(data: dict[str, Any], settled: Callable[[], None], renamed: Callable[[], None]) -> None:
    """Show the explorer. `settled` runs when a gesture ends, `renamed` when a person names an axis."""
    _mount(
        key=KEY,
        data=data,
        on_view_change=settled,
        on_rename_change=renamed,
    )
