"""How sharp samples are: the variance of their Laplacian beside that of the data's."""

import torch
from torch.nn import functional as F

from engine.checkpoints.card import Metric
from engine.protocols import Samples
from engine.types import Images, PerImage
from train.metrics.context import EvalContext, spread

SAMPLES = 1_000


@torch.no_grad()
def sharpness(context: EvalContext) -> list[Metric]:
    """Measure the mean variance of the samples' Laplacian over the test pictures': 1 is as sharp, less is a blur."""
    if not isinstance(context.model, Samples) or context.data.test.pictures.is_floating_point():
        return []
    count, test = min(SAMPLES, context.pictures), context.beside(context.data.test)
    made, real = context.samples_of(count), test.batch(spread(len(test), count)).x
    value = float(edges(made).mean() / edges(real).mean().clamp(min=1e-12))
    kind = "binarized" if context.binary else "grey"
    protocol = (
        f"variance of the Laplacian of {kind} pictures, mean of {count} samples over mean of {len(real)} of the test"
    )
    return [Metric("sharpness", value, "", f"{protocol}; 1: as sharp as the data")]


def edges(x: Images) -> PerImage:
    """Return the variance of each picture's Laplacian, four neighbours, away from the border (Pech-Pacheco 2000)."""
    kernel = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]).to(x)
    return F.conv2d(x.mean(1, keepdim=True), kernel[None, None]).flatten(1).var(1)
