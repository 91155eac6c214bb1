"""What a recipe and its data must agree on is looked at before step 1: a refusal then costs no training."""

import dataclasses
from typing import Any

import torch
from torch import Tensor

from engine.errors import BadValue
from engine.models.classifier import ClassifierConfig
from engine.registry import Config, build
from train.data import Dataset, Split
from train.devices import find_distributed
from train.loop import check_compiles, prepared
from train.objectives import build_objective
from train.recipe import Recipe, binary_as_they_are

NAMED = 8  # classes


def fitted(recipe: Recipe, data: Dataset, default: Config) -> Recipe:
    """Return a model that is told classes, or that tells them apart, as many of them as the data have.

    Raises BadValue where the data have none, or where another number than the default's was asked for.
    """
    field = field_of(recipe.model)
    wanted, known = getattr(recipe.model, field), kinds(recipe.model, data)
    if not wanted or wanted == len(known):
        return recipe
    what = "attributes" if by_attributes(recipe.model) else "classes"
    if not known:
        raise BadValue(f"{data.name} has no {what}, and {role(recipe.model)} {wanted}. {remedy(recipe.model)}")
    if wanted != getattr(default, field):
        raise BadValue(
            f"--model.{field} is {wanted}, and {data.name} has {len(known)} {what}: {listed(known)}. "
            f"Leave --model.{field} out, or give {len(known)}."
        )
    sizes: dict[str, Any] = {field: len(known)}
    return dataclasses.replace(recipe, model=dataclasses.replace(recipe.model, **sizes))


def check(recipe: Recipe, data: Dataset) -> None:
    """Compare a recipe with its data, field by field. Raises BadValue where they do not fit together."""
    if data.train.pictures.is_floating_point() != bool(getattr(recipe.model, "extent", None)):
        raise BadValue(f"{data.name} and the model do not fit: points want a gan with --model.extent, pictures none.")
    if data.shape != recipe.model.shape:
        raise BadValue(f"{data.name} has pictures of {data.shape}, --model.shape is {recipe.model.shape}.")
    if min(len(data.train), len(data.test)) < 1:
        counts = f"{len(data.train)} pictures to train on and {len(data.test)} to test by"
        raise BadValue(f"{data.name} has {counts}. Give two at least.")
    field = field_of(recipe.model)
    if (wanted := getattr(recipe.model, field)) and wanted != len(known := kinds(recipe.model, data)):
        raise BadValue(f"--model.{field} is {wanted}, and {data.name} has {len(known)}: {listed(known)}.")
    if wanted and not by_attributes(recipe.model):
        check_classes(data, wanted)
    if binary_as_they_are(recipe) and not two_valued(data.train):
        raise BadValue(
            f"--pixels is plain, the model's likelihood is of black or white pixels, and {data.name} has greys. "
            "Set --pixels binarized, or take another likelihood."
        )


def check_classes(data: Dataset, count: int) -> None:
    """Look for a class that nothing can be learnt of."""
    seen = torch.zeros(count) if data.train.y is None else torch.bincount(data.train.y, minlength=count)
    if missing := [data.labels[i] for i in range(count) if not seen[i]]:
        raise BadValue(
            f"{data.name} has no training picture of {listed(missing)}. Put two pictures or more in each class, or "
            "take a recipe without classes."
        )


def rehearse(recipe: Recipe, data: Dataset) -> None:
    """Take each player's terms on the first batch, without a step. Raises BadValue where that is impossible."""
    distributed = find_distributed()
    torch.manual_seed(recipe.seed)
    objective = build_objective(recipe.objective, build(recipe.model)).to(distributed.device)
    if recipe.compiled:
        check_compiles(objective)
    parts = prepared(recipe, data.train, 0, distributed, objective.batches).parts(objective.batches)
    try:
        for i, player in enumerate(objective.turns):
            objective(player, parts[i % len(parts)], 0.0)
    except (ValueError, IndexError, RuntimeError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise BadValue("The first batch does not fit into the device's memory. Give a smaller --batch.") from error
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BadValue(f"The recipe cannot learn from {data.name}: {reason}.") from error


# Classes and attributes


def field_of(model: Config) -> str:
    """Name the field that says how many classes a model is told, or tells apart."""
    return "answers" if isinstance(model, ClassifierConfig) else "classes"


def kinds(model: Config, data: Dataset) -> tuple[str, ...]:
    """Name what the data know for that field."""
    return data.train.attr_names if by_attributes(model) else data.labels


def by_attributes(model: Config) -> bool:
    return isinstance(model, ClassifierConfig) and model.attributes


def role(model: Config) -> str:
    return "the model tells apart" if isinstance(model, ClassifierConfig) else "the model is told"


def remedy(model: Config) -> str:
    if isinstance(model, ClassifierConfig):
        return "Take a data set that has some, such as a folder with a sub-folder for each class."
    return "Set --model.classes 0, or give a folder with a sub-folder for each class."


def listed(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more if names else "none"


def two_valued(split: Split) -> bool:
    """Whether all pixels are black or white."""
    parts: tuple[Tensor, ...] = torch.split(split.pictures, 1000)
    return all(bool(((part == 0) | (part == 255)).all()) for part in parts)
