"""Convolutions that see only what comes before a pixel in raster order, and within it before its colour.

Masks A and B: van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016, section 3.4. Feature maps are divided
evenly among the colours, R before G before B: a map of type A sees the colours before its own at its own pixel, one of
type B its own as well. Vertical and horizontal convolutions: van den Oord et al., "Conditional Image Generation with
PixelCNN Decoders", NeurIPS 2016, section 2.2; together they see all that is before a pixel, without a blind spot.
"""

from typing import Literal

import torch
from jaxtyping import Bool
from torch import Tensor, nn
from torch.nn import functional as F

from engine.aliases import Maps

Kind = Literal["A", "B"]


def colours_seen(here: int, there: int, kind: Kind, colours: int, halves: int = 1) -> Bool[Tensor, "there here"]:
    """Tell which input maps an output map may see at its own pixel; `halves` are groups of maps divided each alike."""
    seen = torch.arange(here) * colours // here
    seeing = (torch.arange(there // halves) * colours // (there // halves)).repeat(halves)
    return seen < seeing[:, None] if kind == "A" else seen <= seeing[:, None]


class MaskedConv2d(nn.Conv2d):
    """A square convolution, masked behind its centre: as in the first paper, with the blind spot that this leaves."""

    mask: Tensor

    def __init__(
        self, here: int, there: int, kernel: int, kind: Kind, colours: int = 1, halves: int = 1, bias: bool = True
    ) -> None:
        super().__init__(here, there, kernel, padding=kernel // 2, bias=bias)
        self.reach = reach = kernel // 2
        mask = torch.zeros(there, here, kernel, kernel)
        mask[:, :, :reach] = 1
        mask[:, :, reach, :reach] = 1
        mask[:, :, reach, reach] = colours_seen(here, there, kind, colours, halves)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, input: Maps) -> Maps:
        return self._conv_forward(input, self.weight * self.mask, self.bias)


class Above(nn.Conv2d):
    """Vertical: as wide as the kernel, over the rows above a pixel, of type B with its own row to the right end."""

    def __init__(self, here: int, there: int, kernel: int, kind: Kind) -> None:
        self.reach, self.own = kernel // 2, kind == "B"
        super().__init__(here, there, (kernel // 2 + self.own, kernel))

    def forward(self, input: Maps) -> Maps:
        rows = input if self.own else input[:, :, :-1]
        return super().forward(F.pad(rows, (self.reach, self.reach, self.reach, 0)))


class Before(nn.Conv2d):
    """Horizontal: over the pixels to the left in a row, and of a pixel itself over the colours before."""

    mask: Tensor

    def __init__(self, here: int, there: int, kernel: int, kind: Kind, colours: int, halves: int) -> None:
        self.reach = kernel // 2
        super().__init__(here, there, (1, self.reach + 1))
        mask = torch.ones(there, here, 1, self.reach + 1)
        mask[:, :, 0, -1] = colours_seen(here, there, kind, colours, halves)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, input: Maps) -> Maps:
        return self._conv_forward(F.pad(input, (self.reach, 0)), self.weight * self.mask, self.bias)
