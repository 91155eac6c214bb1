"""LSTMs that go along a row pixel by pixel: what `conv_lstm` computes at once, while it is drawn.

Entering a row takes one product a layer for all that the states of the row above contribute; a step along the row then
takes two products a layer.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.nn.autoregressive.cached_conv import RowBuffer, Rows, affine, kernel_rows, row_of
from engine.nn.autoregressive.conv_lstm import DiagonalBiLSTM, Layer, RecurrentStack, RowLSTM
from engine.nn.autoregressive.lstm import lstm_step, unroll
from engine.nn.autoregressive.stacks import Conditioning, LayerCondition, at_layer
from engine.types import Images


class RecurrentCache:
    """Goes over a picture by LSTMs, each of which remembers the row above and the row so far."""

    def __init__(self, x: Images, stack: RecurrentStack, conditioning: Conditioning) -> None:
        self.x, self.masked = x, stack.first
        weight, radius = stack.first.masked_weight, stack.first.radius
        self.above, self.kernel_rows = weight[:, :, :radius], kernel_rows(weight[:, :, radius, : radius + 1])
        self.rows, self.buffer = Rows(x, x.shape[1], radius), RowBuffer(x, x.shape[1], radius)
        layers: list[Layer] = list(stack.layers)  # type: ignore[arg-type]
        self.layers = [layer_cache(layer, x, at_layer(conditioning, number)) for number, layer in enumerate(layers)]
        self.given: tuple[Tensor, ...] = ()

    def enter(self, row: int) -> Iterator[None]:
        if row:
            self.rows.maps[:, :, row - 1] = self.buffer.maps.transpose(1, 2)
            for layer in self.layers:
                layer.leave(row - 1)
                yield
        self.buffer.maps.copy_((2 * self.x[:, :, row] - 1).transpose(1, 2))
        self.given = self.rows.convolved(row, self.above, self.masked.bias).unbind(1)
        for layer in self.layers:
            layer.enter(row)
            yield

    def step(self, column: int) -> Tensor:
        maps = torch.addmm(self.given[column], self.buffer.windows[column], self.kernel_rows)
        for layer in self.layers:
            maps = layer.step(column, maps)
        return maps

    def put(self, column: int, channel: int, values: Tensor) -> None:
        self.buffer.cells[column][:, channel] = 2 * values - 1


class RowLSTMCache:
    """A layer of row LSTMs: a pixel goes on from the states above it."""

    def __init__(self, layer: Layer, lstm: RowLSTM, x: Images, condition: LayerCondition | float) -> None:
        assert lstm.inputs.bias is not None
        self.condition, self.states, self.bias = condition, lstm.states[0], lstm.inputs.bias
        self.inputs = kernel_rows(lstm.inputs.masked_weight[:, :, 0])
        self.widen, self.offset = affine(layer.widen)
        self.h = self.c = x.new_zeros(len(x), x.shape[3], lstm.width)  # of the row above
        self.before = x.new_zeros(len(x), len(self.inputs) // 2)

    def enter(self, row: int) -> None:
        columns, framed = self.h.shape[1], F.pad(self.h, (0, 0, 1, 1))
        states_above = torch.cat([framed[:, k : k + columns] for k in range(RowLSTM.kernel)], -1)
        self.given = (states_above @ self.states + self.bias + row_of(self.condition, row)).unbind(1)
        self.memory = self.c.unbind(1)
        self.read, self.row_h, self.row_c = [self.before], list[Tensor](), list[Tensor]()

    def step(self, column: int, maps: Tensor) -> Tensor:
        gates = torch.addmm(self.given[column], torch.cat([self.read[column], maps], 1), self.inputs)
        h, c = lstm_step(gates, self.memory[column])
        self.read[column + 1 :], self.row_h[column:], self.row_c[column:] = [maps], [h], [c]
        return torch.addmm(maps + self.offset, h, self.widen)

    def leave(self, row: int) -> None:
        self.h, self.c = torch.stack(self.row_h, 1), torch.stack(self.row_c, 1)


class DiagonalLSTMCache:
    """A layer of diagonal BiLSTMs: from the left it goes along with the pixels, from the right once a row has ended."""

    def __init__(self, layer: Layer, lstm: DiagonalBiLSTM, x: Images, condition: LayerCondition | float) -> None:
        weight, self.bias = affine(lstm.inputs)
        inputs, self.from_right = weight.chunk(2, -1)
        self.condition = condition
        (self.above, before), (self.above_right, self.before_right) = lstm.states.unflatten(1, (lstm.kernel, -1))
        self.inputs = torch.cat([inputs, before])
        self.widen, self.offset = affine(layer.widen)
        self.h = x.new_zeros(len(x), lstm.directions, x.shape[3], lstm.width)  # of the row above
        self.before = x.new_zeros(len(x), lstm.width)

    def enter(self, row: int) -> None:
        from_left, from_right = self.h.unbind(1)
        self.given = (from_left @ self.above + self.added(row)[0]).unbind(1)
        self.beside = from_right.unbind(1)
        self.read, self.row_h, self.row_c = list[Tensor](), [self.before], [self.before]

    def step(self, column: int, maps: Tensor) -> Tensor:
        gates = torch.addmm(self.given[column], torch.cat([maps, self.row_h[column]], 1), self.inputs)
        h, c = lstm_step(gates, self.row_c[column])
        self.read[column:], self.row_h[column + 1 :], self.row_c[column + 1 :] = [maps], [h], [c]
        return torch.addmm(maps + self.offset, h + self.beside[column], self.widen)

    def leave(self, row: int) -> None:
        from_left = torch.stack(self.row_h[1:], 1)
        gates = torch.stack(self.read, 1) @ self.from_right + self.h[:, 1] @ self.above_right + self.added(row)[1]
        steps = gates.flip(1).transpose(0, 1)[:, None, None]
        h, _ = unroll(steps, self.before_right[None, None])
        self.h = torch.stack([from_left, h[:, 0, 0].flip(0).transpose(0, 1)], 1)

    def added(self, row: int) -> tuple[Tensor, ...]:
        """Add the bias to the condition of each direction."""
        return torch.add(self.bias, row_of(self.condition, row)).chunk(2, -1)


LayerCache = RowLSTMCache | DiagonalLSTMCache


def layer_cache(layer: Layer, x: Images, condition: LayerCondition | float) -> LayerCache:
    """Make the cache of a layer, before the first row of a picture."""
    if isinstance(layer.lstm, DiagonalBiLSTM):
        return DiagonalLSTMCache(layer, layer.lstm, x, condition)
    return RowLSTMCache(layer, layer.lstm, x, condition)
