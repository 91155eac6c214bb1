"""Encoder and decoder networks: fully connected and convolutional, with an optional class label."""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.errors import BadValue
from engine.nn.blocks import Residual, StyledResidual, Upsampling, doubling, zero
from engine.types import Images, Labels, Latents

Net = Literal["dense", "conv", "residual"]
Shape = tuple[int, int, int]

MAPPED = 256  # units of a layer of the mapping
WIDEST, NECK = 128, 64  # channels of a residual net at most, and of the map between it and the latent


@runtime_checkable
class Sizes(Protocol):
    """The fields that every family's config has."""

    @property
    def shape(self) -> Shape: ...
    @property
    def latent(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def classes(self) -> int: ...


@runtime_checkable
class Doubling(Sizes, Protocol):
    """Those of a config whose pictures grow by doubling."""

    @property
    def upsampling(self) -> Upsampling: ...


@runtime_checkable
class NetConfig(Doubling, Protocol):
    """The fields of a family's config that shape the networks of this file."""

    @property
    def net(self) -> Net: ...
    @property
    def depth(self) -> int: ...


def check_net(config: NetConfig) -> None:
    """Raise BadValue for sizes that no network of this file can have."""
    check_sizes(config, latent=1, width=1, depth=1 if config.net == "dense" else 0, classes=0)
    if config.net != "dense":
        check_halves(config.shape, "take --model.net dense")


def check_sizes(config: Sizes, **least: int) -> None:
    """Raise BadValue for an invalid shape, or a field below its least value."""
    if len(config.shape) != 3 or config.shape[0] not in (1, 3) or min(config.shape) < 1:
        raise BadValue(f"A shape of {config.shape} was given; it is (channel, height, width) with 1 or 3 channels.")
    for name, smallest in least.items():
        if (given := getattr(config, name)) < smallest:
            raise BadValue(f"{name} is {given}; it has to be at least {smallest}.")


def check_halves(shape: Shape, advice: str) -> None:
    """Raise BadValue where a picture cannot be halved even once."""
    if halvings(shape)[0] == 0:
        raise BadValue(f"Pictures of {shape[1:]} cannot be halved, as convolutions do here; {advice}.")


class Encoder(nn.Module):
    """Picture and label → `outputs` numbers."""

    def __init__(self, config: NetConfig, outputs: int) -> None:
        super().__init__()
        self.classes = config.classes
        self.features, features = FEATURES[config.net](config)
        self.head = nn.Linear(features + config.classes, outputs)

    def forward(self, x: Images, y: Labels | None = None) -> Tensor:  # (batch, outputs)
        return self.head(with_label(self.hidden(x), y, self.classes))

    def hidden(self, x: Images) -> Tensor:  # (batch, features)
        """Return what the head reads, before any label joins it."""
        return self.features(2 * x - 1).flatten(1)


class Decoder(nn.Module):
    """Latent and label → `channels` feature maps of the size of the picture.

    One that `plays` against a critic is DCGAN's, with batch norm, if it is convolutional, and styled if it is residual:
    any other soon draws the same picture whatever the latent. `mapping` is of these two.
    """

    def __init__(self, config: NetConfig, channels: int, plays: bool = False, mapping: int = 0) -> None:
        super().__init__()
        self.classes = config.classes
        if plays and config.net in PLAYING:
            self.pictures: nn.Module = PLAYING[config.net](config, channels, mapping)
        else:
            self.pictures = PICTURES[config.net](config, channels)

    def forward(self, z: Latents, y: Labels | None = None) -> Images:
        return self.pictures(with_label(z, y, self.classes))


def with_label(h: Latents, y: Labels | None, classes: int) -> Tensor:  # (batch, latent + classes)
    """Append the one-hot label; a label of −1, or none at all, is a row of zeros: "class unknown"."""
    if not classes:
        return h
    if y is None:
        return F.pad(h, (0, classes))
    one_hot = y[:, None] == torch.arange(classes, device=h.device)
    return torch.cat([h, one_hot.to(h.dtype)], dim=1)


def squashed(h: Tensor) -> Tensor:
    """Return sigmoid(h) by tanh: torch's own computes the last floats of a tensor by another function than the rest.

    The same float would then differ in its last bit by where it stands, and a picture by its company.
    """
    wide = h if h.dtype == torch.float64 else h.float()
    return 0.5 + 0.5 * torch.tanh(0.5 * wide)


# Fully connected


def dense_features(config: NetConfig) -> tuple[nn.Module, int]:
    layers: list[nn.Module] = [nn.Flatten(), nn.Linear(math.prod(config.shape), config.width), nn.GELU()]
    for _ in range(config.depth - 1):
        layers += [nn.Linear(config.width, config.width), nn.GELU()]
    return nn.Sequential(*layers), config.width


def dense_pictures(config: NetConfig, channels: int) -> nn.Module:
    _, height, width = config.shape
    layers: list[nn.Module] = [nn.Linear(config.latent + config.classes, config.width), nn.GELU()]
    for _ in range(config.depth - 1):
        layers += [nn.Linear(config.width, config.width), nn.GELU()]
    layers += [nn.Linear(config.width, channels * height * width), nn.Unflatten(1, (channels, height, width))]
    return nn.Sequential(*layers)


# Convolutional: nothing but the first and the last layer works at full resolution, where it would cost most


def conv_features(config: NetConfig) -> tuple[nn.Module, int]:
    levels, (height, width) = halvings(config.shape)
    layers: list[nn.Module] = []
    for level in range(levels):
        here, there = config.shape[0] if level == 0 else channels_at(config, level), channels_at(config, level + 1)
        layers += [nn.Conv2d(here, there, 4, stride=2, padding=1)] + [Residual(there) for _ in range(config.depth)]
    return nn.Sequential(*layers, nn.ReLU()), channels_at(config, levels) * height * width


def conv_pictures(config: NetConfig, channels: int) -> nn.Module:
    levels, (height, width) = halvings(config.shape)
    deepest = channels_at(config, levels)
    layers: list[nn.Module] = [
        nn.Linear(config.latent + config.classes, deepest * height * width),
        nn.Unflatten(1, (deepest, height, width)),
    ]
    for level in reversed(range(levels)):
        here, there = channels_at(config, level + 1), channels_at(config, level) if level else channels
        layers += [Residual(here) for _ in range(config.depth)]
        layers += [nn.ReLU(), *doubling(here, there, config.upsampling)]
    return nn.Sequential(*layers)


# Residual: as many channels as a processor is fast at, a narrow neck between the smallest map and the latent


def residual_features(config: NetConfig) -> tuple[nn.Module, int]:
    levels, (height, width) = halvings(config.shape)
    layers: list[nn.Module] = []
    for here, there in pairwise(residual_widths(config.shape[0], config.width, levels)):
        layers += [nn.Conv2d(here, there, 4, stride=2, padding=1)] + [Residual(there) for _ in range(config.depth)]
    return nn.Sequential(*layers, nn.ReLU(), nn.Conv2d(there, NECK, 1)), NECK * height * width


def residual_widths(channels: int, width: int, levels: int) -> list[int]:
    """Return the channels at each size, from the picture down."""
    return [channels, *(min(width * 2**level, WIDEST) for level in range(levels))]


def neck(numbers: int, channels: int, height: int, width: int) -> list[nn.Module]:
    unfolded = nn.Unflatten(1, (NECK, height, width))
    return [nn.Linear(numbers, NECK * height * width), unfolded, nn.Conv2d(NECK, channels, 1)]


class ResidualPictures(nn.Sequential):
    """Doubles a small map until it is a picture, residual blocks in between; no normalization.

    Huang et al., "The GAN is dead; long live the GAN! A Modern GAN Baseline", NeurIPS 2024 (arXiv 2501.05441), section
    3, for a generator of residual blocks alone. One that is `styled` has each block scaled by the latent, which
    `mapping` fully connected layers may bend first: Karras et al., CVPR 2019, section 2. The scales start at one, so
    that what a plain one has learnt draws the same here.
    """

    def __init__(self, config: NetConfig, channels: int, mapping: int = 0, styled: bool = False) -> None:
        levels, (height, width) = halvings(config.shape)
        widths = residual_widths(channels, config.width, levels)
        numbers = [config.latent + config.classes, *[MAPPED] * mapping]
        bend = [nn.Sequential(nn.Linear(*pair), nn.GELU()) for pair in pairwise(numbers)]
        layers = neck(numbers[-1], widths[-1], height, width)
        for there, here in reversed(list(pairwise(widths))):
            layers += [StyledResidual(here, numbers[-1]) if styled else Residual(here) for _ in range(config.depth)]
            layers += [nn.ReLU(), *doubling(here, there, "interpolation")]
        super().__init__(*bend, *layers)
        self.mapping = mapping

    def forward(self, z: Latents) -> Images:
        code = h = z
        for place, layer in enumerate(self, start=1):
            h = layer(h, code) if isinstance(layer, StyledResidual) else layer(h)
            code = h if place <= self.mapping else code
        return h


FEATURES = {"dense": dense_features, "conv": conv_features, "residual": residual_features}
PICTURES = {"dense": dense_pictures, "conv": conv_pictures, "residual": ResidualPictures}


def dcgan_pictures(config: Doubling, channels: int, mapping: int = 0) -> nn.Sequential:
    """Double a small map until it is a picture, with batch norm and ReLU after every layer but the last.

    Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks", ICLR
    2016, section 3. `width` is the channels at half resolution, twice as many at each halving. A `mapping` of so many
    fully connected layers bends the latent first: Karras et al., "A Style-Based Generator Architecture for Generative
    Adversarial Networks", CVPR 2019, section 2.
    """
    levels, (height, width) = halvings(config.shape)
    deepest = config.width * 2 ** (levels - 1)
    widths = [config.latent + config.classes, *[MAPPED] * mapping, deepest * height * width]
    layers = [layer for pair in pairwise(widths) for layer in bn_relu(nn.Linear(*pair, bias=False))]
    layers.append(nn.Unflatten(1, (deepest, height, width)))
    for level in range(levels - 1, 0, -1):
        here, there = config.width * 2**level, config.width * 2 ** (level - 1)
        *up, convolution = doubling(here, there, config.upsampling)
        layers += [*up, *bn_relu(convolution)]
    return nn.Sequential(*layers, *doubling(config.width, channels, config.upsampling))


PLAYING: dict[str, Callable[[NetConfig, int, int], nn.Module]] = {
    "conv": dcgan_pictures,
    "residual": partial(ResidualPictures, styled=True),
}


def bn_relu(layer: nn.Module) -> list[nn.Module]:
    """Follow a layer by batch norm, right behind it so that the two can be folded into one, and by ReLU."""
    if isinstance(layer, nn.Linear):
        return [layer, nn.BatchNorm1d(layer.out_features), nn.ReLU()]
    return [layer, nn.BatchNorm2d(layer.out_channels), nn.ReLU()]  # type: ignore[arg-type]


def kaiming_init_(net: nn.Module) -> None:
    """Draw a generator's weights so that the latent's spread reaches the picture (He et al. 2015).

    By torch's own draw it all but fades from layer to layer; and a generator that begins with one picture may stay so.
    """
    for layer in net.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    for block in net.modules():
        if isinstance(block, Residual):
            zero(block.second)
        if isinstance(block, StyledResidual):
            zero(block.style)


def halvings(shape: Shape) -> tuple[int, tuple[int, int]]:
    """Count how often a picture can be halved before a side is odd or at most 4, and the size left."""
    _, height, width = shape
    levels = 0
    while height % 2 == 0 and width % 2 == 0 and min(height, width) > 4:
        height, width, levels = height // 2, width // 2, levels + 1
    return levels, (height, width)


def channels_at(config: NetConfig, level: int) -> int:
    """Double the channels at each halving from `width` at half resolution, to four times the width at most."""
    return config.width * min(2 ** (level - 1), 4)
