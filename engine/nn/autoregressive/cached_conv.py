"""Stacks that go over a picture pixel by pixel, keeping what they have computed so far.

Entering a row takes one convolution a layer, for all that the rows above contribute to it; a step along the row then
takes a few small products a layer. A row in which nothing is to be drawn is skipped, by one convolution a layer.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nn.autoregressive.masked import MaskedConv2d
from engine.nn.autoregressive.stacks import (
    Block,
    Conditioning,
    GatedLayer,
    GatedStack,
    Head,
    LayerCondition,
    PlainStack,
    at_layer,
    gated,
)
from engine.types import Images


@runtime_checkable
class StackCache(Protocol):
    """What has been computed of a stack so far; it reads the picture in place, as that is drawn.

    To enter or to skip a row takes a while when many pictures are drawn together; both give way after each layer.
    """

    def enter(self, row: int) -> Iterator[None]:
        """Begin a row, to be stepped along to its end: all rows above have been entered or skipped, one by one."""
        ...

    def step(self, column: int) -> Tensor:
        """Compute the features of a pixel, (batch, features): column by column, again whenever its values change."""
        ...

    def put(self, column: int, channel: int, values: Tensor) -> None:
        """Take in a value (batch,) of a pixel in the row."""
        ...


@runtime_checkable
class Skips(Protocol):
    """What some caches can; by the others a row that is as it will stay is stepped along like any other."""

    def skip(self, row: int) -> Iterator[None]:
        """Take in a row that is as it will stay."""
        ...


class Rows:
    """Maps of all rows so far, with a margin of zeros above and at both sides."""

    def __init__(self, x: Images, maps: int, radius: int) -> None:
        batch, _, height, width = x.shape
        self.padded = x.new_zeros(batch, maps, radius + height, width + 2 * radius)
        self.maps = self.padded[:, :, radius:, radius : radius + width]

    def convolved(self, row: int, weight: Tensor, bias: Tensor | None) -> Tensor:  # (batch, width, maps)
        """Convolve as many rows as the weight is high, the first of them `radius` above the given one."""
        rows = self.padded[:, :, row : row + weight.shape[2]]
        return F.conv2d(rows, weight, bias)[:, :, 0].transpose(1, 2)


class RowBuffer:
    """Maps of the row under way, with a margin of zeros at its left: `cells` to write, `windows` to multiply."""

    def __init__(self, x: Images, maps: int, radius: int) -> None:
        batch, _, _, columns = x.shape
        row = x.new_zeros(batch, radius + columns, maps)
        self.maps = row[:, radius:]
        self.cells = self.maps.unbind(1)
        self.windows = [row[:, column : column + radius + 1].view(batch, -1) for column in range(columns)]


class PlainConvCache:
    """Goes over a picture by residual blocks; each keeps what its masked convolution has read."""

    def __init__(self, x: Images, stack: PlainStack, conditioning: Conditioning) -> None:
        self.x, self.conditioning = x, conditioning
        self.blocks: list[Block] = list(stack.blocks)  # type: ignore[arg-type]
        masked: list[MaskedConv2d] = [stack.first, *(block.masked for block in self.blocks)]
        sizes = [(layer.in_channels, layer.radius) for layer in masked]
        self.rows, self.buffers = [Rows(x, *size) for size in sizes], [RowBuffer(x, *size) for size in sizes]
        weights = [(layer.masked_weight, layer.radius) for layer in masked]
        self.whole = [weight[:, :, : radius + 1] for weight, radius in weights]
        self.above = [weight[:, :, :radius] for weight, radius in weights]
        self.biases = [layer.bias for layer in masked]
        self.kernel_rows = [kernel_rows(weight[:, :, radius, : radius + 1]) for weight, radius in weights]
        self.narrow = [affine(block.narrow) for block in self.blocks]
        self.widen = [matrix(block.widen) for block in self.blocks]
        self.given: list[tuple[Tensor, ...]] = []  # by what is above, while a row is entered

    def skip(self, row: int) -> Iterator[None]:
        self.leave(row)
        self.rows[0].maps[:, :, row] = 2 * self.x[:, :, row] - 1
        h = self.read_row(0, row)
        for layer, ((narrow, bias), widen) in enumerate(zip(self.narrow, self.widen, strict=True), start=1):
            read = (h.relu() @ narrow + bias).relu_()
            self.rows[layer].maps[:, :, row] = read.transpose(1, 2)
            middle = self.read_row(layer, row) + row_of(at_layer(self.conditioning, layer - 1), row)
            h = h + middle.relu() @ widen
            yield

    def read_row(self, layer: int, row: int) -> Tensor:  # (batch, width, maps)
        """Apply a masked convolution to a whole row."""
        return self.rows[layer].convolved(row, self.whole[layer], self.biases[layer])

    def leave(self, row: int) -> None:
        """Keep the row above, if it was stepped along."""
        if self.given:
            for rows, buffer in zip(self.rows, self.buffers, strict=True):
                rows.maps[:, :, row - 1] = buffer.maps.transpose(1, 2)
        self.given = []

    def enter(self, row: int) -> Iterator[None]:
        self.leave(row)
        self.buffers[0].maps.copy_((2 * self.x[:, :, row] - 1).transpose(1, 2))
        for layer, (rows, weight, bias) in enumerate(zip(self.rows, self.above, self.biases, strict=True)):
            added = row_of(at_layer(self.conditioning, layer - 1), row) if layer else 0.0
            self.given.append((rows.convolved(row, weight, bias) + added).unbind(1))
            yield

    def step(self, column: int) -> Tensor:
        h = self.read_masked(0, column)
        for layer, ((narrow, bias), widen) in enumerate(zip(self.narrow, self.widen, strict=True), start=1):
            torch.addmm(bias, h.relu(), narrow, out=self.buffers[layer].cells[column]).relu_()
            h = torch.addmm(h, self.read_masked(layer, column).relu_(), widen)
        return h

    def read_masked(self, layer: int, column: int) -> Tensor:
        return torch.addmm(self.given[layer][column], self.buffers[layer].windows[column], self.kernel_rows[layer])

    def put(self, column: int, channel: int, values: Tensor) -> None:
        self.buffers[0].cells[column][:, channel] = 2 * values - 1


class GatedConvCache:
    """Goes down by the vertical stack, a row at a time, and along each row by the horizontal one."""

    def __init__(self, x: Images, stack: GatedStack, conditioning: Conditioning) -> None:
        self.x, self.conditioning = x, conditioning
        self.layers: list[GatedLayer] = list(stack.layers)  # type: ignore[arg-type]
        before = [layer.before for layer in self.layers]
        self.rows = [Rows(x, layer.in_channels, layer.radius) for layer in before]
        self.buffers = [RowBuffer(x, layer.in_channels, layer.radius) for layer in before] + [
            RowBuffer(x, stack.features, 0)
        ]
        self.kernel_rows = [kernel_rows(layer.masked_weight[:, :, 0]) for layer in before]
        self.links = [affine(layer.link) for layer in self.layers]
        self.outs = [matrix(layer.out) for layer in self.layers]
        self.given: list[tuple[Tensor, ...]] = []

    def skip(self, row: int) -> Iterator[None]:
        return (None for _ in self.descend(row))

    def enter(self, row: int) -> Iterator[None]:
        self.buffers[0].maps.copy_((2 * self.x[:, :, row] - 1).transpose(1, 2))
        self.given = []
        for number, (vertical, (link, bias)) in enumerate(zip(self.descend(row), self.links, strict=True)):
            given = vertical @ link + bias + row_of(at_layer(self.conditioning, number), row)
            self.given.append(given.unbind(1))
            yield

    def descend(self, row: int) -> Iterator[Tensor]:
        """Take the vertical stack down to a row: what it says there, layer by layer, (batch, width, maps)."""
        if row:
            self.rows[0].maps[:, :, row - 1] = 2 * self.x[:, :, row - 1] - 1
        for number, (layer, rows) in enumerate(zip(self.layers, self.rows, strict=True)):
            added = row_of(at_layer(self.conditioning, number), row)
            vertical = rows.convolved(row, layer.above.weight, layer.above.bias) + added
            if number + 1 < len(self.rows):
                self.rows[number + 1].maps[:, :, row] = gated(vertical.transpose(1, 2))
            yield vertical

    def step(self, column: int) -> Tensor:
        for number, (buffer, following) in enumerate(pairwise(self.buffers)):
            gates = torch.addmm(self.given[number][column], buffer.windows[column], self.kernel_rows[number])
            if number:
                torch.addmm(buffer.cells[column], gated(gates), self.outs[number], out=following.cells[column])
            else:
                torch.mm(gated(gates), self.outs[number], out=following.cells[column])
        return self.buffers[-1].cells[column]

    def put(self, column: int, channel: int, values: Tensor) -> None:
        self.buffers[0].cells[column][:, channel] = 2 * values - 1


# Convolutions as products


class Reader:
    """A head for single pixels."""

    def __init__(self, head: Head) -> None:
        self.layers = [affine(layer) for layer in (head.hidden, head.out)]

    def __call__(self, h: Tensor) -> Tensor:  # (batch, features) → (batch, maps)
        for weight, bias in self.layers:
            h = torch.addmm(bias, h.relu(), weight)
        return h.float()


def kernel_rows(weight: Tensor) -> Tensor:  # (columns · in, out)
    """Lay out the weight (out, in, columns) of a convolution along a row for a window of a row buffer."""
    return weight.permute(2, 1, 0).flatten(0, 1).contiguous()


def matrix(layer: nn.Conv2d) -> Tensor:  # (in, out)
    """Lay out the weight of a convolution of single pixels."""
    weight = layer.masked_weight if isinstance(layer, MaskedConv2d) else layer.weight
    return weight[:, :, 0, 0].T.contiguous()


def affine(layer: nn.Conv2d) -> tuple[Tensor, Tensor]:
    """Lay out such a weight, with its bias beside it."""
    assert layer.bias is not None
    return matrix(layer), layer.bias


def row_of(condition: LayerCondition | float, row: int) -> Tensor | float:  # (batch, width or 1, maps)
    """Cut one row out of what is added to a layer."""
    if not isinstance(condition, Tensor):
        return condition
    return condition[:, row if condition.shape[1] > 1 else 0]
