"""What the figures of the cards are: one table of measures, and the figures of a card as a person can compare them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from engine.checkpoints.card import Card, Metric

Better = Literal["lower", "higher", "one", "neither"]
Ends = tuple[float | None, float | None]
SHARE: Ends = (0.0, 100.0)


@dataclass(frozen=True)
class MetricKind:
    """A kind of figure."""

    section: str
    better: Better
    about: str
    """One sentence."""
    ends: Ends = (0.0, None)
    """Where its scale begins and ends, whatever models are compared; None where it has no such end."""


LIKELIHOOD, SAMPLES, PICTURES = "Likelihood", "Samples", "Reconstructions"
LATENTS, OUTLIERS, TOYS = "Latents and classes", "Outliers", "Modes"

NLL, NLL_LOOSE, BITS, BITS_LOOSE = "NLL", "NLL, ELBO alone", "NLL in bits", "NLL in bits, ELBO alone"
"""Negative log-likelihoods: of two levels in nats, of 256 in bits; the tightest that is known, and looser bounds."""

METRICS: dict[str, MetricKind] = {
    NLL: MetricKind(
        LIKELIHOOD, "lower", "Nats that a test picture of black and white pixels costs; a bound may be too high.",
        (None, None),
    ),
    NLL_LOOSE: MetricKind(
        LIKELIHOOD, "lower", "The same cost as the training objective bounds it, which is further from the truth.",
        (None, None),
    ),
    BITS: MetricKind(
        LIKELIHOOD, "lower", "Bits that one of the 256 levels of a pixel's colour costs; 8 for one who knows nothing.",
        (0.0, 8.0),
    ),
    BITS_LOOSE: MetricKind(
        LIKELIHOOD, "lower", "The same cost as the training objective bounds it, which is further from the truth.",
        (0.0, 8.0),
    ),
    "Bayes test error": MetricKind(
        LIKELIHOOD, "lower", "Share of test pictures that are likelier under a class that is not theirs.", SHARE
    ),
    "Fréchet distance": MetricKind(
        SAMPLES, "lower", "Distance of Gaussians fitted to samples and data in features of our classifier."
    ),
    "kernel distance": MetricKind(
        SAMPLES, "lower", "Distance of samples from data in the same features of our classifier, without Gaussians."
    ),
    "kernel distance, gradients": MetricKind(
        SAMPLES, "lower", "The same distance in a space learnt from no data: which way edges run, place by place."
    ),
    "precision": MetricKind(SAMPLES, "higher", "Share of samples that lie among the data: how true they are.", SHARE),
    "recall": MetricKind(SAMPLES, "higher", "Share of data that lie among the samples: how various they are.", SHARE),
    "density": MetricKind(
        SAMPLES, "higher", "How crowded with data the places of the samples are; samples like the data have 1."
    ),
    "coverage": MetricKind(SAMPLES, "higher", "Share of test pictures that have a sample close by.", SHARE),
    "sharpness": MetricKind(
        SAMPLES, "one", "Strength of edges in samples over that in data; below 1 blur, above noise."
    ),
    "checkerboard": MetricKind(
        SAMPLES, "one", "Power of patterns of every other pixel, over that in data; above 1 there is a checkerboard."
    ),
    "nearest training picture": MetricKind(
        SAMPLES, "one", "Distance of samples to training pictures over that of test pictures; far below 1: copies."
    ),
    "test MSE": MetricKind(
        PICTURES, "lower", "Mean squared error of a pixel when a test picture is encoded and decoded."
    ),
    "feature error": MetricKind(
        PICTURES, "lower", "The same error in features of our classifier; 1 is as bad as the mean of all pictures."
    ),
    "class kept": MetricKind(
        PICTURES, "higher", "Share of reconstructions in which our classifier finds the class of the original.", SHARE
    ),
    "1-NN accuracy": MetricKind(
        LATENTS, "higher", "Share of test pictures whose nearest training picture, by latents, has their class.", SHARE
    ),
    "1-NN accuracy, pixels": MetricKind(
        LATENTS, "neither", "The same by raw pixels, without any model: what the latents have to beat.", SHARE
    ),
    "linear probe": MetricKind(
        LATENTS, "higher", "Share of labels that a straight cut through what a network computes gets right.", SHARE
    ),
    "test accuracy": MetricKind(LATENTS, "higher", "Share of test pictures that the classifier names rightly.", SHARE),
    "MIG": MetricKind(
        LATENTS, "higher", "How much more the best axis knows of a cause than the second best, from 0 to 1.", (0.0, 1.0)
    ),
    "AUROC": MetricKind(
        OUTLIERS, "higher", "Chance that a score puts an outlier above a test picture; .5 is a coin.", (0.0, 1.0)
    ),
    "outliers refused": MetricKind(
        OUTLIERS, "higher", "Share of outliers that are refused where 5 % of the model's own pictures are.", SHARE
    ),
    "classifier's confidence in outliers": MetricKind(
        OUTLIERS, "neither", "How sure a classifier, which may not refuse, is of its answer to outliers.", SHARE
    ),
    "modes": MetricKind(TOYS, "higher", "Modes of the data in which at least one sample lies."),
    "high quality": MetricKind(TOYS, "higher", "Share of samples that lie in a mode of the data.", SHARE),
    "spread within modes": MetricKind(TOYS, "one", "How wide the samples of a mode lie, over how wide the data do."),
    "KL of modes": MetricKind(TOYS, "lower", "How far from even the modes are drawn; 0 is even."),
}  # fmt: skip
"""Kinds of figures, in the order in which they are shown; others follow."""

UNKNOWN = MetricKind("Others", "neither", "A figure that this version has no sentence for.", (None, None))
SECTIONS = [*dict.fromkeys(known.section for known in (*METRICS.values(), UNKNOWN))]
BETTER = {"lower": "↓ lower is better", "higher": "↑ higher is better", "one": "1 is best", "neither": ""}


@dataclass(frozen=True)
class Figure:
    """A figure of a card as it is shown beside others of its name."""

    name: str
    unit: str
    value: float
    protocol: str
    interval: tuple[float, float] | None
    section: str
    better: str
    about: str
    kind: str = ""
    """Of a likelihood: exact, or a bound, and whether given the class."""

    @property
    def text(self) -> str:
        """The value as it is written, with half of its interval where it has one."""
        said = written(self.value, self.unit)
        if self.interval is None:
            return said
        half = (self.interval[1] - self.interval[0]) / 2
        decimals = len(said.partition(".")[2])
        return f"{said} ± {half:.{decimals}f}" if round(half, decimals) else said


def metric_kind(name: str) -> MetricKind:
    """Look up what a figure is; one of a family, such as "MIG of x", by the family's name."""
    heads = (name, name.partition(", ")[0], name.partition(" of ")[0])
    return next((METRICS[head] for head in heads if head in METRICS), UNKNOWN)


def figures(card: Card) -> list[Figure]:
    """Return the figures of a card, likelihoods with one sign and in one unit, in the order of the table."""
    others = [metric for metric in card.metrics if not _likely(metric)]
    places = {id(known): place for place, known in enumerate(METRICS.values())}
    found = [*_likelihoods(card), *(_figure(metric) for metric in others)]
    return sorted(found, key=lambda figure: places.get(id(metric_kind(figure.name)), len(places)))


def written(value: float, unit: str) -> str:
    """Write a figure to the digits that it deserves."""
    if not math.isfinite(value):
        return "–"
    if unit == "%":
        return f"{value:.1f}"
    if unit.startswith(("nats", "bits")):
        return f"{value:.2f}"
    if value == round(value) and abs(value) < 1e6:
        return f"{value:.0f}"
    return f"{value:.{max(0, min(6, 2 - math.floor(math.log10(abs(value)))))}f}"


def _figure(metric: Metric) -> Figure:
    known = metric_kind(metric.name)
    about = BETTER[known.better], known.about
    return Figure(metric.name, metric.unit, metric.value, metric.protocol, metric.interval, known.section, *about)


# Likelihoods


def _likely(metric: Metric) -> bool:
    return metric.name in ("NLL", "bits per dimension", "test ELBO") or metric.name.startswith("NLL, IW")


def _likelihoods(card: Card) -> Iterator[Figure]:
    """Return the tightest likelihood that is known first, and then looser bounds, each as a cost."""
    found = [(kind, metric) for kind, metric in _kinds(card) if metric]
    binary = card.recipe.get("pixels") == "binarized" or card.config.get("likelihood") == "bernoulli"
    for (kind, metric), name in zip(found, (NLL, NLL_LOOSE) if binary else (BITS, BITS_LOOSE), strict=False):
        cost = _cost(card, metric)
        given = ", given the class" if card.classes else ""
        figure = replace(_figure(cost if binary else _in_bits(card, cost)), kind=kind + given)
        known = metric_kind(name)
        yield replace(figure, name=name, section=known.section, better=BETTER[known.better], about=known.about)


def _kinds(card: Card) -> Iterator[tuple[str, Metric | None]]:
    yield "exact", card.metric("NLL")
    yield "bound", next((metric for metric in card.metrics if metric.name.startswith("NLL, IW")), None)
    yield "bound", card.metric("test ELBO")


def _cost(card: Card, metric: Metric) -> Metric:
    """Return a likelihood in nats a picture, lower is better: an ELBO changes its sign.

    A density of pixels that noise spreads over [0, 1] bounds the probability of their 256 levels: Theis et al., "A note
    on the evaluation of generative models", ICLR 2016, section 3.1.
    """
    if metric.name != "test ELBO":
        return metric
    levels = math.prod(card.shape) * math.log(256) if card.recipe.get("pixels") == "dequantized" else 0.0
    return _scaled(replace(metric, protocol=f"minus the ELBO, {metric.protocol}"), -1.0, levels)


def _in_bits(card: Card, metric: Metric) -> Metric:
    return replace(_scaled(metric, 1 / (math.prod(card.shape) * math.log(2)), 0.0), unit="bits a dimension")


def _scaled(metric: Metric, factor: float, shift: float) -> Metric:
    ends = None if metric.interval is None else sorted(factor * end + shift for end in metric.interval)
    return replace(metric, value=factor * metric.value + shift, interval=None if ends is None else (ends[0], ends[1]))
