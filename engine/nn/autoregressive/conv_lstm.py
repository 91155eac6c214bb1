"""LSTMs that go over a picture, row by row or diagonal by diagonal: stacks that see only what is before a pixel.

van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016, sections 3.1 (row LSTM), 3.2 (diagonal BiLSTM) and
3.3, table 1. An LSTM reads 2h feature maps and gives the h maps of its states; a layer adds to what it reads.
"""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nn.autoregressive.lstm import unroll
from engine.nn.autoregressive.masked import HorizontalConv, MaskedConv2d
from engine.nn.autoregressive.stacks import FIRST_KERNEL, Conditioning, LayerCondition, added, at_layer
from engine.types import Images, Maps

CellName = Literal["row", "diagonal"]
DirectionMaps = Float[Tensor, "batch direction states height width"]


class RecurrentStack(nn.Module):
    """A masked convolution, then one LSTM after the other, each adding to the maps that it reads."""

    def __init__(self, cell: CellName, channels: int, width: int, depth: int, colours: int) -> None:
        super().__init__()
        self.features, self.gates = 2 * width, CELLS[cell].directions * 4 * width
        self.first = MaskedConv2d(channels, self.features, FIRST_KERNEL, "A", colours)
        self.layers = nn.ModuleList(Layer(cell, width, colours) for _ in range(depth))

    def forward(self, x: Images, conditioning: Conditioning = ()) -> Maps:
        h = self.first(2 * x - 1)
        for number, layer in enumerate(self.layers):
            h, _ = layer(h, at_layer(conditioning, number))
        return h


class Layer(nn.Module):
    """An LSTM of h maps and the residual connection around it (figure 4)."""

    def __init__(self, cell: CellName, width: int, colours: int) -> None:
        super().__init__()
        self.lstm: Cell = CELLS[cell](width, colours)
        self.widen = MaskedConv2d(width, 2 * width, 1, "B", colours)

    def forward(self, x: Maps, condition: LayerCondition | float) -> tuple[Maps, tuple[DirectionMaps, DirectionMaps]]:
        """Compute the maps, and the states h and c at each pixel."""
        h, c = self.lstm(x, condition)
        return x + self.widen(self.lstm.joined(h)), (h, c)


class RowLSTM(nn.Module):
    """From the top row to the bottom: a pixel sees three states above it, and so a triangle of all that is above."""

    directions, kernel = 1, 3

    def __init__(self, width: int, colours: int) -> None:
        super().__init__()
        self.width = width
        self.inputs = HorizontalConv(2 * width, 4 * width, 3, "B", colours, gates=4, bias=True)
        self.states = state_to_state(self.directions, self.kernel, width)
        open_forget_gates(self.inputs, self.directions)

    def forward(self, x: Maps, condition: LayerCondition | float) -> tuple[DirectionMaps, DirectionMaps]:
        read = added(self.inputs(x), condition).permute(2, 3, 0, 1)[:, :, None]
        h, c = unroll(read, self.states.unflatten(1, (self.kernel, -1)))
        return h.permute(3, 2, 4, 0, 1), c.permute(3, 2, 4, 0, 1)

    def joined(self, h: DirectionMaps) -> Maps:
        return h[:, 0]


class DiagonalBiLSTM(nn.Module):
    """From both upper corners: a pixel sees all that is before it, but for the right end of the row above.

    The last pixel there is behind the mask of the first layer, and no LSTM that moves on sees it.
    """

    directions, kernel = 2, 2

    def __init__(self, width: int, colours: int) -> None:
        super().__init__()
        self.width = width
        self.inputs = MaskedConv2d(2 * width, self.directions * 4 * width, 1, "B", colours, gates=self.directions * 4)
        self.states = state_to_state(self.directions, self.kernel, width)
        open_forget_gates(self.inputs, self.directions)

    def forward(self, x: Maps, condition: LayerCondition | float) -> tuple[DirectionMaps, DirectionMaps]:
        """Compute h and c from the left and, mirrored, from the right."""
        from_left, from_right = added(self.inputs(x), condition).chunk(2, dim=1)
        read = torch.stack([from_left, from_right.flip(-1)]).permute(3, 4, 0, 1, 2)
        h, c = unroll(read, self.states.unflatten(1, (self.kernel, -1)), diagonal=True)
        return h.permute(3, 2, 4, 0, 1), c.permute(3, 2, 4, 0, 1)

    def joined(self, h: DirectionMaps) -> Maps:
        """Add both directions; from the right, pixels yet to come were seen, so that it counts one row below."""
        from_left, from_right = h.unbind(1)
        return from_left + F.pad(from_right.flip(-1), (0, 0, 1, -1))


Cell = RowLSTM | DiagonalBiLSTM
CELLS: dict[CellName, type[RowLSTM] | type[DiagonalBiLSTM]] = {"row": RowLSTM, "diagonal": DiagonalBiLSTM}


def state_to_state(directions: int, kernel: int, width: int) -> nn.Parameter:
    """Draw the weights of a state's step, (direction, kernel · width, gate · width)."""
    bound = 1 / math.sqrt(kernel * width)
    return nn.Parameter(torch.empty(directions, kernel * width, 4 * width).uniform_(-bound, bound))


def open_forget_gates(inputs: nn.Conv2d, directions: int) -> None:
    """Begin with a memory that lasts (Jozefowicz et al. 2015), so that the gradient does not fade along the way."""
    assert inputs.bias is not None
    with torch.no_grad():
        inputs.bias.view(directions, 4, -1)[:, 1] += 1
