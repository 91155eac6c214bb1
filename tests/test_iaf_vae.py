"""Inverse autoregressive flow: its order, its volume, and the bounds that rest on them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from engine.checkpoints import files
from engine.errors import BadValue
from engine.models.iaf_vae import IAFVAE, IAFVAEConfig
from engine.models.pixel_vae import PixelVAEConfig
from engine.models.vae import VAE, VAEConfig
from engine.nn import noise
from engine.nn.made import Made
from engine.protocols import Bounds, verbs_of
from engine.registry import Config
from tests.bounds import assert_bounds_climb, by_quadrature, mean_and_error
from train.export import export
from train.loop import train
from train.objectives.elbo import Elbo, ElboConfig
from train.recipe import Recipe
from train.runs import Run

from .toys import toy_data

SMALL = IAFVAEConfig((1, 3, 2), latent=5, steps=3, flow_width=16, context=4, net="dense", width=8, depth=1)


def bent(config: IAFVAEConfig = SMALL, seed: int = 1) -> IAFVAE:
    """A model whose flow is far from keeping z."""
    torch.manual_seed(seed)
    model = IAFVAE(config).requires_grad_(False)
    for weights in model.flow.parameters():
        weights.mul_(3)
    return model


def jacobian(function: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    return torch.autograd.functional.jacobian(function, z)


def slopes_of(step: nn.Module, z: Tensor, h: Tensor) -> Tensor:
    return jacobian(lambda z: step(z[None], h)[0][0], z[0])


@pytest.mark.parametrize("seed", range(3))
def test_a_step_has_a_triangular_jacobian_whose_order_turns_round(seed: int) -> None:
    model = bent(seed=seed).double()
    z, h = torch.randn(1, 5).double(), torch.randn(1, 4).double()
    for turn, step in enumerate(model.flow):
        slopes = slopes_of(step, z, h)
        torch.testing.assert_close(slopes.diagonal(), step(z, h)[1][0].exp())
        seen = slopes.tril(-1) if turn % 2 == 0 else slopes.triu(1)
        torch.testing.assert_close(slopes, seen + slopes.diagonal().diag(), rtol=0, atol=0)
        assert seen[seen != 0].numel() == 10  # each axis sees all before it


def test_every_axis_sees_the_context_also_the_first() -> None:
    model = bent()
    z, h = torch.randn(1, 5), torch.randn(4)
    nets: list[Made] = [step.net for step in model.flow]  # type: ignore[misc]
    slopes = jacobian(lambda h: torch.cat([part for net in nets for part in net(z, h[None])]), h)
    assert slopes.shape == (6, 5, 4)  # m and s of three steps
    assert (slopes.abs().sum(-1) > 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_logarithm_of_the_volume_is_that_of_the_whole_jacobian(seed: int) -> None:
    model = bent(seed=seed).double()
    z, h = torch.randn(1, 5).double(), torch.randn(1, 4).double()
    slopes = jacobian(lambda z: model.bend(z[None], h)[0][0], z[0])
    sign, log_volume = torch.linalg.slogdet(slopes)
    assert sign == 1
    torch.testing.assert_close(log_volume, model.bend(z, h)[1].sum())
    assert min(slopes.tril(-1).abs().max(), slopes.triu(1).abs().max()) > 1e-3  # several steps: no order is left


def test_without_a_step_it_is_the_vae_of_the_same_weights() -> None:
    sizes = {"shape": (1, 12, 8), "latent": 3, "net": "conv", "width": 4, "depth": 1}
    model, vae = IAFVAE(IAFVAEConfig(steps=0, **sizes)), VAE(VAEConfig(**sizes))  # type: ignore[arg-type]
    vae.load_state_dict(model.state_dict())
    x, noise = torch.rand(4, 1, 12, 8), torch.randn(4, 3)
    ours, theirs = model.evidence(x, None, noise), vae.evidence(x, None, noise)
    for name in ("elbo", "kl", "z", "distortion"):
        torch.testing.assert_close(getattr(ours, name), getattr(theirs, name))
    assert torch.equal(model.encode(x), vae.encode(x))
    q, _ = model.start(x)
    torch.testing.assert_close(ours.kl, kl_divergence(q, Normal(torch.zeros(4, 3), torch.ones(4, 3))))
    torch.manual_seed(3)
    bound = model.importance_bound(x, 300)
    torch.testing.assert_close(bound, vae.importance_bound(x, 300), rtol=0, atol=0.1)


# The bounds


@pytest.fixture(scope="module")
def plane() -> tuple[IAFVAE, Tensor]:
    """A model with two latents that matter, and two pictures."""
    sizes = {"latent": 2, "steps": 2, "flow_width": 8, "context": 3}
    model = bent(IAFVAEConfig((1, 3, 2), net="dense", width=8, depth=1, **sizes))  # type: ignore[arg-type]
    for weights in model.decoder.parameters():
        weights.mul_(2)
    return model, torch.randint(0, 2, (2, 1, 3, 2)).float()


def test_elbo_and_importance_bounds_climb_to_the_log_likelihood(plane: tuple[IAFVAE, Tensor]) -> None:
    model, x = plane
    truth = by_quadrature(lambda x, z: model.likelihood.log_prob(model.maps(z), x), x, axes=2, points=301)
    assert_bounds_climb(model, x, truth, draws=4_000, samples=(4, 64))


def test_one_importance_sample_is_the_elbo_on_average(plane: tuple[IAFVAE, Tensor]) -> None:
    model, x = plane
    many = x.repeat_interleave(40_000, 0)
    (elbo, error), (one, other) = (
        mean_and_error(draws.view(2, -1)) for draws in (model.elbo(many), model.importance_bound(many, 1))
    )
    assert ((elbo - one).abs() < 5 * (error + other)).all()
    assert error.max() < 0.02


def test_draws_of_the_importance_bound_may_go_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = bent(), torch.rand(16, 1, 3, 2)  # torch draws normal numbers by sixteens
    torch.manual_seed(1)
    monkeypatch.setattr("engine.nn.bounds.ROWS", {"cpu": 1})
    one_by_one = model.importance_bound(x, 7)
    monkeypatch.setattr("engine.nn.bounds.ROWS", {"cpu": 48})
    torch.manual_seed(1)
    torch.testing.assert_close(model.importance_bound(x, 7), one_by_one)


def test_bfloat16_nets_leave_the_flow_in_single_precision() -> None:
    model, x = bent(), torch.rand(4, 1, 3, 2)
    with torch.autocast("cpu", torch.bfloat16):
        evidence = model.evidence(x)
    assert {part.dtype for part in (evidence.log_likelihood, evidence.kl, evidence.z)} == {torch.float32}
    z, h = torch.randn(4, 5), torch.randn(4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        inside = model.bend(z, h)
    assert all(torch.equal(one, other) for one, other in itertools.zip_longest(inside, model.bend(z, h)))


def test_a_total_correlation_is_refused() -> None:
    with pytest.raises(BadValue, match="total_correlation"):
        Elbo(IAFVAE(SMALL), ElboConfig(total_correlation=1.0))


@pytest.mark.parametrize(
    "config",
    [
        IAFVAEConfig((1, 8, 8), latent=3, steps=2, flow_width=8, context=4, net="dense", width=8, depth=1),
        PixelVAEConfig((1, 8, 8), latent=3, z2_dim=1, hidden=4, net="dense", width=8, maps=4, pixel_width=4),
    ],
    ids=["flow", "pixels"],
)
def test_each_axis_of_an_exported_model_has_its_rate_by_draws(config: Config, tmp_path: Path) -> None:
    recipe = Recipe(data="toy", model=config, objective=ElboConfig(), steps=2, batch=8, save_every=2, sheets=1)
    run, data = Run.start(tmp_path / "run", recipe), toy_data((1, 8, 8))
    trained = train(recipe, data, run, progress_bar=False).shipped.eval()
    place = export(run, data, "toy-model", tmp_path / "checkpoints")
    card = files.read_card(place)
    assert isinstance(trained, Bounds)
    rows = torch.arange(len(data.test))
    evidence = trained.evidence(data.test.batch(rows).x, None, noise.normal(rows.tolist(), [3]))
    assert [axis.kl for axis in card.axes] == pytest.approx(evidence.kl.mean(0).tolist(), abs=2e-4)
    assert sum(axis.kl or 0 for axis in card.axes) == pytest.approx(evidence.rate.mean().item(), abs=1e-3)
    assert verbs_of(files.load_model(place)) == card.verbs
    assert card.levels == getattr(config, "levels", {})
