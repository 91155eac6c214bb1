"""The measures of likelihood: exact of all held-out pictures, and a bound that some of them sharpen for all."""

import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import MultivariateNormal

from engine.checkpoints.card import Metric
from engine.models.pixel_cnn import PixelCNN, PixelCNNConfig
from engine.models.vae import VAE, VAEConfig
from engine.registry import build
from train.data import Dataset, Split, binarized_test
from train.metrics.auroc import NORMAL_95
from train.metrics.context import EvalContext
from train.metrics.likelihood import draws_of_elbo, evidence_bound, exact_likelihood, importance_bound
from train.recipe import Recipe
from train.recipes import RECIPES

from .test_densities import linear_gaussian
from .toys import toy_data

SHAPE, COUNT = (1, 8, 8), 40
SMALL = VAEConfig(SHAPE, width=8, depth=1)


REPEATS = 60


def linear(stretch: float) -> VAE:
    """A model whose log p(x) has a closed form, and that of pictures (1, 2, 3)."""
    torch.manual_seed(4)
    return linear_gaussian(stretch)[0]


def context(model: VAE | PixelCNN, pictures: int, data: Dataset, samples: int = 5) -> EvalContext:
    recipe = Recipe(data="toy", model=SMALL, objective=RECIPES["mnist-vae"].objective, pixels="binarized")
    return EvalContext(model, recipe, data, pictures, samples)


def some(count: int, seed: int = 0) -> Dataset:
    """Binary pictures (1, 2, 3), as many for a test."""
    drawn = torch.Generator().manual_seed(seed)
    split = Split(255 * torch.randint(0, 2, (count, 1, 2, 3), dtype=torch.uint8, generator=drawn))
    return Dataset("toy", split, split, None, (), "made by the test", (1, 2, 3))


def truth(model: VAE, data: Dataset) -> float:
    """The mean of −log p(x) of the test pictures, x = W z + b + s ε."""
    b = model.decoder(torch.zeros(1, 2)).flatten()
    w = torch.stack([model.decoder(axis[None]).flatten() - b for axis in torch.eye(2)], 1)
    deviation = model.likelihood.log_deviation.exp()  # type: ignore[union-attr, operator]
    x = data.test.batch(torch.arange(len(data.test))).x.flatten(1)
    return -float(MultivariateNormal(b, w @ w.T + deviation**2 * torch.eye(6)).log_prob(x).mean())


def error(metric: Metric) -> float:
    """The standard error behind a 95 % interval that lies evenly about its value."""
    assert metric.interval is not None
    low, high = metric.interval
    assert metric.value == pytest.approx((low + high) / 2)
    return (high - low) / (2 * NORMAL_95)


def test_with_the_exact_posterior_importance_samples_add_nothing() -> None:
    model, data = linear(stretch=1.0), some(40)
    elbo, bound = evidence_bound(context(model, 8, data))
    assert bound.value == pytest.approx(-elbo.value, abs=1e-4)
    assert bound.value == pytest.approx(truth(model, data), abs=4 * error(elbo))
    assert error(bound) == pytest.approx(error(elbo), abs=1e-4)
    assert bound.name == "NLL, IW-5 bound"
    assert "on 8 test pictures spread over the set, added to the ELBO of all 40" in bound.protocol


def test_the_error_holds_no_noise_of_single_draws() -> None:
    # The gap of a Gaussian posterior twice too wide is the same for all pictures; single draws of it differ by nats.
    model, data = linear(stretch=2.0), some(40)
    elbo, bound = evidence_bound(context(model, 8, data, samples=4_000))
    assert error(bound) < 1.1 * error(elbo)
    assert bound.value == pytest.approx(truth(model, data), abs=4 * error(bound))
    gap = 2 * (1.5 - math.log(2))  # KL(N(m, 4 s²) ‖ N(m, s²)) on two axes
    assert elbo.value == pytest.approx(-truth(model, data) - gap, abs=4 * error(elbo))


def test_a_bound_by_a_few_pictures_is_right_on_average_and_off_by_its_error() -> None:
    model = linear(stretch=1.5)
    off = []
    for seed in range(REPEATS):
        data = some(60, seed)
        given = context(model, 10, data, samples=300)
        found = importance_bound(given, draws_of_elbo(given))
        off.append((found.value - truth(model, data)) / error(found))
    mean, deviation = float(torch.tensor(off).mean()), float(torch.tensor(off).std())
    assert abs(mean) < 4 / math.sqrt(REPEATS)
    assert 0.6 < deviation < 1.5


def test_a_bound_is_of_binary_pictures_only() -> None:
    plain = context(linear(1.0), 8, some(40))
    found = evidence_bound(replace(plain, recipe=replace(plain.recipe, pixels="plain")))
    assert [metric.name for metric in found] == ["test ELBO"]


def test_an_exact_likelihood_is_of_all_held_out_pictures() -> None:
    model = build(PixelCNNConfig(SHAPE, width=8, depth=2)).eval()
    assert isinstance(model, PixelCNN)
    found = exact_likelihood(context(model, 8, toy_data(SHAPE, COUNT)))[0]
    x = binarized_test(context(model, 8, toy_data(SHAPE, COUNT)).data.test).batch(torch.arange(COUNT)).x
    with torch.no_grad():
        assert found.value == pytest.approx(-float(model.log_prob(x).mean()), rel=1e-5)
    assert f"exact, {COUNT} test pictures, binarized" in found.protocol
