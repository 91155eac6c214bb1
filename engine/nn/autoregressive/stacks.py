"""Stacks of masked convolutions: a picture becomes feature maps that have seen, at each pixel, only what is before it.

`PlainStack`: van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016, table 1 and figure 5, left.
`GatedStack`: van den Oord et al., "Conditional Image Generation with PixelCNN Decoders", NeurIPS 2016, figure 2.
Both are conditioned by what is added to their layers, such as a class or the maps of a latent: (batch, layer, height,
width, gate), where batch, height and width may be 1 for "the same everywhere", and layers above the last get what that
gets.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nn.autoregressive.masked import HorizontalConv, MaskedConv2d, VerticalConv
from engine.types import Images, Labels, Maps

FIRST_KERNEL = 7

Conditioning = tuple[Float[Tensor, "_ _ _ _ gates"], ...]
LayerCondition = Float[Tensor, "_ _ _ gates"]  # all of them, at one layer


@dataclass(frozen=True)
class StackSizes:
    """What a stack is made from."""

    channels: int  # of the picture
    width: int  # feature maps
    depth: int  # layers
    kernel: int  # of all layers but the first, which has FIRST_KERNEL
    colours: int = 1  # among which the feature maps are divided; 1: a pixel is seen whole or not at all
    dropout: float = 0.0


def at_layer(conditioning: Conditioning, layer: int) -> LayerCondition | float:
    """Sum what is added to a layer."""
    parts = [condition[:, min(layer, condition.shape[1] - 1)] for condition in conditioning]
    return sum(parts[1:], start=parts[0]) if parts else 0.0


def class_conditioning(label: nn.Linear, y: Labels, layers: int) -> Conditioning:
    """Compute what a class adds to each layer (2nd paper, eq. 4); one of −1, "unknown", adds nothing."""
    one_hot = y[:, None] == torch.arange(label.in_features, device=y.device)
    return (label(one_hot.to(label.weight.dtype)).unflatten(1, (layers, -1))[:, :, None, None],)


def added(maps: Maps, condition: LayerCondition | float) -> Maps:
    """Add in the precision of the maps, channels last: torch sums such a gradient over the batch 20 times faster."""
    if not isinstance(condition, Tensor):
        return maps + condition
    return (maps.movedim(1, -1) + condition.to(maps.dtype)).movedim(-1, 1)


# The first paper's


class PlainStack(nn.Module):
    """A masked convolution and residual blocks, blind to a wedge on the right above."""

    def __init__(self, sizes: StackSizes) -> None:
        super().__init__()
        self.features, self.gates, self.depth = 2 * sizes.width, sizes.width, sizes.depth
        self.first = MaskedConv2d(sizes.channels, self.features, FIRST_KERNEL, "A", sizes.colours)
        self.blocks = nn.ModuleList(Block(sizes) for _ in range(sizes.depth))

    def forward(self, x: Images, conditioning: Conditioning = ()) -> Maps:
        h = self.first(2 * x - 1)
        for layer, block in enumerate(self.blocks):
            h = block(h, at_layer(conditioning, layer))
        return h


class Block(nn.Module):
    """2h → h → h → 2h maps, the middle one seeing the neighbours before."""

    def __init__(self, sizes: StackSizes) -> None:
        super().__init__()
        width, colours = sizes.width, sizes.colours
        self.narrow = MaskedConv2d(2 * width, width, 1, "B", colours)
        self.masked = MaskedConv2d(width, width, sizes.kernel, "B", colours)
        self.widen = MaskedConv2d(width, 2 * width, 1, "B", colours, bias=False)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, h: Maps, condition: LayerCondition | float) -> Maps:
        middle = added(self.masked(self.read(h)), condition)
        return h + self.widen(self.dropout(F.relu(middle)))

    def read(self, h: Maps) -> Tensor:  # (batch, half the maps, height, width)
        """Compute what the masked convolution reads."""
        return F.relu(self.narrow(F.relu(h)))


# The second paper's


class GatedStack(nn.Module):
    """A vertical stack of all rows above, and a horizontal one of the row, which also reads the vertical one."""

    def __init__(self, sizes: StackSizes) -> None:
        super().__init__()
        self.features, self.gates, self.depth = sizes.width, 2 * sizes.width, sizes.depth
        self.layers = nn.ModuleList(GatedLayer(sizes, layer == 0) for layer in range(sizes.depth))

    def forward(self, x: Images, conditioning: Conditioning = ()) -> Maps:
        v = h = 2 * x - 1
        for layer, gated in enumerate(self.layers):
            v, h = gated(v, h, at_layer(conditioning, layer))
        return h


class GatedLayer(nn.Module):
    """One layer of both stacks; residual in the horizontal one, but for the first layer, which reads the picture."""

    def __init__(self, sizes: StackSizes, first: bool) -> None:
        super().__init__()
        width, colours = sizes.width, sizes.colours
        here, kernel, self.first = (sizes.channels, FIRST_KERNEL, True) if first else (width, sizes.kernel, False)
        self.above = VerticalConv(here, 2 * width, kernel, "A" if first else "B")
        self.before = HorizontalConv(here, 2 * width, kernel, "A" if first else "B", colours, gates=2)
        self.link = nn.Conv2d(2 * width, 2 * width, 1)
        self.out = MaskedConv2d(width, width, 1, "B", colours, bias=False)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, v: Maps, h: Maps, condition: LayerCondition | float) -> tuple[Tensor, Tensor]:
        vertical = added(self.above(v), condition)
        horizontal = added(self.before(h) + self.link(vertical), condition)
        out = self.out(self.dropout(gated(horizontal)))
        return gated(vertical), out if self.first else h + out


def gated(maps: Tensor) -> Tensor:
    """tanh(a) ⊙ σ(b) of the two halves of the maps (eq. 2)."""
    a, b = maps.chunk(2, dim=1)
    return a.tanh() * b.sigmoid()


class Head(nn.Module):
    """Features → the maps of a distribution, pixel by pixel; the last layer in the precision of its weights."""

    def __init__(self, features: int, maps: int, colours: int = 1) -> None:
        super().__init__()
        self.hidden = MaskedConv2d(features, features, 1, "B", colours)
        self.out = MaskedConv2d(features, maps, 1, "B", colours)

    def forward(self, h: Maps) -> Tensor:  # (batch, maps of the distribution, height, width)
        h = F.relu(self.hidden(F.relu(h)))
        with torch.autocast(h.device.type, enabled=False):  # in bfloat16 a logit has two digits
            return self.out(h.to(self.out.weight.dtype))
