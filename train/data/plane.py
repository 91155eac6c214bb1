"""Toys: points of the plane from a known density, made by our own code from a seed.

`ring` and `grid` are those of Lin et al., "PacGAN", NeurIPS 2018, section 4.1, whose modes can be counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.analysis.toy_modes import MODES as KNOWN

from .base import Dataset, Split
from .search import Query, require_shape

TRAIN, TEST = 100_000, 10_000
CANVAS = (1, 64, 64)  # on which a model shows a point
TERMS = "made by our own code, free to use"


@dataclass(frozen=True, eq=False)
class Modes:
    """Equal Gaussians, round, all of one deviation."""

    centres: Tensor  # (mode, 2)
    deviation: float

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw points (count, 2) and the mode (count,) of each."""
        mode = torch.randint(len(self.centres), (count,), generator=generator)
        return self.centres[mode] + self.deviation * torch.randn(count, 2, generator=generator), mode


def moons(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw from two half circles that reach into each other, deviation 0.05 across."""
    which = torch.randint(2, (count,), generator=generator)
    angle = math.pi * torch.rand(count, generator=generator)
    upper = torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], dim=1)
    points = torch.where(which[:, None] == 0, upper, -upper)
    return points + 0.05 * torch.randn(count, 2, generator=generator), which


def spiral(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw from two arms that wind around each other one and a half times, deviation 0.03 across."""
    which = torch.randint(2, (count,), generator=generator)
    along = torch.rand(count, generator=generator).sqrt()  # as dense outside as inside
    angle = 3 * math.pi * along + math.pi * which
    points = 1.5 * along[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return points + 0.03 * torch.randn(count, 2, generator=generator), which


MODES = {name: Modes(torch.tensor(known.centres), known.deviation) for name, known in KNOWN.items()}

PLANES: dict[str, Callable[[int, torch.Generator], tuple[Tensor, Tensor]]] = {
    **{name: modes.draw for name, modes in MODES.items()},
    "moons": moons,
    "spiral": spiral,
}


def open_plane(query: Query) -> Dataset:
    """Open 100,000 points to train on and 10,000 to test by, the same ones always."""
    require_shape(query, CANVAS)
    train, test = (points(query.name, count, seed) for seed, count in enumerate((TRAIN, TEST)))
    labels = tuple(f"mode {i + 1}" for i in range(int(test.y.max()) + 1)) if test.y is not None else ()
    return Dataset(query.name, train, test, None, labels, TERMS, CANVAS)


def points(name: str, count: int, seed: int) -> Split:
    """Draw points (count, 1, 1, 2) and what each of them belongs to."""
    points, y = PLANES[name](count, torch.Generator().manual_seed(seed))
    return Split(points.reshape(count, 1, 1, 2), y)
