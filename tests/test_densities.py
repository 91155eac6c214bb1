"""Densities against closed forms, sums over everything, and each other."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from engine.models.vae import VAE, VAEConfig
from engine.nn.likelihoods import LIKELIHOODS, SMALLEST_LOG_DEVIATION, DiscretizedLogistic, SharedGaussian
from tests.bounds import assert_bounds_climb, by_quadrature, mean_and_error

LEVELS = torch.arange(256, dtype=torch.float64) / 255


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(1)


def many(x: Tensor, copies: int) -> Tensor:
    return x.repeat_interleave(copies, 0)


# The bounds


class Known(nn.Module):
    """A network whose outputs are written down."""

    def __init__(self, formula: Any) -> None:
        super().__init__()
        self.formula = formula

    def forward(self, given: Tensor, y: Tensor | None = None) -> Tensor:
        return self.formula(given)


class IdentityGaussian(SharedGaussian):
    """x ~ N(h, s²), without the squashing that keeps pictures in [0, 1]."""

    def mean(self, h: Any) -> Any:
        return h


def linear_gaussian(stretch: float) -> tuple[VAE, MultivariateNormal]:
    """x = W z + b + s ε, whose W has orthogonal columns, so that the exact posterior is diagonal as q is.

    p(z|x) = N(V Wᵀ(x − b)/s², V) and p(x) = N(b, W Wᵀ + s² I), with V = (I + WᵀW/s²)⁻¹ (Bishop 2006, eq. 2.113–2.117).
    """
    w = torch.linalg.qr(torch.randn(6, 2)).Q * torch.tensor([1.5, 0.5])
    b, s = torch.randn(6), 0.4
    variance = 1 / (1 + (w**2).sum(0) / s**2)
    model = VAE(VAEConfig((1, 2, 3), latent=2, width=4, depth=1, likelihood="gaussian-shared")).requires_grad_(False)
    model.likelihood = IdentityGaussian()
    model.likelihood.log_deviation = nn.Parameter(torch.tensor(math.log(s)), requires_grad=False)
    model.decoder = Known(lambda z: (z @ w.T + b).unflatten(1, (1, 2, 3)))
    log_deviation = 0.5 * variance.log() + math.log(stretch)
    model.encoder = Known(
        lambda x: torch.cat([(x.flatten(1) - b) @ w / s**2 * variance, log_deviation.expand(len(x), 2)], 1)
    )
    return model, MultivariateNormal(b, w @ w.T + s**2 * torch.eye(6))


def test_with_the_exact_posterior_one_importance_sample_is_the_log_likelihood() -> None:
    model, marginal = linear_gaussian(stretch=1.0)
    x = marginal.sample((5,))
    bound = model.importance_bound(x.unflatten(1, (1, 2, 3)), 1)
    torch.testing.assert_close(bound, marginal.log_prob(x), rtol=0, atol=1e-4)


def test_with_the_exact_posterior_the_elbo_is_the_log_likelihood_on_average() -> None:
    model, marginal = linear_gaussian(stretch=1.0)
    x = marginal.sample((5,))
    draws = model.elbo(many(x, 20_000).unflatten(1, (1, 2, 3))).view(5, -1)
    mean, error = mean_and_error(draws)
    assert error.max() < 0.02
    assert ((mean - marginal.log_prob(x)).abs() < 5 * error).all()


def test_with_a_wide_posterior_the_gap_of_the_elbo_is_its_divergence() -> None:
    model, marginal = linear_gaussian(stretch=2.0)
    x = marginal.sample((5,))
    pictures = x.unflatten(1, (1, 2, 3))
    mean, error = mean_and_error(model.elbo(many(pictures, 20_000)).view(5, -1))
    q, exact = model.posterior(pictures), linear_gaussian_posterior(model, pictures)
    gap = kl_divergence(q, exact).sum(1)
    assert gap.min() > 1
    assert ((mean + gap - marginal.log_prob(x)).abs() < 5 * error).all()
    bound = model.importance_bound(pictures, 5000)  # weights are bounded for a wide q: error about 1/√5000
    torch.testing.assert_close(bound, marginal.log_prob(x), rtol=0, atol=0.1)


def linear_gaussian_posterior(model: VAE, pictures: Tensor) -> Normal:
    q = model.posterior(pictures)
    return Normal(q.mean, q.stddev / 2)


def curved(likelihood: Any) -> tuple[VAE, Tensor]:
    """A model with one latent that matters, and two pictures."""
    model = VAE(VAEConfig((1, 3, 2), latent=1, width=8, depth=1, likelihood=likelihood)).requires_grad_(False)
    for weights in model.decoder.parameters():
        weights *= 2
    return model, torch.randint(0, 2, (2, 1, 3, 2)).float()


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_elbo_and_importance_bounds_climb_to_the_log_likelihood(likelihood: str) -> None:
    model, x = curved(likelihood)
    truth = by_quadrature(lambda x, z: model.likelihood.log_prob(model.maps(z), x), x, axes=1, points=4001, far=8.0)
    assert_bounds_climb(model, x, truth, draws=4_000, samples=(4, 64))


def test_the_divergence_of_each_axis_is_that_of_torch() -> None:
    model = VAE(VAEConfig((1, 4, 4), latent=5, width=8, depth=1))
    x = torch.rand(6, 1, 4, 4)
    q = model.posterior(x)
    expected = kl_divergence(q, Normal(torch.zeros(6, 5), torch.ones(6, 5)))
    torch.testing.assert_close(model.evidence(x).kl, expected)


# The likelihoods


def test_all_binary_pictures_have_probability_one() -> None:
    model = VAE(VAEConfig((1, 3, 3), latent=2, width=8, depth=1)).double()
    x = torch.tensor(list(itertools.product([0.0, 1.0], repeat=9))).double().view(-1, 1, 3, 3)
    h = 5 * model.decoder(torch.randn(1, 2).double()).expand(512, 1, 3, 3)
    log_prob = model.likelihood.log_prob(h, x)
    assert log_prob.exp().sum().item() == pytest.approx(1, abs=1e-12)
    assert log_prob.std() > 0.1


def maps_of(mean: float, log_scale: float, dtype: torch.dtype = torch.float64) -> Tensor:
    """The maps of a discretized logistic for one pixel, and for all levels as a batch."""
    raw = math.log(math.expm1(log_scale - SMALLEST_LOG_DEVIATION)) + SMALLEST_LOG_DEVIATION + 2.5
    return torch.tensor([math.log(mean / (1 - mean)), raw], dtype=dtype).view(1, 2, 1, 1).expand(256, 2, 1, 1)


@given(mean=st.floats(0.001, 0.999), log_scale=st.floats(-6.5, 2))
def test_the_256_levels_have_probability_one(mean: float, log_scale: float) -> None:
    h, x = maps_of(mean, log_scale), LEVELS.view(-1, 1, 1, 1)
    masses = DiscretizedLogistic().log_prob(h, x).exp()
    assert masses.sum().item() == pytest.approx(1, abs=1e-9)
    cdf = torch.sigmoid((LEVELS + 0.5 / 255 - mean) / math.exp(log_scale))
    torch.testing.assert_close(masses[0], cdf[0], rtol=1e-6, atol=1e-12)  # the end bins reach to infinity
    torch.testing.assert_close(masses[255], 1 - cdf[254], rtol=1e-6, atol=1e-12)
    torch.testing.assert_close(masses[1:255], cdf[1:255] - cdf[:254], rtol=1e-6, atol=1e-12)


@given(mean=st.floats(0.001, 0.999), log_scale=st.floats(-6.5, 2))
def test_single_precision_is_enough_for_the_levels(mean: float, log_scale: float) -> None:
    h, x = maps_of(mean, log_scale), LEVELS.view(-1, 1, 1, 1)
    fine, coarse = DiscretizedLogistic().log_prob(h, x), DiscretizedLogistic().log_prob(h.float(), x.float())
    assert coarse.isfinite().all()
    torch.testing.assert_close(coarse.double(), fine, rtol=1e-3, atol=0.01)


@pytest.mark.parametrize("likelihood", ["gaussian", "gaussian-shared"])
def test_gaussian_densities_are_those_of_torch(likelihood: str) -> None:
    p = LIKELIHOODS[likelihood]()
    h, x = 3 * torch.randn(4, 3 * p.maps, 5, 4), torch.rand(4, 3, 5, 4)
    log_deviation = p.log_deviation(h) if callable(p.log_deviation) else p.log_deviation
    expected = Normal(p.mean(h), log_deviation.exp()).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(p.log_prob(h, x), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_extreme_maps_leave_densities_and_gradients_finite(likelihood: str) -> None:
    p = LIKELIHOODS[likelihood]()
    corners = torch.tensor(list(itertools.product([-60.0, 0.0, 60.0], repeat=p.maps)))
    h = corners.view(-1, p.maps, 1, 1).clone().requires_grad_()
    for value in (0.0, 0.5, 1.0):
        log_prob = p.log_prob(h, torch.full((len(h), 1, 1, 1), value))
        (gradient,) = torch.autograd.grad(log_prob.sum(), h)
        assert log_prob.isfinite().all()
        assert gradient.isfinite().all()


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_draws_have_their_mean(likelihood: str) -> None:
    p = LIKELIHOODS[likelihood]()
    # The second map makes the deviation so small that no draw is cut off at 0 or 1.
    h = torch.tensor([0.4, -1.5])[: p.maps].view(1, p.maps, 1, 1).expand(20_000, p.maps, 1, 1)
    if isinstance(p, SharedGaussian):
        p.log_deviation.data.fill_(-2.5)
    u = (torch.arange(20_000) + 0.5).view(-1, 1, 1, 1) / 20_000  # stratified: no luck involved
    drawn = p.draw(h, u)
    assert 0 <= drawn.min() < drawn.max() <= 1
    assert drawn.mean().item() == pytest.approx(p.mean(h)[0].item(), abs=1e-3)
    if isinstance(p, SharedGaussian):
        assert drawn.std().item() == pytest.approx(math.exp(-2.5), rel=0.01)


def test_levels_are_drawn_as_often_as_they_weigh() -> None:
    h = maps_of(0.9, -2.0, torch.float32)
    masses = DiscretizedLogistic().log_prob(h, LEVELS.float().view(-1, 1, 1, 1)).exp()
    u = (torch.arange(100_000) + 0.5).view(-1, 1, 1, 1) / 100_000
    drawn = DiscretizedLogistic().draw(h[:1].expand(100_000, 2, 1, 1), u).flatten()
    counts = (255 * drawn).round().long().bincount(minlength=256)
    torch.testing.assert_close(255 * drawn, (255 * drawn).round(), rtol=0, atol=1e-4)
    assert (counts / 100_000 - masses).abs().max() < 5e-5
