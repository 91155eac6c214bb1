"""Blocks that networks of pictures are made of: doubling a map, and residual blocks with and without a style."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.types import Images

Upsampling = Literal["interpolation", "transposed"]


def doubling(here: int, there: int, how: Upsampling) -> list[nn.Module]:
    """Double the size; transposed convolution leaves a checkerboard, interpolation does not (Odena et al. 2016)."""
    if how == "transposed":
        return [nn.ConvTranspose2d(here, there, 4, stride=2, padding=1)]
    return [nn.Identity(), DoublingConv2d(here, there)]  # two, since checkpoints name layers by their place


class DoublingConv2d(nn.Conv2d):
    """Repeats each pixel and convolves, 3×3, in one: a transposed convolution with 4 of 9 multiply-adds.

    Under the nine weights lie four different pixels at most, whose weights are added up first.
    """

    def __init__(self, here: int, there: int) -> None:
        super().__init__(here, there, 3, padding=1)

    def forward(self, input: Tensor) -> Tensor:  # (batch, here, height, width) → (batch, there, 2·height, 2·width)
        return F.conv_transpose2d(input, self.summed(), self.bias, stride=2, padding=1)

    def summed(self) -> Tensor:  # (here, there, 4, 4)
        return summed(summed(self.weight, 2), 3).transpose(0, 1)

    def merged(self) -> nn.ConvTranspose2d:
        """Return the transposed convolution that it amounts to."""
        merged = nn.ConvTranspose2d(self.in_channels, self.out_channels, 4, stride=2, padding=1)
        merged.load_state_dict({"weight": self.summed(), "bias": self.bias})
        return merged


def summed(weight: Tensor, side: int) -> Tensor:
    """Add up those of three weights along a side that fall on one pixel and its repetition: four remain."""
    first, second, third = weight.unbind(side)
    return torch.stack([third, second + third, first + second, first], side)


class Residual(nn.Module):
    """x + f(x), f starting at zero, so that depth costs no stability and no normalization is needed."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        zero(self.second)

    def forward(self, x: Images) -> Images:
        return x + self.second(F.relu(self.first(F.relu(x))))


class StyledResidual(Residual):
    """A residual block whose inner channels are scaled by what a code says of them.

    Karras et al., "A Style-Based Generator Architecture for Generative Adversarial Networks", CVPR 2019, section 2,
    without their normalization. The scales start at one.
    """

    def __init__(self, channels: int, code: int) -> None:
        super().__init__(channels)
        self.style = nn.Linear(code, channels)
        zero(self.style)

    def forward(self, x: Images, code: Tensor) -> Images:  # type: ignore[override]
        scales = 1 + self.style(code)[:, :, None, None]
        return x + self.second(F.relu(self.first(F.relu(x))) * scales)


def zero(layer: nn.Linear | nn.Conv2d) -> None:
    """Have a layer give zero until it learns."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
