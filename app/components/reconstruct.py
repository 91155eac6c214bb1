"""Mounts Reconstruct: a picture with its crop box, and the rows of what every model makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.components import assets

KEY = "reconstruct"

_mount = assets.component("reconstruct", "reconstruct/reconstruct.css")


def reconstruct(data: dict[str, Any], chosen: Callable[[], None]) -> tuple[str, dict[str, str]] | None:
    """Show the component. `chosen` runs when another picture lies on the desk.

    Gives the page that a latent is to be taken to, explore or morph, and its address there, in the run that follows
    the choice.
    """
    result = _mount(
        key=KEY,
        data={"module": assets.module("reconstruct/index.js"), **data},
        on_view_change=chosen,
        on_explore_change=lambda: None,
        on_morph_change=lambda: None,
    )
    for page, wanted in (("explore", result.explore), ("morph", result.morph)):
        if isinstance(wanted, dict):
            return page, {str(name): str(value) for name, value in wanted.items()}
    return None
