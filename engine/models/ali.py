"""Adversarially learned inference: G(z) and an encoder q(z|x), trained until no critic tells (x, z) pairs apart.

Dumoulin et al., "Adversarially Learned Inference", ICLR 2017 (arXiv 1606.00704). With `stochastic` off, the encoder is
a function: Donahue, Krähenbühl and Darrell, "Adversarial Feature Learning" (BiGAN), ICLR 2017 (arXiv 1605.09782).
The two joint distributions are q(x) q(z|x) and p(z) p(x|z) (section 2 of both).

With a flow, generator and encoder speak of a code, and z is the noise that the flow makes it from: one that begins as a
VAE with a flow for its prior draws and encodes as that does, before the first turn of the game.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.distributions import Normal

from engine.errors import BadValue
from engine.nn.blocks import Upsampling
from engine.nn.coupling import CouplingFlow
from engine.nn.nets import Decoder, Encoder, Net, Shape, check_net, check_sizes, kaiming_init_, squashed
from engine.nn.prior import draw
from engine.types import Images, Labels, Latents


@dataclass(frozen=True)
class ALIConfig:
    """Sizes of generator and encoder."""

    shape: Shape = (1, 28, 28)  # channel, height, width of a picture
    latent: int = 50
    net: Net = "conv"
    width: int = 32  # hidden units, or channels at half resolution
    depth: int = 1  # hidden layers, or residual blocks of the encoder at each resolution
    upsampling: Upsampling = "interpolation"
    classes: int = 0  # 0: the label is not used
    stochastic: bool = True  # False: BiGAN
    mapping: int = 0  # fully connected layers that bend the latent first: gaps between modes want a steep function
    deviation: Literal["picture", "axis"] = "picture"  # of q(z|x): the encoder's, or one an axis for all pictures
    flow_layers: int = 0  # between the latent and the code of generator and encoder; 0: they are one
    flow_width: int = 160  # hidden units of each of them

    def __post_init__(self) -> None:
        check_net(self)
        check_sizes(self, mapping=0, flow_layers=0, flow_width=1)
        if self.mapping and self.net == "dense":
            raise BadValue(f"mapping is {self.mapping} of a dense generator; give 0, or take --model.net conv.")


class ALI(nn.Module):
    """Samples, decodes and encodes."""

    def __init__(self, config: ALIConfig) -> None:
        super().__init__()
        self.config = config
        shared = not config.stochastic or config.deviation == "axis"
        self.encoder = Encoder(config, outputs=config.latent * (1 if shared else 2))
        if config.stochastic and config.deviation == "axis":
            self.log_deviation = nn.Parameter(torch.zeros(config.latent))
        self.decoder = Decoder(config, channels=config.shape[0], plays=True, mapping=config.mapping)
        kaiming_init_(self.decoder)
        self.flow = CouplingFlow(config.latent, config.flow_width, config.flow_layers)  # the identity without a layer

    # The two joint distributions

    def generate(self, z: Latents, y: Labels | None = None) -> Images:
        """Draw x of p(z) p(x|z); the generator is a function, as in the paper's experiments."""
        return squashed(self.decoder(self.flow.inverse(z), y))

    def pair(self, z: Latents, y: Labels | None = None) -> tuple[Images, Latents]:
        """Draw x for z, and give both as the critic judges them."""
        return self.generate(z, y), z

    def infer(self, x: Images, y: Labels | None = None) -> Latents:
        """Draw z of q(x) q(z|x), by the reparameterization of equation 3."""
        return self.flow(self.posterior(x, y).rsample())[0] if self.config.stochastic else self.encode(x, y)

    def posterior_sample(self, x: Images, noise: Latents, y: Labels | None = None) -> Latents:
        """Return the draw of q(z|x) that this noise makes."""
        if not self.config.stochastic:
            return self.encode(x, y)
        q = self.posterior(x, y)
        return self.flow(q.mean + q.stddev * noise)[0]

    def posterior(self, x: Images, y: Labels | None = None) -> Normal:
        """q(code|x)."""
        mean = self.encoder(x, y).float()
        if self.config.deviation == "axis":
            log_deviation = self.log_deviation.float().expand_as(mean)
        else:
            mean, log_deviation = mean.chunk(2, dim=1)
        return Normal(mean, log_deviation.clamp(-10, 3).exp(), validate_args=False)

    def render(self, codes: Latents, y: Labels | None = None) -> Images:
        """Draw x of what was inferred."""
        return self.generate(codes, y)

    def log_posterior(self, x: Images, codes: Latents, y: Labels | None = None) -> Latents:
        """log q(z|x), axis by axis, in nats."""
        code = self.flow.inverse(codes)
        slopes: Latents = self.flow(code)[1]
        return self.flow.order(self.posterior(x, y).log_prob(code)) - slopes

    # Verbs

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images:
        return self.decode(draw(self, seeds, truncation), y)

    def decode(self, z: Latents, y: Labels | None = None) -> Images:
        return self.generate(z, y)

    def encode(self, x: Images, y: Labels | None = None) -> Latents:
        return self.flow(self.posterior(x, y).mean if self.config.stochastic else self.encoder(x, y).float())[0]
