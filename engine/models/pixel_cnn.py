"""PixelCNN: p(x) = Π p(xᵢ | x₁ … xᵢ₋₁) in raster order, each factor read off a masked convolutional network.

van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016 (arXiv 1601.06759), equations 1 and 2; with `gated`
and classes "Conditional Image Generation with PixelCNN Decoders", NeurIPS 2016 (arXiv 1606.05328), equations 2 to 4.
"""

from dataclasses import dataclass

import torch
from torch import nn

from engine.errors import BadValue
from engine.nn.autoregressive.distributions import DistributionName
from engine.nn.autoregressive.pixel_net import PixelModel, PixelSizes
from engine.nn.autoregressive.stacks import Conditioning, GatedStack, PlainStack, StackSizes
from engine.nn.nets import Shape, check_sizes
from engine.types import Labels


@dataclass(frozen=True)
class PixelCNNConfig(PixelSizes):
    """A PixelCNN's sizes and the distribution of its values."""

    shape: Shape = (1, 28, 28)  # channel, height, width of a picture
    width: int = 64  # feature maps; the plain stack has twice as many between its blocks
    depth: int = 10  # layers, or residual blocks
    kernel: int = 3  # of all layers but the first
    gated: bool = True  # two stacks without a blind spot; else the first paper's residual blocks
    output: DistributionName = "bernoulli"  # binary pixels, or a softmax or mixture of logistics over 256 levels
    mixtures: int = 10  # logistics
    dropout: float = 0.0
    classes: int = 0  # 0: the label is not used
    position_bias_layers: int = 0  # layers in which every pixel has biases of its own; those above get the last one's

    def __post_init__(self) -> None:
        check_sizes(self, width=1, depth=1, kernel=3, mixtures=1, classes=0, position_bias_layers=0)
        if self.position_bias_layers > self.depth:
            raise BadValue(
                f"position_bias_layers is {self.position_bias_layers} of {self.depth} layers; take as many at most."
            )
        if self.kernel % 2 == 0:
            raise BadValue(f"kernel is {self.kernel}; a pixel stands in its middle, so that it has to be odd.")
        if not 0 <= self.dropout < 1:
            raise BadValue(f"dropout is {self.dropout}; a share lies from 0 to just below 1.")
        self.check_width()


class PixelCNN(PixelModel):
    """Samples, scores and completes."""

    config: PixelCNNConfig

    def __init__(self, config: PixelCNNConfig) -> None:
        sizes = StackSizes(config.shape[0], config.width, config.depth, config.kernel, config.colours, config.dropout)
        super().__init__(config, GatedStack(sizes) if config.gated else PlainStack(sizes))
        if config.position_bias_layers:  # 2nd paper, section 2.3, of a condition that is the same for all pictures
            self.places = nn.Parameter(
                torch.zeros(config.position_bias_layers, self.net.stack.gates, *config.shape[1:])
            )

    def condition_maps(self, y: Labels | None) -> Conditioning:
        places = (self.places[None].movedim(2, -1),) if self.config.position_bias_layers else ()
        return (*places, *super().condition_maps(y))
