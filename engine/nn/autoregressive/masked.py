"""Convolutions that see only what comes before a pixel in raster order, and within it before its colour.

Masks A and B: van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016, section 3.4. Feature maps are divided
evenly among the colours, R before G before B: a map of type A sees the colours before its own at its own pixel, one of
type B its own as well. Vertical and horizontal convolutions: van den Oord et al., "Conditional Image Generation with
PixelCNN Decoders", NeurIPS 2016, section 2.2; together they see all that is before a pixel, without a blind spot.
"""

from abc import ABC, abstractmethod
from typing import Literal

import torch
from jaxtyping import Bool
from torch import Tensor, nn
from torch.nn import functional as F

from engine.types import Maps

Kind = Literal["A", "B"]


class Masked(nn.Conv2d, ABC):
    """A convolution whose weight is zero where it may not look."""

    kind: Kind
    colours: int  # among which the maps are divided
    gates: int  # groups of output maps that are divided each alike
    radius: int  # pixels on each side of the centre
    whole: bool  # whether it hides nothing
    known: Tensor | None = None

    @property
    def masked_weight(self) -> Tensor:
        """The weight, with zeros where it may not look."""
        if self.whole:
            return self.weight
        if self.known is None or self.known.device != self.weight.device:
            with torch.inference_mode(False):  # or no gradient could ever pass it
                self.known = self.mask().to(self.weight.device)
        return self.weight * self.known

    @abstractmethod
    def mask(self) -> Tensor:
        """Tell which weights (out, in, rows, columns) may count: no buffer, for it follows from the sizes alone."""

    def colours_seen(self) -> Bool[Tensor, "out in"]:
        """Tell which input maps an output map may see at its own pixel."""
        seen = torch.arange(self.in_channels) * self.colours // self.in_channels
        maps = self.out_channels // self.gates
        own = (torch.arange(maps) * self.colours // maps).repeat(self.gates)[:, None]
        return seen < own if self.kind == "A" else seen <= own


class MaskedConv2d(Masked):
    """Square, and masked behind its centre: as in the first paper, with the blind spot that this leaves."""

    def __init__(
        self, here: int, there: int, kernel: int, kind: Kind, colours: int = 1, gates: int = 1, bias: bool = True
    ) -> None:
        super().__init__(here, there, kernel, padding=kernel // 2, bias=bias)
        self.kind, self.colours, self.gates, self.radius = kind, colours, gates, kernel // 2
        self.whole = kind == "B" and colours == 1 and kernel == 1

    def forward(self, input: Maps) -> Tensor:  # (batch, there, height, width)
        if not self.radius or torch.compiler.is_compiling():  # compiled, a layer of zeros above takes longest of all
            return self._conv_forward(input, self.masked_weight, self.bias)
        weight = self.masked_weight[:, :, : self.radius + 1]  # below its own row it sees nothing
        return F.conv2d(F.pad(input, (0, 0, self.radius, 0)), weight, self.bias, padding=(0, self.radius))

    def mask(self) -> Tensor:
        mask, centre = torch.zeros(self.weight.shape, dtype=torch.bool), self.radius
        mask[:, :, :centre] = True
        mask[:, :, centre, :centre] = True
        mask[:, :, centre, centre] = self.colours_seen()
        return mask


class VerticalConv(nn.Conv2d):
    """Vertical: as wide as the kernel, over the rows above a pixel, and of type B its own row, to the right end."""

    def __init__(self, here: int, there: int, kernel: int, kind: Kind) -> None:
        self.kind, self.radius = kind, kernel // 2
        super().__init__(here, there, (self.radius + (kind == "B"), kernel), padding=(0, self.radius))

    def forward(self, input: Maps) -> Tensor:  # (batch, there, height, width)
        lowest = 0 if self.kind == "B" else -1  # nothing sees the last row from below
        return super().forward(F.pad(input, (0, 0, self.radius, lowest)))


class HorizontalConv(Masked):
    """Horizontal: over the pixels to the left in a row, and of a pixel itself the colours before."""

    def __init__(
        self, here: int, there: int, kernel: int, kind: Kind, colours: int, gates: int, bias: bool = False
    ) -> None:
        super().__init__(here, there, (1, kernel // 2 + 1), bias=bias)
        self.kind, self.colours, self.gates, self.radius = kind, colours, gates, kernel // 2
        self.whole = kind == "B" and colours == 1

    def forward(self, input: Maps) -> Tensor:  # (batch, there, height, width)
        return self._conv_forward(F.pad(input, (self.radius, 0)), self.masked_weight, self.bias)

    def mask(self) -> Tensor:
        mask = torch.ones(self.weight.shape, dtype=torch.bool)
        mask[:, :, 0, -1] = self.colours_seen()
        return mask
