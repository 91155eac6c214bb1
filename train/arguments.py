"""What the commands of zoetrope-train take; --help prints these sentences."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from train.directions.attributes import PICTURES
from train.recipe import Recipe
from train.reference_images import TEST, TRAIN


@dataclass(frozen=True)
class RunArguments:
    """Train by a recipe; every field of it can be set."""

    recipe: Annotated[Recipe, tyro.conf.arg(name="")]
    run: Path | None = None  # the run's folder; runs/RECIPE if not given
    data_dir: Path | None = None  # where the data sets are
    tensorboard: bool = False  # write curves and sheets for TensorBoard as well
    minutes: float | None = None  # take no more steps than this machine does in so many minutes


@dataclass(frozen=True)
class ResumeArguments:
    """Go on with a run that was stopped."""

    run: Annotated[str, tyro.conf.Positional]  # its name below runs/, or its folder
    data_dir: Path | None = None  # where the data sets are


@dataclass(frozen=True)
class MeasuredArguments:
    """A checkpoint, and the data that it is measured on."""

    name: Annotated[str, tyro.conf.Positional]
    data_dir: Path | None = None  # where the data sets are
    data: str | None = None  # where a folder: or pack: lies now; the card keeps only its last name
    checkpoints: Path | None = None  # the folder that holds it; the shipped and your own if not given


@dataclass(frozen=True)
class EvaluateArguments(MeasuredArguments):
    """Measure a checkpoint on its data's test split and write the figures into its card."""

    pictures: int = 10_000  # test pictures for the measures that take long
    samples: int = 1_000  # importance samples a picture
    run: str | None = None  # the run that it was exported from, by name or folder, to measure its critic as well
    only: tuple[str, ...] = ()  # measures to take, as sharpness or feature-distances: the other figures stay; or all


@dataclass(frozen=True)
class DirectionsArguments(MeasuredArguments):
    """Find directions in a checkpoint's latent space, and keep them in its folder: components, and attributes."""

    pictures: int = PICTURES  # training pictures, or draws of a model without an encoder


@dataclass(frozen=True)
class HomeArguments:
    """Choose where a checkpoint opens, and the draws that Morph and Home begin with: by a rule, or by your own eye."""

    name: Annotated[str, tyro.conf.Positional]
    seed: int | None = None  # of the draw that it opens at; if not given, the most typical of seeds 0 to 63
    keys: tuple[int, ...] = ()  # seeds of pictures unlike each other; if not given, such of seeds 0 to 63
    truncation: float | None = None  # of these draws; if not given, 0.7 for a game of many latents, else 1
    z: tuple[float, ...] = ()  # numbers to open at, in place of a seed
    y: int | None = None  # class to open with, by its number
    checkpoints: Path | None = None  # the folder that holds it; the shipped and your own if not given
    sheet: Path | None = None  # change nothing: draw seeds 0 to 63, numbered, into this PNG, to choose by
    strip: Path | None = None  # draw the way through the keys into this WebP as well


@dataclass(frozen=True)
class GatherArguments:
    """Put real pictures of a data set where the pages find them: Compare's blind mode, and neighbours in Morph."""

    data: Annotated[str, tyro.conf.Positional]
    data_dir: Path | None = None  # where the data sets are
    shape: tuple[int, int, int] | None = None  # channel, height, width; the data's own if not given
    train: int = TRAIN  # training pictures at most
    test: int = TEST  # test pictures at most
    checkpoints: Path | None = None  # the folder of classifiers of the data; the shipped and your own if not given


@dataclass(frozen=True)
class CompareArguments:
    """Print the measured figures of checkpoints side by side."""

    names: Annotated[tuple[str, ...], tyro.conf.Positional]
    checkpoints: Path | None = None  # the folder that holds them; the shipped and your own if not given


@dataclass(frozen=True)
class ExportArguments:
    """Turn a run into a checkpoint that the app shows."""

    run: Annotated[str, tyro.conf.Positional]  # its name below runs/, or its folder
    name: Annotated[str, tyro.conf.Positional]  # DATA-FAMILY[-VARIANT]
    data_dir: Path | None = None  # where the data sets are
    to: Path | None = None  # the folder of checkpoints; your own if not given
    axis_names: tuple[str, ...] = ()  # what the first axes turned out to mean, such as: pose expression


@dataclass(frozen=True)
class NoArguments:
    """List the recipes."""


@dataclass(frozen=True)
class ShowArguments:
    """Print a recipe."""

    recipe: Annotated[str, tyro.conf.Positional]
