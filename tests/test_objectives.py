"""The objectives' terms, where their values are known."""

import dataclasses
import math

import pytest
import torch
from torch.distributions import Normal

from engine.models.ae import Autoencoder, AutoencoderConfig
from engine.models.vae import VAE, VAEConfig
from train.data import Batch
from train.objectives.elbo import Elbo, ElboConfig, total_correlation
from train.objectives.labels import drop_labels
from train.objectives.reconstruction import Reconstruction, ReconstructionConfig

SMALL = VAEConfig(shape=(1, 6, 6), latent=3, width=8, depth=1)


def batch(count: int = 16) -> Batch:
    return Batch(torch.rand(count, 1, 6, 6, generator=torch.Generator().manual_seed(0)), torch.arange(count) % 4)


def terms(config: ElboConfig, progress: float = 1.0, model: VAEConfig = SMALL) -> dict[str, float]:
    torch.manual_seed(0)
    objective = Elbo(VAE(model), config)
    return {name: term.item() for name, term in objective("model", batch(), progress).items()}


def test_the_terms_sum_to_the_negative_bound() -> None:
    torch.manual_seed(0)
    model = VAE(SMALL)
    torch.manual_seed(1)
    bound = float(model.elbo(batch().x).mean().detach())
    torch.manual_seed(1)
    loss = torch.stack(list(Elbo(model, ElboConfig())("model", batch(), 1.0).values())).sum()
    assert loss.detach().item() == pytest.approx(-bound, rel=1e-5)


def test_beta_weighs_the_rate_and_warms_up() -> None:
    plain, heavy = terms(ElboConfig()), terms(ElboConfig(beta=4.0))
    assert heavy["rate"] == pytest.approx(4 * plain["rate"])
    assert heavy["distortion"] == plain["distortion"]
    warming = ElboConfig(beta=4.0, warm_up=0.5)
    assert terms(warming, progress=0.0)["rate"] == 0
    assert terms(warming, progress=0.25)["rate"] == pytest.approx(2 * plain["rate"])
    assert terms(warming, progress=0.9)["rate"] == pytest.approx(4 * plain["rate"])


def test_the_rate_is_held_to_a_capacity_that_rises() -> None:
    rate = terms(ElboConfig())["rate"]
    held = ElboConfig(beta=10.0, capacity=2 * rate, warm_up=0.5)
    assert terms(held, progress=0.0)["rate"] == pytest.approx(10 * rate, rel=1e-4)
    assert terms(held, progress=0.25)["rate"] == pytest.approx(0, abs=1e-4)
    assert terms(held, progress=0.9)["rate"] == pytest.approx(10 * rate, rel=1e-4)


def test_free_bits_cost_the_same_whether_used_or_not() -> None:
    assert terms(ElboConfig(free_bits=5.0))["rate"] == pytest.approx(15)
    assert terms(ElboConfig(free_bits=1e-9))["rate"] == pytest.approx(terms(ElboConfig())["rate"])


def test_bits_are_free_to_the_batch_not_to_each_picture() -> None:
    objective = Elbo(VAE(SMALL), ElboConfig(free_bits=1.0))
    kl = torch.tensor([[0.0, 4.0, 0.0], [2.0, 0.0, 0.5]])  # means of 1, 2 and 1/4 nats an axis
    assert objective.rate(kl).item() == pytest.approx(1 + 2 + 1)


def test_a_model_without_classes_is_told_none() -> None:
    assert drop_labels(VAE(SMALL), torch.arange(4), dropout=0.1) is None


def test_labels_are_hidden_as_often_as_asked() -> None:
    model = VAE(dataclasses.replace(SMALL, classes=4))
    torch.manual_seed(0)
    labels = drop_labels(model, torch.ones(10_000, dtype=torch.long), dropout=0.25)
    assert labels is not None
    assert float((labels == -1).float().mean()) == pytest.approx(0.25, abs=0.02)


def test_total_correlation_of_independent_axes_is_nothing_and_of_one_twice_is_everything() -> None:
    count = 64
    alike = Normal(torch.zeros(count, 3), torch.ones(count, 3))
    assert float(total_correlation(alike, alike.sample())) == pytest.approx(0, abs=1e-4)
    place = torch.arange(count)[:, None] * torch.ones(1, 2)
    twice = Normal(place, torch.full((count, 2), 1e-3))
    assert float(total_correlation(twice, place)) == pytest.approx(math.log(count), rel=1e-3)
    grid = torch.cartesian_prod(torch.arange(8.0), torch.arange(8.0))
    apart = Normal(grid, torch.full((count, 2), 1e-3))
    assert float(total_correlation(apart, grid)) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(("error", "expected"), [("squared", 36 * 0.25), ("absolute", 36 * 0.5)])
def test_reconstruction_sums_over_a_picture(error: str, expected: float) -> None:
    model = Autoencoder(AutoencoderConfig(shape=(1, 6, 6), latent=2, width=8, depth=1))
    for parameter in model.decoder.parameters():
        torch.nn.init.zeros_(parameter)  # decodes to one half everywhere
    config = ReconstructionConfig(error=error)  # type: ignore[arg-type]
    found = Reconstruction(model, config)("model", Batch(torch.ones(3, 1, 6, 6)), 0.0)
    assert found["distortion"].item() == pytest.approx(expected)


def test_the_code_penalty_is_half_a_squared_length() -> None:
    torch.manual_seed(0)
    model = Autoencoder(AutoencoderConfig(shape=(1, 6, 6), latent=2, width=8, depth=1))
    found = Reconstruction(model, ReconstructionConfig(code_penalty=3.0))("model", batch(), 0.0)
    z = model.encode(batch().x)
    assert found["code"].item() == pytest.approx((1.5 * z.square().sum(1).mean()).item(), rel=1e-5)
