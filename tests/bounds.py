"""The law of bounds: the ELBO and importance-weighted bounds climb to the log-likelihood, which a sum over z knows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Normal

Joint = Callable[[Tensor, Tensor], Tensor]  # a picture for each latent, and these → log p(x|z)


def by_quadrature(log_likelihood: Joint, x: Tensor, axes: int, points: int, far: float = 6.0) -> Tensor:
    """log ∫ p(x|z) p(z) dz of each picture, by the trapezoidal rule from −far to far."""
    line = torch.linspace(-far, far, points)
    z = torch.cartesian_prod(*[line] * axes).view(-1, axes)
    joint = [log_likelihood(row[None].expand(len(z), -1, -1, -1), z) for row in x]
    log_prior = Normal(0.0, 1.0).log_prob(z).sum(1)
    return torch.logsumexp(torch.stack(joint) + log_prior, 1) + axes * math.log(2 * far / (points - 1))


def mean_and_error(draws: Tensor) -> tuple[Tensor, Tensor]:
    return draws.mean(-1), draws.std(-1) / draws.shape[-1] ** 0.5


def assert_bounds_climb(model: Any, x: Tensor, truth: Tensor, draws: int, samples: Sequence[int]) -> None:
    """Two pictures: more samples are nearer to the truth, never above it, and very many are there."""
    many = x.repeat_interleave(draws, 0)
    bounds = [model.elbo(many), *(model.importance_bound(many, k) for k in samples)]
    (elbo, few, more), errors = zip(*(mean_and_error(bound.view(2, -1)) for bound in bounds), strict=True)
    assert (elbo < few - 1e-3).all()
    assert (few < more - 1e-4).all()
    assert (more < truth + 5 * torch.stack(errors).max()).all()
    # The bias of k samples is about Var(w) / 2k, and these are a hundred thousand.
    closest = model.importance_bound(x.repeat_interleave(50, 0), 2_000).view(2, -1).mean(1)
    torch.testing.assert_close(closest, truth, rtol=0, atol=0.05)
