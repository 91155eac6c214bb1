"""Generative adversarial network, fully connected: x = G(z) with z ~ N(0, I), and no density anywhere.

Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014 (arXiv 1406.2661); with classes the generator of
Mirza and Osindero, "Conditional Generative Adversarial Nets" (arXiv 1411.1784). The critic that taught it never ships.

With an `extent` it draws points of the plane, for toys whose modes can be counted; decoding then shows a point as a
soft dot on a canvas, so that every tool for pictures works on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from engine.nn.nets import Shape, check_sizes, kaiming_init_, squashed, with_label
from engine.nn.prior import draw
from engine.types import Images, Labels, Latents

DOT = 0.03  # radius (one deviation) of a dot, as a share of the canvas


@dataclass(frozen=True)
class GANConfig:
    """A fully connected generator's sizes."""

    shape: Shape = (1, 28, 28)  # channel, height, width of a picture, or of the canvas that shows a point
    latent: int = 64
    width: int = 512  # hidden units
    depth: int = 3  # hidden layers
    classes: int = 0  # 0: the label is not used
    extent: float = 0.0  # points lie in [−extent, extent]² or near; 0: pictures, not points

    def __post_init__(self) -> None:
        check_sizes(self, latent=1, width=1, depth=1, classes=0, extent=0)


class GAN(nn.Module):
    """Samples and decodes."""

    def __init__(self, config: GANConfig) -> None:
        super().__init__()
        self.config = config
        output = (1, 1, 2) if config.extent else config.shape
        widths = [config.latent + config.classes, *[config.width] * config.depth]
        hidden = [layer for here, there in pairwise(widths) for layer in (nn.Linear(here, there), nn.ReLU())]
        last = nn.Linear(config.width, output[0] * output[1] * output[2])
        self.generator = nn.Sequential(*hidden, last, nn.Unflatten(1, output))
        kaiming_init_(self.generator)

    def generate(self, z: Latents, y: Labels | None = None) -> Images:
        """Draw what the data are: pictures, or points (batch, 1, 1, 2)."""
        output = self.generator(with_label(z, y, self.config.classes)).float()
        return self.config.extent * output if self.config.extent else squashed(output)

    # Verbs

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images:
        return self.decode(draw(self, seeds, truncation), y)

    def decode(self, z: Latents, y: Labels | None = None) -> Images:
        output = self.generate(z, y)
        return dots(output.flatten(1), self.config) if self.config.extent else output


def dots(points: Tensor, config: GANConfig) -> Images:
    """Show each point (batch, 2) as a soft dot, second coordinate upwards; one beyond the canvas stands at its edge."""
    channels, height, width = config.shape
    place = (points / config.extent).clamp(-1, 1)
    columns, rows = torch.linspace(-1, 1, width).to(place), torch.linspace(1, -1, height).to(place)
    across = torch.exp(-0.5 * ((columns - place[:, :1]) / (2 * DOT)) ** 2)  # (batch, width)
    down = torch.exp(-0.5 * ((rows - place[:, 1:]) / (2 * DOT)) ** 2)
    return (down[:, None, :, None] * across[:, None, None, :]).expand(-1, channels, -1, -1)
