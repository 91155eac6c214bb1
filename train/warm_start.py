"""What a run starts from when it does not start from nothing: the weights of a checkpoint."""

import dataclasses
from collections.abc import Mapping

from torch import Tensor

from engine.errors import BadValue
from engine.inference.engine import Engine
from engine.registry import Config, Model, family_of
from train.history import Origin, origin_of
from train.recipe import Recipe


def warm_start(recipe: Recipe, model: Model) -> tuple[dict[str, Tensor], Origin]:
    """Return those weights of the checkpoint that a recipe begins with which its model takes over, and their origin.

    One of the model's own family gives all, and the model may have more, as a deeper pixel_cnn has; one of another
    family gives whatever goes by the same name and shape in both, such as a VAE's networks for a PixelVAE. Raises
    UnknownName where there is no such checkpoint, BadValue where it is of other sizes or has nothing in common with
    the model.
    """
    engine = Engine(None, "cpu")
    card, begun = engine.card(recipe.init_from), engine.model(recipe.init_from)  # refused if it was replaced in between
    weights: Mapping[str, Tensor] = begun.state_dict()
    theirs, ours = family_of(begun.config), family_of(recipe.model)
    wanted = model.state_dict()
    common = {name: value for name, value in weights.items() if name in wanted and value.shape == wanted[name].shape}
    if theirs == ours and len(common) < len(weights):
        raise BadValue(f"{recipe.init_from} has {differing(recipe, begun.config)} to go on from there.")
    if not common:
        raise BadValue(
            f"{recipe.init_from} is of family {theirs}, and none of its weights fits the {ours} that the recipe trains."
        )
    return common, origin_of(card)


def differing(recipe: Recipe, config: Config) -> str:
    """Say which sizes are others than a recipe's, and how to give them."""
    fields = dataclasses.asdict(recipe.model)
    others = {name: value for name, value in dataclasses.asdict(config).items() if value != fields[name]}
    named = ", ".join(f"{name} {value} for {fields[name]}" for name, value in others.items())
    return f"{named}. Give what it has, as --model.{next(iter(others))},"
