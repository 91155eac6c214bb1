"""Mounts Reconstruct: a picture with its crop box, and the rows of what every model makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.components import assets

KEY = "reconstruct"

_mount = assets.component("reconstruct")


def reconstruct(data: dict[str, Any], chosen: Callable[[], None]) -> None:
    """Show the component. `chosen` runs when another picture lies on the desk."""
    _mount(key=KEY, data=data, on_view_change=chosen)
