"""Deep convolutional GAN: the latent is projected to a small map, then doubled until it is a picture.

Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
Networks", ICLR 2016 (arXiv 1511.06434), section 3: batch norm after every layer but the last, ReLU, tanh at the end.
Theirs doubles by transposed convolution, which leaves a checkerboard; interpolation with a convolution does not (Odena
et al., "Deconvolution and Checkerboard Artifacts", Distill 2016).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from engine.nn.blocks import Upsampling
from engine.nn.nets import Shape, check_halves, check_sizes, dcgan_pictures, with_label
from engine.nn.prior import draw
from engine.types import Images, Labels, Latents


@dataclass(frozen=True)
class DCGANConfig:
    """A convolutional generator's sizes."""

    shape: Shape = (1, 28, 28)  # channel, height, width of a picture
    latent: int = 100
    width: int = 32  # channels at half resolution, twice as many at each halving
    upsampling: Upsampling = "interpolation"
    classes: int = 0  # 0: the label is not used
    mapping: int = 0  # fully connected layers that bend the latent first: gaps between modes want a steep function

    def __post_init__(self) -> None:
        check_sizes(self, latent=1, width=1, classes=0, mapping=0)
        check_halves(self.shape, "take family gan")


class DCGAN(nn.Module):
    """Samples and decodes."""

    def __init__(self, config: DCGANConfig) -> None:
        super().__init__()
        self.config = config
        self.generator = nn.Sequential(*dcgan_pictures(config, config.shape[0], config.mapping), nn.Tanh())

    def generate(self, z: Latents, y: Labels | None = None) -> Images:
        """Draw what the data are: pictures."""
        return 0.5 + 0.5 * self.generator(with_label(z, y, self.config.classes)).float()

    # Verbs

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images:
        return self.decode(draw(self, seeds, truncation), y)

    def decode(self, z: Latents, y: Labels | None = None) -> Images:
        return self.generate(z, y)
