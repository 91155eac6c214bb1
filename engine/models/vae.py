"""Variational autoencoder: p(z) = N(0, I), p(x|z) a decoder, q(z|x) a diagonal Gaussian encoder.

Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014 (arXiv 1312.6114); equation numbers are theirs.
The importance-weighted bound is equation 8 of Burda et al., "Importance Weighted Autoencoders", ICLR 2016.
With classes it is the conditional model p(x|z, y) of Sohn et al., NeurIPS 2015.

With a flow the code between encoder and decoder has a learnt prior, fitted to the aggregate posterior in a second
stage, which teaches neither of them: Dai and Wipf, "Diagnosing and Enhancing VAE Models", ICLR 2019 (arXiv 1903.05789),
with a flow for their second VAE. The latent z of the verbs is the noise that the flow makes the code from, so that p(z)
is N(0, I) still.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.distributions import Normal

from engine.errors import BadValue
from engine.nn.blocks import Upsampling
from engine.nn.bounds import Bounded, BoundTerms
from engine.nn.coupling import CouplingFlow
from engine.nn.likelihoods import LIKELIHOODS, Likelihood, LikelihoodName
from engine.nn.nets import Decoder, Encoder, Net, Shape, Sizes, check_net, check_sizes
from engine.nn.prior import draw
from engine.types import Context, Images, Labels, Latents, Maps


@dataclass(frozen=True)
class VAEConfig:
    """A variational autoencoder's sizes and its likelihood."""

    shape: Shape = (1, 28, 28)  # channel, height, width of a picture
    latent: int = 20
    net: Net = "dense"
    width: int = 400  # hidden units, or channels at half resolution
    depth: int = 2  # hidden layers, or residual blocks at each resolution
    likelihood: LikelihoodName = "bernoulli"
    upsampling: Upsampling = "interpolation"
    classes: int = 0  # 0: the label is not used
    deviation: Literal["picture", "axis"] = (
        "picture"  # of the posterior: the encoder's, or one an axis for all pictures
    )
    flow_layers: int = 0  # of the prior of the code; 0: it is N(0, I)
    flow_width: int = 160  # hidden units of each of them

    def __post_init__(self) -> None:
        check_net(self)
        check_sizes(self, flow_layers=0, flow_width=1)
        if self.flow_layers and self.latent < 2:
            raise BadValue("A flow couples axes, and latent is 1; take --model.flow-layers 0, or 2 axes or more.")


@dataclass(frozen=True, eq=False)
class VAEEvidence(BoundTerms):
    """The terms of the bound, and what they were computed from."""

    q: Normal  # q(code|x)
    code: Latents  # the draw of it
    maps: Maps  # the parameters of p(x|code)


class GaussianVAE(Bounded):
    """What models share whose encoder makes a Gaussian, a flow bending its draw before or behind the decoder's code."""

    config: Sizes
    likelihood: Likelihood
    decoder: Decoder

    def start(self, x: Images, y: Labels | None = None) -> tuple[Normal, Context]:
        """Return the encoder's Gaussian and what else it tells the flow."""
        raise NotImplementedError

    def bend(self, start: Latents, h: Context) -> tuple[Latents, Latents]:
        """Return z and what each of its axes adds to log |∂z/∂start|; the draw itself where there is no flow."""
        raise NotImplementedError

    def ordered(self, terms: Latents) -> Latents:
        """Put what belongs to the axes of the draw where the flow leaves them."""
        return terms

    def code(self, z: Latents) -> Latents:
        """Return what is decoded for z."""
        return z

    def decoded(self, start: Latents, z: Latents) -> Latents:
        """Return the same, of a draw that is at hand."""
        return z

    def maps(self, code: Latents, y: Labels | None = None) -> Maps:
        """Return the parameters of p(x|code), (batch, channel · maps of the likelihood, height, width)."""
        maps: Maps = self.decoder(code, y).float()
        return maps

    # Verbs

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images:
        return self.decode(draw(self, seeds, truncation), y)

    def decode(self, z: Latents, y: Labels | None = None) -> Images:
        return self.likelihood.mean(self.maps(self.code(z), y))

    def encode(self, x: Images, y: Labels | None = None) -> Latents:
        """Return what the Gaussian's mean is bent to: the posterior's mean where there is no flow."""
        q, h = self.start(x, y)
        return self.bend(q.mean, h)[0]

    def posterior_sample(self, x: Images, noise: Latents, y: Labels | None = None) -> Latents:
        q, h = self.start(x, y)
        return self.bend(q.mean + q.stddev * noise, h)[0]

    # Densities

    def evidence(self, x: Images, y: Labels | None = None, noise: Latents | None = None) -> VAEEvidence:
        """Both terms of the bound by one reparameterized sample (eq. 7); the KL in closed form (eq. 10, appendix B).

        The sample is that of the noise, where it is given. What a flow adds to the rate is estimated by the sample.
        """
        q, h = self.start(x, y)
        start = q.rsample() if noise is None else q.mean + q.stddev * noise
        z, log_slopes = self.bend(start, h)
        code, kl = self.decoded(start, z), standard_kl(q)
        if z is not start:
            kl = self.ordered(kl - 0.5 * start**2) + 0.5 * z**2 - log_slopes
        maps = self.maps(code, y)
        return VAEEvidence(self.likelihood.log_prob(maps, x), kl, z, q, code, maps)

    def weigher(self, x: Images, y: Labels | None) -> Callable[[int], Tensor]:
        q, h = self.start(x, y)

        def weighed(count: int) -> Tensor:  # (count, batch)
            mean, deviation = q.mean.repeat(count, 1), q.stddev.repeat(count, 1)
            noise = torch.randn_like(mean)
            start = mean + deviation * noise
            z, log_slopes = self.bend(start, h.repeat(count, 1))
            # log p(z) − log q(z|x); a constant that both have is left out
            log_ratio = (log_slopes - 0.5 * z**2).sum(1) + (0.5 * noise**2 + deviation.log()).sum(1)
            maps = self.maps(self.decoded(start, z), None if y is None else y.repeat(count))
            return (self.likelihood.log_prob(maps, x.repeat(count, 1, 1, 1)) + log_ratio).view(count, -1)

        return weighed


class VAE(GaussianVAE):
    """Samples, decodes, encodes and bounds."""

    config: VAEConfig

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        self.config = config
        self.likelihood = LIKELIHOODS[config.likelihood]()
        self.encoder = Encoder(config, outputs=config.latent if config.deviation == "axis" else 2 * config.latent)
        if config.deviation == "axis":
            self.log_deviation = nn.Parameter(torch.zeros(config.latent))
        self.decoder = Decoder(config, channels=config.shape[0] * self.likelihood.maps)
        self.flow = CouplingFlow(config.latent, config.flow_width, config.flow_layers)  # the identity without a layer

    def posterior(self, x: Images, y: Labels | None = None) -> Normal:
        """q(code|x)."""
        mean: Latents = self.encoder(x, y).float()
        if self.config.deviation == "axis":
            log_deviation = self.log_deviation.float().expand_as(mean)
        else:
            mean, log_deviation = mean.chunk(2, dim=1)
        return Normal(mean, log_deviation.clamp(-10, 10).exp(), validate_args=False)

    def start(self, x: Images, y: Labels | None = None) -> tuple[Normal, Context]:
        q = self.posterior(x, y)
        return q, q.mean[:, :0]

    def bend(self, start: Latents, h: Context) -> tuple[Latents, Latents]:
        bent: tuple[Latents, Latents] = self.flow(start)
        return bent

    def ordered(self, terms: Latents) -> Latents:
        return self.flow.order(terms)

    def code(self, z: Latents) -> Latents:
        return self.flow.inverse(z)

    def decoded(self, start: Latents, z: Latents) -> Latents:
        return start


def standard_kl(q: Normal) -> Latents:
    """KL(q ‖ N(0, I)), axis by axis, in nats (appendix B)."""
    kl: Latents = 0.5 * (q.mean**2 + q.variance - 1) - q.stddev.log()
    return kl
