"""The likelihood of held-out pictures, exact or bounded."""

import math

import numpy as np
import torch
from tqdm import tqdm

from engine.card import Metric
from engine.verbs import Bounds, Scores
from train.measures.auroc import NORMAL_95
from train.measures.subject import CACHED, Subject, seen, spread

ELBO_PICTURES, ELBO_DRAWS = 10_000, 20  # a small test set is drawn for several times, up to so many


@torch.no_grad()
def exact_likelihood(subject: Subject) -> list[Metric]:
    """Measure the negative log-likelihood of models that know it; of bytes also in bits a value."""
    model = subject.model
    if not isinstance(model, Scores):
        return []
    batches = tqdm(list(subject.batches(size=CACHED)), desc="NLL", disable=None)
    nats = -float(torch.cat([model.log_prob(batch.x, batch.y) for batch in batches]).double().mean())
    told = ", given the class" if subject.model.config.classes else ""
    protocol = f"exact, {len(subject.data.test)} test pictures, {seen(subject.recipe.pixels)}{told}"
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
    """Measure the importance-weighted bound of binary pictures, as the negative log-likelihood the field reports.

    It takes as long for a few hundred pictures as the ELBO for all. How hard a picture is varies far more than what the
    importance samples add to its ELBO, so this is measured on some and added to the ELBO of all: a difference
    estimator (Cochran, "Sampling Techniques", 3rd edition, section 7.6, with a slope of one).
    """
    model, total = subject.model, len(subject.data.test)
    if not isinstance(model, Bounds) or subject.recipe.pixels != "binarized":
        return []
    torch.manual_seed(0)
    count = min(subject.pictures, total)
    elbos = torch.cat([model.elbo(batch.x, batch.y) for batch in subject.batches()]).double()
    batches = tqdm(list(subject.batches(count)), desc=f"IW-{subject.samples}", disable=None)
    bounds = torch.cat([model.importance_bound(batch.x, subject.samples, batch.y) for batch in batches]).double()
    added = (bounds - elbos[spread(total, count)]).cpu().numpy()
    nats, margin = -float(elbos.mean()) - float(added.mean()), NORMAL_95 * float(added.std()) / math.sqrt(count)
    measured = f"what {subject.samples} importance samples add to the ELBO of {count} test pictures spread over the set"
    protocol = f"{measured}, added to that of all {total}, {seen('binarized')}"
    interval = None if count == total else (nats - margin, nats + margin)
    return [Metric(f"NLL, IW-{subject.samples} bound", nats, "nats", protocol, interval)]
