"""Mounts the gallery: a tree whose leaves are models, each a card with a thumbnail that its model draws now."""

from __future__ import annotations

from typing import Any

from app.components import assets

_mount = assets.component("home", part="gallery")


def gallery(tree: list[dict[str, Any]], families: dict[str, str], cards: list[dict[str, Any]]) -> None:
    """Show the gallery, whose cards lead to the page that shows their model.

    Branches of the tree are as of `app.tree.Branch`, families have their plain names, and cards name their branch's.
    """
    _mount(
        key="gallery",
        data={"tree": tree, "families": families, "cards": cards},
    )
