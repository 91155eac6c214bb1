"""Variational autoencoder whose posterior an inverse autoregressive flow bends away from a diagonal Gaussian.

Kingma et al., "Improving Variational Inference with Inverse Autoregressive Flow", NeurIPS 2016 (arXiv 1606.04934);
equation numbers are theirs. The encoder gives μ, σ and a context h; z₀ = μ + σ · ε, and each step

    z ← γ · z + (1 − γ) · m,   γ = sigmoid(s),   (m, s) = a masked network of (z, h)

has a triangular Jacobian, since m and s of an axis see only the axes before it. The order turns round at each step.
With no step it is the VAE of Kingma and Welling, by the very same networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.distributions import Normal
from torch.nn import functional as F

from engine.nn.blocks import Upsampling
from engine.nn.bounds import BoundTerms, importance_bound, in_parts
from engine.nn.likelihoods import LIKELIHOODS, LikelihoodName
from engine.nn.made import Made
from engine.nn.nets import Decoder, Encoder, Net, Shape, check_net, check_sizes
from engine.nn.prior import draw
from engine.types import Context, Images, Labels, Latents, PerImage


@dataclass(frozen=True)
class IAFVAEConfig:
    """Sizes of a variational autoencoder and of the flow of its posterior."""

    shape: Shape = (1, 28, 28)  # channel, height, width of a picture
    latent: int = 32
    steps: int = 4  # of the flow; 0: the posterior stays a diagonal Gaussian
    flow_width: int = 320  # hidden units of each of the two layers of a step
    context: int = 64  # numbers h that every step sees
    net: Net = "conv"
    width: int = 32  # hidden units, or channels at half resolution
    depth: int = 1  # hidden layers, or residual blocks at each resolution
    likelihood: LikelihoodName = "bernoulli"
    upsampling: Upsampling = "interpolation"
    classes: int = 0  # 0: the label is not used

    def __post_init__(self) -> None:
        check_net(self)
        check_sizes(self, steps=0, flow_width=self.latent, context=1)


class IAFVAE(nn.Module):
    """Samples, decodes, encodes and bounds."""

    def __init__(self, config: IAFVAEConfig) -> None:
        super().__init__()
        self.config = config
        self.likelihood = LIKELIHOODS[config.likelihood]()
        self.encoder = Encoder(config, outputs=2 * config.latent + (config.context if config.steps else 0))
        self.flow = nn.ModuleList(Step(config, reverse=bool(step % 2)) for step in range(config.steps))
        self.decoder = Decoder(config, channels=config.shape[0] * self.likelihood.maps)

    # q(z|x) and p(x|z)

    def start(self, x: Images, y: Labels | None = None) -> tuple[Normal, Context]:
        """Return q(z₀|x) and the context h."""
        axes = self.config.latent
        mean, log_deviation, h = self.encoder(x, y).float().tensor_split([axes, 2 * axes], dim=1)
        return Normal(mean, log_deviation.clamp(-10, 10).exp(), validate_args=False), h

    def refine(self, z: Latents, h: Context) -> tuple[Latents, Latents]:
        """Flow from z₀ to z; also the logarithm of the Jacobian's diagonal, whose sum is that of its determinant."""
        log_slopes = torch.zeros_like(z)
        with torch.autocast(z.device.type, enabled=False):  # bfloat16 would not sum up to a density
            for step in self.flow:
                z, log_slope = step(z, h)
                log_slopes = log_slopes + log_slope
        return z, log_slopes

    def maps(self, z: Latents, y: Labels | None = None) -> Tensor:
        """Return the parameters of p(x|z), (batch, channel · maps of the likelihood, height, width)."""
        return self.decoder(z, y).float()

    # Verbs

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images:
        return self.decode(draw(self, seeds, truncation), y)

    def decode(self, z: Latents, y: Labels | None = None) -> Images:
        return self.likelihood.mean(self.maps(z, y))

    def encode(self, x: Images, y: Labels | None = None) -> Latents:
        """Return the latent that ε = 0 flows to: the mean where there is no step, and near it where there are."""
        return self.posterior_sample(x, torch.zeros(len(x), self.config.latent, device=x.device), y)

    def posterior_sample(self, x: Images, noise: Latents, y: Labels | None = None) -> Latents:
        q, h = self.start(x, y)
        return self.refine(q.mean + q.stddev * noise, h)[0]

    def elbo(self, x: Images, y: Labels | None = None) -> PerImage:
        return self.evidence(x, y).elbo

    # Densities

    def evidence(self, x: Images, y: Labels | None = None, noise: Latents | None = None) -> BoundTerms:
        """Both terms of the bound by one reparameterized sample: that of the noise, where it is given.

        The rate is KL(q(z₀|x) ‖ p) in closed form, and by the sample what the flow adds to it, so that without a step
        it is the VAE's.
        """
        q, h = self.start(x, y)
        start = q.rsample() if noise is None else q.mean + q.stddev * noise
        z, log_slopes = self.refine(start, h)
        closed = 0.5 * (q.mean**2 + q.variance - 1) - q.stddev.log()
        kl = closed + 0.5 * (z**2 - start**2) - log_slopes
        return BoundTerms(self.likelihood.log_prob(self.maps(z, y), x), kl, z)

    def importance_bound(self, x: Images, samples: int, y: Labels | None = None) -> PerImage:
        """log 1/k Σ p(x, zᵢ) / q(zᵢ|x) with k = samples, q by equation 11: at least the ELBO on average."""
        return importance_bound(self.log_weights(x, samples, y))

    def log_weights(self, x: Images, samples: int, y: Labels | None = None) -> Tensor:  # (samples, batch)
        """log p(x, z) / q(z|x) of so many draws of each picture."""
        q, h = self.start(x, y)
        return in_parts(lambda count: self._log_weights(x, q, h, count, y), samples, h)

    def _log_weights(self, x: Images, q: Normal, h: Context, count: int, y: Labels | None) -> Tensor:  # (count, batch)
        noise = torch.randn(count * len(x), self.config.latent, device=x.device)
        mean, deviation = q.mean.repeat(count, 1), q.stddev.repeat(count, 1)
        z, log_slopes = self.refine(mean + deviation * noise, h.repeat(count, 1))
        log_ratio = (0.5 * (noise**2 - z**2) + deviation.log() + log_slopes).sum(1)  # log p(z) − log q(z|x)
        maps = self.maps(z, None if y is None else y.repeat(count))
        return (self.likelihood.log_prob(maps, x.repeat(count, 1, 1, 1)) + log_ratio).view(count, -1)


class Step(nn.Module):
    """One inverse autoregressive step (eq. 12–14), which begins by keeping most of z."""

    def __init__(self, config: IAFVAEConfig, reverse: bool) -> None:
        super().__init__()
        self.net = Made(config.latent, config.context, config.flow_width, outputs=2, reverse=reverse)

    def forward(self, z: Latents, h: Context) -> tuple[Latents, Latents]:
        """Return z after the step and log γ, the logarithm of each axis' own slope."""
        m, s = self.net(z, h)
        gate = (s + 2).sigmoid()
        return gate * z + (1 - gate) * m, F.logsigmoid(s + 2)
