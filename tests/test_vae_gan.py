"""The bound with a critic of patches beside it."""

from __future__ import annotations

import torch

from engine.models.vae import VAE, VAEConfig
from train.data import Batch
from train.objectives.critics import PatchCritic
from train.objectives.elbo import Elbo, ElboConfig
from train.objectives.features import apart
from train.objectives.vae_gan import VaeGan, VaeGanConfig

CONFIG = VAEConfig(shape=(3, 16, 16), latent=4, net="residual", width=8, depth=1, likelihood="gaussian-shared")
GAME = VaeGanConfig(critic_width=4, critic_levels=2, silent=0.25, lazy_reg_fraction=1.0)


def batch() -> Batch:
    return Batch(torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(0)))


def made() -> VaeGan:
    torch.manual_seed(0)
    return VaeGan(VAE(CONFIG), GAME)


def test_while_the_critic_is_silent_it_is_the_bound() -> None:
    objective = made()
    torch.manual_seed(1)
    heard = objective("model", batch(), 0.1)
    torch.manual_seed(1)
    plain = Elbo(objective.model, ElboConfig())("model", batch(), 0.1)
    assert {name: float(term.detach()) for name, term in heard.items()} == {
        name: float(term.detach()) for name, term in plain.items()
    }
    assert set(objective("model", batch(), 0.3)) == {*plain, "features", "adversarial"}


def test_the_critic_judges_what_the_model_has_just_drawn() -> None:
    objective = made()
    objective("model", batch(), 0.5)
    assert objective.judged is not None
    x, rebuilt = objective.judged
    assert torch.equal(x, batch().x)
    assert not rebuilt.requires_grad
    torch.manual_seed(2)
    rolled = objective.critic.shift(rebuilt, x)
    expected = torch.nn.functional.softplus(objective.critic(rolled[0]) - objective.critic(rolled[1])).mean()
    torch.manual_seed(2)
    torch.testing.assert_close(objective("critic", batch(), 0.5)["critic"], expected)


def test_the_grid_of_patches_begins_anywhere() -> None:
    x = torch.arange(16.0).view(1, 1, 4, 4)
    shifted = [PatchCritic(3, width=4, levels=2).shift(x, -x) for _ in range(400)]
    assert {float(first[0, 0, 0, 0]) for first, _ in shifted} == set(range(16))
    assert all(torch.equal(first, -second) for first, second in shifted)  # pictures that are compared move alike


def test_a_score_belongs_to_a_patch() -> None:
    torch.manual_seed(0)
    critic = PatchCritic(3, width=4, levels=2)
    x = torch.rand(1, 3, 32, 32, requires_grad=True)
    scores = critic(x)
    assert scores.shape == (1, 64)
    (slope,) = torch.autograd.grad(scores[0, 0], x)
    assert slope[..., :8, :8].abs().sum() > 0
    assert slope[..., 16:, :].abs().sum() == slope[..., :, 16:].abs().sum() == 0


def test_features_are_compared_by_their_direction() -> None:
    seen = torch.rand(2, 5, 3, 3) + 0.1
    assert float(apart([seen], [7 * seen])) < 1e-10
    here, there = torch.tensor([[[[1.0]], [[0.0]]]]), torch.tensor([[[[0.0]], [[3.0]]]])
    assert float(apart([here], [there])) == 2
    assert float(apart([here, here], [there, here])) == 1
