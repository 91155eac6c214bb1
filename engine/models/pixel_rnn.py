"""PixelRNN: p(x) = Π p(xᵢ | x₁ … xᵢ₋₁) in raster order, each factor read off LSTMs that sweep over the picture.

van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016 (arXiv 1601.06759), sections 3.1 to 3.4, table 1 and
equation 3; classes as in their "Conditional Image Generation with PixelCNN Decoders", NeurIPS 2016, equation 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from engine import noise
from engine.aliases import Chances, Images, Labels, Maps, Masks, PerImage
from engine.errors import BadValue
from engine.nn.masked import MaskedConv2d
from engine.nn.nets import Shape, check_sizes
from engine.nn.outputs import OUTPUTS, Output, OutputName
from engine.nn.raster import complete_naively
from engine.nn.stacks import FIRST_KERNEL, Additions, Head, at_layer
from engine.nn.sweeps import SWEEPS, Sweep, SweepName


@dataclass(frozen=True)
class PixelRNNConfig:
    """A PixelRNN's sizes, the way of its LSTMs and the distribution of its values."""

    shape: Shape = (1, 28, 28)  # channel, height, width of a picture
    cell: SweepName = "diagonal"  # row by row, blind beside a triangle; or along both diagonals, blind to nothing
    width: int = 64  # of an LSTM's state; between the layers are twice as many feature maps
    depth: int = 3  # LSTMs
    output: OutputName = "bernoulli"  # binary pixels, or a softmax or mixture of logistics over 256 levels
    mixtures: int = 10  # logistics
    classes: int = 0  # 0: the label is not used

    def __post_init__(self) -> None:
        check_sizes(self, width=1, depth=1, mixtures=1, classes=0)
        if self.width < self.colours:
            raise BadValue(f"width is {self.width}; {self.colours} colours need a feature map each.")

    @property
    def latent(self) -> int:
        """No latent: all that varies is drawn pixel by pixel."""
        return 0

    @property
    def colours(self) -> int:
        """How many parts the feature maps have: one for each channel that the masks tell apart."""
        return self.shape[0] if OUTPUTS[self.output].ordered else 1


class PixelRNN(nn.Module):
    """Samples, scores and completes."""

    def __init__(self, config: PixelRNNConfig) -> None:
        super().__init__()
        self.config = config
        channels, width, colours = config.shape[0], config.width, config.colours
        self.output: Output = OUTPUTS[config.output](channels, config.mixtures)
        self.first = MaskedConv2d(channels, 2 * width, FIRST_KERNEL, "A", colours)
        self.layers = nn.ModuleList(Layer(SWEEPS[config.cell](width, colours)) for _ in range(config.depth))
        self.head = Head(2 * width, self.output.maps, colours)
        if config.classes:
            self.label = nn.Linear(config.classes, config.depth * SWEEPS[config.cell].lanes * 4 * width, bias=False)

    # p(xᵢ | x₁ … xᵢ₋₁)

    def maps(self, x: Images, y: Labels | None = None) -> Maps:
        """Give the parameters of every pixel's distribution, (batch, maps of the output, height, width)."""
        h, additions = self.first(2 * x - 1), self.additions(y)
        for number, layer in enumerate(self.layers):
            h = layer(h, at_layer(additions, number))
        return self.head(h).float()

    def additions(self, y: Labels | None) -> Additions | None:
        """Give what a class adds to the gates of each layer; one of −1, "unknown", adds nothing."""
        if y is None or not self.config.classes:
            return None
        one_hot = y[:, None] == torch.arange(self.config.classes, device=y.device)
        added = self.label(one_hot.to(self.label.weight.dtype))
        return added.view(len(y), self.config.depth, -1, 1, 1)

    # Verbs

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images:
        """Draw pictures; there is no latent that a truncation could shorten."""
        device = next(self.parameters()).device
        u = noise.uniform(seeds, self.config.shape).to(device)
        hidden = torch.ones_like(u[:, :1], dtype=torch.bool)
        return self.complete(torch.zeros_like(u), hidden, u, 0, u[0, 0].numel(), y)

    def log_prob(self, x: Images, y: Labels | None = None) -> PerImage:
        return self.log_probs(x, y).flatten(1).sum(1)

    def complete(
        self, x: Images, hidden: Masks, noise: Images, first: int, last: int, y: Labels | None = None
    ) -> Images:
        return complete_naively(self, x, hidden, noise, first, last, y)

    def conditionals(self, x: Images, y: Labels | None = None) -> Chances:
        h, values = self.maps(x, y).movedim(1, -1), x.movedim(1, -1)
        return torch.stack([self.output.chances(h, values, channel) for channel in range(x.shape[1])], dim=1)

    def log_probs(self, x: Images, y: Labels | None = None) -> Images:
        h, values = self.maps(x, y).movedim(1, -1), x.movedim(1, -1)
        return self.output.log_probs(h, values).movedim(-1, 1)


class Layer(nn.Module):
    """An LSTM that reads 2h maps and adds 2h maps to them (figure 5, right)."""

    def __init__(self, sweep: Sweep) -> None:
        super().__init__()
        self.sweep = sweep
        self.widen = MaskedConv2d(sweep.width, 2 * sweep.width, 1, "B", sweep.colours)

    def forward(self, x: Maps, addition: Maps | float) -> Maps:
        return x + self.widen(self.sweep(x, addition))
