"""A checkpoint is measured, and the figures go into its card."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from engine.checkpoints import files
from engine.checkpoints.card import Card, Metric
from engine.errors import BadValue
from engine.inference.engine import Engine
from engine.models.classifier import Classifier
from engine.registry import Model
from train.data import Dataset
from train.export import reached, shareable
from train.loop import Training
from train.metrics.accuracy import accuracy
from train.metrics.bayes import bayes_error
from train.metrics.checkerboard import checkerboard
from train.metrics.context import Background, EvalContext, NamedClassifier, View
from train.metrics.disentanglement import mutual_information_gap
from train.metrics.familiarity import familiarity_of, keep, measured
from train.metrics.features import feature_distances
from train.metrics.gradients import gradient_distance
from train.metrics.held_out import feature_variance, held_out
from train.metrics.likelihood import evidence_bound, exact_likelihood
from train.metrics.modes import mode_coverage
from train.metrics.neighbours import class_kept, copies, latent_neighbours, pixel_neighbours
from train.metrics.outliers import for_card, outlier_scores
from train.metrics.probes import CRITIC, critic_probe, encoder_probes
from train.metrics.reconstruction import feature_error, reconstruction_error
from train.metrics.rejection import rejection
from train.metrics.sharpness import sharpness
from train.metrics.stacked import stacked_modes
from train.objectives.critics import Critic
from train.recipe import Recipe, from_dict
from train.runs import Run

MetricFn = Callable[[EvalContext], list[Metric]]
METRICS: tuple[MetricFn, ...] = (
    reconstruction_error,
    feature_error,
    familiarity_of,
    exact_likelihood,
    bayes_error,
    evidence_bound,
    mutual_information_gap,
    mode_coverage,
    stacked_modes,
    feature_distances,
    gradient_distance,
    sharpness,
    checkerboard,
    copies,
    latent_neighbours,
    pixel_neighbours,
    class_kept,
    accuracy,
    outlier_scores,
    rejection,
    encoder_probes,
    critic_probe,
)
RENAMED = {"refusal": "rejection"}  # metrics by the names that --only had for them in older versions
FROM_RUNS = (CRITIC,)  # what no checkpoint can be asked again, since critics never ship
JUDGED_AS = {"stacked-mnist": "mnist"}  # data sets whose pictures are read by the classifier of another


def evaluate(
    engine: Engine,
    name: str,
    data: Dataset,
    pictures: int,
    samples: int,
    run: Run | None = None,
    only: Sequence[str] = (),
    data_dir: Path | None = None,
) -> Card:
    """Measure a checkpoint, write the metrics into its card, and return the card.

    With the run that it was exported from, its critic is measured too; else what the card says of it stays, since a
    card is as old as its weights; so does all that the metrics in `only` do not give, where some are named. Other
    data, for outliers, are looked for in `data_dir` or where data are. Raises BadValue for another run, one without a
    critic, or an unknown metric.
    """
    chosen = named(only)
    card, model = engine.card(name), engine.model(name)
    critic = critic_of(run, card, model) if run else None
    beside = classifier_for(engine, name), critic, background_of(engine, name), data_dir
    context = EvalContext(model, from_dict(card.recipe), data, pictures, samples, *beside)
    found = [figure for metric in chosen for figure in metric(context)]
    names = {metric.name for metric in found}
    kept = [metric for metric in card.metrics if metric.name not in names and (only or metric.name in FROM_RUNS)]
    if only:
        order = {metric.name: i for i, metric in enumerate(card.metrics)}  # where a figure stood, its new one stands
        merged = sorted((*kept, *found), key=lambda metric: order.get(metric.name, len(order)))
        card = dataclasses.replace(card, metrics=tuple(merged))
    else:
        card = dataclasses.replace(card, metrics=(*found, *kept))
    if reconstruction_error in chosen or not only:
        card = with_held_out(card, context)
    if {outlier_scores, rejection} & set(chosen):
        card = dataclasses.replace(card, outliers=for_card(context) or card.outliers)
    place = engine.place(name)
    digests = files.read_card(place).digests  # as they are now: directions may have been found meanwhile
    card = dataclasses.replace(card, digests=digests)
    files.write_card(place, card)
    familiar = measured(context) if familiarity_of in chosen else None
    return keep(place, familiar) if familiar else card


def named(only: Sequence[str]) -> Sequence[MetricFn]:
    """Find metrics by name; all for none. Raises BadValue for a name that none has."""
    only = [RENAMED.get(name, name) for name in only]
    known = {metric.__name__.removesuffix("_of").replace("_", "-"): metric for metric in METRICS}
    if unknown := [name for name in only if name not in known]:
        raise BadValue(f"There is no metric called {unknown[0]!r}; there are {', '.join(known)}.")
    return [known[name] for name in only] or METRICS


def with_held_out(card: Card, context: EvalContext) -> Card:
    """Note on a card what the page's gauges and distances need."""
    model, test = context.model, context.data.test
    variance = feature_variance(model, test, context.pictures) if isinstance(model, Classifier) else None
    found = {**held_out(context), **{name: card.held_out[name] for name in ("strangeness",) if name in card.held_out}}
    return dataclasses.replace(card, held_out=found, feature_variance=variance)


def classifier_for(engine: Engine, name: str) -> NamedClassifier | None:
    """Find a classifier of a checkpoint's data among the checkpoints, the first there is."""
    data = engine.card(name).data
    wanted = JUDGED_AS.get(data, data)
    for other in engine.names("classifies"):
        model = engine.model(other) if engine.card(other).data == wanted and other != name else None
        if isinstance(model, Classifier):
            return NamedClassifier(other, model, engine.card(other).labels)
    return None


def background_of(engine: Engine, name: str) -> Background | None:
    """Find a model like a checkpoint's, of the same data, that learnt from mutated pictures; the first there is."""
    card = engine.card(name)

    def kind(other: Card) -> Any:
        return other.data, other.shape, other.family, other.config.get("likelihood"), other.config.get("output")

    for other in (engine.card(each) for each in engine.names()):
        if other.name != name and other.recipe.get("noise_fraction") and kind(other) == kind(card):
            return Background(other.name, engine.model(other.name))
    return None


# The critic


def critic_of(run: Run, card: Card, model: Model) -> View:
    """Take the critic that taught a model out of its run. Raises BadValue where that is another run, or has none."""
    wanted = "Give the run that it was exported from, or leave --run out."
    if differing := differences(run.recipe(), from_dict(card.recipe)):
        raise BadValue(f"{run.folder} and {card.name} have different recipes ({', '.join(differing)}). {wanted}")
    training = reached(run)
    if (critic := training.objective.players.get("critic")) is None:
        raise BadValue(f"{run.folder} has no critic: its objective needs none. Leave --run out.")
    if not same_weights(training, model):
        raise BadValue(
            f"{run.folder} does not hold the weights of {card.name}: it went on, or never was its run. {wanted}"
        )
    packing = critic.config.packing if isinstance(critic, Critic) else 1
    prepared: Any = critic.eval().requires_grad_(False).to(next(model.parameters()).device)
    return lambda x: prepared.features(x.repeat_interleave(packing, dim=0))  # a picture packed with itself


def differences(one: Recipe, other: Recipe) -> list[str]:
    """Name the fields in which two recipes differ, but for words, and for paths, which no card holds."""
    pairs = {field.name: (getattr(one, field.name), getattr(other, field.name)) for field in dataclasses.fields(Recipe)}
    pairs["data"] = shareable(one.data), shareable(other.data)
    return [name for name, (a, b) in pairs.items() if a != b and name not in ("title", "description")]


def same_weights(training: Training, model: Model) -> bool:
    """Whether a run would ship these weights now, up to the half precision that they may travel in."""
    shipped = training.ema.module if training.ema else training.model
    pairs = zip(shipped.parameters(), model.parameters(), strict=True)
    return all(torch.allclose(a, b.to(a), rtol=2**-10, atol=1e-6) for a, b in pairs)
