"""The recipes: one frozen value for every checkpoint that ships, and some to begin with on your own pictures."""

from engine.errors import UnknownName
from train.recipe import Recipe
from train.recipes import celeba, classifiers, digits, fashion, frey, mnist, sprites, toys

RECIPES: dict[str, Recipe] = {
    **frey.RECIPES,
    **mnist.RECIPES,
    **fashion.RECIPES,
    **sprites.RECIPES,
    **celeba.RECIPES,
    **digits.RECIPES,
    **toys.RECIPES,
    **classifiers.RECIPES,
}


def find_recipe(name: str) -> Recipe:
    """Look a recipe up. Raises UnknownName, listing what there is."""
    if name not in RECIPES:
        raise UnknownName("recipe", name, RECIPES)
    return RECIPES[name]
