"""PixelRNN: p(x) = Π p(xᵢ | x₁ … xᵢ₋₁) in raster order, each factor read off LSTMs that sweep over the picture.

van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016 (arXiv 1601.06759), sections 3.1 to 3.4, table 1 and
equation 3; classes as in their "Conditional Image Generation with PixelCNN Decoders", NeurIPS 2016, equation 4.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import nn

from engine.errors import BadValue
from engine.nn import noise
from engine.nn.autoregressive.conv_lstm import CellName, RecurrentStack
from engine.nn.autoregressive.distributions import DISTRIBUTIONS, DistributionName
from engine.nn.autoregressive.pixel_net import PixelNet
from engine.nn.autoregressive.raster import Raster
from engine.nn.autoregressive.stacks import Conditioning, class_conditioning
from engine.nn.nets import Shape, check_sizes
from engine.types import Images, Labels, Masks, PerImage, Probs


@dataclass(frozen=True)
class PixelRNNConfig:
    """A PixelRNN's sizes, the way of its LSTMs and the distribution of its values."""

    shape: Shape = (1, 28, 28)  # channel, height, width of a picture
    cell: CellName = "diagonal"  # row by row, blind beside a triangle; or along both diagonals, blind to nothing
    width: int = 64  # of an LSTM's state; between the layers are twice as many feature maps
    depth: int = 3  # LSTMs
    output: DistributionName = "bernoulli"  # binary pixels, or a softmax or mixture of logistics over 256 levels
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
        return self.shape[0] if DISTRIBUTIONS[self.output].ordered else 1


class PixelRNN(nn.Module):
    """Samples, scores and completes."""

    def __init__(self, config: PixelRNNConfig) -> None:
        super().__init__()
        self.config = config
        channels, colours = config.shape[0], config.colours
        stack = RecurrentStack(config.cell, channels, config.width, config.depth, colours)
        self.net = PixelNet(stack, DISTRIBUTIONS[config.output](channels, config.mixtures), colours)
        if config.classes:
            self.label = nn.Linear(config.classes, config.depth * self.net.stack.gates, bias=False)

    # p(xᵢ | x₁ … xᵢ₋₁, y)

    def log_probs(self, x: Images, y: Labels | None = None) -> Images:
        return self.net.log_probs(x, self.condition_maps(y))

    def conditionals(self, x: Images, y: Labels | None = None) -> Probs:
        return self.net.conditionals(x, self.condition_maps(y))

    def condition_maps(self, y: Labels | None) -> Conditioning:
        if y is None or not self.config.classes:
            return ()
        return class_conditioning(self.label, y, self.config.depth)

    # Verbs

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images:
        """Draw pictures; there is no latent that a truncation could shorten."""
        u = noise.uniform(seeds, self.config.shape).to(next(self.parameters()).device)
        return self.net.fill(u, self.condition_maps(y))

    def complete(
        self, x: Images, hidden: Masks, noise: Images, first: int, last: int, y: Labels | None = None
    ) -> Images:
        return self.net.complete(x, hidden, noise, first, last, self.condition_maps(y))

    def draw(self, picture: Raster, first: int, last: int, y: Labels | None = None) -> Iterator[int]:
        """Draw as `complete` does, a pixel at a time, see `engine.nn.autoregressive.raster`."""
        return self.net.draw(picture, first, last, self.condition_maps(y))

    def log_prob(self, x: Images, y: Labels | None = None) -> PerImage:
        return self.log_probs(x, y).flatten(1).sum(1)
