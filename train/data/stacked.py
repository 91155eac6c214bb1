"""Stacked MNIST: three digits drawn at random, one to a colour channel, so that there are a thousand modes to count.

Metz et al., "Unrolled Generative Adversarial Networks", ICLR 2017; as many pictures as Lin et al., "PacGAN", NeurIPS
2018, section 4.2, trained on.
"""

from __future__ import annotations

import dataclasses

import torch

from .base import Dataset, Split
from .fixed import open_mnist
from .search import Query, require_shape

SHAPE = (3, 28, 28)
TRAIN, TEST = 128_000, 10_000


def open_stacked(query: Query) -> Dataset:
    """Open stacked digits of MNIST's own splits, the same ones always; the class is the number they spell."""
    require_shape(query, SHAPE)
    digits = open_mnist(dataclasses.replace(query, shape=None))
    train, test = stack(digits.train, TRAIN, seed=0), stack(digits.test, TEST, seed=1)
    return Dataset(query.name, train, test, None, tuple(f"{n:03}" for n in range(1000)), digits.terms, SHAPE)


def stack(digits: Split, count: int, seed: int) -> Split:
    """Draw pictures of three digits each; red is the hundreds."""
    assert digits.y is not None
    rows = torch.randint(len(digits), (count, 3), generator=torch.Generator().manual_seed(seed))
    return Split(digits.pictures[:, 0][rows], (digits.y[rows] * torch.tensor([100, 10, 1])).sum(1))
