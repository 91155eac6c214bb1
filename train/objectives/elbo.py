"""The evidence lower bound, as a loss: distortion + β · rate, in nats a picture.

β: Higgins et al., "β-VAE", ICLR 2017. Warm-up: Sønderby et al., "Ladder Variational Autoencoders", NeurIPS 2016.
Total correlation: Chen et al., "Isolating Sources of Disentanglement in VAEs", NeurIPS 2018; their β-TCVAE of β is
beta = 1 and total_correlation = β − 1 here.
Capacity: Burgess et al., "Understanding disentangling in β-VAE", 2018 (arXiv 1804.03599), equation 8.
Free bits: Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow", NeurIPS 2016, appendix C.8.
"""

import math
from dataclasses import dataclass

from torch import Tensor
from torch.distributions import Normal

from engine.errors import BadValue
from engine.models.iaf_vae import IAFVAE
from engine.models.pixel_vae import PixelVAE
from engine.models.vae import VAE, VAEEvidence, standard_kl
from engine.nn.bounds import BoundTerms
from engine.nn.coupling import CouplingFlow
from engine.types import Latents
from train.data import Batch
from train.objectives.base import SinglePlayer, Terms
from train.objectives.labels import drop_labels


@dataclass(frozen=True)
class ElboConfig:
    """How the two terms of the bound are weighed."""

    beta: float = 1.0  # weight of the rate
    warm_up: float = 0.0  # fraction of the run over which β, or the capacity, rises from zero
    capacity: float = 0.0  # nats that the rate is held to, β weighing what it is off; 0: it is as low as β makes it
    free_bits: float = 0.0  # nats of an axis that cost nothing
    total_correlation: float = 0.0  # extra weight of the dependence between the axes of the aggregate posterior
    label_dropout: float = 0.1  # how often a class-conditional model is not told the class


class Elbo(SinglePlayer):
    """One player, the model itself."""

    model: VAE | IAFVAE | PixelVAE

    def __init__(self, model: VAE | IAFVAE | PixelVAE, config: ElboConfig) -> None:
        super().__init__(model, config)
        if config.total_correlation and not isinstance(model, VAE):
            raise BadValue("total_correlation asks for the density of the posterior everywhere: take a model of vae.")

    def forward(self, player: str, batch: Batch, progress: float) -> Terms:
        return self.terms(
            self.model.evidence(batch.x, drop_labels(self.model, batch.y, self.config.label_dropout)), progress
        )

    def terms(self, evidence: BoundTerms, progress: float) -> Terms:
        """Weigh the terms of a bound.

        A prior with a flow is fitted to the codes as they come; the encoder is held to N(0, I), and learns nothing of
        that.
        """
        kl, flow = evidence.kl, getattr(self.model, "flow", None)
        terms = {"distortion": -evidence.log_likelihood.mean()}
        if isinstance(evidence, VAEEvidence) and isinstance(flow, CouplingFlow) and len(flow.layers):
            z, log_slopes = flow(evidence.code.detach())
            kl, terms["prior"] = standard_kl(evidence.q), (0.5 * z**2 - log_slopes).sum(1).mean()
        terms["rate"] = self.weighed(self.rate(kl), progress)
        if isinstance(evidence, VAEEvidence) and self.config.total_correlation:
            terms["correlation"] = self.config.total_correlation * total_correlation(evidence.q, evidence.code)
        return terms

    def weighed(self, rate: Tensor, progress: float) -> Tensor:  # a scalar
        risen = min(1.0, progress / self.config.warm_up) if self.config.warm_up else 1.0
        if self.config.capacity:
            return self.config.beta * (rate - risen * self.config.capacity).abs()
        return self.config.beta * risen * rate

    def rate(self, kl: Latents) -> Tensor:  # a scalar
        return kl.mean(0).clamp(min=self.config.free_bits).sum()


def total_correlation(q: Normal, z: Latents) -> Tensor:
    """Estimate KL(q(z) ‖ Π q(z_d)) in nats, a scalar, taking the batch for the aggregate posterior q(z).

    The estimate is off by a constant that depends on the size of the data set (appendix C.1), which no gradient sees.
    """
    densities = Normal(q.mean[None], q.stddev[None]).log_prob(z[:, None])  # (sample, picture, latent)
    joint, marginals = densities.sum(2).logsumexp(1), densities.logsumexp(1).sum(1)
    return (joint - marginals).mean() + (z.shape[1] - 1) * math.log(len(z))
