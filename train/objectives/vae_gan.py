"""The evidence lower bound, with a critic of patches that says which of a picture's grain a decoder should draw.

Larsen et al., "Autoencoding beyond pixels using a learned similarity metric", ICML 2016: pictures are compared in what
the critic sees as well. Patches: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", CVPR
2017, section 3.2.2. A reconstruction plays against its own original (relativistic pairing: Jolicoeur-Martineau 2019).
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from engine.models.vae import VAE
from engine.types import Images
from train.data import Batch
from train.objectives.base import Terms
from train.objectives.critics import PatchCritic
from train.objectives.elbo import Elbo, ElboConfig
from train.objectives.features import apart
from train.objectives.labels import drop_labels
from train.objectives.penalties import squared_slope


@dataclass(frozen=True)
class VaeGanConfig(ElboConfig):
    """How the bound is weighed, and what the critic says beside it."""

    features: float = 15_000.0  # nats that a distance of one in the critic's features costs
    adversarial: float = 6_000.0  # nats that one of the critic's game costs
    critic_width: int = 32  # channels of the critic at half resolution, twice as many at each halving
    critic_levels: int = 3  # how often it halves: what a patch is
    r1: float = 0.1  # weight γ of γ/2 · slope² on data, a patch
    lazy_reg_fraction: float = 0.125  # share of the critic's turns that pay this, each as much more
    silent: float = 0.05  # fraction of the run before the model hears the critic


class VaeGan(Elbo):
    """Two players: the model, and the critic of patches, who judges what the model has just drawn."""

    turns = ("model", "critic")
    model: VAE
    config: VaeGanConfig

    def __init__(self, model: VAE, config: VaeGanConfig) -> None:
        super().__init__(model, config)
        self.judged: tuple[Images, Images] | None = None  # pictures, and how the model has drawn them
        self.critic = PatchCritic(model.config.shape[0], config.critic_width, config.critic_levels)

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"critic": self.critic, "model": self.model}

    def forward(self, player: str, batch: Batch, progress: float) -> Terms:
        return self.play(batch, progress) if player == "model" else self.criticize(batch)

    def play(self, batch: Batch, progress: float) -> Terms:
        evidence = self.model.evidence(batch.x, drop_labels(self.model, batch.y, self.config.label_dropout))
        terms, rebuilt = self.terms(evidence, progress), self.model.likelihood.mean(evidence.maps)
        self.judged = batch.x, rebuilt.detach()
        if progress < self.config.silent:
            return terms
        x, rebuilt = self.critic.shift(batch.x, rebuilt)
        seen = self.critic.features(rebuilt)
        with torch.no_grad():
            wanted = self.critic.features(x)
        terms["features"] = self.config.features * apart(seen, wanted)
        score, other = self.critic.score(seen), self.critic.score(wanted)
        terms["adversarial"] = self.config.adversarial * F.softplus(other - score).mean()
        return terms

    def criticize(self, batch: Batch) -> Terms:
        x, rebuilt = self.judged or (batch.x, self.model.decode(self.model.encode(batch.x, batch.y), batch.y).detach())
        x, rebuilt = self.critic.shift(x, rebuilt)
        scores = self.critic(x)
        loss, patches = F.softplus(self.critic(rebuilt) - scores).mean(), scores.shape[1]
        if float(torch.rand(())) >= self.config.lazy_reg_fraction:
            return {"critic": loss}
        slope = squared_slope(lambda at: self.critic(at).sum(1), [x]) / patches
        return {"critic": loss, "r1": self.config.r1 / 2 / self.config.lazy_reg_fraction * slope}
