"""The adversarial game of growing players: small pictures first, each doubling fades in, then all learn at full size.

Karras et al., "Progressive Growing of GANs", ICLR 2018, section 2 and appendix A: data fade as the players do.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.errors import BadValue
from engine.models.progressive_gan import LEAK, ProgressiveGAN, ProgressiveGANConfig, channels_at
from engine.nn.equalized import Equalized
from engine.nn.nets import halvings
from engine.types import Images, Labels
from train.data import Batch
from train.objectives.adversarial import Adversarial, AdversarialConfig
from train.objectives.base import Terms
from train.objectives.critics import CriticConfig, score, spread


@dataclass(frozen=True)
class ProgressiveConfig(AdversarialConfig):
    """The rules of the adversarial game, and when the players are grown."""

    critic: CriticConfig = field(
        default_factory=lambda: CriticConfig(net="conv", width=16, depth=0, minibatch_deviation=True)
    )
    grown: float = 0.5  # share of the run after which the players stand at full size

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.grown < 1:
            raise BadValue(f"grown is {self.grown}; it is a share of the run, from 0 to below 1.")
        plain = CriticConfig("conv", self.critic.width, 0, minibatch_deviation=self.critic.minibatch_deviation)
        if self.critic != plain:
            raise BadValue(
                "A growing critic has its own layers: of --objective.critic, take net conv and depth 0, and set "
                "only width and minibatch-deviation."
            )


def growth_at(progress: float, doublings: int) -> float:
    """Return the growth, 0 … doublings: for each doubling as long at one size as on the way to the next."""
    done, within = divmod(min(progress, 1.0) * doublings, 1)
    return float(done + max(0.0, 2 * within - 1))


def faded(x: Images, growth: float, doublings: int) -> Images:
    """Return pictures the detail that a growth can show, at their full shape."""
    whole, share = divmod(growth, 1)
    coarse = halved(x, doublings - int(whole))
    if share:
        coarse = F.interpolate(coarse, scale_factor=2.0).lerp(halved(x, doublings - int(whole) - 1), share)
    return F.interpolate(coarse, x.shape[2:])


def halved(x: Images, times: int) -> Tensor:  # (batch, channel, height / 2^times, width / 2^times)
    return F.avg_pool2d(x, 2**times) if times else x


class GrowingCritic(nn.Module):
    """Pictures (and their classes) → scores (batch,), the mirror of the generator (table 2)."""

    def __init__(self, generator: ProgressiveGANConfig, config: CriticConfig) -> None:
        super().__init__()
        doublings, (height, width) = halvings(generator.shape)
        channels = [channels_at(config.width, doublings - size) for size in range(doublings + 1)]
        self.deviates, self.doublings, self.growth = config.minibatch_deviation, doublings, float(doublings)
        self.entrances = nn.ModuleList(
            [
                nn.Sequential(Equalized(nn.Conv2d(generator.shape[0], there, 1)), nn.LeakyReLU(LEAK))
                for there in channels
            ]
        )
        self.sizes = nn.ModuleList(
            [
                nn.Sequential(*convolved(here, here), *convolved(here, there), nn.AvgPool2d(2))
                for there, here in pairwise(channels)
            ]
        )
        deepest = channels[0]
        self.last = nn.Sequential(
            *convolved(deepest + self.deviates, deepest),
            nn.Flatten(),
            Equalized(nn.Linear(deepest * height * width, deepest)),
            nn.LeakyReLU(LEAK),
        )
        self.head = Equalized(nn.Linear(deepest, 1), gain=1.0)
        self.classes = nn.Embedding(generator.classes, deepest) if generator.classes else None

    def forward(self, x: Images, y: Labels | None = None) -> Tensor:  # (batch,)
        h = self.features(x)
        if self.deviates:
            deviation = spread(h.flatten(1))[:, :, None, None].expand(-1, -1, *h.shape[2:])
            h = torch.cat([h, deviation], dim=1)
        return score(self.last(h), self.head, self.classes, y)

    def features(self, x: Images) -> Tensor:  # (batch, features, height, width) at the smallest size
        whole, share = divmod(self.growth, 1)
        size = int(whole)
        h = self.entrances[size](halved(2 * x - 1, self.doublings - size))
        if share:  # the next size fades in, through an entrance of its own
            finer = self.entrances[size + 1](halved(2 * x - 1, self.doublings - size - 1))
            h = h.lerp(self.sizes[size](finer), share)
        for smaller in reversed(self.sizes[:size]):
            h = smaller(h)
        return h


def convolved(here: int, there: int) -> list[nn.Module]:
    return [Equalized(nn.Conv2d(here, there, 3, padding=1)), nn.LeakyReLU(LEAK)]


class Progressive(Adversarial):
    """Two players of one growth, the data kept at the same."""

    model: ProgressiveGAN
    config: ProgressiveConfig
    critic: GrowingCritic

    def made_critic(self) -> GrowingCritic:
        return GrowingCritic(self.model.config, self.config.critic)

    def forward(self, player: str, batch: Batch, progress: float) -> Terms:
        doublings = self.model.config.doublings
        growth = growth_at(progress / self.config.grown if self.config.grown else 1.0, doublings)
        self.model.grow(growth)
        self.critic.growth = growth
        return super().forward(player, Batch(faded(batch.x, growth, doublings), batch.y), progress)
