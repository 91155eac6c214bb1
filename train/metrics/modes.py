"""Mode coverage on toys whose modes are known: how many are found, how many samples lie in one, how far they spread.

Protocol of Lin et al., "PacGAN", NeurIPS 2018, section 4.1: 2,500 samples; one is of high quality within three
deviations of a mode, and a mode is found where such a sample lies. Theirs is the mean of ten trainings; a checkpoint is
one training, so here it is the mean of ten draws.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from engine.analysis.toy_modes import REACH
from engine.checkpoints.card import Metric
from engine.models.gan import GAN
from engine.nn.prior import draw
from train.data.plane import MODES, Modes
from train.metrics.context import EvalContext

SAMPLES, DRAWS = 2_500, 10


@torch.no_grad()
def mode_coverage(context: EvalContext) -> list[Metric]:
    """Count the modes that samples find and the samples that lie in one, and measure how wide these lie."""
    modes, model = MODES.get(context.data.name), context.model
    if modes is None or not isinstance(model, GAN):
        return []
    draws = [sampled(model, i) for i in range(DRAWS)]
    counts, shares = zip(*(coverage(points, modes) for points in draws), strict=True)
    wide = [spread_within(points, modes) for points in draws]
    protocol = (
        f"mean of {DRAWS} draws of {SAMPLES} samples by one trained network, seeds from 0,"
        f" within {REACH:.0f} deviations of one of {len(modes.centres)} modes"
    )
    found = [
        averaged("modes", [float(count) for count in counts], "", protocol),
        averaged("high quality", [100 * share for share in shares], "%", protocol),
    ]
    if all(map(math.isfinite, wide)):  # a network that is not trained may find no mode at all
        beside = f"{protocol}; deviation of these over that of the data: 1 is as wide"
        found.append(averaged("spread within modes", wide, "", beside))
    return found


def sampled(model: GAN, turn: int) -> Tensor:
    """Draw the points (SAMPLES, 2) of a turn, each turn by seeds of its own."""
    return model.generate(draw(model, range(turn * SAMPLES, (turn + 1) * SAMPLES))).flatten(1).cpu()


def averaged(name: str, values: Sequence[float], unit: str, protocol: str) -> Metric:
    """Return the mean of several draws, with what they differ by in the protocol."""
    found = torch.tensor(values, dtype=torch.float64)
    return Metric(
        name, float(found.mean()), unit, f"{protocol}; the draws have a deviation of {float(found.std()):.2g}"
    )


def coverage(points: Tensor, modes: Modes) -> tuple[int, float]:
    """Count the modes that have a point (points, 2) near, and give the share of points that are near one."""
    distance, nearest = torch.cdist(points, modes.centres).min(1)
    near = distance < REACH * modes.deviation
    return len(nearest[near].unique()), float(near.float().mean())


def spread_within(points: Tensor, modes: Modes) -> float:
    """Return the deviation of points (points, 2) about the mean of their mode, over that of the data; nan for too few.

    Only of those that are near a mode, as of a Gaussian that is cut off at as many deviations.
    """
    distance, nearest = torch.cdist(points, modes.centres).min(1)
    near = distance < REACH * modes.deviation
    groups = [points[near & (nearest == mode)].double() for mode in nearest[near].unique()]
    free = 2 * sum(len(group) - 1 for group in groups)
    off = sum(float((group - group.mean(0)).square().sum()) for group in groups)
    tail = math.exp(-(REACH**2) / 2)
    cut = 1 - REACH**2 / 2 * tail / (1 - tail)  # variance along an axis that is left within the reach
    return math.sqrt(off / free / cut) / modes.deviation if free else math.nan
