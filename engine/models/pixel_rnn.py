"""PixelRNN: p(x) = Π p(xᵢ | x₁ … xᵢ₋₁) in raster order, each factor read off LSTMs that sweep over the picture.

van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016 (arXiv 1601.06759), sections 3.1 to 3.4, table 1 and
equation 3; classes as in their "Conditional Image Generation with PixelCNN Decoders", NeurIPS 2016, equation 4.
"""

from dataclasses import dataclass

from engine.nn.autoregressive.conv_lstm import CellName, RecurrentStack
from engine.nn.autoregressive.distributions import DistributionName
from engine.nn.autoregressive.pixel_net import PixelModel, PixelSizes
from engine.nn.nets import Shape, check_sizes


@dataclass(frozen=True)
class PixelRNNConfig(PixelSizes):
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
        self.check_width()


class PixelRNN(PixelModel):
    """Samples, scores and completes."""

    config: PixelRNNConfig

    def __init__(self, config: PixelRNNConfig) -> None:
        sizes = config.cell, config.shape[0], config.width, config.depth, config.colours
        super().__init__(config, RecurrentStack(*sizes))
