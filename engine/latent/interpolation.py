"""Paths, grids and traversals of a latent space; plain float32 arrays, no model."""

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Exact = NDArray[np.float64]


def linear(a: Array, b: Array, steps: int) -> Array:
    """Walk the straight line from a to b, (steps, latent), both ends included."""
    return _linear(a, b, times(steps)).astype(np.float32)


def spherical(a: Array, b: Array, steps: int) -> Array:
    """Walk the great circle from a to b, (steps, latent): equal angles, and equal norms if the ends have them.

    Shoemake, "Animating Rotation with Quaternion Curves", 1985. Falls back to the line where the ends are
    (anti)parallel and no great circle is singled out.
    """
    return _spherical(a, b, times(steps)).astype(np.float32)


def norm_preserving(a: Array, b: Array, steps: int) -> Array:
    """Walk the line's directions from a to b while the norm goes evenly from |a| to |b|, (steps, latent).

    The straight line between two draws of a high-dimensional Gaussian cuts through the thin shell where its mass lies;
    this path stays on the shell. Undefined at the origin, where it keeps the line.
    """
    return _norm_preserving(a, b, times(steps)).astype(np.float32)


PATHS = {"linear": linear, "spherical": spherical, "norm-preserving": norm_preserving}


# The same at any times t, (n, 1) in [0, 1], in double precision: a page that walks them in a browser has no other


def _linear(a: Any, b: Any, t: Exact) -> Exact:
    return (1 - t) * np.asarray(a, float) + t * np.asarray(b, float)


def _spherical(a: Any, b: Any, t: Exact) -> Exact:
    a, b = np.asarray(a, float), np.asarray(b, float)
    cosine = a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-12)
    angle = np.arccos(np.clip(cosine, -1, 1))
    if np.sin(angle) < 1e-4:
        return _linear(a, b, t)
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def _norm_preserving(a: Any, b: Any, t: Exact) -> Exact:
    line = _linear(a, b, t)
    norms = np.linalg.norm(line, axis=1, keepdims=True)
    wanted = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
    return np.where(norms > 1e-6, line * (wanted / np.maximum(norms, 1e-6)), line)


INTERPOLATIONS: dict[str, Callable[[Any, Any, Exact], Exact]] = {
    "linear": _linear,
    "spherical": _spherical,
    "norm-preserving": _norm_preserving,
}
"""The paths of PATHS between two latents, at times that the caller chooses."""


def inverse_cdf_grid(side: int) -> Array:
    """Spread a grid evenly over the prior's mass, (side, side, 2): rows go from top (+) to bottom (−).

    Kingma and Welling 2014, figure 4: the inverse Gaussian CDF of evenly spaced probabilities.
    """
    values = np.array([NormalDist().inv_cdf((i + 0.5) / side) for i in range(side)], np.float32)
    across, down = np.meshgrid(values, values[::-1])
    return np.stack([across, down], axis=-1)


def times(steps: int) -> Exact:
    return np.linspace(0, 1, steps)[:, None]
