"""Differentiable augmentations, drawn anew for each picture, real or made, before a critic sees it.

Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training", NeurIPS 2020 (arXiv 2006.10738).
"""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.types import Images

Augmentation = Literal["translation", "cutout", "colour"]

REACH, HOLE = 1 / 8, 1 / 2  # the farthest shift and the side of the hole, as shares of the picture


def translation(x: Images) -> Images:
    """Shift by up to an eighth each way; what moves in is black."""
    _, _, height, width = x.shape
    rows, columns = places(x, height, REACH), places(x, width, REACH)
    padded = F.pad(x, [1, 1, 1, 1])  # a black frame, which every index beyond the picture falls on
    rows, columns = (rows + 1).clamp(0, height + 1), (columns + 1).clamp(0, width + 1)
    picture = torch.arange(len(x), device=x.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None]].permute(0, 3, 1, 2)


def places(x: Images, size: int, radius: float) -> Tensor:
    """Return the indices (batch, size) along one side, shifted by up to `radius` of it."""
    farthest = int(size * radius + 0.5)
    shift = torch.randint(-farthest, farthest + 1, (len(x), 1), device=x.device)
    return torch.arange(size, device=x.device) + shift


def cutout(x: Images) -> Images:
    """Blacken a square of half the side, anywhere."""
    down, across = (near(x, size) for size in x.shape[2:])
    return x.masked_fill(down[:, None, :, None] & across[:, None, None, :], 0.0)


def near(x: Images, size: int) -> Tensor:
    """Say which indices (batch, size) along one side lie in the hole, its centre drawn anew."""
    centre = torch.randint(size, (len(x), 1), device=x.device)
    return (torch.arange(size, device=x.device) - centre).abs() < size * HOLE / 2


def colour(x: Images) -> Images:
    """Change brightness by up to a half, saturation by up to twice, contrast by up to a half."""
    brightness, saturation, contrast = torch.rand(3, len(x), 1, 1, 1, device=x.device)
    x = x + 0.5 * (brightness - 0.5)
    x = x.mean(1, keepdim=True).lerp(x, 2 * saturation)
    return x.mean((1, 2, 3), keepdim=True).lerp(x, contrast + 0.5)


AUGMENTATIONS: dict[str, Callable[[Images], Images]] = {
    "translation": translation,
    "cutout": cutout,
    "colour": colour,
}


def augment(x: Images, names: Sequence[Augmentation]) -> Images:
    """Apply augmentations one after the other."""
    for name in names:
        x = AUGMENTATIONS[name](x)
    return x
