"""What a run starts from when it does not start from nothing: the weights of a checkpoint."""

import dataclasses
from collections.abc import Mapping

from torch import Tensor

from engine.errors import BadValue
from engine.registry import Config, Model, family_of
from engine.runtime import load
from train.recipe import Recipe


def beginning(recipe: Recipe, model: Model) -> dict[str, Tensor]:
    """Give those weights of the checkpoint that a recipe begins with which its model takes over, on the host.

    One of the model's own family gives all; one of another family, whatever goes by the same name and shape in both,
    such as a VAE's networks for a PixelVAE. Raises UnknownName where there is no such checkpoint, BadValue where it is
    of other sizes or has nothing in common with the model.
    """
    begun = load(recipe.begin, "cpu")
    weights: Mapping[str, Tensor] = begun.state_dict()
    theirs, ours = family_of(begun.config), family_of(recipe.model)
    if theirs == ours:
        check_sizes_alike(recipe, begun.config)
        return dict(weights)
    wanted = model.state_dict()
    common = {name: value for name, value in weights.items() if name in wanted and value.shape == wanted[name].shape}
    if not common:
        raise BadValue(
            f"{recipe.begin} is of family {theirs}, and none of its weights fits the {ours} that the recipe trains."
        )
    return common


def check_sizes_alike(recipe: Recipe, config: Config) -> None:
    fields = dataclasses.asdict(recipe.model)
    others = {name: value for name, value in dataclasses.asdict(config).items() if value != fields[name]}
    if others:
        named = ", ".join(f"{name} {value} for {fields[name]}" for name, value in others.items())
        raise BadValue(
            f"{recipe.begin} has {named}. Give what it has, as --model.{next(iter(others))}, to go on from there."
        )
