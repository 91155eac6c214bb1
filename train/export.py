"""A run becomes a checkpoint: the averaged weights, the card with each axis measured, the sheet."""

import copy
import dataclasses
import importlib.metadata
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.checkpoints import files
from engine.checkpoints.card import QUANTILES, Axis, Card
from engine.checkpoints.files import Labels, Means
from engine.errors import BadValue
from engine.models.classifier import Classifier
from engine.nn import noise
from engine.nn.prior import draw
from engine.protocols import Bounds, Completes, Encodes, verbs_of
from engine.registry import Model, family_of
from train.data import Dataset, Split
from train.data.search import legible
from train.devices import Distributed
from train.home import Choice, bare, home_of
from train.loop import Training
from train.metrics.familiarity import keep_exported, reconstructs
from train.recipe import Recipe, as_dict
from train.runs import Run
from train.sheets import draw_sheet

POINTS = 2_000  # posterior means that travel with a checkpoint
MOST = 160_000  # numbers that they hold together at most, a third of a MB in half precision
LICENCE = "MIT, as far as the weights are ours to license; the terms of the data stand beside"
LIBRARIES = ("torch", "numpy", "safetensors")


def export(run: Run, data: Dataset, name: str, folder: Path, axis_names: Sequence[str] = ()) -> Path:
    """Write the checkpoint `name` into a folder of checkpoints; returns its place.

    Raises BadValue for a bad name, and for a run that began from a checkpoint and has saved no state yet.
    """
    recipe, training = run.recipe(), reached(run)
    model = training.shipped.eval().requires_grad_(False)
    encodes = isinstance(model, Encodes)
    held_out, _, kl = posterior(model, data.test, POINTS) if encodes else (prior(model), None, None)
    axes = named(measured_axes(model, held_out, None if kl is None else kl.mean(0)), axis_names)
    card = describe(name, recipe, model, data, axes)
    history = run.origin().then(card.recipe, training.step, recipe.batch * training.objective.batches)
    card = dataclasses.replace(card, history=history)
    if made := bare(model, card):
        card = dataclasses.replace(card, home=home_of(card, made, Choice()))
    means, labels = map_of(model, data) if encodes else (None, None)
    files.save(folder, halved(model, held_out, data.test), card, draw_sheet(model, data.test), means, labels)
    if reconstructs(model) and min(len(data.train), len(data.test)):
        keep_exported(folder / name, files.load_model(folder / name), data)  # as it ships, rounded
    return folder / name


def reached(run: Run) -> Training:
    """Set up a run on the host as its saved state left it; at its beginning where none was saved yet."""
    host = torch.device("cpu")
    training = Training(run.recipe(), Distributed(host))
    if (state := run.load_state(host)) is not None:
        training.restore(state)
    elif begun := run.recipe().init_from:
        raise BadValue(
            f"{run.folder} began from {begun} and has saved no state yet, so it has no weights of its own. "
            f"Let it reach its first save (zoetrope-train resume {run.name}), or use {begun} itself."
        )
    return training


def describe(name: str, recipe: Recipe, model: Model, data: Dataset, axes: tuple[Axis, ...]) -> Card:
    fields = as_dict(dataclasses.replace(recipe, data=shareable(recipe.data)))
    versions = {library: importlib.metadata.version(library) for library in LIBRARIES}
    return Card(
        name=name,
        family=family_of(recipe.model),
        config={key: value for key, value in fields["model"].items() if key != "family"},
        verbs=verbs_of(model),
        shape=recipe.model.shape,
        latent=recipe.model.latent,
        title=recipe.title or name,
        description=recipe.description,
        data=shareable(recipe.data),
        terms=data.terms,
        licence=LICENCE,
        recipe=fields,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        digests={},
        versions={"python": platform.python_version(), **versions},
        classes=data.labels if recipe.model.classes else (),
        labels=names_of(model, data),
        axes=axes,
        levels=getattr(recipe.model, "levels", {}),
    )


def names_of(model: Model, data: Dataset) -> tuple[str, ...]:
    """Name the labels of the posterior means, or what a classifier tells apart."""
    if isinstance(model, Classifier):
        return data.test.attr_names if model.config.attributes else data.labels
    return data.labels if isinstance(model, Encodes) else ()


def shareable(data: str) -> str:
    """Keep of folder:PATH and pack:PATH no more than the last name, so that a card tells nothing about a disk."""
    kind, colon, path = data.partition(":")
    return legible(f"{kind}{colon}{Path(path).name}") if colon else data


# The axes


@torch.no_grad()
def posterior(model: Any, split: Split, count: int) -> tuple[Means, Labels | None, Tensor | None]:
    """Encode pictures spread over a split: means (m, latent), labels (m,), and each one's KL (m, latent).

    Where the KL has no closed form it is that of one draw a picture, which the picture's row seeds; the "mean" is then
    what the family's `encode` gives, the latent of ε = 0.
    """
    rows = torch.linspace(0, len(split) - 1, min(count, len(split))).long()
    means: list[Tensor] = []
    kls: list[Tensor] = []
    for part in rows.split(250):
        batch = split.batch(part)
        y = batch.y if model.config.classes else None
        means.append(model.encode(batch.x, y))
        epsilon = noise.normal(part.tolist(), [model.config.latent])
        if isinstance(model, Bounds):
            kls.append(model.evidence(batch.x, y, epsilon).kl)
    labels = None if split.y is None else split.y[rows].short().numpy()
    return torch.cat(means).numpy(), labels, torch.cat(kls) if kls else None


def prior(model: Model) -> Means:
    """Draw latents for a model that cannot encode, (POINTS, latent): its axes are measured where they are used."""
    return draw(model, range(POINTS)).numpy()


def map_of(model: Model, data: Dataset) -> tuple[Means, Labels | None]:
    """Encode pictures for the map, POINTS at most: held-out ones, and training pictures where those are too few."""
    count = min(POINTS, MOST // model.config.latent)
    means, labels, _ = posterior(model, data.test, count)
    if (missing := count - len(means)) <= 0:
        return means, labels
    more, more_labels, _ = posterior(model, data.train, missing)
    both = None if labels is None or more_labels is None else np.concatenate([labels, more_labels])
    return np.concatenate([means, more]), both


@torch.no_grad()
def measured_axes(model: Any, means: Means, kl: Tensor | None) -> tuple[Axis, ...]:
    """Measure every axis: its KL, its spread in the picture, and how the data lie along it."""
    axes, some, classes = [], torch.from_numpy(means[:32]), model.config.classes
    y = torch.arange(len(some)).repeat(2) % classes if classes else None  # both ends of an axis in one class
    for i in range(means.shape[1]):
        quantiles = np.quantile(means[:, i], QUANTILES)
        ends = some.repeat(2, 1)
        ends[: len(some), i], ends[len(some) :, i] = float(quantiles[1]), float(quantiles[-2])
        low, high = model.decode(ends, y).chunk(2)
        axes.append(
            Axis(
                kl=None if kl is None else round(float(kl[i]), 4),
                spread=round(float((high - low).abs().mean()), 5),
                quantiles=tuple(round(float(q), 4) for q in quantiles),
                mean=round(float(means[:, i].mean()), 4),
                deviation=round(float(means[:, i].std()), 4),
            )
        )
    return tuple(axes)


def named(axes: tuple[Axis, ...], names: Sequence[str]) -> tuple[Axis, ...]:
    """Return the first axes the names that a person has found for them."""
    padded = [*names, *[""] * len(axes)]
    return tuple(dataclasses.replace(axis, name=name) for axis, name in zip(axes, padded, strict=False))


# Half precision


@torch.no_grad()
def halved(model: Model, means: Means, test: Split) -> Model:
    """Round the weights to half precision, or, the largest first, those of them that can be.

    They can be while no picture that people will see, and no answer's probability, changes by more than 1/255.
    """
    exact, light = shown(model, means, test), copy.deepcopy(model)
    weights = [weight for weight in (*light.parameters(), *light.buffers()) if weight.is_floating_point()]
    borne = rounded(light, weights, exact, means, test)
    if not borne:
        largest_first = sorted(weights, key=torch.numel, reverse=True)
        borne = [w for weight in largest_first for w in rounded(light, [weight], exact, means, test)]
    for weight in borne:
        weight.data = weight.data.half()
    return light


def rounded(model: Model, weights: Sequence[Tensor], exact: Tensor, means: Means, test: Split) -> Sequence[Tensor]:
    """Round some of a model's weights to what half precision can tell apart, and give them; none if it shows."""
    before = [weight.data for weight in weights]
    for weight in weights:
        weight.data = weight.data.half().float()
    if float((shown(model, means, test) - exact).abs().max()) <= 1 / 255:
        return weights
    for weight, data in zip(weights, before, strict=True):
        weight.data = data
    return []


def shown(model: Any, means: Means, test: Split) -> Tensor:
    """Return some of what people will see of a model, each number from 0 to 1."""
    if isinstance(model, Classifier):
        return model.probabilities(test.batch(torch.arange(min(64, len(test)))).x)
    if isinstance(model, Completes):  # a pixel that falls otherwise changes those that follow: no measure of rounding
        return model.conditionals(test.batch(torch.arange(min(16, len(test)))).x)
    return model.decode(torch.from_numpy(means[:64]))
