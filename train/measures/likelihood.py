"""The likelihood of held-out pictures, exact or bounded."""

import math

import numpy as np
import torch
from tqdm import tqdm

from engine.card import Metric
from engine.verbs import Bounds, Scores
from train.measures.subject import Subject, seen

ELBO_PICTURES, ELBO_DRAWS = 10_000, 20  # a small test set is drawn for several times, up to so many


@torch.no_grad()
def exact_likelihood(subject: Subject) -> list[Metric]:
    """Measure the negative log-likelihood of models that know it; of bytes also in bits a value."""
    model, test = subject.model, subject.data.test
    if not isinstance(model, Scores):
        return []
    count = min(subject.pictures, len(test))
    batches = tqdm(list(subject.batches(count)), desc="NLL", disable=None)
    nats = -float(torch.cat([model.log_prob(batch.x, batch.y) for batch in batches]).double().mean())
    told = ", given the class" if subject.model.config.classes else ""
    protocol = f"exact, {count} test pictures spread over the set, {seen(subject.recipe.pixels)}{told}"
    found = [Metric("NLL", nats, "nats", protocol)]
    if subject.recipe.pixels == "plain":
        found.append(Metric("bits per dimension", nats / math.log(2) / math.prod(subject.data.shape), "bits", protocol))
    return found


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
