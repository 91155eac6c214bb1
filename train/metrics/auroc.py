"""The area under the receiver operating curve, and how far it can be trusted.

DeLong, DeLong and Clarke-Pearson, "Comparing the Areas under Two or More Correlated Receiver Operating Characteristic
Curves: A Nonparametric Approach", Biometrics 1988; the structural components by ranks, as Sun and Xu, IEEE Signal
Processing Letters 2014.
"""

import math
from typing import NamedTuple

import numpy as np

from engine.analysis.outliers import Numbers

NORMAL_95 = 1.959964  # deviations of a normal distribution that leave 2.5 % on either side
INTERVAL = "95 % by DeLong, where no pair is told wrong by Clopper and Pearson"


class Area(NamedTuple):
    """How often an outlier has the higher score of a pair, a tie counting half; and its 95 % interval."""

    value: float
    low: float
    high: float


class Gain(NamedTuple):
    """How much larger one score's area is than another's; its 95 % interval, and the two-sided p of no difference."""

    value: float
    low: float
    high: float
    p: float


def auroc(own: Numbers, other: Numbers) -> Area:
    """Measure how well a score tells others, which should have more of it, from one's own."""
    above, below = components(own, other)
    value, deviation = float(above.mean()), error(above, below)
    if value in (0, 1):  # DeLong's interval has no width then, however few pictures there are
        room = 1 - 0.025 ** (1 / min(len(own), len(other)))
        return Area(value, max(0.0, value - room), min(1.0, value + room))
    return Area(value, max(0.0, value - NORMAL_95 * deviation), min(1.0, value + NORMAL_95 * deviation))


def gain(one: tuple[Numbers, Numbers], than: tuple[Numbers, Numbers]) -> Gain:
    """Compare two scores (own, other) of the same pictures: the difference of their areas, with their covariance."""
    pairs = zip(components(*one), components(*than), strict=True)
    above, below = (mine - theirs for mine, theirs in pairs)
    value, deviation = float(above.mean()), error(above, below)
    far = abs(value) / deviation if deviation else (math.inf if value else 0.0)
    return Gain(value, value - NORMAL_95 * deviation, value + NORMAL_95 * deviation, math.erfc(far / math.sqrt(2)))


def components(own: Numbers, other: Numbers) -> tuple[Numbers, Numbers]:
    """Return the share of one's own below each of the others, and of the others above each of one's own."""
    from scipy.stats import rankdata  # here, not above: it takes a while that no other command needs

    ranks = rankdata(np.concatenate([own, other]))
    above = (ranks[len(own) :] - rankdata(other)) / len(own)
    return above, 1 - (ranks[: len(own)] - rankdata(own)) / len(other)


def error(above: Numbers, below: Numbers) -> float:
    return math.sqrt(variance(above) / len(above) + variance(below) / len(below))


def variance(components: Numbers) -> float:
    return float(components.var(ddof=1)) if len(components) > 1 else 0.0
