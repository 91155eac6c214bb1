"""Mounts Outliers: a row of pictures, what each explicit model makes of them, and who may refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.components import assets

KEY = "outliers"

_mount = assets.component("outliers")


def outliers(data: dict[str, Any], settled: Callable[[], None]) -> None:
    """Show the component. `settled` runs when the row, the model or the score has changed."""
    _mount(key=KEY, data=data, on_view_change=settled)
