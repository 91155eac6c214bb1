"""Hierarchical ALI: two levels, one flat latent, and a critic of triples."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch.distributions import Normal

from engine.errors import BadValue
from engine.inference.engine import Engine
from engine.models.hierarchical_ali import HierarchicalALI, HierarchicalALIConfig
from tests.interrupted import assert_same, undisturbed_and_killed
from train.data import Batch
from train.devices import Distributed
from train.export import export
from train.loop import Training, train
from train.objectives.critics import CriticConfig
from train.objectives.joint import Joint, JointConfig
from train.recipe import AdamConfig, Recipe
from train.runs import Run

from .toys import toy_data

CPU = Distributed(torch.device("cpu"))
SHAPE = (1, 8, 8)
CONFIG = HierarchicalALIConfig(SHAPE, latent=5, z2_dim=2, hidden=8, width=4, depth=0)
TRIPLES = JointConfig(
    critic=CriticConfig("conv", 4, 0), r1=1.0, lazy_reg_fraction=0.5, picture_cycle=1.0, latent_cycle=1.0
)
GAME = Recipe("toy", CONFIG, TRIPLES, steps=9, batch=12, save_every=4, sheets=0, optimizer=AdamConfig(warm_up=0.0))


@pytest.fixture
def model() -> HierarchicalALI:
    torch.manual_seed(0)
    return HierarchicalALI(CONFIG).eval().requires_grad_(False)


def pictures(count: int = 6) -> torch.Tensor:
    return torch.rand(count, *SHAPE, generator=torch.Generator().manual_seed(1))


# Two levels in one latent


def test_the_levels_divide_the_latent() -> None:
    assert CONFIG.levels == {"z2": (0, 2), "z1": (2, 5)}


def test_the_latent_below_is_the_learnt_gaussian_of_the_one_above(model: HierarchicalALI) -> None:
    z2 = torch.randn(1, 2).expand(20_000, 2)
    z = torch.cat([z2, torch.randn(20_000, 3)], dim=1)
    _, codes = model.pair(z)
    assert torch.equal(codes[:, :2], z2)
    p = model.prior(z2[:1])
    torch.testing.assert_close(codes[:, 2:].mean(0), p.mean[0], rtol=0, atol=0.05)
    torch.testing.assert_close(codes[:, 2:].std(0), p.stddev[0], rtol=0.05, atol=0)


def test_the_latent_below_has_the_spread_of_the_prior_whatever_the_weights() -> None:
    """And of its variance z2 has the share that it is given: were it learnt, a game may end with all or none."""
    torch.manual_seed(0)
    model = HierarchicalALI(dataclasses.replace(CONFIG, variance_share=0.8)).train()
    with torch.no_grad():
        model.downwards[-1].weight.mul_(7)
        z2 = torch.randn(4000, 2)
        _, codes = model.pair(torch.cat([z2, torch.randn(4000, 3)], dim=1))
        p = model.prior(z2)
    assert codes[:, 2:].mean(0) == pytest.approx(0, abs=0.06)
    assert codes[:, 2:].var(0) == pytest.approx(1, abs=0.08)
    assert p.mean.var(0) == pytest.approx(0.8, abs=0.01)


def test_the_picture_depends_on_z1_alone(model: HierarchicalALI) -> None:
    codes = torch.randn(4, 5)
    other = torch.cat([torch.randn(4, 2), codes[:, 2:]], dim=1)
    assert torch.equal(model.render(codes), model.render(other))


def test_the_upper_level_reaches_the_picture(model: HierarchicalALI) -> None:
    z = torch.zeros(8, 5)
    z[:, :2] = torch.randn(8, 2)
    assert float(model.decode(z).std(0).max()) > 0.01


# Reconstruction


def test_a_reconstruction_from_both_levels_is_that_of_the_mean_of_z1(model: HierarchicalALI) -> None:
    x = pictures()
    z1 = model.posterior(x).mean
    expected = model.render(torch.cat([torch.zeros(6, 2), z1], dim=1))
    torch.testing.assert_close(model.decode(model.encode(x)), expected, rtol=0, atol=1e-5)


def test_a_reconstruction_from_the_upper_level_is_that_of_the_mean_below_it(model: HierarchicalALI) -> None:
    x = pictures()
    z = model.encode(x)
    start, stop = CONFIG.levels["z1"]
    z[:, start:stop] = 0
    z2 = model.upper_posterior(model.posterior(x).mean).mean
    expected = model.render(torch.cat([z2, model.prior(z2).mean], dim=1))
    torch.testing.assert_close(model.decode(z), expected, rtol=0, atol=1e-5)
    assert not torch.allclose(model.decode(z), model.decode(model.encode(x)), rtol=0, atol=1e-4)


def test_the_posterior_density_is_that_of_both_levels(model: HierarchicalALI) -> None:
    x, codes = pictures(), torch.randn(6, 5)
    z2, z1 = codes[:, :2], codes[:, 2:]
    lower, upper = model.posterior(x), model.upper_posterior(z1)
    expected = Normal(lower.mean, lower.stddev).log_prob(z1).sum(1) + Normal(upper.mean, upper.stddev).log_prob(z2).sum(
        1
    )
    torch.testing.assert_close(model.log_posterior(x, codes).sum(1), expected)


# The game


def test_the_critic_judges_triples() -> None:
    torch.manual_seed(0)
    objective = Training(GAME, CPU).objective
    assert isinstance(objective, Joint)
    x, codes = pictures(), torch.randn(6, 5)
    scores = objective.critic(x, codes)
    for axis in (0, 4):  # one of z2, one of z1
        moved = codes.clone()
        moved[:, axis] += 1
        assert not torch.allclose(objective.critic(x, moved), scores)
    assert not torch.allclose(objective.critic(1 - x, codes), scores)


def test_a_turn_of_the_model_reaches_both_levels_both_ways() -> None:
    training = Training(dataclasses.replace(GAME, precision="float32"), CPU)
    torch.manual_seed(0)
    before = {name: p.clone() for name, p in training.model.named_parameters()}
    critic = [p.clone() for p in training.objective.players["critic"].parameters()]
    training.turn("model", Batch(pictures()), 0.5)
    assert [name for name, p in training.model.named_parameters() if torch.equal(p, before[name])] == []
    assert all(map(torch.equal, critic, training.objective.players["critic"].parameters()))


def test_a_killed_run_ends_the_same_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_same(*undisturbed_and_killed(GAME, toy_data(SHAPE), tmp_path, monkeypatch))


def test_the_card_publishes_the_levels(tmp_path: Path) -> None:
    game = dataclasses.replace(GAME, steps=2)
    run, data = Run.start(tmp_path / "run", game), toy_data(SHAPE)
    train(game, data, run, progress_bar=False)
    export(run, data, "toy-hali", tmp_path / "checkpoints")
    engine = Engine([tmp_path / "checkpoints"])
    assert engine.faults() == {}
    assert engine.card("toy-hali").levels == {"z2": (0, 2), "z1": (2, 5)}


# Mistakes


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(BadValue, match="variance_share is"):
        dataclasses.replace(CONFIG, variance_share=share)


@pytest.mark.parametrize(("z2_dim", "words"), [(-1, "z2_dim"), (5, "z1 needs"), (0, "family ali")])
def test_levels_without_an_axis_are_refused(z2_dim: int, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        HierarchicalALI(dataclasses.replace(CONFIG, z2_dim=z2_dim))
