"""PixelVAE: what is probable given a latent, how it is drawn, and the bounds of one level and of two."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from engine.errors import BadValue
from engine.models.pixel_vae import PixelVAE, PixelVAEConfig
from engine.nn.autoregressive.distributions import DISTRIBUTIONS, DistributionName
from engine.nn.autoregressive.raster import complete_naively
from tests.bounds import assert_bounds_climb, by_quadrature

SMALL = PixelVAEConfig((1, 3, 3), latent=3, net="dense", width=8, maps=4, pixel_width=6, pixel_depth=2)
COLOUR = dataclasses.replace(SMALL, shape=(3, 3, 4), output="softmax")
MIXED = dataclasses.replace(COLOUR, output="logistic", mixtures=2)
CONFIGS = (SMALL, dataclasses.replace(SMALL, gated=False, z2_dim=1), COLOUR, MIXED)

each_config = pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"{c.output} {c.z2_dim} {c.gated}")


def made(config: PixelVAEConfig = SMALL, stretch: float = 2.0) -> PixelVAE:
    """A model whose latents and pixels matter."""
    torch.manual_seed(1)
    model = PixelVAE(config).eval().requires_grad_(False)
    for weights in (*model.decoder.parameters(), *model.net.parameters()):
        weights.mul_(stretch)
    model.cond_conv.weight.mul_(4 * stretch)
    if config.z2_dim:
        torch.nn.init.normal_(model.downwards[-1].weight, std=0.3)  # type: ignore[arg-type]
    return model


def some(config: PixelVAEConfig, count: int = 4) -> tuple[Tensor, Tensor]:
    """Pictures of whole levels, and noise for as many."""
    levels = DISTRIBUTIONS[config.output].levels
    generator = torch.Generator().manual_seed(2)
    x = torch.randint(0, levels, (count, *config.shape), generator=generator) / (levels - 1)
    return x, torch.rand(x.shape, generator=generator)


# Given a latent


@pytest.mark.parametrize("config", CONFIGS[:2], ids=lambda c: f"gated {c.gated}")
def test_all_binary_pictures_have_probability_one_given_a_latent(config: PixelVAEConfig) -> None:
    model = made(config)
    x = torch.tensor(list(itertools.product([0.0, 1.0], repeat=9))).view(-1, 1, 3, 3)
    z = torch.randn(2, 3)
    given = [model.log_likelihood(x, row.expand(512, 3)) for row in z]
    for log_likelihood in given:
        assert log_likelihood.exp().sum().item() == pytest.approx(1, abs=1e-5)
    assert (given[0] - given[1]).abs().max() > 0.1  # and the latent matters


@each_config
def test_a_value_feels_nothing_that_comes_after_it(config: PixelVAEConfig) -> None:
    model = made(config)
    x, _ = some(config, 1)
    conditioning = model.condition_maps(torch.randn(1, 3))
    slopes = torch.autograd.functional.jacobian(lambda x: model.net.means(x, conditioning), x)
    channels, height, width = config.shape
    order = (torch.arange(height * width).view(height, width) * channels) + torch.arange(channels)[:, None, None]
    after = order.flatten()[:, None] <= order.flatten()
    slopes = slopes.reshape(after.shape)
    assert (slopes[after] == 0).all()
    assert slopes[~after].count_nonzero() > 0.2 * (~after).sum()


@each_config
def test_a_latent_reaches_every_pixel_at_every_layer(config: PixelVAEConfig) -> None:
    model = made(config)
    (conditioning,) = model.condition_maps(torch.randn(5, 3))
    assert conditioning.shape == (5, config.pixel_depth, *config.shape[1:], model.net.stack.gates)
    assert (conditioning.std(0).amax(-1) > 1e-3).all()


@pytest.mark.parametrize("output", DISTRIBUTIONS)
def test_the_mean_of_a_value_is_that_of_its_levels(output: DistributionName) -> None:
    config = dataclasses.replace(COLOUR, output=output, mixtures=2)
    model = made(config, stretch=0.5)
    if output == "logistic":  # so narrow that the end bins get nothing from beyond
        model.net.head.out.bias[8:14] = -4.0  # type: ignore[index]
    x, _ = some(config)
    probs = model.conditionals(x)
    expected = probs @ torch.linspace(0, 1, probs.shape[-1])
    torch.testing.assert_close(model.net.means(x, model.condition_maps(model.encode(x))), expected, rtol=0, atol=2e-3)


# Drawing


@each_config
def test_each_decoded_value_is_the_mean_given_the_means_before_it(config: PixelVAEConfig) -> None:
    model, z = made(config), torch.randn(6, 3)
    x, conditioning = torch.zeros(6, *config.shape), model.condition_maps(z)
    for row, column, channel in itertools.product(*map(range, (*config.shape[1:], config.shape[0]))):
        x[:, channel, row, column] = model.net.means(x, conditioning)[:, channel, row, column]
    decoded = model.decode(z)
    torch.testing.assert_close(decoded, x, rtol=0, atol=1e-3)
    assert torch.equal(decoded, model.decode(z))
    assert decoded.std(0).max() > 1e-3


def test_a_decoded_picture_moves_smoothly_with_its_latent() -> None:
    model, z = made(), torch.randn(1, 3)
    near = torch.cat([model.decode(z), model.decode(z + 1e-3)])
    assert 0 < (near[0] - near[1]).abs().max() < 0.05


@each_config
def test_a_sample_is_what_the_naive_sampler_draws_of_its_latent(
    config: PixelVAEConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, z = made(config), torch.randn(4, 3)
    x, u = some(config)
    hidden = torch.ones_like(u[:, :1], dtype=torch.bool)
    drawn = model.net.fill(u, model.condition_maps(z))
    monkeypatch.setattr(model, "encode", lambda x, y=None: z)  # whatever the picture
    naive = complete_naively(model, x, hidden, u, 0, u[0, 0].numel())
    torch.testing.assert_close(drawn, naive, rtol=0, atol=1e-6)


def test_the_noise_of_the_latent_and_that_of_the_pixels_have_nothing_to_do_with_each_other() -> None:
    model, seeds = made(), range(400)
    pictures = model.sample(seeds)
    assert torch.equal(pictures[7:8], model.sample([7]))
    assert 0.1 < pictures.mean() < 0.9
    middle = model.net.fill(torch.full((2, 1, 3, 3), 0.5), model.condition_maps(torch.zeros(2, 3)))
    assert torch.equal(model.sample([1, 2], truncation=0.0), middle)


@each_config
def test_stretches_come_to_the_same_as_one_drawing(config: PixelVAEConfig) -> None:
    model = made(config)
    x, u = some(config)
    hidden = torch.rand(4, 1, *config.shape[1:], generator=torch.Generator().manual_seed(3)) < 0.6
    hidden[0], hidden[1] = True, False
    count = hidden[0].numel()
    whole = model.complete(x, hidden, u, 0, count)
    parts = x
    for first in range(0, count, 2):
        parts = model.complete(parts, hidden, u, first, min(first + 2, count))
    assert torch.equal(parts, whole)
    seen = ~hidden.expand_as(x)
    assert torch.equal(whole[seen], x[seen])
    assert not torch.equal(whole, x)
    assert not torch.equal(model.complete(x, hidden, 1 - u, 0, count), whole)


def last_guess(model: PixelVAE, *given: Tensor) -> Tensor:
    *_, z = model.guesses(*given)
    return z


def test_a_latent_is_guessed_from_what_is_visible_and_drawn_of_the_prior_where_nothing_is() -> None:
    model = made()
    x, u = some(SMALL, 2_000)
    nothing = torch.ones_like(x, dtype=torch.bool)
    z = last_guess(model, x, nothing, u)
    assert torch.equal(z, last_guess(model, 1 - x, nothing, u))
    assert z.mean(0).abs().max() < 5 / 2_000**0.5
    assert (z.std(0) - 1).abs().max() < 0.1
    assert (torch.corrcoef(torch.cat([z, u.flatten(1)], 1).T)[:3, 3:]).abs().max() < 0.1  # of the pixels' own noise
    half = nothing.clone()
    half[..., :2, :] = False
    guessed = last_guess(model, x, half, u)
    assert not torch.equal(guessed, last_guess(model, 1 - x, half, u))
    assert torch.equal(
        guessed, last_guess(model, torch.where(half, 1 - x, x), half, u)
    )  # what is hidden is not looked at
    whole = last_guess(model, x, ~nothing, u)
    q, _ = model.posterior(x, torch.zeros_like(z))
    assert ((whole - q.mean) / q.stddev).std(0).sub(1).abs().max() < 0.1


# The bounds


@pytest.mark.parametrize("z2_dim", [0, 1])
def test_elbo_and_importance_bounds_climb_to_the_log_likelihood(z2_dim: int) -> None:
    model = made(dataclasses.replace(SMALL, shape=(1, 3, 2), latent=2, z2_dim=z2_dim))
    model.encoder.head.bias[2:] += 0.5  # wide enough that no weight is large
    x, _ = some(model.config, 2)
    truth = by_quadrature(model.log_likelihood, x, axes=2, points=121)
    assert_bounds_climb(model, x, truth, draws=2_000, samples=(4, 24))


def test_the_rate_of_two_levels_is_that_of_their_gaussians() -> None:
    config = dataclasses.replace(SMALL, z2_dim=1)
    model = made(config)
    x, _ = some(config)
    evidence = model.evidence(x, None, torch.randn(4, 3))
    mean, log_deviation = model.encoder(x).chunk(2, dim=1)
    q = Normal(mean, log_deviation.exp())
    upper = kl_divergence(Normal(q.mean[:, :1], q.stddev[:, :1]), Normal(torch.zeros(4, 1), torch.ones(4, 1)))
    p = model.prior(evidence.z[:, :1])
    lower = kl_divergence(Normal(q.mean[:, 1:], q.stddev[:, 1:]), p)
    torch.testing.assert_close(evidence.kl, torch.cat([upper, lower], 1))
    assert (p.mean.std(0) > 1e-3).all()  # the upper level says something of the lower
    assert config.levels == {"z2": (0, 1), "z1": (1, 3)}
    assert SMALL.levels == {}


def test_one_level_has_no_network_between_and_two_begin_as_strangers() -> None:
    assert not hasattr(PixelVAE(SMALL), "downwards")
    p = PixelVAE(dataclasses.replace(SMALL, z2_dim=1)).prior(torch.randn(4, 1))
    assert torch.equal(p.mean, torch.zeros(4, 2))
    assert torch.equal(p.stddev, torch.ones(4, 2))


@pytest.mark.parametrize("changes", [{"z2_dim": 3}, {"kernel": 2}, {"dropout": 1.0}, {"latent": 40}], ids=str)
def test_sizes_that_make_no_sense_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(BadValue, match=next(iter(changes))):
        dataclasses.replace(SMALL, **changes)  # type: ignore[arg-type]
