"""Measures of a checkpoint on its data's test split, each with its protocol."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from engine import checkpoint
from engine.card import Card, Metric
from engine.registry import Model
from engine.runtime import Engine
from engine.verbs import Bounds, Decodes, Encodes
from train.data import Batch, Dataset, binarized_test, dequantize
from train.recipe import Pixels, Recipe, from_dict

ELBO_PICTURES, ELBO_DRAWS = 10_000, 20  # a small test set is drawn for several times, up to so many
FACTOR_PICTURES, BINS = 10_000, 20


@dataclass(frozen=True)
class Subject:
    """A model beside the held-out pictures that it is measured on."""

    model: Model
    recipe: Recipe
    data: Dataset
    pictures: int  # at most so many for the measures that take long
    samples: int  # importance samples

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    def batches(self, count: int | None = None, size: int = 200) -> Iterator[Batch]:
        """Give the test split, pixels as the likelihood sees them; labels only to class-conditional models."""
        split = binarized_test(self.data.test) if self.recipe.pixels == "binarized" else self.data.test
        noise = torch.Generator().manual_seed(0)
        for rows in spread(len(split), count or len(split)).split(size):
            batch = split.batch(rows)
            x = dequantize(batch.x, noise) if self.recipe.pixels == "dequantized" else batch.x
            y = batch.y.to(self.device) if batch.y is not None and self.model.config.classes else None
            yield Batch(x.to(self.device), y)


# Measures: each gives the metrics that fit, and none where it does not apply


@torch.no_grad()
def reconstruction_error(subject: Subject) -> list[Metric]:
    """Measure the squared error a pixel of the reconstruction from the posterior mean, on the grey pictures."""
    if not (isinstance(subject.model, Encodes) and isinstance(subject.model, Decodes)):
        return []
    plain = dataclasses.replace(subject, recipe=dataclasses.replace(subject.recipe, pixels="plain"))
    errors = [(subject.model.decode(subject.model.encode(b.x, b.y), b.y) - b.x).square() for b in plain.batches()]
    value = float(torch.cat([error.flatten(1).mean(1) for error in errors]).mean())
    protocol = f"{len(subject.data.test)} test pictures in [0, 1], posterior mean, mean over pixels"
    return [Metric("test MSE", value, "", protocol)]


@torch.no_grad()
def evidence_bound(subject: Subject) -> list[Metric]:
    """Measure the ELBO."""
    if not isinstance(subject.model, Bounds):
        return []
    torch.manual_seed(0)
    bound = subject.model.elbo
    times = min(ELBO_DRAWS, max(1, ELBO_PICTURES // len(subject.data.test)))
    draws = [float(torch.cat([bound(b.x, b.y) for b in subject.batches()]).mean()) for _ in range(times)]
    protocol = f"{len(subject.data.test)} test pictures, {seen(subject.recipe.pixels)}, mean of {times} draws"
    return [Metric("test ELBO", float(np.mean(draws)), "nats", protocol)]


@torch.no_grad()
def importance_bound(subject: Subject) -> list[Metric]:
    """Measure the importance-weighted bound of binary pictures, as the negative log-likelihood the field reports."""
    model = subject.model
    if not isinstance(model, Bounds) or subject.recipe.pixels != "binarized":
        return []
    torch.manual_seed(0)
    count = min(subject.pictures, len(subject.data.test))
    batches = tqdm(list(subject.batches(count)), desc=f"IW-{subject.samples}", disable=None)
    bounds = [model.importance_bound(batch.x, subject.samples, batch.y) for batch in batches]
    protocol = f"{count} test pictures spread over the set, {seen('binarized')}, {subject.samples} importance samples"
    return [Metric(f"NLL, IW-{subject.samples} bound", -float(torch.cat(bounds).mean()), "nats", protocol)]


@torch.no_grad()
def mutual_information_gap(subject: Subject) -> list[Metric]:
    """Measure the MIG of Chen et al., "Isolating Sources of Disentanglement", NeurIPS 2018."""
    test = subject.data.test
    if test.factors is None or not isinstance(subject.model, Encodes):
        return []
    count = min(FACTOR_PICTURES, len(test))
    parts = torch.arange(count).split(500)
    codes = np.concatenate(
        [subject.model.encode(test.batch(rows).x.to(subject.device)).cpu().numpy() for rows in parts]
    )
    gaps = information_gaps(codes, test.factors[:count].numpy())
    protocol = f"{count} test pictures, posterior means in {BINS} equal bins an axis, mean over factors"
    each = [
        Metric(f"MIG of {name}", float(gap), "", protocol) for name, gap in zip(test.factor_names, gaps, strict=True)
    ]
    return [Metric("MIG", float(gaps.mean()), "", protocol), *each]


def information_gaps(codes: NDArray[np.float32], factors: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give each factor's gap between its two most informative axes, as a share of its entropy, (factor,)."""
    from sklearn.metrics import mutual_info_score  # here, not above: it takes seconds that no other command needs

    binned = np.stack([np.digitize(code, np.histogram(code, BINS)[1][:-1]) for code in codes.T])
    gaps = []
    for factor in factors.T:
        information = sorted(mutual_info_score(code, factor) for code in binned)
        gaps.append((information[-1] - information[-2]) / max(mutual_info_score(factor, factor), 1e-12))
    return np.array(gaps)


MEASURES: tuple[Callable[[Subject], list[Metric]], ...] = (
    reconstruction_error,
    evidence_bound,
    importance_bound,
    mutual_information_gap,
)


def evaluate(engine: Engine, name: str, data: Dataset, pictures: int, samples: int) -> Card:
    """Measure a checkpoint, write the metrics into its card, and return the card."""
    card = engine.card(name)
    recipe = from_dict(card.recipe)
    subject = Subject(engine.model(name), recipe, data, pictures, samples)
    card = dataclasses.replace(card, metrics=tuple(metric for measure in MEASURES for metric in measure(subject)))
    checkpoint.write_card(engine.place(name), card)
    return card


def spread(available: int, count: int) -> torch.Tensor:
    """Choose rows evenly: the first half of MNIST's test set, say, is easier than the second."""
    return torch.linspace(0, available - 1, min(count, available)).long()


def seen(pixels: Pixels) -> str:
    """Say how the pixels reach the likelihood."""
    return {
        "plain": "pixels as they are",
        "binarized": "binarized once by default_rng(0), trained on fresh draws",
        "dequantized": "pixels dequantized by uniform noise, in [0, 1]",
    }[pixels]
