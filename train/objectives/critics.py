"""Critics: a sample → its score. They are players in training, and never ship.

Convolutional: DCGAN's discriminator (Radford et al. 2016, section 3). Packing: Lin et al., "PacGAN", NeurIPS 2018.
Minibatch deviation: Karras et al., "Progressive Growing of GANs", ICLR 2018, section 3. Classes by projection: Miyato
and Koyama, "cGANs with Projection Discriminator", ICLR 2018. Pairs (x, z): Dumoulin et al. 2017, appendix A.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from engine.errors import BadValue
from engine.nn.blocks import Residual
from engine.nn.nets import halvings, residual_widths
from engine.types import Images, Labels, Latents

Norm = Literal["none", "batch", "layer", "spectral"]
Sizes = tuple[int, int, int]
LEAK = 0.2


@dataclass(frozen=True)
class CriticConfig:
    """A critic's network."""

    net: Literal["dense", "conv", "residual"] = "dense"
    width: int = 512  # hidden units, or channels at half resolution, twice as many at each halving
    depth: int = 3  # hidden layers, further convolutions or residual blocks at each resolution
    norm: Norm = "none"  # never on the first layer, but for spectral, which is on all
    dropout: float = 0.0  # share of the features that are hidden from the last layer
    packing: int = 1  # samples that are judged together
    minibatch_deviation: bool = False  # tell it how much the batch varies

    def __post_init__(self) -> None:
        least = {"width": 1, "depth": 1 if self.net == "dense" else 0, "packing": 1}
        for name, smallest in least.items():
            if (given := getattr(self, name)) < smallest:
                raise BadValue(f"The critic's {name} is {given}; it has to be at least {smallest}.")
        if self.net == "residual" and self.norm != "none":
            raise BadValue(
                f"The critic's norm is {self.norm}; one of net residual has none. Take --objective.critic.net conv."
            )
        if not 0 <= self.dropout < 1:
            raise BadValue(f"The critic's dropout is {self.dropout}; it is a share, from 0 to below 1.")


class Critic(nn.Module):
    """Samples (and their classes) → scores (batch // packing,); what does not fill a pack is left out."""

    def __init__(self, shape: Sizes, config: CriticConfig, classes: int = 0, middle: float = 0.5, scale: float = 0.5):
        super().__init__()
        if classes and config.packing > 1:
            raise BadValue("A pack has no one class: take --objective.critic.packing 1, or --model.classes 0.")
        self.config, self.middle, self.scale = config, middle, scale  # of the data: x becomes about −1 … 1
        channels, height, width = shape
        self.body, count = BODIES[config.net]((channels * config.packing, height, width), config)
        self.dropout = nn.Dropout(config.dropout)
        count = count + config.minibatch_deviation
        self.head = wrapped(nn.Linear(count, 1), config.norm)
        self.classes = nn.Embedding(classes, count) if classes else None

    def forward(self, x: Images, y: Labels | None = None) -> Tensor:  # (scores,)
        h = self.features(x)
        h = torch.cat([h, spread(h)], dim=1) if self.config.minibatch_deviation else h
        return score(h, self.head, self.classes, y)

    def features(self, x: Images) -> Tensor:  # (scores, features)
        packs = len(x) // self.config.packing
        packed = x[: packs * self.config.packing].reshape(packs, -1, *x.shape[2:])
        return self.dropout(self.body((packed - self.middle) / self.scale))


class JointCritic(nn.Module):
    """Pairs of a picture and a latent → scores (batch,)."""

    def __init__(self, shape: Sizes, latent: int, config: CriticConfig, classes: int = 0, codes: int = 512):
        super().__init__()
        if config.packing > 1:
            raise BadValue("Pairs are judged one by one: take --objective.critic.packing 1.")
        self.config = config
        self.body, count = BODIES[config.net](shape, config)
        self.codes = stack([latent, codes, codes], config, first=True)
        count = count + codes + config.minibatch_deviation
        self.joint = stack([count, codes, codes], config)
        self.dropout = nn.Dropout(config.dropout)
        self.head = wrapped(nn.Linear(codes, 1), config.norm)
        self.classes = nn.Embedding(classes, codes) if classes else None

    def forward(self, x: Images, z: Latents, y: Labels | None = None) -> Tensor:  # (batch,)
        h = torch.cat([self.features(x), self.codes(z)], dim=1)
        h = torch.cat([h, spread(h)], dim=1) if self.config.minibatch_deviation else h
        return score(self.joint(self.dropout(h)), self.head, self.classes, y)

    def features(self, x: Images) -> Tensor:  # (batch, features)
        return self.body(2 * x - 1)


class PatchCritic(nn.Module):
    """Pictures → the score of each of their patches, (batch, patches)."""

    def __init__(self, channels: int, width: int, levels: int) -> None:
        super().__init__()
        widths = [channels, *(width * 2**level for level in range(levels))]
        self.levels = nn.ModuleList(
            nn.Sequential(nn.Conv2d(here, there, 4, stride=2, padding=1), nn.LeakyReLU(LEAK))
            for here, there in pairwise(widths)
        )
        self.head = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, x: Images) -> Tensor:  # (batch, patches)
        return self.score(self.features(x))

    def features(self, x: Images) -> list[Tensor]:  # at each level, (batch, channel, height, width)
        seen = [2 * x - 1]
        for level in self.levels:
            seen.append(level(seen[-1]))
        return seen[1:]

    def score(self, features: list[Tensor]) -> Tensor:  # (batch, patches)
        scored: Tensor = self.head(features[-1]).flatten(1).float()
        return scored

    def shift(self, *pictures: Images) -> list[Images]:
        """Move pictures alike: began the grid of patches at one place always, a model would learn to draw it."""
        by = torch.randint(2 ** len(self.levels), (2,)).tolist()
        return [torch.roll(x, by, (2, 3)) for x in pictures]


def score(h: Tensor, head: nn.Module, classes: nn.Embedding | None, y: Labels | None) -> Tensor:  # (batch,)
    """Score features, for their class where there is one (Miyato and Koyama 2018, equation 3)."""
    scored: Tensor = head(h)[:, 0].float()
    return scored if classes is None or y is None else scored + (classes(y) * h).sum(1).float()


# Bodies


def dense_body(shape: Sizes, config: CriticConfig) -> tuple[nn.Module, int]:
    widths = [math.prod(shape), *[config.width] * config.depth]
    return nn.Sequential(nn.Flatten(), *stack(widths, config, first=True)), config.width


def conv_body(shape: Sizes, config: CriticConfig) -> tuple[nn.Module, int]:
    channels, (levels, size) = shape[0], halvings(shape)
    if levels == 0:
        raise BadValue(f"Pictures of {shape[1:]} cannot be halved; take --objective.critic.net dense.")
    layers: list[nn.Module] = []
    for level in range(levels):
        here, there = (config.width * 2 ** (level - 1) if level else channels), config.width * 2**level
        down = wrapped(nn.Conv2d(here, there, 4, stride=2, padding=1), config.norm)
        layers += [down, *(normalized(there, config.norm) if level else []), nn.LeakyReLU(LEAK)]
        for _ in range(config.depth):
            same = wrapped(nn.Conv2d(there, there, 3, padding=1), config.norm)
            layers += [same, *normalized(there, config.norm), nn.LeakyReLU(LEAK)]
    return nn.Sequential(*layers, nn.Flatten()), config.width * 2 ** (levels - 1) * size[0] * size[1]


class ResidualBody(nn.Module):
    """Halves a picture by convolutions, residual blocks in between, as R3GAN's critic does (Huang et al. 2024)."""

    def __init__(self, channels: int, levels: int, width: int, depth: int) -> None:
        super().__init__()
        self.widths = residual_widths(channels, width, levels)
        self.levels = nn.ModuleList(
            nn.Sequential(nn.Conv2d(here, there, 4, stride=2, padding=1), *(Residual(there) for _ in range(depth)))
            for here, there in pairwise(self.widths)
        )

    def forward(self, x: Images) -> Tensor:  # (batch, features)
        for level in self.levels:
            x = level(x)
        return F.leaky_relu(x, LEAK).flatten(1)


def residual_body(shape: Sizes, config: CriticConfig) -> tuple[nn.Module, int]:
    channels, (levels, size) = shape[0], halvings(shape)
    if levels == 0:
        raise BadValue(f"Pictures of {shape[1:]} cannot be halved; take --objective.critic.net dense.")
    body = ResidualBody(channels, levels, config.width, config.depth)
    return body, body.widths[-1] * size[0] * size[1]


BODIES = {"dense": dense_body, "conv": conv_body, "residual": residual_body}


def stack(widths: list[int], config: CriticConfig, first: bool = False) -> nn.Sequential:
    """Chain linear layers of these widths; the first of a critic's is not normalized."""
    layers: list[nn.Module] = []
    for i, (here, there) in enumerate(pairwise(widths)):
        norms = [] if first and i == 0 else normalized(there, config.norm, flat=True)
        layers += [wrapped(nn.Linear(here, there), config.norm), *norms, nn.LeakyReLU(LEAK)]
    return nn.Sequential(*layers)


def wrapped(layer: nn.Module, norm: Norm) -> nn.Module:
    return spectral_norm(layer) if norm == "spectral" else layer


def normalized(channels: int, norm: Norm, flat: bool = False) -> list[nn.Module]:
    if norm == "batch":
        return [nn.BatchNorm1d(channels) if flat else nn.BatchNorm2d(channels)]
    if norm == "layer":
        return [nn.LayerNorm(channels) if flat else nn.GroupNorm(1, channels)]
    return []


def spread(h: Tensor) -> Tensor:  # (batch, 1), the same for all of a batch
    """Measure how much the features vary over the batch, on average."""
    return h.float().var(0, unbiased=False).add(1e-8).sqrt().mean().expand(len(h), 1).to(h.dtype)
