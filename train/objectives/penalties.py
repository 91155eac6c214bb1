"""Penalties on the slope of a critic, in float32: the second derivative of bfloat16 is noise.

A sample is one tensor or several (x, or x and z), a row each; with packing several rows share a score, whose slope is
taken with respect to all of them.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Score = Callable[..., Tensor]


def squared_slope(score: Score, sample: Sequence[Tensor]) -> Tensor:
    """E ‖∇s‖², a scalar: R1 on data, R2 on made samples (Mescheder et al., ICML 2018, equation 9, without γ/2)."""
    return slopes(score, sample).square().sum(1).mean()


def gradient_penalty(score: Score, real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """E (‖∇s‖ − 1)² on the lines between real and made samples, a scalar (WGAN-GP: Gulrajani et al. 2017, eq. 3)."""
    share = torch.rand(len(real[0]), device=real[0].device)
    interpolated = [torch.lerp(a, b, share.view(-1, *[1] * (a.dim() - 1))) for a, b in zip(real, fake, strict=True)]
    return (slopes(score, interpolated).norm(dim=1) - 1).square().mean()


def slopes(score: Score, sample: Sequence[Tensor]) -> Tensor:
    """Return ∇s at each sample, (scores, numbers of a sample), itself differentiable."""
    with torch.autocast(sample[0].device.type, enabled=False):
        at = [part.detach().float().requires_grad_() for part in sample]
        scores = score(*at)
        gradients = torch.autograd.grad(scores.sum(), at, create_graph=True)
        return torch.cat([gradient.reshape(len(scores), -1) for gradient in gradients], dim=1)
