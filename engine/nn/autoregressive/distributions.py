"""Distributions of a pixel's values, given the maps h of a network that has seen all the pixels before it.

All work on the last dimension: h is (…, maps), x and u are (…, channel). The channels of a pixel follow one after the
other. Where `ordered`, a network tells them apart by its masks; where not, the distribution does so itself.
The mixture: Salimans et al., "PixelCNN++", ICLR 2017, section 2.1 and 2.2.
"""

from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional as F

DistributionName = Literal["bernoulli", "softmax", "logistic"]
BYTES = 256
HALF = 1 / (BYTES - 1)  # of the width of a level, where values go from −1 to 1
SMALLEST_LOG_SCALE, LARGEST_LOG_SCALE = -7.0, 5.0  # all but a point, all but flat


@runtime_checkable
class Distribution(Protocol):
    """A row of DISTRIBUTIONS."""

    levels: int  # of a value: it is level / (levels − 1)
    ordered: bool
    maps: int  # that it wants of a pixel

    def log_probs(self, h: Tensor, x: Tensor) -> Tensor:
        """Compute the log-probability of each value, (…, channel), in nats."""
        ...

    def probs(self, h: Tensor, x: Tensor, channel: int) -> Tensor:
        """Compute the probability of each level of a channel, (…, levels), given those before it in x."""
        ...

    def means(self, h: Tensor, x: Tensor) -> Tensor:
        """Compute the mean of each value, (…, channel), given those before it in x."""
        ...


class PixelBernoulli:
    """Binary values; h are the logits."""

    levels, ordered = 2, True

    def __init__(self, channels: int, mixtures: int) -> None:
        self.maps = channels

    def log_probs(self, h: Tensor, x: Tensor) -> Tensor:
        return -F.binary_cross_entropy_with_logits(h, x, reduction="none")

    def probs(self, h: Tensor, x: Tensor, channel: int) -> Tensor:
        logit = h[..., channel, None]
        return torch.cat([-logit, logit], dim=-1).sigmoid()

    def means(self, h: Tensor, x: Tensor) -> Tensor:
        return h.sigmoid()


class PixelSoftmax:
    """Any distribution of 256 levels; h are their logits."""

    levels, ordered = BYTES, True

    def __init__(self, channels: int, mixtures: int) -> None:
        self.channels, self.maps = channels, channels * BYTES

    def log_probs(self, h: Tensor, x: Tensor) -> Tensor:
        level = (x * (BYTES - 1)).round().long()
        logits = h.unflatten(-1, (self.channels, BYTES))
        return logits.gather(-1, level[..., None])[..., 0] - logits.logsumexp(-1)

    def probs(self, h: Tensor, x: Tensor, channel: int) -> Tensor:
        return h[..., channel * BYTES : (channel + 1) * BYTES].softmax(-1)

    def means(self, h: Tensor, x: Tensor) -> Tensor:
        return h.unflatten(-1, (self.channels, BYTES)).softmax(-1) @ torch.linspace(0, 1, BYTES, device=h.device)


class LogisticMixture:
    """A mixture of logistics over 256 levels: a level has the mass of its bin, and the end bins reach to infinity.

    A pixel's channels share the choice of the component, whose mean follows the channels before linearly.
    """

    levels, ordered = BYTES, False

    def __init__(self, channels: int, mixtures: int) -> None:
        self.channels, self.mixtures = channels, mixtures
        self.parts = (1, channels, channels, channels * (channels - 1) // 2)  # weight, mean, log-scale, slope
        self.maps = mixtures * sum(self.parts)

    def log_probs(self, h: Tensor, x: Tensor) -> Tensor:
        values = 2 * x - 1
        weights, means, log_scales = self.components(h, values)
        masses = log_mass(values[..., None], means, log_scales)
        before = weights + F.pad(masses.cumsum(-2), (0, 0, 1, -1))
        return (before + masses).logsumexp(-1) - before.logsumexp(-1)

    def probs(self, h: Tensor, x: Tensor, channel: int) -> Tensor:
        values = 2 * x - 1
        weights, means, log_scales = (part[..., : channel + 1, :] for part in self.components(h, values))
        earlier = slice(0, channel)
        masses = log_mass(values[..., earlier, None], means[..., earlier, :], log_scales[..., earlier, :])
        share = (weights[..., 0, :] + masses.sum(-2)).softmax(-1)
        edges = torch.linspace(-1 + HALF, 1 - HALF, BYTES - 1, device=h.device)[:, None]
        below = torch.sigmoid((edges - means[..., channel, None, :]) * (-log_scales[..., channel, None, :]).exp())
        cumulative = (below @ share[..., None])[..., 0]
        return F.pad(cumulative, (0, 1), value=1.0) - F.pad(cumulative, (1, 0))

    def means(self, h: Tensor, x: Tensor) -> Tensor:
        """Compute means before what lies beyond the end bins is moved into them."""
        values = 2 * x - 1
        weights, means, log_scales = self.components(h, values)
        masses = log_mass(values[..., None], means, log_scales)
        shares = (weights + F.pad(masses.cumsum(-2), (0, 0, 1, -1))).softmax(-1)
        return (0.5 + 0.5 * (shares * means).sum(-1)).clamp(0, 1)

    def components(self, h: Tensor, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute log-weights (…, 1, mixture), means and log-scales (…, channel, mixture)."""
        weights, means, log_scales, slopes = h.unflatten(-1, (-1, self.mixtures)).split(self.parts, dim=-2)
        rows, at = [], 0
        for channel in range(self.channels):
            slope = slopes[..., at : at + channel, :].tanh()
            rows.append(means[..., channel, :] + (slope * values[..., :channel, None]).sum(-2))
            at += channel
        return weights.log_softmax(-1), torch.stack(rows, -2), log_scales.clamp(SMALLEST_LOG_SCALE, LARGEST_LOG_SCALE)


DISTRIBUTIONS: dict[str, type[PixelBernoulli | PixelSoftmax | LogisticMixture]] = {
    "bernoulli": PixelBernoulli,
    "softmax": PixelSoftmax,
    "logistic": LogisticMixture,
}


def log_mass(values: Tensor, means: Tensor, log_scales: Tensor) -> Tensor:
    """Compute the log of a logistic's mass in the bin around each value, without cancellation."""
    scales = log_scales.exp()
    upper, lower = (values - means + HALF) / scales, (values - means - HALF) / scales
    inside = F.logsigmoid(upper) + F.logsigmoid(-lower) + torch.log(-torch.expm1(-2 * HALF / scales))
    low, high = values < -1 + HALF, values > 1 - HALF
    return torch.where(low, F.logsigmoid(upper), torch.where(high, F.logsigmoid(-lower), inside))


def sample(probs: Tensor, u: Tensor) -> Tensor:
    """Draw values in [0, 1] of (…, levels) probabilities: the inverse of the cumulative distribution at u (…)."""
    cumulative = probs.cumsum(-1)[..., :-1]
    return (cumulative <= u[..., None]).sum(-1) / (probs.shape[-1] - 1)
