"""PixelVAE: a latent says what is in the picture, a shallow masked network draws it pixel by pixel.

Gulrajani et al., "PixelVAE: A Latent Variable Model for Natural Images", ICLR 2017 (arXiv 1611.05013):

    p(x|z) = Π p(xᵢ | x₁ … xᵢ₋₁, z),

whose masked network is conditioned, at each of its layers, on what the decoder makes of z. With `z2_dim` it has the
paper's two levels, p(z2) p(z1|z2) p(x|z1) and q(z1|x) q(z2|x); its z1 is a stack of maps, ours is flat. The latent of
the verbs is then z = [z2 | ε1] with z1 = μ(z2) + σ(z2) · ε1, so that its prior is N(0, I) on every axis.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.distributions import Normal

from engine.errors import BadValue
from engine.nn import noise as noises
from engine.nn.autoregressive.distributions import DISTRIBUTIONS, DistributionName, sample
from engine.nn.autoregressive.pixel_net import PixelNet
from engine.nn.autoregressive.raster import Raster
from engine.nn.autoregressive.stacks import Conditioning, GatedStack, PlainStack, StackSizes
from engine.nn.blocks import Upsampling
from engine.nn.bounds import Bounded, BoundTerms
from engine.nn.nets import Decoder, Encoder, Net, Shape, check_net, check_sizes, with_label
from engine.nn.prior import draw
from engine.types import Images, Labels, Latents, Masks, PerImage, Probs

STROKES = 0xDEECE66D  # tells the seed of a picture's pixels from that of its latent
FILLINGS = 8  # how often a picture that is partly hidden is filled and looked at again
PASSES = 10  # over a picture that is decoded: twenty change a digit by 0.0007 a pixel more, and take twice as long


@dataclass(frozen=True)
class PixelVAEConfig:
    """Sizes of encoder and decoder, of the masked network, and the distribution of its values."""

    shape: Shape = (1, 28, 28)  # channel, height, width of a picture
    latent: int = 32  # axes of both levels together
    z2_dim: int = 0  # of these, axes of z2, which come first; 0: one level
    hidden: int = 256  # units of the network between the levels
    net: Net = "conv"
    width: int = 32  # of encoder and decoder: hidden units, or channels at half resolution
    depth: int = 1  # of encoder and decoder: hidden layers, or residual blocks at each resolution
    upsampling: Upsampling = "interpolation"
    maps: int = 32  # that the decoder hands on at full resolution
    pixel_width: int = 32  # feature maps of the masked network
    pixel_depth: int = 3  # its layers: the fewer, the more is left to the latent
    kernel: int = 3  # of all its layers but the first
    gated: bool = True
    output: DistributionName = "bernoulli"  # binary pixels, or a softmax or mixture of logistics over 256 levels
    mixtures: int = 5  # logistics
    dropout: float = 0.0
    classes: int = 0  # 0: the label is not used

    def __post_init__(self) -> None:
        check_net(self)
        check_sizes(self, z2_dim=0, hidden=1, maps=1, pixel_width=self.colours, pixel_depth=1, kernel=3, mixtures=1)
        if self.z2_dim >= self.latent:
            raise BadValue(
                f"z2_dim is {self.z2_dim} of a latent of {self.latent}; z1 needs at least one axis of its own."
            )
        if self.latent > math.prod(self.shape):
            raise BadValue(f"latent is {self.latent} for pictures of {math.prod(self.shape)} values; take fewer axes.")
        if self.kernel % 2 == 0:
            raise BadValue(f"kernel is {self.kernel}; a pixel stands in its middle, so that it has to be odd.")
        if not 0 <= self.dropout < 1:
            raise BadValue(f"dropout is {self.dropout}; a share lies from 0 to just below 1.")

    @property
    def levels(self) -> dict[str, tuple[int, int]]:
        """Name the slices of z, where there are two: the last one is the noise that z1 adds to what z2 says of it."""
        return {"z2": (0, self.z2_dim), "z1": (self.z2_dim, self.latent)} if self.z2_dim else {}

    @property
    def colours(self) -> int:
        """How many channels the masks tell apart."""
        return self.shape[0] if DISTRIBUTIONS[self.output].ordered else 1


class PixelVAE(Bounded):
    """Samples, decodes, encodes, bounds and completes."""

    def __init__(self, config: PixelVAEConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config, outputs=2 * config.latent)
        below = replace(config, latent=config.latent - config.z2_dim, z2_dim=0)
        if config.z2_dim:
            self.downwards = mlp(config.z2_dim + config.classes, config.hidden, 2 * below.latent)
        self.decoder = Decoder(below, channels=config.maps)
        channels, width, depth = config.shape[0], config.pixel_width, config.pixel_depth
        sizes = StackSizes(channels, width, depth, config.kernel, config.colours, config.dropout)
        output = DISTRIBUTIONS[config.output](channels, config.mixtures)
        self.net = PixelNet(GatedStack(sizes) if config.gated else PlainStack(sizes), output, config.colours)
        self.cond_conv = nn.Conv2d(config.maps, depth * self.net.stack.gates, 1, bias=False)

    # q(z|x), p(z1|z2) and p(x|z)

    def posterior(self, x: Images, noise: Latents, y: Labels | None = None) -> tuple[Normal, Latents]:
        """Return q(z|x) and the draw that the noise makes; on the axes of z1, q given the draw of z2."""
        mean, log_deviation = self.encoder(x, y).float().chunk(2, dim=1)
        deviation, z2_dim = log_deviation.clamp(-10, 10).exp(), self.config.z2_dim
        if z2_dim:
            p = self.prior(mean[:, :z2_dim] + deviation[:, :z2_dim] * noise[:, :z2_dim], y)
            mean = torch.cat([mean[:, :z2_dim], (mean[:, z2_dim:] - p.mean) / p.stddev], dim=1)
            deviation = torch.cat([deviation[:, :z2_dim], deviation[:, z2_dim:] / p.stddev], dim=1)
        return Normal(mean, deviation, validate_args=False), mean + deviation * noise

    def prior(self, z2: Latents, y: Labels | None = None) -> Normal:
        """p(z1|z2)."""
        mean, log_deviation = self.downwards(with_label(z2, y, self.config.classes)).float().chunk(2, dim=1)
        return Normal(mean, log_deviation.clamp(-5, 3).exp(), validate_args=False)

    def condition_maps(self, z: Latents, y: Labels | None = None) -> Conditioning:
        """Compute what a latent adds to each layer of the masked network."""
        if z2_dim := self.config.z2_dim:
            p = self.prior(z[:, :z2_dim], y)
            z = p.mean + p.stddev * z[:, z2_dim:]
        maps = self.decoder(z, y)
        # What they say everywhere alike counts a tenth: until the head knows how dark pictures are, all that is added
        # learns but this, and within 20 steps drives the gates to their ends, where nothing is learnt any more.
        maps = maps - 0.9 * maps.mean((2, 3), keepdim=True)
        return (self.cond_conv(maps).unflatten(1, (self.config.pixel_depth, -1)).movedim(2, -1),)

    def log_likelihood(self, x: Images, z: Latents, y: Labels | None = None) -> PerImage:
        """log p(x|z)."""
        return self.net.log_probs(x, self.condition_maps(z, y)).flatten(1).sum(1)

    # Verbs

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images:
        """Draw a latent, and by it a picture; the truncation brings both towards their middle."""
        z = draw(self, seeds, truncation)
        u = noises.uniform([seed ^ STROKES for seed in seeds], self.config.shape).to(z.device)
        return self.net.fill(0.5 + truncation * (u - 0.5), self.condition_maps(z, y))

    def decode(self, z: Latents, y: Labels | None = None) -> Images:
        """Return the picture in which each value is the mean given the means before it, as near as PASSES passes get.

        A pass over the picture sets every value by those that the pass before has left, so that what is right grows
        downwards. With the level nearest to its mean instead, nearly all pictures stay blank, since hardly any pixel
        would rather begin a stroke than not; drawn by a noise that is always the same, strokes are ragged.
        """
        conditioning = self.condition_maps(z, y)
        x = z.new_zeros(len(z), *self.config.shape)
        for _ in range(PASSES):
            x = self.net.means(x, conditioning).to(x.dtype)
        return x.float()

    def encode(self, x: Images, y: Labels | None = None) -> Latents:
        return self.posterior_sample(x, torch.zeros(len(x), self.config.latent, device=x.device), y)

    def posterior_sample(self, x: Images, noise: Latents, y: Labels | None = None) -> Latents:
        return self.posterior(x, noise, y)[1]

    # Densities

    def evidence(self, x: Images, y: Labels | None = None, noise: Latents | None = None) -> BoundTerms:
        """Both terms of the bound by one reparameterized sample: that of the noise, where it is given.

        KL(q(z2|x) ‖ p(z2)) and, at the draw of z2, KL(q(z1|x) ‖ p(z1|z2)) are in closed form.
        """
        noise = torch.randn(len(x), self.config.latent, device=x.device) if noise is None else noise
        q, z = self.posterior(x, noise, y)
        kl = 0.5 * (q.mean**2 + q.variance - 1) - q.stddev.log()
        return BoundTerms(self.log_likelihood(x, z, y), kl, z)

    def weigher(self, x: Images, y: Labels | None) -> Callable[[int], Tensor]:
        def weighed(count: int) -> Tensor:  # (count, batch)
            many, classes = x.repeat(count, 1, 1, 1), None if y is None else y.repeat(count)
            noise = torch.randn(len(many), self.config.latent, device=x.device)
            q, z = self.posterior(many, noise, classes)
            log_ratio = (0.5 * (noise**2 - z**2) + q.stddev.log()).sum(1)  # log p(z) − log q(z|x)
            return (self.log_likelihood(many, z, classes) + log_ratio).view(count, -1)

        return weighed

    # Pixel by pixel

    def conditionals(self, x: Images, y: Labels | None = None) -> Probs:
        """Return p(value | those before, z) at every value, with z the mean that the whole picture is encoded to."""
        return self.net.conditionals(x, self.condition_maps(self.encode(x, y), y))

    def log_probs(self, x: Images, y: Labels | None = None) -> Images:
        """Return log p(value | those before, z), in nats, with z the mean that the whole picture is encoded to.

        Their sum is the distortion there, and no likelihood of the picture: the rate of z comes on top.
        """
        return self.net.log_probs(x, self.condition_maps(self.encode(x, y), y))

    def complete(
        self, x: Images, hidden: Masks, noise: Images, first: int, last: int, y: Labels | None = None
    ) -> Images:
        """Draw the hidden pixels among `first` … `last` − 1, given a latent that goes with the visible ones.

        The latent depends on the visible pixels and on the noise, so `hidden` is the same for all parts of a drawing.
        """
        *_, z = self.guesses(x, hidden, noise, y)
        return self.net.complete(x, hidden, noise, first, last, self.condition_maps(z, y))

    def draw(self, picture: Raster, first: int, last: int, y: Labels | None = None) -> Iterator[int]:
        """Draw as `complete` does, a pixel at a time; the latents are guessed row by row."""
        latents: list[Latents] = []
        for row in range(len(picture.x)):
            x, hidden, noise = (part[row, None] for part in (picture.x, picture.hidden[:, None], picture.noise))
            guesses = self.guesses(x, hidden, noise, None if y is None else y[row, None])
            latents.append(next(guesses))
            for better in guesses:
                latents[row] = better
                yield 0
        yield from self.net.draw(picture, first, last, self.condition_maps(torch.cat(latents), y))

    def guesses(self, x: Images, hidden: Masks, noise: Images, y: Labels | None = None) -> Iterator[Latents]:
        """Draw latents that go ever better with the visible pixels: of the prior, where there is none.

        By turns the hidden pixels are drawn given the latent, and the latent given all pixels (Rezende et al.,
        "Stochastic Backpropagation", ICML 2014, appendix F). Its noise is the 12 lower bits of the pixels'.
        """
        lower = (noise.flatten(1)[:, : self.config.latent] * 2**12).frac() + 2**-13
        normal = torch.special.ndtri(lower)
        z, filled = normal, x.masked_fill(hidden, 0)
        yield z
        partly = ~hidden.flatten(1).all(1)[:, None]
        for _ in range(FILLINGS if bool(partly.any()) else 0):
            probs = self.net.conditionals(filled, self.condition_maps(z, y))
            filled = torch.where(hidden, sample(probs, noise), filled)
            z = torch.where(partly, self.posterior_sample(filled, normal, y), z)
            yield z


def mlp(here: int, hidden: int, there: int) -> nn.Sequential:
    """Lead from one level to what decides the next, which begins as if they had nothing to do with each other."""
    last = nn.Linear(hidden, there)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(here, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), last)
