"""The adversarial game: payoffs in closed form, whose turn it is, what the critic sees, when it has collapsed."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from engine.errors import BadValue, TrainingStopped
from engine.models.ali import ALI, ALIConfig
from engine.models.dcgan import DCGAN, DCGANConfig
from engine.models.gan import GAN, GANConfig
from engine.models.r3gan import R3GANConfig
from engine.nn.blocks import StyledResidual
from engine.registry import Config
from tests.interrupted import assert_same, undisturbed_and_killed
from train.collapse import PATIENCE, Watch, relative_spread
from train.data import Batch
from train.devices import Distributed
from train.ema import recalibrate_batchnorm
from train.loop import Training, train
from train.objectives.adversarial import Adversarial, AdversarialConfig, penalties
from train.objectives.augmentations import AUGMENTATIONS, augment
from train.objectives.critics import Critic, CriticConfig, JointCritic
from train.objectives.joint import Joint, JointConfig
from train.objectives.payoffs import PAYOFFS, critic_loss, generator_loss, joint_loss
from train.objectives.penalties import gradient_penalty, slopes, squared_slope
from train.recipe import AdamConfig, Recipe
from train.runs import Run

from .toys import toy_data

CPU = Distributed(torch.device("cpu"))
SHAPE = (1, 8, 8)
STEPS = 1_000  # of the critic that is trained to its optimum
SCORES = torch.linspace(-6, 6, 25, dtype=torch.float64)

DENSE = GANConfig(SHAPE, latent=3, width=8, depth=1)
CONV = DCGANConfig(SHAPE, latent=3, width=4)
PAIRS = ALIConfig(SHAPE, latent=3, width=4, depth=0)
STYLED = R3GANConfig(SHAPE, latent=3, width=4, depth=1, mapping=1)
SMALL = CriticConfig(width=8, depth=1)
RESIDUAL = CriticConfig(net="residual", width=4, depth=1)


def batch(count: int = 12, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    return Batch(torch.rand(count, *SHAPE, generator=generator), torch.arange(count) % 10)


# Payoffs


def slope_at(score: float, payoff: str) -> float:
    s = torch.tensor(score, dtype=torch.float64, requires_grad=True)
    PAYOFFS[payoff].generator(s).backward()
    assert s.grad is not None
    return float(s.grad)


@pytest.mark.parametrize("score", [-30.0, -8.0, -1.0, 0.0, 3.0])
def test_the_saturating_gradient_is_d_and_the_other_one_minus_d(score: float) -> None:
    d = 1 / (1 + math.exp(-score))  # D(G(z))
    assert slope_at(score, "minimax") == pytest.approx(-d)
    assert slope_at(score, "non-saturating") == pytest.approx(-(1 - d))


def test_where_the_critic_is_sure_only_minimax_learns_nothing() -> None:
    slopes = {name: abs(slope_at(-30.0, name)) for name in PAYOFFS}
    assert slopes.pop("minimax") < 1e-12
    assert min(slopes.values()) >= 1 - 1e-9


@pytest.mark.parametrize("name", PAYOFFS)
def test_everybody_pulls_the_right_way(name: str) -> None:
    payoff = PAYOFFS[name]
    middle = SCORES[(SCORES > -0.9) & (SCORES < 0.9)].clone().requires_grad_()  # where every payoff cares
    for loss, sign in ((payoff.real, -1), (payoff.fake, 1), (payoff.generator, -1), (payoff.encoder, 1)):
        (gradient,) = torch.autograd.grad(loss(middle).sum(), middle)
        wanted = middle - (1 if sign < 0 else 0) if name == "least-squares" else sign * torch.ones_like(middle)
        assert (gradient.sign() == wanted.sign()).all()


@pytest.mark.parametrize(
    ("name", "best"),
    [
        ("minimax", lambda p, q: torch.log(p / q)),
        ("non-saturating", lambda p, q: torch.log(p / q)),
        ("least-squares", lambda p, q: p / (p + q)),
        ("hinge", lambda p, q: torch.sign(p - q)),
    ],
)
def test_the_best_score_is_the_known_function_of_the_densities(name: str, best: Any) -> None:
    payoff = PAYOFFS[name]
    for share in (0.05, 0.3, 0.8):
        p, q = torch.tensor(share, dtype=torch.float64), torch.tensor(1 - share, dtype=torch.float64)
        s = torch.linspace(-5, 5, 100_001, dtype=torch.float64)
        found = s[(p * payoff.real(s) + q * payoff.fake(s)).argmin()]
        assert float(found) == pytest.approx(float(best(p, q)), abs=1e-3)


def test_the_game_of_minimax_sums_to_nothing_and_its_players_are_opposed() -> None:
    payoff = PAYOFFS["minimax"]
    real, fake = SCORES, SCORES.flip(0) / 2
    lost = critic_loss(payoff, real, fake, False) + joint_loss(payoff, real, fake, False)
    assert float(lost) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", PAYOFFS)
def test_in_pairs_only_differences_count(name: str) -> None:
    real, fake = SCORES, SCORES.flip(0) / 2
    for loss in (critic_loss, generator_loss, joint_loss):
        moved = loss(PAYOFFS[name], real + 5, fake + 5, True)
        assert float(moved) == pytest.approx(float(loss(PAYOFFS[name], real, fake, True)))


def test_a_trained_critic_is_p_over_p_plus_q_and_its_value_the_jensen_shannon_divergence() -> None:
    """Goodfellow et al. 2014, proposition 1 and theorem 1, by training on draws of two known Gaussians."""
    torch.manual_seed(0)
    p, q, payoff = Normal(0.0, 1.0), Normal(1.0, 1.5), PAYOFFS["minimax"]
    critic = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(critic.parameters(), lr=1e-2)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        loss = critic_loss(payoff, critic(p.sample((2_048, 1))), critic(q.sample((2_048, 1))), False)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rates.step()
    x = torch.linspace(-6, 8, 4_001)[:, None]
    density, other = p.log_prob(x).exp(), q.log_prob(x).exp()
    with torch.no_grad():
        d = critic(x).sigmoid()
    weight = (density + other) / (density + other).sum()
    assert float((weight * (d - density / (density + other)).abs()).sum()) < 0.02
    at = (x > -2) & (x < 3)  # where the draws are
    assert float((d - density / (density + other))[at].abs().max()) < 0.02
    width = float(x[1] - x[0])
    middle = (density + other) / 2
    js = 0.5 * width * float((density * (density / middle).log() + other * (other / middle).log()).sum())
    with torch.no_grad():
        value = width * float((density * d.log() + other * (1 - d).log()).sum())
    assert value == pytest.approx(2 * js - math.log(4), abs=0.01)
    assert 0 < js < float(kl_divergence(p, q))


# Whose turn it is


def recipe(model: Config, objective: Any, **changes: Any) -> Recipe:
    given = {"steps": 9, "batch": 12, "save_every": 4, "sheets": 0, "optimizer": AdamConfig(warm_up=0.0), **changes}
    return Recipe("toy", model, objective, **given)


GAMES = {
    "dense": recipe(DENSE, AdversarialConfig("minimax", critic=dataclasses.replace(SMALL, dropout=0.5, packing=2))),
    "conv": recipe(CONV, AdversarialConfig(critic=CriticConfig("conv", 4, 0, norm="batch", minibatch_deviation=True))),
    "spectral": recipe(CONV, AdversarialConfig("hinge", critic=CriticConfig("conv", 4, 1, norm="spectral"))),
    "classes": recipe(
        dataclasses.replace(CONV, classes=10),
        AdversarialConfig("least-squares", critic=CriticConfig("conv", 4, 0), instance_noise=0.1),
    ),
    "wasserstein": recipe(
        DENSE,
        AdversarialConfig(
            "wasserstein", critic=dataclasses.replace(SMALL, norm="layer"), gradient_penalty=10.0, critic_steps=3
        ),
    ),
    "r3gan": recipe(
        DENSE,
        AdversarialConfig(
            critic=SMALL, relativistic=True, r1=1.0, r2=1.0, lazy_reg_fraction=0.5, critic_rate=2.0,
            augmentations=("translation", "cutout", "colour"),
        ),
    ),
    "residual r3gan": recipe(
        STYLED, AdversarialConfig(critic=RESIDUAL, relativistic=True, r1=1.0, r2=1.0, annealed=0.1)
    ),
    "residual ali": recipe(
        dataclasses.replace(PAIRS, net="residual", depth=1, mapping=1),
        JointConfig(critic=RESIDUAL, relativistic=True, picture_cycle=1.0, rebuilt=1.0, latent_cycle=1.0),
    ),
    "ali": recipe(
        PAIRS, JointConfig(critic=CriticConfig("conv", 4, 0), r1=1.0, lazy_reg_fraction=0.5, latent_cycle=1.0)
    ),
    "bigan": recipe(
        dataclasses.replace(PAIRS, stochastic=False, classes=10),
        JointConfig(critic=SMALL, relativistic=True, r1=1.0, r2=1.0, picture_cycle=1.0, latent_cycle=1.0),
    ),
}  # fmt: skip
each_game = pytest.mark.parametrize("name", GAMES)


@each_game
def test_a_turn_changes_its_player_alone_and_all_of_it(name: str) -> None:
    training = Training(dataclasses.replace(GAMES[name], precision="float32"), CPU)
    players = training.objective.players
    owned = {player: {id(p) for p in module.parameters()} for player, module in players.items()}
    assert set.intersection(*owned.values()) == set()
    assert set.union(*owned.values()) == {id(p) for p in training.objective.parameters()}
    torch.manual_seed(0)
    for player in players:
        before = {name: p.clone() for name, p in training.objective.named_parameters()}
        for _ in range(3):  # lazy penalties and hidden features leave some out at times
            training.turn(player, batch(), 0.5)
        changed = {id(p) for n, p in training.objective.named_parameters() if not torch.equal(p, before[n])}
        assert changed <= owned[player]
        # Where only differences of scores count, what is added to all of them is never learnt.
        idle = {n for n, p in training.objective.named_parameters() if id(p) in owned[player] - changed}
        assert idle <= {"critic.head.bias"}


@each_game
def test_a_killed_game_ends_the_same_bit_for_bit(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_same(*undisturbed_and_killed(GAMES[name], toy_data(SHAPE), tmp_path, monkeypatch))


def test_the_critic_takes_its_steps_on_fresh_batches_at_its_own_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    game = recipe(DENSE, AdversarialConfig("wasserstein", critic=SMALL, critic_steps=3, critic_rate=4.0), batch=4)
    training, seen = Training(game, CPU), []

    def watched(player: str, batch: Batch, progress: float) -> dict[str, torch.Tensor]:
        seen.append((player, batch.x[:, 0, 0, 0].tolist()))
        return training.objective(player, batch, progress)

    monkeypatch.setattr(training, "objective_fn", watched)
    whole = batch(12)
    training.advance(whole)
    assert [player for player, _ in seen] == ["critic", "critic", "critic", "generator"]
    assert sum((rows for player, rows in seen if player == "critic"), []) == whole.x[:, 0, 0, 0].tolist()  # noqa: RUF017
    rates = {name: optimizer.param_groups[0]["lr"] for name, optimizer in training.optimizers.items()}
    assert rates["critic"] == pytest.approx(4 * rates["generator"])


def test_a_critic_never_ships() -> None:
    for game in GAMES.values():
        assert not any("critic" in name for name in Training(game, CPU).shipped.state_dict())


# Critics


def test_a_pack_is_judged_as_one() -> None:
    torch.manual_seed(0)
    for net in ("dense", "conv"):
        critic = Critic(SHAPE, CriticConfig(net, 4, 1, packing=3))  # type: ignore[arg-type]
        x = batch(8).x
        scores = critic(x)
        assert scores.shape == (2,)  # what does not fill a pack is left out
        changed = x.clone()
        changed[4] = 0
        moved = (critic(changed) - scores).abs() > 1e-6
        assert moved.tolist() == [False, True]
        assert slopes(critic, [x]).shape == (2, 4 * math.prod(SHAPE))


def test_the_deviation_over_the_batch_tells_copies_from_draws() -> None:
    torch.manual_seed(0)
    critic = Critic(SHAPE, CriticConfig(width=8, depth=1, minibatch_deviation=True))
    nn.init.zeros_(critic.head.weight[:, :-1])  # type: ignore[index]
    x = batch(6).x
    assert float((critic(x) - critic(x[:1].expand(6, -1, -1, -1))).abs().min().detach()) > 1e-4


def test_the_same_picture_scores_by_its_class_where_there_are_classes() -> None:
    torch.manual_seed(0)
    x = batch(2).x[:1].expand(2, -1, -1, -1)
    told, untold = Critic(SHAPE, SMALL, classes=10), Critic(SHAPE, SMALL)
    assert len(told(x, torch.tensor([0, 1])).unique()) == 2
    assert len(untold(x, torch.tensor([0, 1])).unique()) == 1


def test_pairs_are_judged_by_both_halves() -> None:
    torch.manual_seed(0)
    critic, x, z = JointCritic(SHAPE, 3, SMALL), batch(4).x, torch.randn(4, 3)
    scores = critic(x, z)
    assert (critic(x.flip(0), z) != scores).all()
    assert (critic(x, z.flip(0)) != scores).all()


def test_spectral_norm_bounds_the_slope() -> None:
    torch.manual_seed(0)
    critic = Critic(SHAPE, CriticConfig(width=16, depth=2, norm="spectral"), scale=1.0)
    for _ in range(50):  # power iterations
        critic(batch().x)
    critic.eval()
    assert float(slopes(critic, [batch().x]).norm(dim=1).max().detach()) <= 1.01


# Penalties


def test_penalties_of_a_linear_score_are_those_of_its_slope() -> None:
    weight = torch.randn(64, generator=torch.Generator().manual_seed(0))
    real, fake = [batch().x], [batch(seed=1).x]
    norm = float(weight.norm())
    assert float(squared_slope(lambda x: x.flatten(1) @ weight, real)) == pytest.approx(norm**2, rel=1e-5)
    found = float(gradient_penalty(lambda x: x.flatten(1) @ weight, real, fake))
    assert found == pytest.approx((norm - 1) ** 2, rel=1e-5)


@pytest.mark.parametrize("slope", [0.0, 0.25, 1.0, 3.0])
def test_a_slope_below_one_is_penalized_as_one_above(slope: float) -> None:
    weight = torch.full((36,), slope / 6)  # 36 numbers a picture: a norm of `slope`
    real, fake = [torch.zeros(4, 1, 6, 6)], [torch.ones(4, 1, 6, 6)]
    found = float(gradient_penalty(lambda x: x.flatten(1) @ weight, real, fake))
    assert found == pytest.approx((slope - 1) ** 2, abs=1e-5)


def test_penalties_are_paid_as_much_on_fewer_turns() -> None:
    torch.manual_seed(0)
    paid = {}
    for share in (1.0, 0.25):
        objective = Adversarial(GAN(DENSE), AdversarialConfig(critic=SMALL, r1=3.0, lazy_reg_fraction=share))
        objective.load_state_dict({name: torch.full_like(t, 0.1) for name, t in objective.state_dict().items()})
        terms = [objective("critic", batch(), 0.0).get("r1", torch.zeros(())).detach() for _ in range(200)]
        paid[share] = float(torch.stack(terms).mean())
    assert paid[0.25] == pytest.approx(paid[1.0], rel=0.25)


def test_penalties_fall_to_their_last_share() -> None:
    torch.manual_seed(0)
    objective = Adversarial(GAN(DENSE), AdversarialConfig(critic=SMALL, r1=3.0, r2=3.0, annealed=0.2))
    rules = dataclasses.replace(objective.config, annealed=1.0)
    real, fake = [batch().x], [batch(seed=1).x]
    full = penalties(rules, objective.critic, real, fake, 0.5)
    for progress, share in ((0.0, 1.0), (0.5, 0.6), (1.0, 0.2)):
        paid = penalties(objective.config, objective.critic, real, fake, progress)
        for name in ("r1", "r2"):
            torch.testing.assert_close(paid[name], share * full[name])


def test_a_style_scales_the_inner_channels_of_a_block() -> None:
    torch.manual_seed(0)
    block, x, code = StyledResidual(4, 3), torch.randn(2, 4, 5, 5), torch.randn(2, 3)
    torch.testing.assert_close(block(x, code), x)  # it begins as the identity
    nn.init.normal_(block.second.weight)
    plain = block(x, code)
    nn.init.constant_(block.style.bias, 1.0)  # every scale is two
    torch.testing.assert_close(block(x, code) - x, 2 * (plain - x))


def test_while_the_critic_of_pairs_is_silent_a_cycle_teaches_alone() -> None:
    with pytest.raises(BadValue, match=r"--objective\.picture-cycle"):
        JointConfig(critic=SMALL, silent=0.5)
    model = ALI(ALIConfig(shape=SHAPE, latent=4, width=4, depth=0))
    objective = Joint(model, JointConfig(critic=SMALL, picture_cycle=1.0, silent=0.5))
    assert set(objective("model", batch(), 0.4)) == {"picture_cycle"}
    assert set(objective("model", batch(), 0.5)) == {"model", "picture_cycle"}
    assert "critic" in objective("critic", batch(), 0.4)  # which learns from the first step


def test_what_is_rebuilt_plays_against_its_own_original() -> None:
    torch.manual_seed(0)
    model = ALI(ALIConfig(shape=SHAPE, latent=4, width=4, depth=0))
    alone = Joint(model, JointConfig(critic=SMALL, relativistic=True))
    assert set(alone("model", batch(), 0.5)) == {"model"}
    objective = Joint(model, JointConfig(critic=SMALL, relativistic=True, rebuilt=2.0))
    objective.critic.load_state_dict(alone.critic.state_dict())
    x = batch().x
    with torch.no_grad():
        z = model.infer(x)
        same = objective.game((x, model.generate(z), x), z, z, None)["rebuilt"]
        other = objective.game((x, x, model.generate(z)), z, z, None)["rebuilt"]
    assert float(same) == pytest.approx(2 * math.log(2), abs=1e-6)  # the original itself: nothing to tell apart
    assert abs(float(other) - 2 * math.log(2)) > 1e-4
    torch.manual_seed(3)
    louder = objective("critic", batch(), 0.5)["critic"]
    torch.manual_seed(3)
    assert float(louder.detach()) > float(alone("critic", batch(), 0.5)["critic"].detach()) + 1


def test_the_penalty_is_computed_in_full_precision() -> None:
    torch.manual_seed(0)
    critic, x = Critic(SHAPE, SMALL), batch().x
    scores, plain = critic(x), slopes(critic, [x])
    with torch.autocast("cpu", torch.bfloat16):
        assert not torch.equal(critic(x), scores)  # which scores are not
        assert torch.equal(slopes(critic, [x]), plain)


# What the critic sees


def test_instance_noise_falls_to_nothing() -> None:
    from train.objectives.adversarial import seen

    config, x = AdversarialConfig(instance_noise=0.5), torch.zeros(64, *SHAPE)
    torch.manual_seed(0)
    deviations = [float(seen(config, x, progress).std()) for progress in (0.0, 0.5, 1.0)]
    assert deviations == pytest.approx([0.5, 0.25, 0.0], abs=0.02)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_an_augmentation_keeps_the_shape_lets_the_gradient_through_and_differs_by_picture(name: Any) -> None:
    torch.manual_seed(0)
    x = torch.rand(1, 3, 16, 12).expand(8, -1, -1, -1).clone().requires_grad_()
    made = augment(x, [name])
    assert made.shape == x.shape
    assert len({tuple(picture.flatten().tolist()) for picture in made.detach()}) > 4
    made.sum().backward()
    assert x.grad is not None
    assert float(x.grad.abs().sum()) > 0


def test_a_shift_moves_pixels_and_fills_with_black() -> None:
    torch.manual_seed(0)
    x = torch.zeros(64, 1, 16, 16)
    x[:, :, 8, 8] = 1
    moved = augment(x, ["translation"])
    assert (moved.sum((1, 2, 3)) == 1).all()
    rows, columns = moved[:, 0].flatten(1).argmax(1) // 16, moved[:, 0].flatten(1).argmax(1) % 16
    assert set(rows.tolist()) == set(columns.tolist()) == {6, 7, 8, 9, 10}
    assert float(augment(torch.ones(64, 1, 16, 16), ["translation"]).min()) == 0


# Collapse


def test_a_collapsed_run_stops_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.loop.LOG_EVERY", 1)
    rules = AdversarialConfig(critic=SMALL, least_diversity=0.9)  # more than a generator has that learns nothing
    game, data = recipe(DENSE, rules, steps=PATIENCE + 5, optimizer=AdamConfig(lr=0.0)), toy_data(SHAPE)
    with pytest.raises(TrainingStopped, match=r"collapsed\. Try --objective\.payoff non-saturating, --objective\.r1"):
        train(game, data, Run.start(tmp_path / "run", game), progress_bar=False)
    told_to_go_on = dataclasses.replace(rules, least_diversity=0.0)
    train(dataclasses.replace(game, objective=told_to_go_on), data, Run.start(tmp_path / "on", game), False)


def test_one_good_reading_begins_the_count_anew() -> None:
    watch = Watch(0.1)
    for reading in [*[0.01] * (PATIENCE - 1), 0.5, *[0.01] * (PATIENCE - 1)]:
        watch.see(reading, 1)
    with pytest.raises(TrainingStopped):
        watch.see(0.01, 1)


def test_the_spread_of_as_varied_samples_is_one_and_of_copies_nothing() -> None:
    class Noise(nn.Module):
        config, deviation = DENSE, 1.0

        def __init__(self) -> None:
            super().__init__()
            self.anything = nn.Parameter(torch.zeros(1))

        def generate(self, z: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
            return self.deviation * z[:, :1, None, None].expand(-1, *SHAPE)

    model, data = Noise(), Batch(torch.randn(512, 1, 1, 1).expand(-1, *SHAPE))
    assert relative_spread(model, data) == pytest.approx(1, abs=0.1)
    model.deviation = 0.0
    assert relative_spread(model, data) == 0


# Averages


def test_the_average_of_a_batch_normed_generator_has_statistics_of_its_own() -> None:
    torch.manual_seed(0)
    model = DCGAN(DCGANConfig(SHAPE, latent=3, width=4)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    fresh = recalibrate_batchnorm(model)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert not fresh.training
    z = torch.randn(512, 3)
    with torch.no_grad():
        linear, norm, *_ = fresh.generator  # type: ignore[union-attr, misc]
        h = (norm(linear(z)) - norm.bias) / norm.weight
    assert float(h.mean().abs()) < 0.1
    assert float(h.std()) == pytest.approx(1, abs=0.1)
    assert recalibrate_batchnorm(GAN(DENSE)).config == DENSE


# Mistakes


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: AdversarialConfig(critic_steps=0), "critic_steps"),
        (lambda: AdversarialConfig(lazy_reg_fraction=0.0), "lazy_reg_fraction"),
        (lambda: AdversarialConfig(critic=CriticConfig(norm="batch"), r1=1.0), r"--objective\.critic\.norm"),
        (lambda: CriticConfig(width=0), "width"),
        (lambda: CriticConfig(dropout=1.0), "dropout"),
        (lambda: CriticConfig(packing=0), "packing"),
        (lambda: Critic(SHAPE, CriticConfig(packing=2), classes=10), "packing 1"),
        (lambda: JointCritic(SHAPE, 3, CriticConfig(packing=2)), "packing 1"),
        (lambda: Critic((1, 7, 7), CriticConfig(net="conv")), "critic.net dense"),
        (lambda: Critic((1, 7, 7), RESIDUAL), "critic.net dense"),
        (lambda: CriticConfig(net="residual", norm="layer"), "norm"),
        (lambda: AdversarialConfig(annealed=-1.0), "annealed"),
        (lambda: DCGANConfig((1, 7, 7)), "family gan"),
        (lambda: R3GANConfig(SHAPE, net="conv"), "family gan or dcgan"),
        (lambda: ALIConfig(SHAPE, net="dense", mapping=1), "model.net conv"),
        (lambda: GANConfig(extent=-1.0), "extent"),
    ],
)
def test_rules_that_make_no_game_are_refused(make: Any, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        make()


def test_the_objectives_are_those_of_the_recipes() -> None:
    for game in GAMES.values():
        kind = Joint if isinstance(game.model, ALIConfig) else Adversarial
        assert type(Training(game, CPU).objective) is kind


def test_dots_stand_where_their_points_are() -> None:
    model = GAN(GANConfig((1, 32, 32), latent=2, width=8, depth=1, extent=2.0)).requires_grad_(False)
    z = torch.randn(16, 2, generator=torch.Generator().manual_seed(0))
    points, pictures = model.generate(z).flatten(1), model.decode(z)
    brightest = pictures[:, 0].flatten(1).argmax(1)
    place = np.stack([2 * (brightest % 32) / 31 - 1, 1 - 2 * (brightest // 32) / 31], axis=1) * 2
    assert np.abs(place - points.clamp(-2, 2).numpy()).max() < 2 / 31 + 0.01  # one beyond the edge stands at it
    assert float(pictures.flatten(1).max(1).values.min()) > 0.7
