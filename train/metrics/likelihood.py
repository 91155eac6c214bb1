"""The likelihood of held-out pictures, exact or bounded."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from tqdm import tqdm

from engine.checkpoints.card import Metric
from engine.nn import bounds
from engine.protocols import Bounds, Scores
from train.devices import autocast_to
from train.metrics.auroc import NORMAL_95
from train.metrics.context import CACHED, EvalContext, seen
from train.recipe import disagreement

ELBO_PICTURES, ELBO_DRAWS = 10_000, 20  # a small test set is drawn for several times, up to so many


@torch.no_grad()
def exact_likelihood(context: EvalContext) -> list[Metric]:
    """Measure the negative log-likelihood of models that know it; of bytes also in bits a value."""
    model = context.model
    if not isinstance(model, Scores) or disagreement(context.recipe):
        return []
    batches = tqdm(list(context.batches(size=CACHED)), desc="NLL", disable=None)
    nats = -float(torch.cat([model.log_prob(batch.x, batch.y) for batch in batches]).double().mean())
    given = ", given the class" if context.model.config.classes else ""
    protocol = f"exact, {len(context.data.test)} test pictures, {seen(context.recipe.pixels)}{given}"
    found = [Metric("NLL", nats, "nats", protocol)]
    if context.recipe.pixels == "plain":
        found.append(Metric("bits per dimension", nats / math.log(2) / math.prod(context.data.shape), "bits", protocol))
    return found


@torch.no_grad()
def evidence_bound(context: EvalContext) -> list[Metric]:
    """Measure the ELBO and, of binary pictures, the importance-weighted bound, which the field reports as the NLL."""
    if not isinstance(context.model, Bounds) or disagreement(context.recipe):
        return []
    torch.manual_seed(0)
    elbos = draws_of_elbo(context)
    protocol = f"{elbos.shape[1]} test pictures, {seen(context.recipe.pixels)}, mean of {len(elbos)} draws"
    found = [estimate("test ELBO", float(elbos.mean()), error_of_draws(elbos), protocol)]
    return [*found, importance_bound(context, elbos)] if context.recipe.pixels == "binarized" else found


def draws_of_elbo(context: EvalContext) -> Tensor:
    """Draw the ELBO of every test picture, (draw, picture): at least twice, or nothing is known of its error."""
    assert isinstance(context.model, Bounds)
    bound = context.model.elbo
    times = min(ELBO_DRAWS, max(2, ELBO_PICTURES // len(context.data.test)))
    draws = [torch.cat([bound(b.x, b.y) for b in context.batches()]) for _ in range(times)]
    return torch.stack(draws).double().cpu()


def importance_bound(context: EvalContext, elbos: Tensor) -> Metric:
    """Measure the importance-weighted bound, given draws of the ELBO of all test pictures, (draw, picture).

    It takes as long for a few hundred pictures as the ELBO for all. How hard a picture is varies far more than what the
    importance samples add to its ELBO, so this is measured on some and added to the ELBO of all: a difference estimator
    (Cochran, "Sampling Techniques", 3rd edition, section 7.6, with a slope of one). What is subtracted is the mean of
    the very weights that make the bound: a single draw of the ELBO strays by more than is to be measured.
    """
    gaps = torch.cat(list(added(context)))
    error = math.hypot(error_of_draws(elbos), float(gaps.std()) / math.sqrt(len(gaps)))
    measured = f"what {context.samples} importance samples add to the mean of their logarithms"
    protocol = f"{measured} on {len(gaps)} test pictures spread over the set, added to the ELBO of all {elbos.shape[1]}"
    nats, name = -float(elbos.mean()) - float(gaps.mean()), f"NLL, IW-{context.samples} bound"
    return estimate(name, nats, error, f"{protocol}, {seen(context.recipe.pixels)}")


def added(context: EvalContext) -> Iterator[Tensor]:
    """Measure by how much the importance-weighted bound of some test pictures is above the mean of its log-weights."""
    assert isinstance(context.model, Bounds)
    batches = list(context.batches(max(2, context.pictures), size=CACHED))
    for batch in tqdm(batches, desc=f"IW-{context.samples}", disable=None):
        # In bfloat16, where that is faster: both lean alike, and their difference by 0.005 nats of a digit's 4.
        with autocast_to("auto", context.device, context.model):
            weights = context.model.log_weights(batch.x, context.samples, batch.y).double()
        yield (bounds.importance_bound(weights) - weights.mean(0)).cpu()


def estimate(name: str, nats: float, error: float, protocol: str) -> Metric:
    """Write down an estimate with the 95 % interval that its standard error makes."""
    return Metric(name, nats, "nats", protocol, (nats - NORMAL_95 * error, nats + NORMAL_95 * error))


def error_of_draws(draws: Tensor) -> float:
    """Return the standard error of the mean of draws, (draw, picture), the pictures being as they are."""
    return math.sqrt(float(draws.var(0).mean()) / draws.numel())
