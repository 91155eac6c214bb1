"""The area under the receiver operating curve, and how far it can be trusted.

DeLong, DeLong and Clarke-Pearson, "Comparing the Areas under Two or More Correlated Receiver Operating Characteristic
Curves: A Nonparametric Approach", Biometrics 1988; the structural components by ranks, as Sun and Xu, IEEE Signal
Processing Letters 2014.
"""

from typing import NamedTuple

import numpy as np

from engine.outliers import Numbers

NORMAL_95 = 1.959964  # deviations of a normal distribution that leave 2.5 % on either side


class Area(NamedTuple):
    """How often an outlier has the higher score of a pair, a tie counting half; and its 95 % interval."""

    value: float
    low: float
    high: float


def auroc(own: Numbers, other: Numbers) -> Area:
    """Measure how well a score tells others, which ought to have more of it, from one's own."""
    from scipy.stats import rankdata  # here, not above: it takes a while that no other command needs

    ranks = rankdata(np.concatenate([own, other]))
    above = (ranks[len(own) :] - rankdata(other)) / len(own)  # share of one's own below each of the others
    below = 1 - (ranks[: len(own)] - rankdata(own)) / len(other)  # share of the others above each of one's own
    value = float(above.mean())
    deviation = float(np.sqrt(variance(above) / len(above) + variance(below) / len(below)))
    return Area(value, max(0.0, value - NORMAL_95 * deviation), min(1.0, value + NORMAL_95 * deviation))


def variance(components: Numbers) -> float:
    return float(components.var(ddof=1)) if len(components) > 1 else 0.0
