"""Likelihoods p(x|z) of a picture, given the decoder's feature maps h.

Each row of LIKELIHOODS knows how many maps it wants per channel of the picture, its mean, its log-density and
how a uniform draw becomes a picture. Pictures are in [0, 1]; log-densities are in nats, summed over a picture.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nn.nets import squashed
from engine.types import Images, Maps, PerImage

LEVELS = 256
SMALLEST_LOG_DEVIATION = -6.8  # log of 1/256/√12, the deviation of dequantization noise
LARGEST_LOG_DEVIATION = 3.0  # of pixels in [0, 1]: all but flat

LikelihoodName = Literal["bernoulli", "gaussian", "gaussian-shared", "logistic"]


class Bernoulli(nn.Module):
    """Binary pixels; h is the logit."""

    maps = 1

    def mean(self, h: Maps) -> Images:
        return squashed(h)

    def log_prob(self, h: Maps, x: Images) -> PerImage:
        return -F.binary_cross_entropy_with_logits(h, x, reduction="none").flatten(1).sum(1)

    def draw(self, h: Maps, u: Images) -> Images:
        return (u < h.sigmoid()).to(h.dtype)


class Gaussian(nn.Module):
    """Continuous pixels with a learned mean and deviation per pixel."""

    maps = 2

    def mean(self, h: Maps) -> Images:
        return squashed(h.chunk(2, dim=1)[0])

    def log_prob(self, h: Maps, x: Images) -> PerImage:
        return gaussian_log_density(x, self.mean(h), self.log_deviation(h))

    def draw(self, h: Maps, u: Images) -> Images:
        return (self.mean(h) + self.log_deviation(h).exp() * torch.special.ndtri(u)).clamp(0, 1)

    def log_deviation(self, h: Maps) -> Images:
        raw = h.chunk(2, dim=1)[1] - 2  # starts at about e⁻², the spread of an ordinary picture
        return bounded(raw)


class SharedGaussian(nn.Module):
    """Continuous pixels with a learned mean per pixel and one learned deviation for all."""

    maps = 1

    def __init__(self) -> None:
        super().__init__()
        self.log_deviation = nn.Parameter(torch.tensor(-2.0))

    def mean(self, h: Maps) -> Images:
        return squashed(h)

    def log_prob(self, h: Maps, x: Images) -> PerImage:
        return gaussian_log_density(x, self.mean(h), self.log_deviation)

    def draw(self, h: Maps, u: Images) -> Images:
        return (self.mean(h) + self.log_deviation.exp() * torch.special.ndtri(u)).clamp(0, 1)


class DiscretizedLogistic(nn.Module):
    """256 grey levels; the mass of a level is that of a logistic over its bin (Kingma et al. 2016, appendix)."""

    maps = 2

    def mean(self, h: Maps) -> Images:
        return squashed(h.chunk(2, dim=1)[0])

    def log_prob(self, h: Maps, x: Images) -> PerImage:
        half = 0.5 / (LEVELS - 1)
        scale = self.log_scale(h).exp()
        upper, lower = (x - self.mean(h) + half) / scale, (x - self.mean(h) - half) / scale
        # log(σ(upper) − σ(lower)), without cancellation; the end bins reach to infinity.
        inside = F.logsigmoid(upper) + F.logsigmoid(-lower) + torch.log(-torch.expm1(-2 * half / scale))
        ends = torch.where(x < half, F.logsigmoid(upper), F.logsigmoid(-lower))
        return torch.where((x < half) | (x > 1 - half), ends, inside).flatten(1).sum(1)

    def draw(self, h: Maps, u: Images) -> Images:
        x = self.mean(h) + self.log_scale(h).exp() * torch.logit(u, eps=1e-6)
        return (x.clamp(0, 1) * (LEVELS - 1)).round() / (LEVELS - 1)

    def log_scale(self, h: Maps) -> Images:
        raw = h.chunk(2, dim=1)[1] - 2.5
        return bounded(raw)


Likelihood = Bernoulli | Gaussian | SharedGaussian | DiscretizedLogistic

LIKELIHOODS: dict[str, type[Likelihood]] = {
    "bernoulli": Bernoulli,
    "gaussian": Gaussian,
    "gaussian-shared": SharedGaussian,
    "logistic": DiscretizedLogistic,
}


def bounded(raw: Maps) -> Maps:
    """Keep a logarithm of a deviation between dequantization noise and flatness, where a stray latent overflows."""
    return (SMALLEST_LOG_DEVIATION + F.softplus(raw - SMALLEST_LOG_DEVIATION)).clamp(max=LARGEST_LOG_DEVIATION)


def gaussian_log_density(x: Images, mean: Images, log_deviation: Tensor) -> PerImage:
    """log N(x; mean, e^(2·log_deviation)), summed over each picture, in nats."""
    half_log_2pi = 0.9189385332046727
    density = -half_log_2pi - log_deviation - 0.5 * ((x - mean) * torch.exp(-log_deviation)) ** 2
    return density.flatten(1).sum(1)
