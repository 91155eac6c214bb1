"""The evidence lower bound, as a loss: distortion + β · rate, in nats a picture.

β: Higgins et al., "β-VAE", ICLR 2017. Warm-up: Sønderby et al., "Ladder Variational Autoencoders", NeurIPS 2016.
Free bits: Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow", NeurIPS 2016, appendix C.8.
"""

from dataclasses import dataclass

import torch
from torch import nn

from engine.aliases import Labels, Latents
from engine.models.vae import VAE
from train.data import Batch
from train.objectives.base import Objective, Terms


@dataclass(frozen=True)
class ElboConfig:
    """How the two terms of the bound are weighed."""

    beta: float = 1.0  # weight of the rate
    warm_up: float = 0.0  # fraction of the run over which the weight rises from zero to β
    free_bits: float = 0.0  # nats of an axis that cost nothing
    label_dropout: float = 0.1  # how often a class-conditional model is not told the class


class Elbo(Objective):
    """One player, the model itself."""

    turns = ("model",)

    def __init__(self, model: VAE, config: ElboConfig) -> None:
        super().__init__()
        self.model, self.config = model, config

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"model": self.model}

    def forward(self, player: str, batch: Batch, progress: float) -> Terms:
        log_likelihood, kl = self.model.evidence(batch.x, self.told(batch.y))
        return {"distortion": -log_likelihood.mean(), "rate": self.beta(progress) * self.rate(kl)}

    def beta(self, progress: float) -> float:
        risen = min(1.0, progress / self.config.warm_up) if self.config.warm_up else 1.0
        return self.config.beta * risen

    def rate(self, kl: Latents) -> torch.Tensor:  # a scalar
        return kl.mean(0).clamp(min=self.config.free_bits).sum()

    def told(self, y: Labels | None) -> Labels | None:
        """Hide some of the labels, so that the model also learns what it is to know no class."""
        if y is None or not self.model.config.classes:
            return None
        return torch.where(torch.rand(y.shape, device=y.device) < self.config.label_dropout, -1, y)
