"""Variational autoencoder: p(z) = N(0, I), p(x|z) a decoder, q(z|x) a diagonal Gaussian encoder.

Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014 (arXiv 1312.6114); equation numbers are theirs.
The importance-weighted bound is equation 8 of Burda et al., "Importance Weighted Autoencoders", ICLR 2016.
With classes it is the conditional model p(x|z, y) of Sohn et al., NeurIPS 2015.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.distributions import Normal

from engine.aliases import Images, Labels, Latents, PerImage
from engine.nn.bounds import BoundTerms, importance_bound, in_parts
from engine.nn.likelihoods import LIKELIHOODS, LikelihoodName
from engine.nn.nets import Decoder, Encoder, Net, Shape, Upsampling, check_net
from engine.nn.prior import draw


@dataclass(frozen=True)
class VAEConfig:
    """A variational autoencoder's sizes and its likelihood."""

    shape: Shape = (1, 28, 28)  # channel, height, width of a picture
    latent: int = 20
    net: Net = "dense"
    width: int = 400  # hidden units, or channels at half resolution
    depth: int = 2  # hidden layers, or residual blocks at each resolution
    likelihood: LikelihoodName = "bernoulli"
    upsampling: Upsampling = "interpolation"
    classes: int = 0  # 0: the label is not used

    def __post_init__(self) -> None:
        check_net(self)


@dataclass(frozen=True, eq=False)
class VAEEvidence(BoundTerms):
    """The terms of the bound, and the posterior, whose density a total correlation asks for."""

    q: Normal  # q(z|x)


class VAE(nn.Module):
    """Samples, decodes, encodes and bounds."""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        self.config = config
        self.likelihood = LIKELIHOODS[config.likelihood]()
        self.encoder = Encoder(config, outputs=2 * config.latent)
        self.decoder = Decoder(config, channels=config.shape[0] * self.likelihood.maps)

    # q(z|x) and p(x|z)

    def posterior(self, x: Images, y: Labels | None = None) -> Normal:
        mean, log_deviation = self.encoder(x, y).float().chunk(2, dim=1)
        return Normal(mean, log_deviation.clamp(-10, 10).exp(), validate_args=False)

    def maps(self, z: Latents, y: Labels | None = None) -> Tensor:
        """Give the parameters of p(x|z), (batch, channel · maps of the likelihood, height, width)."""
        return self.decoder(z, y).float()

    # Verbs

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images:
        return self.decode(draw(self, seeds, truncation), y)

    def decode(self, z: Latents, y: Labels | None = None) -> Images:
        return self.likelihood.mean(self.maps(z, y))

    def encode(self, x: Images, y: Labels | None = None) -> Latents:
        mean: Latents = self.posterior(x, y).mean
        return mean

    def elbo(self, x: Images, y: Labels | None = None) -> PerImage:
        return self.evidence(x, y).elbo

    # Densities

    def evidence(self, x: Images, y: Labels | None = None, noise: Latents | None = None) -> VAEEvidence:
        """Both terms of the bound by one reparameterized sample (eq. 7); the KL in closed form (eq. 10, appendix B).

        The sample is that of the noise, where it is given.
        """
        q = self.posterior(x, y)
        z = q.rsample() if noise is None else q.mean + q.stddev * noise
        log_likelihood = self.likelihood.log_prob(self.maps(z, y), x)
        kl = 0.5 * (q.mean**2 + q.variance - 1) - q.stddev.log()
        return VAEEvidence(log_likelihood, kl, z, q)

    def importance_bound(self, x: Images, samples: int, y: Labels | None = None) -> PerImage:
        """log 1/k Σ p(x, zᵢ) / q(zᵢ|x) with k = samples: at least the ELBO on average, growing with k (IWAE eq. 8)."""
        return importance_bound(self.log_weights(x, samples, y))

    def log_weights(self, x: Images, samples: int, y: Labels | None = None) -> Tensor:  # (samples, batch)
        """log p(x, z) / q(z|x) of so many draws of each picture."""
        q = self.posterior(x, y)
        return in_parts(lambda count: self._log_weights(x, q, count, y), samples, x)

    def _log_weights(self, x: Images, q: Normal, count: int, y: Labels | None) -> Tensor:  # (count, batch)
        noise = torch.randn(count, *q.mean.shape, device=x.device)
        z = q.mean + q.stddev * noise
        log_ratio = (0.5 * (noise**2 - z**2) + q.stddev.log()).sum(2)  # log p(z) − log q(z|x)
        maps = self.maps(z.flatten(0, 1), None if y is None else y.repeat(count))
        return self.likelihood.log_prob(maps, x.repeat(count, 1, 1, 1)).view(count, -1) + log_ratio
