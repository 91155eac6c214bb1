"""Variational autoencoder whose posterior an inverse autoregressive flow bends away from a diagonal Gaussian.

Kingma et al., "Improving Variational Inference with Inverse Autoregressive Flow", NeurIPS 2016 (arXiv 1606.04934);
equation numbers are theirs. The encoder gives μ, σ and a context h; z₀ = μ + σ · ε, and each step

    z ← γ · z + (1 − γ) · m,   γ = sigmoid(s),   (m, s) = a masked network of (z, h)

has a triangular Jacobian, since m and s of an axis see only the axes before it. The order turns round at each step.
With no step it is the VAE of Kingma and Welling, by the very same networks.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.distributions import Normal
from torch.nn import functional as F

from engine.models.vae import GaussianVAE
from engine.nn.blocks import Upsampling
from engine.nn.likelihoods import LIKELIHOODS, LikelihoodName
from engine.nn.made import Made
from engine.nn.nets import Decoder, Encoder, Net, Shape, check_net, check_sizes
from engine.types import Context, Images, Labels, Latents


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


class IAFVAE(GaussianVAE):
    """Samples, decodes, encodes and bounds; q(z|x) by equation 11."""

    config: IAFVAEConfig

    def __init__(self, config: IAFVAEConfig) -> None:
        super().__init__()
        self.config = config
        self.likelihood = LIKELIHOODS[config.likelihood]()
        self.encoder = Encoder(config, outputs=2 * config.latent + (config.context if config.steps else 0))
        self.flow = nn.ModuleList(Step(config, reverse=bool(step % 2)) for step in range(config.steps))
        self.decoder = Decoder(config, channels=config.shape[0] * self.likelihood.maps)

    def start(self, x: Images, y: Labels | None = None) -> tuple[Normal, Context]:
        """Return q(z₀|x) and the context h."""
        axes = self.config.latent
        mean, log_deviation, h = self.encoder(x, y).float().tensor_split([axes, 2 * axes], dim=1)
        return Normal(mean, log_deviation.clamp(-10, 10).exp(), validate_args=False), h

    def bend(self, start: Latents, h: Context) -> tuple[Latents, Latents]:
        """Flow from z₀ to z; also the logarithm of the Jacobian's diagonal, whose sum is that of its determinant."""
        z, log_slopes = start, torch.zeros_like(start)
        with torch.autocast(z.device.type, enabled=False):  # bfloat16 would not sum up to a density
            for step in self.flow:
                z, log_slope = step(z, h)
                log_slopes = log_slopes + log_slope
        return z, log_slopes


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
