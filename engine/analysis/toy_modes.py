"""The toys whose modes are known: centres on the plane, and one deviation for all.

Those of Lin et al., "PacGAN", NeurIPS 2018, section 4.1.
"""

import math
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class Modes:
    """Equal Gaussians, round, all of one deviation."""

    centres: tuple[Point, ...]
    deviation: float


def ring() -> Modes:
    """Eight modes on a circle of radius 1, deviation 0.01."""
    angles = [i * math.tau / 8 for i in range(8)]
    return Modes(tuple((math.cos(angle), math.sin(angle)) for angle in angles), 0.01)


def grid() -> Modes:
    """Twenty-five modes at −4, −2, 0, 2, 4 each way, deviation 0.05."""
    steps = (-4.0, -2.0, 0.0, 2.0, 4.0)
    return Modes(tuple((x, y) for x in steps for y in steps), 0.05)


MODES: dict[str, Modes] = {"ring": ring(), "grid": grid()}
REACH = 3.0
"""A sample within so many deviations of a mode is of high quality, and finds it."""
