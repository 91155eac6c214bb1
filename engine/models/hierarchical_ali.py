"""Hierarchical adversarially learned inference: two levels of latents, z2 → z1 → x and back, judged as one triple.

Belghazi et al., "Hierarchical Adversarially Learned Inference", 2018 (arXiv 1802.01071). The two joint distributions
are q(x) q(z1|x) q(z2|z1) and p(z2) p(z1|z2) p(x|z1); their z1 is a stack of maps, ours is flat.

The latent of the verbs is the noise of both levels, z = [z2 | ε1] with z1 = μ(z2) + σ · ε1, so that its prior is
N(0, I) on every axis. A reconstruction from z2 alone has ε1 = 0.

Of the variance of z1 a set share is μ(z2)'s and the rest is noise. Where σ is learnt, as in the paper, the generator
here came to draw z1 from z2 alone (σ an eighth of the spread of μ), at a scale of its own that the encoder's never met.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.distributions import Normal

from engine.errors import BadValue
from engine.nn.blocks import Upsampling
from engine.nn.nets import Decoder, Encoder, Net, Shape, check_net, check_sizes, kaiming_init_, squashed, with_label
from engine.nn.prior import draw
from engine.types import Images, Labels, Latents


@dataclass(frozen=True)
class HierarchicalALIConfig:
    """Sizes of generator and encoder."""

    shape: Shape = (1, 28, 28)  # channel, height, width of a picture
    latent: int = 48  # axes of both levels together
    z2_dim: int = 16  # of these, axes of z2, which come first
    variance_share: float = 0.5  # of the variance of z1, what z2 decides, 0 … 1
    hidden: int = 256  # units of the networks between the levels
    net: Net = "conv"
    width: int = 32  # hidden units, or channels at half resolution
    depth: int = 1  # hidden layers, or residual blocks of the encoder at each resolution
    upsampling: Upsampling = "interpolation"
    classes: int = 0  # 0: the label is not used
    mapping: int = 0  # fully connected layers that bend z1 before it is drawn

    def __post_init__(self) -> None:
        check_net(self)
        check_sizes(self, z2_dim=0, hidden=1, mapping=0)
        if not 0 < self.variance_share < 1:
            raise BadValue(
                f"variance_share is {self.variance_share}; it is a part of the variance of z1, between 0 and 1."
            )
        if self.z2_dim >= self.latent:
            raise BadValue(
                f"z2_dim is {self.z2_dim} of a latent of {self.latent}; z1 needs at least one axis of its own."
            )

    @property
    def levels(self) -> dict[str, tuple[int, int]]:
        """Name the slices of z: the last one is the noise that z1 adds to what z2 says of it."""
        return {"z2": (0, self.z2_dim), "z1": (self.z2_dim, self.latent)}

    @property
    def below(self) -> "HierarchicalALIConfig":
        """Return the sizes of the networks between z1 and x, which see one level only."""
        return replace(self, latent=self.latent - self.z2_dim, z2_dim=0)


class HierarchicalALI(nn.Module):
    """Samples, decodes and encodes."""

    def __init__(self, config: HierarchicalALIConfig) -> None:
        super().__init__()
        if not config.z2_dim:
            raise BadValue("z2_dim is 0; a hierarchy has at least one axis of z2. For one level, take family ali.")
        self.config, below = config, config.below
        self.encoder = Encoder(below, outputs=2 * below.latent)  # q(z1|x)
        self.upwards = mlp(below.latent, 2 * config.z2_dim, config)  # q(z2|z1)
        self.downwards = mlp(config.z2_dim, below.latent, config)  # p(z1|z2)
        self.spread = nn.BatchNorm1d(below.latent, affine=False)  # of μ(z2) before its share
        self.decoder = Decoder(below, channels=config.shape[0], plays=True, mapping=config.mapping)  # p(x|z1)
        kaiming_init_(self.downwards)
        kaiming_init_(self.decoder)

    # The two joint distributions; a pair of codes is [z2 | z1]

    def pair(self, z: Latents, y: Labels | None = None) -> tuple[Images, Latents]:
        """Draw (x, [z2 | z1]) of p(z2) p(z1|z2) p(x|z1); the last is a function, as in ALI."""
        z2, noise = self.parts(z)
        q = self.prior(z2, y)
        codes = torch.cat([z2, q.mean + q.stddev * noise], dim=1)
        return self.render(codes, y), codes

    def infer(self, x: Images, y: Labels | None = None) -> Latents:
        """Draw [z2 | z1] of q(z1|x) q(z2|z1)."""
        z1: Tensor = self.posterior(x, y).rsample()
        z2: Tensor = self.upper_posterior(z1, y).rsample()
        return torch.cat([z2, z1], dim=1)

    def render(self, codes: Latents, y: Labels | None = None) -> Images:
        """Draw x of p(x|z1)."""
        return squashed(self.decoder(self.parts(codes)[1], y))

    def log_posterior(self, x: Images, codes: Latents, y: Labels | None = None) -> Latents:
        """log q(z2|z1) q(z1|x), axis by axis, in nats."""
        z2, z1 = self.parts(codes)
        densities = [self.upper_posterior(z1, y).log_prob(z2), self.posterior(x, y).log_prob(z1)]
        return torch.cat(densities, dim=1)

    def parts(self, z: Latents) -> tuple[Tensor, Tensor]:  # (batch, top), (batch, latent − top)
        return z[:, : self.config.z2_dim], z[:, self.config.z2_dim :]

    # The three Gaussians

    def posterior(self, x: Images, y: Labels | None = None) -> Normal:
        """q(z1|x)."""
        return gaussian(self.encoder(x, y))

    def upper_posterior(self, z1: Latents, y: Labels | None = None) -> Normal:
        """q(z2|z1)."""
        return gaussian(self.upwards(with_label(z1, y, self.config.classes)))

    def prior(self, z2: Latents, y: Labels | None = None) -> Normal:
        """p(z1|z2)."""
        mean = self.config.variance_share**0.5 * self.spread(
            self.downwards(with_label(z2, y, self.config.classes)).float()
        )
        return Normal(mean, torch.full_like(mean, (1 - self.config.variance_share) ** 0.5), validate_args=False)

    # Verbs

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images:
        return self.decode(draw(self, seeds, truncation), y)

    def generate(self, z: Latents, y: Labels | None = None) -> Images:
        return self.pair(z, y)[0]

    def decode(self, z: Latents, y: Labels | None = None) -> Images:
        return self.generate(z, y)

    def encode(self, x: Images, y: Labels | None = None) -> Latents:
        """Return the mean of q(z2|z1) at the mean z1 of q(z1|x), and the noise that makes this z1 of it."""
        return self.posterior_sample(x, torch.zeros(len(x), self.config.latent, device=x.device), y)

    def posterior_sample(self, x: Images, noise: Latents, y: Labels | None = None) -> Latents:
        """Return the latent of the draw of q(z1|x) q(z2|z1) that this noise [of z2 | of z1] makes."""
        upper, lower = self.parts(noise)
        q1 = self.posterior(x, y)
        z1 = q1.mean + q1.stddev * lower
        q2 = self.upper_posterior(z1, y)
        z2 = q2.mean + q2.stddev * upper
        p = self.prior(z2, y)
        return torch.cat([z2, (z1 - p.mean) / p.stddev], dim=1)


def mlp(here: int, there: int, config: HierarchicalALIConfig) -> nn.Sequential:
    """Lead from one level to what decides the next."""
    hidden = [nn.Linear(here + config.classes, config.hidden), nn.GELU(), nn.Linear(config.hidden, config.hidden)]
    return nn.Sequential(*hidden, nn.GELU(), nn.Linear(config.hidden, there))


def gaussian(outputs: Tensor) -> Normal:
    mean, log_deviation = outputs.float().chunk(2, dim=1)
    return Normal(mean, log_deviation.clamp(-5, 3).exp(), validate_args=False)
