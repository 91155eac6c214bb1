"""Sprites: white shapes on black from known factors, by the formulas of train/data/sprites.py (app imports none)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 64
SHAPES = ("square", "ellipse", "heart")


def sprite(shape: str, scale: float, turn: float, x: int, y: int) -> NDArray[np.uint8]:
    """Draw a sprite, uint8 (64, 64).

    Args:
        shape: one of SHAPES.
        scale: 0.5 to 1.
        turn: radians, clockwise.
        x: pixels of its middle from the left, 16 to 47.
        y: pixels of its middle from the top, 16 to 47.
    """
    down, right = np.mgrid[:SIDE, :SIDE]
    right, down = (right - x) / 12, (down - y) / 12
    u = (np.cos(turn) * right + np.sin(turn) * down) / scale
    v = (np.cos(turn) * down - np.sin(turn) * right) / scale
    return _inside(shape, u, v).astype(np.uint8) * 255


def _inside(shape: str, u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    match shape:
        case "square":
            return np.maximum(abs(u), abs(v)) <= 0.78
        case "ellipse":
            return u**2 + (2 * v) ** 2 <= 1
        case _:
            a, b = 1.2 * u, 0.1 - 1.2 * v  # (a² + b² - 1)³ ≤ a² b³, point down
            return (a**2 + b**2 - 1) ** 3 <= a**2 * b**3
