"""Mounts Compare: models as columns, in lock-step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.components import assets

KEY = "compare"

_mount = assets.component("compare")


def compare(data: dict[str, Any], settled: Callable[[], None]) -> None:
    """Show the component. `settled` runs when columns, seeds or what all show has changed and come to rest."""
    _mount(key=KEY, data=data, on_view_change=settled)
