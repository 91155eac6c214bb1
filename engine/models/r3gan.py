"""R3GAN: residual blocks, no normalization, and a game of pairs with both slopes of the critic kept small.

Huang, Gokaslan, Kuleshov and Tompkin, "The GAN is dead; long live the GAN! A Modern GAN Baseline", NeurIPS 2024 (arXiv
2501.05441). What makes the game one of pairs is the objective: relativistic, r1 and r2. Theirs has no style; here a
mapping network and scales (Karras et al., "A Style-Based Generator Architecture for Generative Adversarial Networks",
CVPR 2019) let few channels draw much.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from engine.errors import BadValue
from engine.nn.blocks import Upsampling
from engine.nn.nets import Decoder, Net, Shape, check_net, check_sizes, kaiming_init_, squashed
from engine.nn.prior import draw
from engine.types import Images, Labels, Latents


@dataclass(frozen=True)
class R3GANConfig:
    """The generator's sizes."""

    shape: Shape = (3, 64, 64)  # channel, height, width of a picture
    latent: int = 128
    net: Net = "residual"
    width: int = 48  # channels at half resolution
    depth: int = 1  # residual blocks at each resolution
    mapping: int = 2  # fully connected layers that bend the latent first
    upsampling: Upsampling = "interpolation"
    classes: int = 0  # 0: the label is not used

    def __post_init__(self) -> None:
        if self.net != "residual":
            raise BadValue(f"net is {self.net}; R3GAN is residual. For others, take family gan or dcgan.")
        check_net(self)
        check_sizes(self, mapping=0)


class R3GAN(nn.Module):
    """Samples and decodes."""

    def __init__(self, config: R3GANConfig) -> None:
        super().__init__()
        self.config = config
        self.decoder = Decoder(config, channels=config.shape[0], plays=True, mapping=config.mapping)
        kaiming_init_(self.decoder)

    def generate(self, z: Latents, y: Labels | None = None) -> Images:
        """Draw what the data are: pictures."""
        return squashed(self.decoder(z, y))

    # Verbs

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images:
        return self.decode(draw(self, seeds, truncation), y)

    def decode(self, z: Latents, y: Labels | None = None) -> Images:
        return self.generate(z, y)
