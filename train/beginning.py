"""What a run starts from when it does not start from nothing: the weights of a checkpoint."""

import dataclasses

from engine.errors import BadValue
from engine.registry import Model, family_of
from engine.runtime import load
from train.recipe import Recipe


def beginning(recipe: Recipe) -> Model:
    """Load the model that a recipe begins with, on the host.

    Raises UnknownName where there is none of that name, BadValue where it is not such as the recipe trains.
    """
    model = load(recipe.begin, "cpu")
    theirs, ours = family_of(model.config), family_of(recipe.model)
    if theirs != ours:
        raise BadValue(f"{recipe.begin} is of family {theirs}, and the recipe trains one of family {ours}.")
    fields = dataclasses.asdict(recipe.model)
    others = {name: value for name, value in dataclasses.asdict(model.config).items() if value != fields[name]}
    if others:
        named = ", ".join(f"{name} {value} for {fields[name]}" for name, value in others.items())
        raise BadValue(
            f"{recipe.begin} has {named}. Give what it has, as --model.{next(iter(others))}, to go on from there."
        )
    return model
