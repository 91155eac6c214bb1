"""A round pen: smooth strokes through a few points, drawn large and reduced, white on black."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Point = tuple[float, float]
Stroke = Sequence[Point]
"""Points in a unit square, x to the right and y down. A point given twice in a row is a corner."""
STEPS = 24
OVER = 3  # drawn so many times larger than wanted, for smooth edges


def smooth(stroke: Stroke) -> NDArray[np.float64]:
    """Return a curve through the points (Catmull and Rom 1974), (n, 2)."""
    pieces = [_spline(np.array(part, float)) for part in _between_corners(stroke)]
    return np.concatenate(pieces)


def _between_corners(stroke: Stroke) -> Iterable[Stroke]:
    start = 0
    for place in range(1, len(stroke)):
        if stroke[place] == stroke[place - 1]:
            yield stroke[start:place]
            start = place
    yield stroke[start:]


def _spline(points: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(points) == 1:
        return points
    closed = bool((points[0] == points[-1]).all())
    before, after = (points[-2], points[1]) if closed else (points[0], points[-1])
    a, b, c, d = (np.vstack([before, points, after])[i : i + len(points) - 1, None] for i in range(4))
    t = np.linspace(0, 1, STEPS)[:, None]
    curve = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    return (curve / 2).reshape(-1, 2)


def written(strokes: Iterable[NDArray[np.float64]], width: float, size: int) -> NDArray[np.uint8]:
    """Draw curves in a unit square with a pen of this width, uint8 (size, size)."""
    image = Image.new("L", (size * OVER, size * OVER))
    pen, radius = ImageDraw.Draw(image), width * size * OVER / 2
    for curve in strokes:
        points = [(x, y) for x, y in (curve * size * OVER).tolist()]
        pen.line(points, fill=255, width=round(2 * radius), joint="curve")
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(image.reduce(OVER))
