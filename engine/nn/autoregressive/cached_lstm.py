"""LSTMs that go along a row pixel by pixel: what `conv_lstm` computes at once, while it is drawn.

Entering a row takes one product a layer for all that the states of the row above contribute; a step along the row then
takes two products a layer.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.nn.autoregressive.cached_conv import Lane, Rows, affine, row_of, taps
from engine.nn.autoregressive.conv_lstm import DiagonalBiLSTM, Layer, RecurrentStack, RowLSTM
from engine.nn.autoregressive.lstm import passed, unroll
from engine.nn.autoregressive.stacks import Addition, Additions, at_layer
from engine.types import Images


class RecurrentCursor:
    """Goes over a picture by LSTMs, each of which remembers the row above and the row so far."""

    def __init__(self, x: Images, stack: RecurrentStack, additions: Additions) -> None:
        self.x, self.masked = x, stack.first
        weight, reach = stack.first.seeing, stack.first.reach
        self.above, self.taps = weight[:, :, :reach], taps(weight[:, :, reach, : reach + 1])
        self.rows, self.lane = Rows(x, x.shape[1], reach), Lane(x, x.shape[1], reach)
        layers: list[Layer] = list(stack.layers)  # type: ignore[arg-type]
        self.walks = [walk_of(layer, x, at_layer(additions, number)) for number, layer in enumerate(layers)]
        self.given: tuple[Tensor, ...] = ()

    def enter(self, row: int) -> Iterator[None]:
        if row:
            self.rows.maps[:, :, row - 1] = self.lane.maps.transpose(1, 2)
            for walk in self.walks:
                walk.leave(row - 1)
                yield
        self.lane.maps.copy_((2 * self.x[:, :, row] - 1).transpose(1, 2))
        self.given = self.rows.convolved(row, self.above, self.masked.bias).unbind(1)
        for walk in self.walks:
            walk.enter(row)
            yield

    def step(self, column: int) -> Tensor:
        maps = torch.addmm(self.given[column], self.lane.windows[column], self.taps)
        for walk in self.walks:
            maps = walk.step(column, maps)
        return maps

    def put(self, column: int, channel: int, values: Tensor) -> None:
        self.lane.cells[column][:, channel] = 2 * values - 1


class RowWalk:
    """A layer of row LSTMs: a pixel goes on from the states above it."""

    def __init__(self, layer: Layer, lstm: RowLSTM, x: Images, addition: Addition | float) -> None:
        assert lstm.inputs.bias is not None
        self.addition, self.states, self.bias = addition, lstm.states[0], lstm.inputs.bias
        self.inputs = taps(lstm.inputs.seeing[:, :, 0])
        self.widen, self.offset = affine(layer.widen)
        self.h = self.c = x.new_zeros(len(x), x.shape[3], lstm.width)  # of the row above
        self.before = x.new_zeros(len(x), len(self.inputs) // 2)

    def enter(self, row: int) -> None:
        columns, framed = self.h.shape[1], F.pad(self.h, (0, 0, 1, 1))
        seen = torch.cat([framed[:, tap : tap + columns] for tap in range(RowLSTM.taps)], -1)
        self.given = (seen @ self.states + self.bias + row_of(self.addition, row)).unbind(1)
        self.memory = self.c.unbind(1)
        self.read, self.row_h, self.row_c = [self.before], list[Tensor](), list[Tensor]()

    def step(self, column: int, maps: Tensor) -> Tensor:
        gates = torch.addmm(self.given[column], torch.cat([self.read[column], maps], 1), self.inputs)
        h, c = passed(gates, self.memory[column])
        self.read[column + 1 :], self.row_h[column:], self.row_c[column:] = [maps], [h], [c]
        return torch.addmm(maps + self.offset, h, self.widen)

    def leave(self, row: int) -> None:
        self.h, self.c = torch.stack(self.row_h, 1), torch.stack(self.row_c, 1)


class DiagonalWalk:
    """A layer of diagonal BiLSTMs: from the left it goes along with the pixels, from the right once a row has ended."""

    def __init__(self, layer: Layer, lstm: DiagonalBiLSTM, x: Images, addition: Addition | float) -> None:
        weight, self.bias = affine(lstm.inputs)
        inputs, self.from_right = weight.chunk(2, -1)
        self.addition = addition
        (self.above, before), (self.above_right, self.before_right) = lstm.states.unflatten(1, (lstm.taps, -1))
        self.inputs = torch.cat([inputs, before])
        self.widen, self.offset = affine(layer.widen)
        self.h = x.new_zeros(len(x), lstm.lanes, x.shape[3], lstm.width)  # of the row above
        self.before = x.new_zeros(len(x), lstm.width)

    def enter(self, row: int) -> None:
        from_left, from_right = self.h.unbind(1)
        self.given = (from_left @ self.above + self.added(row)[0]).unbind(1)
        self.beside = from_right.unbind(1)
        self.read, self.row_h, self.row_c = list[Tensor](), [self.before], [self.before]

    def step(self, column: int, maps: Tensor) -> Tensor:
        gates = torch.addmm(self.given[column], torch.cat([maps, self.row_h[column]], 1), self.inputs)
        h, c = passed(gates, self.row_c[column])
        self.read[column:], self.row_h[column + 1 :], self.row_c[column + 1 :] = [maps], [h], [c]
        return torch.addmm(maps + self.offset, h + self.beside[column], self.widen)

    def leave(self, row: int) -> None:
        from_left = torch.stack(self.row_h[1:], 1)
        gates = torch.stack(self.read, 1) @ self.from_right + self.h[:, 1] @ self.above_right + self.added(row)[1]
        steps = gates.flip(1).transpose(0, 1)[:, None, None]
        h, _ = unroll(steps, self.before_right[None, None])
        self.h = torch.stack([from_left, h[:, 0, 0].flip(0).transpose(0, 1)], 1)

    def added(self, row: int) -> tuple[Tensor, ...]:
        """Give bias and addition of each lane."""
        return torch.add(self.bias, row_of(self.addition, row)).chunk(2, -1)


Walk = RowWalk | DiagonalWalk


def walk_of(layer: Layer, x: Images, addition: Addition | float) -> Walk:
    """Set a walk in front of the first row of a picture."""
    if isinstance(layer.lstm, DiagonalBiLSTM):
        return DiagonalWalk(layer, layer.lstm, x, addition)
    return RowWalk(layer, layer.lstm, x, addition)
