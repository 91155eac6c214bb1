"""Mode coverage on toys whose modes are known: how many are found, and how many samples lie in one.

Protocol of Lin et al., "PacGAN", NeurIPS 2018, section 4.1: 2,500 samples; one is of high quality within three
deviations of a mode, and a mode is found where such a sample lies.
"""

import torch
from torch import Tensor

from engine.card import Metric
from engine.models.gan import GAN
from engine.nn.prior import draw
from engine.plane import REACH
from train.data.plane import MODES, Modes
from train.measures.subject import Subject

SAMPLES = 2_500


@torch.no_grad()
def mode_coverage(subject: Subject) -> list[Metric]:
    """Count the modes that samples find, and the samples that lie in one."""
    modes, model = MODES.get(subject.data.name), subject.model
    if modes is None or not isinstance(model, GAN):
        return []
    found, quality = coverage(model.generate(draw(model, range(SAMPLES))).flatten(1).cpu(), modes)
    protocol = f"{SAMPLES} samples, within {REACH:.0f} deviations of one of {len(modes.centres)} modes"
    return [Metric("modes", float(found), "", protocol), Metric("high quality", 100 * quality, "%", protocol)]


def coverage(points: Tensor, modes: Modes) -> tuple[int, float]:
    """Count the modes that have a point (points, 2) near, and give the share of points that are near one."""
    distance, nearest = torch.cdist(points, modes.centres).min(1)
    near = distance < REACH * modes.deviation
    return len(nearest[near].unique()), float(near.float().mean())
