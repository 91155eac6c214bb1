"""Samples beside data in a space that nothing was learnt for: histograms of oriented gradients.

A classifier of the same pictures finds near what a generator of the same pictures gets wrong in ways that it was never
taught to see, so a second opinion has to come from elsewhere. The features are those of Dalal and Triggs, "Histograms
of Oriented Gradients for Human Detection", CVPR 2005, sections 6.2 to 6.4, with one norm for the whole picture; the
distance is that of Bińkowski et al., "Demystifying MMD GANs", ICLR 2018, section 4, with its error over blocks. Of the
spaces tried (pixels, random convolutions, a classifier of clothes) this one put the shipped models of
faces in the order that two networks of other pictures had given: dcgan, ali and hali, progressive, vae.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.checkpoints.card import Metric
from engine.protocols import Samples
from engine.types import Images
from train.metrics.context import EvalContext
from train.metrics.features import kernel_distance, pictures

SAMPLES = 2_000
BLOCKS = 10
CELLS, ORIENTATIONS = 8, 8  # cells a side, directions from 0 to 180°


@torch.no_grad()
def gradient_distance(context: EvalContext) -> list[Metric]:
    """Measure the kernel distance of samples from test pictures in oriented gradients, and its error over blocks."""
    test = context.data.test
    if not isinstance(context.model, Samples) or test.pictures.is_floating_point():
        return []
    count = min(SAMPLES, context.pictures)
    real, known = (oriented(pictures(context.beside(split), count)) for split in (test, context.data.train))
    made = oriented(context.sample_batches(count))
    if min(map(len, (real, known, made))) < 2 * BLOCKS:  # a distance within a block asks for two pictures
        return []
    from scipy.stats import t  # here, not above: it takes a while that no other command needs

    value, error = blockwise(real, made)
    floor, _ = blockwise(real, known)
    half_width = float(t.ppf(0.975, BLOCKS - 1)) * error
    binary = " binarized by default_rng(0)" if context.binary else ""
    protocol = (
        f"{len(made)} samples, seeds from 0, {len(real)} test pictures{binary}, histograms of oriented gradients, cubic"
        f" kernel, unbiased, mean of {BLOCKS} blocks; training pictures instead of samples have {floor:.2g}"
    )
    return [Metric("kernel distance, gradients", value, "", protocol, (value - half_width, value + half_width))]


def blockwise(real: Tensor, made: Tensor) -> tuple[float, float]:
    """Return the mean distance of blocks of features (point, feature), and its standard error.

    The mean of the real ones is the origin, and their mean square the unit, so that the kernel has a scale. Rows are
    shuffled, always the same way: data sets lie in an order, and a block of a film's frames is one scene.
    """
    centre = real.mean(0)
    unit = (real - centre).square().mean().sqrt().clamp(min=1e-12)
    shuffled = (mixed((points - centre) / unit, seed) for seed, points in enumerate((real, made)))
    blocks = zip(*(points.tensor_split(BLOCKS) for points in shuffled), strict=True)
    found = torch.tensor([kernel_distance(one, other) for one, other in blocks], dtype=torch.float64)
    return float(found.mean()), float(found.std()) / math.sqrt(len(found))


def mixed(points: Tensor, seed: int) -> Tensor:
    return points[torch.randperm(len(points), generator=torch.Generator().manual_seed(seed))]


def oriented(parts: Iterable[Images]) -> Tensor:
    """Return the features (picture, feature) of pictures, in double precision, on the host."""
    return torch.cat([histograms(x.cpu().float()) for x in parts]).double()


def histograms(x: Images) -> Tensor:
    """Return how much of a picture's gradient points each way in each cell, (picture, orientation × cell), of norm one.

    Grey, by central differences; a gradient goes to the two nearest orientations in proportion, whatever its sign.
    """
    grey = F.pad(x.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    across, down = (grey[..., 1:-1, 2:] - grey[..., 1:-1, :-2]), (grey[..., 2:, 1:-1] - grey[..., :-2, 1:-1])
    angle = torch.atan2(down, across).remainder(math.pi) * (ORIENTATIONS / math.pi)
    off = (angle - torch.arange(ORIENTATIONS)[None, :, None, None]).abs()
    share = (1 - torch.minimum(off, ORIENTATIONS - off)).clamp(min=0)
    cells = F.adaptive_avg_pool2d(torch.hypot(across, down) * share, CELLS).flatten(1)
    return cells / (cells.norm(dim=1, keepdim=True) + 0.02)
