"""Mounts Complete: a picture drawn pixel by pixel, from nothing or into what a person has hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.components import assets

KEY = "complete"

_mount = assets.component("complete")


def complete(data: dict[str, Any], settled: Callable[[], None]) -> None:
    """Show the component. `settled` runs when a person has taken another model, seed, class or way to begin."""
    _mount(key=KEY, data=data, on_view_change=settled)
