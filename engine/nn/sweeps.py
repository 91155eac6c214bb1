"""LSTMs that sweep over a picture, row by row or diagonal by diagonal, and see only what comes before a pixel.

van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016, sections 3.1 (row LSTM) and 3.2 (diagonal BiLSTM).
Both read 2h feature maps and give the h maps of their states.
"""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from engine.aliases import Maps
from engine.nn.lstm import diagonal_spans, skew, unroll, unskew
from engine.nn.masked import Before, MaskedConv2d

SweepName = Literal["row", "diagonal"]
LaneMaps = Float[Tensor, "batch lane maps height width"]


class RowLSTM(nn.Module):
    """From the top row to the bottom: a pixel sees three states above it, and so a triangle of all that is above."""

    lanes, taps = 1, 3

    def __init__(self, width: int, colours: int) -> None:
        super().__init__()
        self.width, self.colours = width, colours
        self.inputs = Before(2 * width, 4 * width, 3, "B", colours, halves=4)
        self.states = state_to_state(self.lanes, self.taps, width)
        remember(self.inputs, self.lanes)

    def forward(self, x: Maps, addition: Maps | float = 0.0) -> Maps:
        return self.swept(x, addition)[0][:, 0]

    def swept(self, x: Maps, addition: Maps | float) -> tuple[LaneMaps, LaneMaps]:
        """Give h and c at every pixel."""
        steps = (self.inputs(x) + addition)[:, None].permute(3, 1, 4, 0, 2)
        spans = [slice(0, x.shape[3])] * x.shape[2]
        h, c = unroll(steps, self.states.unflatten(1, (self.taps, self.width)), spans)
        return h.permute(3, 1, 4, 0, 2), c.permute(3, 1, 4, 0, 2)


class DiagonalBiLSTM(nn.Module):
    """From the top left corner and from the top right one: a pixel sees all that is before it."""

    lanes, taps = 2, 2

    def __init__(self, width: int, colours: int) -> None:
        super().__init__()
        self.width, self.colours = width, colours
        self.inputs = MaskedConv2d(2 * width, self.lanes * 4 * width, 1, "B", colours, halves=self.lanes * 4)
        self.states = state_to_state(self.lanes, self.taps, width)
        remember(self.inputs, self.lanes)

    def forward(self, x: Maps, addition: Maps | float = 0.0) -> Maps:
        from_left, from_right = self.swept(x, addition)[0].unbind(1)
        # What comes from the right has seen pixels to come in its own row: it counts for the row below.
        return from_left + F.pad(from_right[:, :, :-1], (0, 0, 1, 0))

    def swept(self, x: Maps, addition: Maps | float) -> tuple[LaneMaps, LaneMaps]:
        """Give h and c of both lanes at every pixel."""
        read = mirrored((self.inputs(x) + addition).unflatten(1, (self.lanes, -1)))
        steps, spans = skew(read).permute(4, 1, 3, 0, 2), diagonal_spans(x.shape[2], x.shape[3])
        h, c = unroll(steps, self.states.unflatten(1, (self.taps, self.width)), spans)
        return mirrored(unskew(h.permute(3, 1, 4, 2, 0))), mirrored(unskew(c.permute(3, 1, 4, 2, 0)))


Sweep = RowLSTM | DiagonalBiLSTM
SWEEPS: dict[SweepName, type[RowLSTM] | type[DiagonalBiLSTM]] = {"row": RowLSTM, "diagonal": DiagonalBiLSTM}


def mirrored(maps: LaneMaps) -> LaneMaps:
    """Mirror the second lane, which comes from the right."""
    return torch.stack([maps[:, 0], maps[:, 1].flip(-1)], dim=1)


def state_to_state(lanes: int, taps: int, width: int) -> nn.Parameter:
    """Draw the weights of a state's step, (lane, tap · width, gate · width)."""
    bound = 1 / math.sqrt(taps * width)
    return nn.Parameter(torch.empty(lanes, taps * width, 4 * width).uniform_(-bound, bound))


def remember(inputs: nn.Conv2d, lanes: int) -> None:
    """Begin with forget gates that are rather open (Jozefowicz et al. 2015), lest the gradient fade along a sweep."""
    assert inputs.bias is not None
    with torch.no_grad():
        inputs.bias.view(lanes, 4, -1)[:, 1] += 1
