"""Mounts the morph: key pictures on a strip, the way between them, and the film of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.components import assets

KEY = "morph"

_mount = assets.component("morph")


def morph(data: dict[str, Any], picked: Callable[[], None]) -> None:
    """Show the morph. `picked` runs when a person has taken another model."""
    _mount(key=KEY, data=data, on_view_change=picked)
