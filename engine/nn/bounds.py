"""The importance-weighted bound (Burda et al., "Importance Weighted Autoencoders", ICLR 2016, eq. 8)."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from engine.aliases import PerImage

ROWS = {"cuda": 4_000}  # of draws that go at once
ELSEWHERE = 200


def importance_bound(log_weights: Callable[[int], Tensor], samples: int, start: Tensor) -> PerImage:
    """log 1/k Σ p(x, zᵢ) / q(zᵢ|x), with k = samples.

    `log_weights` gives log p(x, z) / q(z|x) of so many draws, (draws, batch); `start` is any tensor with a row for each
    picture, on the device that they are computed on.
    """
    at_once = max(1, ROWS.get(start.device.type, ELSEWHERE) // len(start))
    counts = [min(at_once, samples - done) for done in range(0, samples, at_once)]
    return torch.cat([log_weights(count) for count in counts]).logsumexp(0) - math.log(samples)
