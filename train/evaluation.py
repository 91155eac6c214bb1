"""A checkpoint is measured, and the figures go into its card."""

import dataclasses
from collections.abc import Callable

from engine import checkpoint
from engine.card import Card, Metric
from engine.models.classifier import Classifier
from engine.runtime import Engine
from train.data import Dataset
from train.measures.accuracy import accuracy
from train.measures.disentanglement import mutual_information_gap
from train.measures.features import feature_distances
from train.measures.likelihood import evidence_bound, importance_bound, reconstruction_error
from train.measures.modes import mode_coverage
from train.measures.neighbours import class_kept, copies, latent_neighbours
from train.measures.sharpness import sharpness
from train.measures.stacked import stacked_modes
from train.measures.subject import Judge, Subject
from train.recipe import from_dict

MEASURES: tuple[Callable[[Subject], list[Metric]], ...] = (
    reconstruction_error,
    evidence_bound,
    importance_bound,
    mutual_information_gap,
    mode_coverage,
    stacked_modes,
    feature_distances,
    sharpness,
    copies,
    latent_neighbours,
    class_kept,
    accuracy,
)
JUDGED_AS = {"stacked-mnist": "mnist"}  # data sets whose pictures are read by the classifier of another


def evaluate(engine: Engine, name: str, data: Dataset, pictures: int, samples: int) -> Card:
    """Measure a checkpoint, write the metrics into its card, and return the card."""
    card = engine.card(name)
    recipe = from_dict(card.recipe)
    subject = Subject(engine.model(name), recipe, data, pictures, samples, judge_of(engine, name))
    card = dataclasses.replace(card, metrics=tuple(metric for measure in MEASURES for metric in measure(subject)))
    checkpoint.write_card(engine.place(name), card)
    return card


def judge_of(engine: Engine, name: str) -> Judge | None:
    """Find a classifier of a checkpoint's data among the checkpoints, the first there is."""
    data = engine.card(name).data
    wanted = JUDGED_AS.get(data, data)
    for other in engine.names("classifies"):
        model = engine.model(other) if engine.card(other).data == wanted and other != name else None
        if isinstance(model, Classifier):
            return Judge(other, model)
    return None
