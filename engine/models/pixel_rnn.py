"""PixelRNN: p(x) = Π p(xᵢ | x₁ … xᵢ₋₁) in raster order, each factor read off LSTMs that sweep over the picture.

van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016 (arXiv 1601.06759), sections 3.1 to 3.4, table 1 and
equation 3; classes as in their "Conditional Image Generation with PixelCNN Decoders", NeurIPS 2016, equation 4.
"""

from dataclasses import dataclass

from torch import nn

from engine.errors import BadValue
from engine.nn.autoregressive.conv_lstm import CellName, RecurrentStack
from engine.nn.autoregressive.distributions import DISTRIBUTIONS, DistributionName
from engine.nn.autoregressive.pixel_net import PixelModel, PixelNet
from engine.nn.autoregressive.stacks import Conditioning, class_conditioning
from engine.nn.nets import Shape, check_sizes
from engine.types import Labels


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


class PixelRNN(PixelModel):
    """Samples, scores and completes."""

    config: PixelRNNConfig

    def __init__(self, config: PixelRNNConfig) -> None:
        super().__init__()
        self.config = config
        channels, colours = config.shape[0], config.colours
        stack = RecurrentStack(config.cell, channels, config.width, config.depth, colours)
        self.net = PixelNet(stack, DISTRIBUTIONS[config.output](channels, config.mixtures), colours)
        if config.classes:
            self.label = nn.Linear(config.classes, config.depth * self.net.stack.gates, bias=False)

    def condition_maps(self, y: Labels | None) -> Conditioning:
        if y is None or not self.config.classes:
            return ()
        return class_conditioning(self.label, y, self.config.depth)
