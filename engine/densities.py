"""log p(x) of pictures by any explicit model: exact where it scores, else a bound at one draw of its posterior."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from engine.aliases import Images, Latents, PerImage
from engine.verbs import Bounds, Scores

ByClass = Float[Tensor, "batch class"]


def by_class(model: Scores | Bounds, classes: int, x: Images, noise: Latents | None = None) -> ByClass:
    """Give log p(x|y), or the bound at the draw that `noise` makes, for every class; of a model without, log p(x)."""
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
