"""Samples beside data in the features of our own classifier: how far apart, how true, how various.

Fréchet distance of Heusel et al., "GANs Trained by a Two Time-Scale Update Rule", NeurIPS 2017, equation 6; kernel
distance of Bińkowski et al., "Demystifying MMD GANs", ICLR 2018, section 4; precision and recall of Kynkäänniemi et
al., NeurIPS 2019, equations 1 and 2; density and coverage of Naeem et al., ICML 2020, equations 4 and 6. Theirs are
features of ImageNet's Inception: figures here compare with each other, and with no published one.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from engine.checkpoints.card import Metric
from engine.models.classifier import Classifier
from engine.protocols import Samples
from engine.types import Images
from train.data import Split
from train.metrics.context import EvalContext, spread

SAMPLES = 10_000
NEAR, NEAR_DENSITY = 3, 5  # which neighbour's distance is a radius, by the two papers' protocols
ROWS = 1_000  # of a table of distances held at once


class Balls(NamedTuple):
    """Which points of one set lie in the balls around another's, those as far as their k-th neighbour."""

    covered: Tensor  # (points,) whether a point lies in any ball
    number: Tensor  # (points,) in how many
    reached: Tensor  # (centres,) whether the point nearest to a centre lies in its ball


@torch.no_grad()
def feature_distances(context: EvalContext) -> list[Metric]:
    """Measure all of them for a model that samples, by the classifier of the same data."""
    classifier, model = context.classifier, context.model
    if classifier is None or not isinstance(model, Samples) or classifier.model.config.shape != context.data.shape:
        return []
    count = min(SAMPLES, context.pictures)
    test, known_pictures = context.beside(context.data.test), context.beside(context.data.train)
    parts = (pictures(test, count), pictures(known_pictures, count), context.sample_batches(count))
    real, known, made = (features(classifier.model, part) for part in parts)
    floor = f"training pictures instead of samples have {frechet_distance(real, known):.3g}"
    binary = " binarized by default_rng(0)" if context.binary else ""
    protocol = f"{len(made)} samples, seeds from 0, {len(real)} test pictures{binary}, features of {classifier.name}"
    near, dense = f"{protocol}, k = {NEAR}", f"{protocol}, k = {NEAR_DENSITY}"
    density, coverage = density_and_coverage(real, made)
    return [
        Metric("Fréchet distance", frechet_distance(real, made), "", f"{protocol}; {floor}"),
        Metric("kernel distance", kernel_distance(real, made), "", f"{protocol}, cubic kernel, unbiased"),
        Metric("precision", 100 * precision(real, made), "%", near),
        Metric("recall", 100 * precision(made, real), "%", near),
        Metric("density", density, "", dense),
        Metric("coverage", 100 * coverage, "%", dense),
    ]


def pictures(split: Split, count: int) -> Iterator[Images]:
    """Return pictures spread over a split, some at a time."""
    return (split.batch(rows).x for rows in spread(len(split), count).split(200))


def features(classifier: Classifier, parts: Iterable[Images]) -> Tensor:
    """Return the features (picture, feature) in double precision, on the host."""
    device = next(classifier.parameters()).device
    return torch.cat([classifier.features(x.to(device)).double().cpu() for x in parts])


# Distances of two sets of points (point, feature)


def frechet_distance(real: Tensor, made: Tensor) -> float:
    """|μ − μ'|² + tr(Σ + Σ' − 2 (Σ Σ')^½), of Gaussians fitted to both."""
    one, other = real.T.cov(), made.T.cov()
    values, vectors = torch.linalg.eigh(one)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    overlap = torch.linalg.eigvalsh(root @ other @ root).clamp(min=0).sqrt().sum()
    shift = (real.mean(0) - made.mean(0)).square().sum()
    return max(0.0, float(shift + one.trace() + other.trace() - 2 * overlap))


def kernel_distance(real: Tensor, made: Tensor) -> float:
    """Squared maximum mean discrepancy, unbiased, so that it may fall below zero; kernel (x·y / features + 1)³."""
    return within(real) + within(made) - 2 * kernel_sum(real, made) / (len(real) * len(made))


def within(points: Tensor) -> float:
    own = float((points.square().sum(1) / points.shape[1] + 1).pow(3).sum())
    return (kernel_sum(points, points) - own) / (len(points) * (len(points) - 1))


def kernel_sum(one: Tensor, other: Tensor) -> float:
    return sum(float((part @ other.T / one.shape[1] + 1).pow(3).sum()) for part in one.split(ROWS))


# Neighbourhoods


def precision(real: Tensor, made: Tensor) -> float:
    """Share of the made points that lie in a ball around a real one; the other way round it is the recall."""
    return float(balls(real, made, NEAR).covered.double().mean())


def density_and_coverage(real: Tensor, made: Tensor) -> tuple[float, float]:
    """In how many balls around real points a made one lies, over k; and the share of these balls with one in them."""
    found = balls(real, made, NEAR_DENSITY)
    return float(found.number.double().mean()) / NEAR_DENSITY, float(found.reached.double().mean())


def balls(centres: Tensor, points: Tensor, k: int) -> Balls:
    """Look which points lie in the balls around centres."""
    number, reached = torch.zeros(len(points), dtype=torch.long), []
    for part in centres.split(ROWS):
        radius = torch.cdist(part, centres).kthvalue(k + 1, dim=1).values  # the first is the centre itself
        inside = torch.cdist(part, points) <= radius[:, None]
        number += inside.sum(0)
        reached.append(inside.any(1))
    return Balls(number > 0, number, torch.cat(reached))
