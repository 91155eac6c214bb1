"""Bounds on log p(x): the terms of the ELBO, and the importance-weighted bound.

Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014, equation 3; Burda et al., "Importance Weighted
Autoencoders", ICLR 2016, equation 8.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.types import Images, Labels, Latents, PerImage

ROWS = {"cuda": 4_000}  # of draws that go at once
ELSEWHERE = 200


@dataclass(frozen=True, eq=False)
class BoundTerms:
    """The two terms of the ELBO, in nats, and the draw that they come from."""

    log_likelihood: PerImage  # E_q log p(x|z), by one sample
    kl: Latents  # what each axis adds to KL(q(z|x) ‖ p(z)), in closed form or by the sample
    z: Latents  # the sample

    @property
    def rate(self) -> PerImage:
        return self.kl.sum(1)

    @property
    def distortion(self) -> PerImage:
        return -self.log_likelihood

    @property
    def elbo(self) -> PerImage:
        return self.log_likelihood - self.rate


class Bounded(nn.Module):
    """A model with bounds: a family says what the terms of one are, and how draws of the posterior are weighed."""

    def evidence(self, x: Images, y: Labels | None = None, noise: Latents | None = None) -> BoundTerms:
        raise NotImplementedError

    def weigher(self, x: Images, y: Labels | None) -> Callable[[int], Tensor]:
        """Return what gives log p(x, z) / q(z|x) of so many draws of each picture, (draws, batch)."""
        raise NotImplementedError

    def elbo(self, x: Images, y: Labels | None = None) -> PerImage:
        return self.evidence(x, y).elbo

    def log_weights(self, x: Images, samples: int, y: Labels | None = None) -> Tensor:  # (samples, batch)
        """log p(x, z) / q(z|x) of so many draws of each picture."""
        return in_parts(self.weigher(x, y), samples, x)

    def importance_bound(self, x: Images, samples: int, y: Labels | None = None) -> PerImage:
        """log 1/k Σ p(x, zᵢ) / q(zᵢ|x) with k = samples: at least the ELBO on average, growing with k."""
        return importance_bound(self.log_weights(x, samples, y))


def in_parts(log_weights: Callable[[int], Tensor], samples: int, start: Tensor) -> Tensor:  # (samples, batch)
    """Compute log p(x, zᵢ) / q(zᵢ|x) of many draws, as many at once as a device takes well.

    `log_weights` gives those of so many draws, (draws, batch); `start` is any tensor with a row for each picture, on
    the device that they are computed on.
    """
    at_once = max(1, ROWS.get(start.device.type, ELSEWHERE) // len(start))
    counts = [min(at_once, samples - done) for done in range(0, samples, at_once)]
    return torch.cat([log_weights(count) for count in counts])


def importance_bound(log_weights: Tensor) -> PerImage:
    """log 1/k Σ p(x, zᵢ) / q(zᵢ|x) of k draws, (k, batch): at least the ELBO on average, growing with k."""
    return log_weights.logsumexp(0) - math.log(len(log_weights))


def mean_terms(rate: Tensor, distortion: Tensor) -> Tensor:  # (batch, draw) each → (batch, 5)
    """Return the mean rate and distortion of several draws, and the standard errors of these and of the bound.

    The errors of both terms do not add up to that of the bound: a draw that is improbable may explain much.
    """
    terms = torch.stack([rate, distortion, rate + distortion], 2)
    errors = terms.std(1) / math.sqrt(rate.shape[1])
    return torch.cat([terms.mean(1)[:, :2], errors], 1)
