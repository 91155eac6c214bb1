"""Sprites: one white shape on black, drawn by our own code from factors that are known.

The grid is that of dSprites (Matthey et al. 2017): shape 3 × scale 6 × rotation 40 × x 32 × y 32 = 737,280 binary
pictures of 64×64. Rotations are 40 distinct angles; x and y move by one pixel a step, so each picture is a window
on one of 720 drawings, and the whole grid is a view of a few megabytes.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .base import Dataset, Split
from .search import Query, require_shape

SHAPE = (1, 64, 64)
FACTORS = {"shape": 3, "scale": 6, "rotation": 40, "x": 32, "y": 32}
SHAPES = ("square", "ellipse", "heart")
CANVAS = 95  # every 64-window of it holds the centre pixel at 16 to 47
TERMS = "our own rendering, free to use; the grid follows dSprites"


def open_sprites(query: Query) -> Dataset:
    """Open 100,000 training and 10,000 test sprites, the same ones always; the class is the shape."""
    require_shape(query, SHAPE)
    train, test = sprites(100_000, 10_000)
    return Dataset("sprites", train, test, None, SHAPES, TERMS, SHAPE)


def sprites(train: int, test: int, seed: int = 0) -> tuple[Split, Split]:
    """Draw disjoint splits of the grid without replacement.

    Disjoint in factors: a square looks the same every ten rotations, an ellipse every twenty, as in dSprites.
    """
    chosen = np.random.default_rng(seed).permutation(math.prod(FACTORS.values()))[: train + test]
    factors = torch.from_numpy(np.stack(np.unravel_index(chosen, tuple(FACTORS.values())), 1))
    return _split(factors[:train]), _split(factors[train:])


def _split(factors: Tensor) -> Split:
    return Split(render(factors), factors[:, 0].clone(), factors, tuple(FACTORS))


def render(factors: Tensor) -> Tensor:
    """Return the sprites with these factors, int64 (N, 5) in the order of FACTORS, as uint8 (N, 1, 64, 64)."""
    shape, scale, rotation, x, y = factors.T
    windows = torch.from_numpy(_drawings()).unfold(3, 64, 1).unfold(4, 64, 1)  # 3, 6, 40, 32, 32, 64, 64
    # Moving the shape to the right is moving the window to the left.
    return windows[shape, scale, rotation, 31 - y, 31 - x][:, None].contiguous()


def _drawings() -> NDArray[np.uint8]:
    """Return each shape at each scale and rotation around the canvas' centre, uint8 (3, 6, 40, 95, 95)."""
    scale = np.linspace(0.5, 1, FACTORS["scale"])[:, None, None, None]
    angle = (2 * np.pi / FACTORS["rotation"] * np.arange(FACTORS["rotation"]))[:, None, None]
    y, x = (np.mgrid[:CANVAS, :CANVAS] - CANVAS // 2) / 12
    u = (np.cos(angle) * x + np.sin(angle) * y) / scale
    v = (np.cos(angle) * y - np.sin(angle) * x) / scale
    return np.stack([_square(u, v), _ellipse(u, v), _heart(u, v)]).astype(np.uint8) * 255


def _square(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.maximum(abs(u), abs(v)) <= 0.78


def _ellipse(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    return u**2 + (2 * v) ** 2 <= 1


def _heart(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    a, b = 1.2 * u, 0.1 - 1.2 * v  # (a² + b² - 1)³ ≤ a² b³, point down
    return (a**2 + b**2 - 1) ** 3 <= a**2 * b**3
