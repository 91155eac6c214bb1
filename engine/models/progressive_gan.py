"""Progressively grown GAN: the generator begins at the smallest size and doubles it, each new size fading in.

Karras et al., "Progressive Growing of GANs for Improved Quality, Stability, and Variation", ICLR 2018 (arXiv
1710.10196): table 2 for the layers, figure 2 for the fade, section 4 for equalized rate and pixel norm. Theirs puts z
on a sphere as well; here its length counts, or truncation would do nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nn.blocks import DoublingConv2d
from engine.nn.equalized import Equalized, PixelNorm
from engine.nn.nets import Shape, check_halves, check_sizes, halvings, with_label
from engine.nn.prior import draw
from engine.types import Images, Labels, Latents

LEAK = 0.2


@dataclass(frozen=True)
class ProgressiveGANConfig:
    """The generator's sizes at its full growth."""

    shape: Shape = (3, 64, 64)  # channel, height, width of a picture
    latent: int = 128
    width: int = 16  # channels at full resolution, twice as many at each halving, up to eight times
    classes: int = 0  # 0: the label is not used

    def __post_init__(self) -> None:
        check_sizes(self, latent=1, width=1, classes=0)
        check_halves(self.shape, "take family gan")

    @property
    def doublings(self) -> int:
        """How often the smallest picture doubles on its way to the full size."""
        return halvings(self.shape)[0]


class ProgressiveGAN(nn.Module):
    """Samples and decodes; fully grown unless told otherwise."""

    shares: Tensor  # (doublings + 1,) of each size in the picture, smallest first; sums to one

    def __init__(self, config: ProgressiveGANConfig) -> None:
        super().__init__()
        self.config = config
        channels = [channels_at(config.width, config.doublings - size) for size in range(config.doublings + 1)]
        _, (height, width) = halvings(config.shape)
        smallest = nn.Sequential(
            Equalized(nn.Linear(config.latent + config.classes, channels[0] * height * width)),
            nn.Unflatten(1, (channels[0], height, width)),
            nn.LeakyReLU(LEAK),
            PixelNorm(),
            *convolved(channels[0], channels[0]),
        )
        larger = (nn.Sequential(*doubled(here, there), *convolved(there, there)) for here, there in pairwise(channels))
        self.sizes = nn.ModuleList([smallest, *larger])
        self.pictures = nn.ModuleList([Equalized(nn.Conv2d(here, config.shape[0], 1), gain=1.0) for here in channels])
        self.register_buffer("shares", shares_at(float(config.doublings), config.doublings))

    def grow(self, growth: float) -> None:
        """Stand at a growth from 0, the smallest size, to `doublings`, the full one; on the way the larger fades in."""
        self.shares.copy_(shares_at(growth, self.config.doublings))

    def generate(self, z: Latents, y: Labels | None = None) -> Images:
        """Draw what the data are: pictures, of the full shape at every growth."""
        h, mixed = with_label(z, y, self.config.classes), None
        for size in range(self.grown):
            h = self.sizes[size](h)
            output = self.shares[size] * self.pictures[size](h).float()
            mixed = output if mixed is None else F.interpolate(mixed, scale_factor=2.0) + output
        assert mixed is not None
        return 0.5 + 0.5 * F.interpolate(mixed, self.config.shape[1:]).tanh()

    @property
    def grown(self) -> int:
        """Count the sizes to work through; what has not begun to fade in costs nothing in training."""
        # Elsewhere all of them, whatever their share, so that no forward pass waits for a number from the device.
        return int(self.shares.nonzero().max()) + 1 if self.training else len(self.sizes)

    # Verbs

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images:
        return self.decode(draw(self, seeds, truncation), y)

    def decode(self, z: Latents, y: Labels | None = None) -> Images:
        return self.generate(z, y)


def convolved(here: int, there: int) -> list[nn.Module]:
    return [Equalized(nn.Conv2d(here, there, 3, padding=1)), nn.LeakyReLU(LEAK), PixelNorm()]


def doubled(here: int, there: int) -> list[nn.Module]:
    return [nn.Identity(), Equalized(DoublingConv2d(here, there)), nn.LeakyReLU(LEAK), PixelNorm()]


def channels_at(width: int, halved: int) -> int:
    """Double the channels at each halving, to eight times the width at most."""
    return width * min(2**halved, 8)


def shares_at(growth: float, doublings: int) -> Tensor:  # (doublings + 1,)
    """Return each size its share in the picture, linear between two whole growths."""
    return (1 - (torch.arange(doublings + 1) - growth).abs()).clamp(min=0)
