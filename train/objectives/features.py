"""How far pictures are apart in what a critic sees of them.

Larsen et al., "Autoencoding beyond pixels using a learned similarity metric", ICML 2016; features of unit length: Zhang
et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018, equation 1.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def apart(seen: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Mean squared distance of maps (batch, channel, height, width), of unit length at each place, a scalar.

    What is wanted gets no gradient.
    """
    pairs = zip(seen, wanted, strict=True)
    return torch.stack([(unit(here) - unit(there.detach())).square().sum(1).mean() for here, there in pairs]).mean()


def unit(maps: Tensor) -> Tensor:
    return F.normalize(maps.float())
