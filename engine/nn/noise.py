"""Noise that belongs to a picture: one CPU generator per seed, so that neighbours and devices change nothing."""

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.errors import BadValue

LARGEST_SEED = 2**32 - 1  # the CPU generator of torch keeps 32 bits: that of 2³² is that of 0


def normal(seeds: Sequence[int], shape: Sequence[int]) -> Tensor:
    """Draw standard normal noise, float32 (len(seeds), *shape), on the CPU."""
    return torch.cat([torch.empty(0, *shape), *(torch.randn(1, *shape, generator=generator(seed)) for seed in seeds)])


def uniform(seeds: Sequence[int], shape: Sequence[int]) -> Tensor:
    """Draw noise uniform in [0, 1), float32 (len(seeds), *shape), on the CPU."""
    return torch.cat([torch.empty(0, *shape), *(torch.rand(1, *shape, generator=generator(seed)) for seed in seeds)])


def generator(seed: int) -> torch.Generator:
    """Make the generator of one picture. Raises BadValue for a seed outside 0 … 2³² − 1."""
    return torch.Generator().manual_seed(check_seed(seed))


def check_seed(seed: int) -> int:
    """Return a seed. Raises BadValue outside 0 … 2³² − 1."""
    if not 0 <= seed <= LARGEST_SEED:
        raise BadValue(f"A seed of {seed} was given; seeds are whole numbers from 0 to {LARGEST_SEED}.")
    return seed
