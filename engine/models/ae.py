"""Autoencoder: a code z = f(x) and its decoder x̂ = g(z), with no density on either.

Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks", Science 2006.
"""

from dataclasses import dataclass

from torch import nn

from engine.nn.blocks import Upsampling
from engine.nn.nets import Decoder, Encoder, Net, Shape, check_net, squashed
from engine.types import Images, Labels, Latents


@dataclass(frozen=True)
class AutoencoderConfig:
    """An autoencoder's sizes."""

    shape: Shape = (1, 28, 28)  # channel, height, width of a picture
    latent: int = 16  # length of the code
    net: Net = "dense"
    width: int = 400  # hidden units, or channels at half resolution
    depth: int = 2  # hidden layers, or residual blocks at each resolution
    upsampling: Upsampling = "interpolation"
    classes: int = 0  # 0: the label is not used

    def __post_init__(self) -> None:
        check_net(self)


class Autoencoder(nn.Module):
    """Encodes and decodes; it cannot sample, since it has no prior."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config, outputs=config.latent)
        self.decoder = Decoder(config, channels=config.shape[0])

    def encode(self, x: Images, y: Labels | None = None) -> Latents:
        return self.encoder(x, y)

    def decode(self, z: Latents, y: Labels | None = None) -> Images:
        return squashed(self.decoder(z, y))
