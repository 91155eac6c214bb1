"""Where the names of a chart's points stand: each beside its point, over no other name and no point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

PLANE = (290.0, 220.0)
"""Pixels of the plane of points where three charts stand side by side on a laptop; a wider one parts names more."""
LETTER, LINE = 6.6, 14.0
"""Pixels of a letter and a line, at Plotly's 12 px."""
POINT, AWAY = 6.5, 9.1
"""Pixels from the middle of a point to its rim, and to its name: Plotly puts it at rim / 0.8 + 1."""
SIDES = {
    "top center": (0, 1),
    "bottom center": (0, -1),
    "middle right": (1, 0),
    "middle left": (-1, 0),
    "top right": (1, 1),
    "top left": (-1, 1),
    "bottom right": (1, -1),
    "bottom left": (-1, -1),
}
"""Plotly's positions of a text, each with its side of the point; of equals the first is taken."""
ROUNDS = 4


class Box(NamedTuple):
    """A rectangle in pixels, y upwards."""

    left: float
    bottom: float
    right: float
    top: float

    def shared(self, other: Box) -> float:
        """Return the area that two have in common."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(0.0, width) * max(0.0, height)


FRAME = Box(-10.0, -8.0, PLANE[0] + 45.0, PLANE[1] + 25.0)
"""Beyond it a name would meet the numbers of an axis, the title or the chart beside it."""


def positions(points: Sequence[tuple[float, float]], names: Sequence[str]) -> list[str]:
    """Choose a position for each name, of points given in parts of the plane; where room is short the least overlap."""
    where = [(x * PLANE[0], y * PLANE[1]) for x, y in points]
    dots = [Box(x - POINT, y - POINT, x + POINT, y + POINT) for x, y in where]
    chosen = [next(iter(SIDES))] * len(names)
    boxes = [box(point, name, side) for point, name, side in zip(where, names, chosen, strict=True)]
    for _ in range(ROUNDS):
        for i, (point, name) in enumerate(zip(where, names, strict=True)):
            others = [*dots, *boxes[:i], *boxes[i + 1 :]]
            found = {side: box(point, name, side) for side in SIDES}
            chosen[i] = min(found, key=lambda side: covered(found[side], others))
            boxes[i] = found[chosen[i]]
    return chosen


def box(point: tuple[float, float], name: str, side: str) -> Box:
    """Return the rectangle of a name on one side of its point."""
    (x, y), (across, up) = point, SIDES[side]
    width = LETTER * len(name)
    x += across * (AWAY + width / 2)
    y += up * (AWAY + LINE / 2)
    return Box(x - width / 2, y - LINE / 2, x + width / 2, y + LINE / 2)


def covered(name: Box, others: Iterable[Box]) -> float:
    """Return how much of a name lies over others or beyond the frame."""
    return sum(map(name.shared, others)) + name.shared(name) - name.shared(FRAME)
