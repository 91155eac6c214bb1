"""Progressive growing: fades without a jump, players of one size, and a model that ships at its full size."""

from __future__ import annotations

import dataclasses
import math
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from engine.errors import BadValue
from engine.inference.engine import Engine
from engine.models.progressive_gan import ProgressiveGAN, ProgressiveGANConfig
from engine.nn.equalized import Equalized, PixelNorm
from tests.interrupted import assert_same, undisturbed_and_killed
from train.data import Batch
from train.devices import Distributed
from train.export import export
from train.loop import Training, train
from train.objectives.critics import CriticConfig
from train.objectives.progressive import GrowingCritic, Progressive, ProgressiveConfig, faded, growth_at
from train.recipe import AdamConfig, Recipe
from train.runs import Run

from .toys import toy_data

CPU = Distributed(torch.device("cpu"))
SHAPE = (1, 16, 16)  # 4 → 8 → 16
CONFIG = ProgressiveGANConfig(SHAPE, latent=3, width=4)
RULES = ProgressiveConfig(critic=CriticConfig("conv", 4, 0, minibatch_deviation=True), r1=1.0, lazy_reg_fraction=0.5)
GAME = Recipe("toy", CONFIG, RULES, steps=10, batch=12, save_every=4, sheets=0, optimizer=AdamConfig(warm_up=0.0))
NEAR = 1e-5
FULL = [0.0, 0.0, 1.0]


@pytest.fixture
def model() -> ProgressiveGAN:
    torch.manual_seed(0)
    return ProgressiveGAN(CONFIG).requires_grad_(False)


def some_critic(minibatch_deviation: bool = False) -> GrowingCritic:
    torch.manual_seed(0)
    config = CriticConfig("conv", 4, 0, minibatch_deviation=minibatch_deviation)
    return GrowingCritic(CONFIG, config).requires_grad_(False)


def at(model: ProgressiveGAN, growth: float) -> torch.Tensor:
    model.grow(growth)
    return model.generate(torch.randn(4, 3, generator=torch.Generator().manual_seed(0)))


def pictures() -> torch.Tensor:
    return torch.rand(12, *SHAPE, generator=torch.Generator().manual_seed(1))


# Layers


def test_equalized_layers_keep_the_spread_and_learn_at_one_speed() -> None:
    torch.manual_seed(0)
    for layer, x in (
        (Equalized(nn.Linear(400, 300), gain=1.0), torch.randn(64, 400)),
        (Equalized(nn.Conv2d(50, 60, 3), gain=1.0), torch.randn(8, 50, 9, 9)),
    ):
        assert float(layer(x).detach().std()) == pytest.approx(1, abs=0.05)
        assert float(layer.layer.weight.detach().std()) == pytest.approx(1, abs=0.05)  # whatever its width


def test_pixel_norm_gives_each_pixel_a_mean_square_of_one() -> None:
    h = PixelNorm()(5 * torch.randn(2, 8, 3, 3))
    torch.testing.assert_close(h.square().mean(1), torch.ones(2, 3, 3), rtol=0, atol=1e-4)


# The fade


@pytest.mark.parametrize("whole", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("side", [-NEAR, NEAR])
def test_the_fade_is_continuous_at_its_ends(whole: float, side: float, model: ProgressiveGAN) -> None:
    near = min(max(whole + side, 0.0), 2.0)
    torch.testing.assert_close(at(model, near), at(model, whole), rtol=0, atol=1e-3)
    torch.testing.assert_close(faded(pictures(), near, 2), faded(pictures(), whole, 2), rtol=0, atol=1e-3)
    critic, x = some_critic(), faded(pictures(), whole, 2)
    critic.growth = whole
    scores = critic(x)
    critic.growth = near
    torch.testing.assert_close(critic(x), scores, rtol=0, atol=1e-3)


def test_growth_never_jumps_falls_or_ends_early() -> None:
    assert [growth_at(i / 16, 2) for i in range(18)] == [
        *(0, 0, 0, 0, 0, 0.25, 0.5, 0.75),  # as long at the smallest size as on the way to the next
        *(1, 1, 1, 1, 1, 1.25, 1.5, 1.75),
        *(2, 2),
    ]
    growths = [growth_at(i / 1_000, 4) for i in range(1_201)]
    steps = [after - before for before, after in pairwise(growths)]
    assert growths[0] == 0
    assert growths[1_000] == growths[-1] == 4
    assert 0 <= min(steps) <= max(steps) < 0.01
    assert {0.0, 1.0, 2.0, 3.0} <= set(growths)  # a time at each size before the next fades in


@pytest.mark.parametrize("growth", [0.0, 1.0])
def test_a_small_picture_has_no_more_detail_than_its_size(growth: float, model: ProgressiveGAN) -> None:
    block = 2 ** (2 - int(growth))
    for x in (at(model, growth), faded(pictures(), growth, 2)):
        assert x.shape[1:] == SHAPE
        coarse = F.interpolate(F.avg_pool2d(x, block), scale_factor=float(block))
        torch.testing.assert_close(x, coarse, rtol=0, atol=1e-6)
        assert float(x.std()) > 0.01


def test_data_at_full_growth_are_themselves() -> None:
    assert torch.equal(faded(pictures(), 2.0, 2), pictures())


@pytest.mark.parametrize("growth", [0.0, 0.3, 1.0, 1.7, 2.0])
def test_what_has_not_begun_to_fade_in_is_spared_and_missed_by_nobody(growth: float, model: ProgressiveGAN) -> None:
    ran: list[int] = []
    for size, part in enumerate(model.sizes):
        part.register_forward_hook(lambda *_, size=size: ran.append(size))
    spared = at(model.train(), growth)
    assert max(ran) == math.ceil(growth)
    torch.testing.assert_close(at(model.eval(), growth), spared, rtol=0, atol=1e-6)


def test_the_critic_looks_no_closer_than_its_growth() -> None:
    critic, x = some_critic(), pictures()
    shuffled = x.reshape(12, 1, 4, 4, 4, 4).flip(3, 5).reshape(12, *SHAPE)  # within blocks of four pixels
    critic.growth = 0.0
    torch.testing.assert_close(critic(shuffled), critic(x), rtol=0, atol=1e-5)
    critic.growth = 2.0
    assert not torch.allclose(critic(shuffled), critic(x), rtol=0, atol=1e-3)


def test_the_critic_sees_copies_by_their_deviation() -> None:
    critic, x = some_critic(minibatch_deviation=True), pictures()
    alone, among = critic(x[:1].expand(12, *SHAPE))[0], critic(x)[0]
    assert float((alone - among).abs()) > 1e-3


# The game


def test_both_players_and_the_data_stand_at_one_growth() -> None:
    objective = Training(GAME, CPU).objective
    assert isinstance(objective, Progressive)
    for progress in (0.0, 0.2, 0.45, 0.5, 1.0):
        objective("critic", Batch(pictures()), progress)
        growth = objective.critic.growth
        assert growth == growth_at(progress / 0.5, 2)
        assert float((objective.model.shares * torch.arange(3)).sum()) == pytest.approx(growth)


def test_a_turn_changes_its_player_alone() -> None:
    training = Training(dataclasses.replace(GAME, precision="float32"), CPU)
    owned = {player: {id(p) for p in module.parameters()} for player, module in training.objective.players.items()}
    assert set.union(*owned.values()) == {id(p) for p in training.objective.parameters()}
    for player, own in owned.items():
        before = {name: p.clone() for name, p in training.objective.named_parameters()}
        for _ in range(3):
            training.turn(player, Batch(pictures()), 0.45)
        changed = {id(p) for name, p in training.objective.named_parameters() if not torch.equal(p, before[name])}
        assert changed
        assert changed <= own


def test_a_killed_run_ends_the_same_bit_for_bit_at_full_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_same(*undisturbed_and_killed(GAME, toy_data(SHAPE), tmp_path, monkeypatch))


def test_the_average_stands_at_the_growth_of_the_model_and_ships_at_full_size(tmp_path: Path) -> None:
    growths: list[float] = []
    training = Training(GAME, CPU)
    for _ in range(GAME.steps):
        training.advance(Batch(pictures()))
        shares = training.shipped.state_dict()["shares"]
        assert torch.equal(shares, training.model.state_dict()["shares"])
        growths.append(float((shares * torch.arange(3)).sum()))
    assert growths[0] == 0
    assert growths[-1] == 2
    run, data = Run.start(tmp_path / "run", GAME), toy_data(SHAPE)
    train(GAME, data, run, progress_bar=False)
    export(run, data, "toy-progressive", tmp_path / "checkpoints")
    engine = Engine([tmp_path / "checkpoints"])
    assert engine.faults() == {}
    assert engine.model("toy-progressive").state_dict()["shares"].tolist() == FULL


# Mistakes


def test_rules_that_no_growing_game_has_are_refused() -> None:
    with pytest.raises(BadValue, match="grown is 1"):
        ProgressiveConfig(grown=1.0)
    for critic in (CriticConfig(), CriticConfig("conv", 4, 1), CriticConfig("conv", 4, 0, norm="batch")):
        with pytest.raises(BadValue, match="layers"):
            ProgressiveConfig(critic=critic)
