"""The words of a shipped checkpoint are those of its recipe: people read one, the next training writes the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.checkpoints import files
from train.recipes import RECIPES

SHIPPED = Path(__file__).parent.parent / "checkpoints"


@pytest.mark.parametrize("name", sorted(path.parent.name for path in SHIPPED.glob("*/card.json")))
def test_title_and_description_of_a_card_are_those_of_its_recipe(name: str) -> None:
    card, recipe = files.read_card(SHIPPED / name), RECIPES[name]
    assert (card.title, card.description) == (recipe.title, recipe.description)
    assert (card.recipe["title"], card.recipe["description"]) == (recipe.title, recipe.description)
