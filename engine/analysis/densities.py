"""log p(x) of pictures by any explicit model: exact where it scores, else a bound at one draw of its posterior."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from engine.analysis.outliers import LEVELS, Support
from engine.protocols import Bounds, Scores
from engine.types import Images, Latents, PerImage

ByClass = Float[Tensor, "batch class"]


def asked(x: Images, over: Support) -> Images:
    """Return the bytes of pictures, in [0, 1], as a likelihood takes them: a density at the middle of each one's bin.

    It was taught on (byte + u) / 256 with u uniform in [0, 1), of which byte / 255 is no middle: 0 and 1 are the edges.
    """
    return (x * (LEVELS - 1) + 0.5) / LEVELS if over == "density" else x


def by_class(model: Scores | Bounds, classes: int, x: Images, noise: Latents | None = None) -> ByClass:
    """Return log p(x|y), or the bound at the draw that `noise` makes, for every class; of a model without, log p(x)."""
    count = max(1, classes)
    y = torch.arange(classes, device=x.device).repeat(len(x)) if classes else None
    many = x.repeat_interleave(count, 0)
    if isinstance(model, Scores):
        nats = model.log_prob(many, y)
    else:
        evidence = model.evidence(many, y, None if noise is None else noise.repeat_interleave(count, 0))
        nats = -evidence.rate - evidence.distortion
    return nats.reshape(len(x), count)


def marginal(log_probs: ByClass) -> PerImage:
    """log p(x) = log Σ p(x|y) p(y), all classes being as likely; of bounds a bound."""
    return log_probs.logsumexp(1) - math.log(log_probs.shape[1])
