"""Mounts the gallery: one card for each model, with a thumbnail that its model decodes now."""

from __future__ import annotations

from typing import Any

from app.components import assets

_mount = assets.component("gallery", "gallery/gallery.css")


def gallery(cards: list[dict[str, Any]]) -> str | None:
    """Show the gallery; the name of the model that was chosen, in the run that follows the choice."""
    result = _mount(
        key="gallery",
        data={"module": assets.module("gallery/index.js"), "cards": cards},
        on_open_change=lambda: None,
    )
    chosen = result.open
    return chosen if isinstance(chosen, str) else None
