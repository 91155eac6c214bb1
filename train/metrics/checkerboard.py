"""How strong the checkerboard of transposed convolutions is in what a model decodes, beside that in the data.

Odena et al., "Deconvolution and Checkerboard Artifacts", Distill 2016. A pattern of every other pixel multiplies the
picture, so copies of its spectrum stand around the Nyquist frequency along either axis and along both.
"""

import torch
from torch import Tensor

from engine.checkpoints.card import Metric
from engine.protocols import Decodes, Encodes, Samples
from engine.types import Images
from train.metrics.context import EvalContext, spread

PICTURES = 1_000
REACH = 1 / 16  # cycles a pixel, around 1/2 and, across the stripes, around 0


@torch.no_grad()
def checkerboard(context: EvalContext) -> list[Metric]:
    """Measure the share of the power near the Nyquist frequency in samples, over that in test pictures.

    Of a model that has no prior, in reconstructions of test pictures.
    """
    test = context.data.test
    if not isinstance(context.model, Decodes) or test.pictures.is_floating_point():
        return []
    count = min(PICTURES, context.pictures)
    rows = spread(len(test), count)
    if isinstance(context.model, Samples):
        made, what = context.samples_of(count), f"{count} samples, seeds from 0"
    elif isinstance(context.model, Encodes):
        made, what = rebuilt(context, rows), f"{len(rows)} reconstructions"
    else:
        return []
    value = alternation(made) / max(alternation(test.batch(rows).x), 1e-12)
    band = "share of the spectrum's power within 1/16 cycles a pixel of the Nyquist frequency down, across or both"
    return [Metric("checkerboard", value, "", f"{band}, {what}, over {len(rows)} test pictures; 1: like the data")]


def rebuilt(context: EvalContext, rows: Tensor) -> Images:
    """Decode the latents of test pictures, on the host."""
    model = context.model
    assert isinstance(model, Encodes)
    assert isinstance(model, Decodes)
    given = (context.given(context.data.test, part) for part in rows.split(200))
    return torch.cat([model.decode(model.encode(x, y), y).cpu() for x, y in given])


def alternation(x: Images) -> float:
    """Return the share of all power that changes from pixel to pixel: along one axis, along the other, or along both.

    Each channel without its mean, under a Hann window, or the borders would leak along the axes; powers are summed over
    channels and pictures.
    """
    height, width = x.shape[2:]
    window = torch.outer(torch.hann_window(height), torch.hann_window(width)).to(x)
    flat = x - x.mean((2, 3), keepdim=True)
    power = torch.fft.fft2(flat * window).abs().square().sum((0, 1))
    return float(power[near_nyquist(height, width)].sum() / power.sum().clamp(min=1e-12))


def near_nyquist(height: int, width: int) -> Tensor:
    """Say which frequencies (height, width) belong to a pattern of every other pixel: down, across, or both."""
    down, across = torch.fft.fftfreq(height).abs()[:, None], torch.fft.fftfreq(width).abs()[None]
    fast_down, fast_across = down >= 0.5 - REACH, across >= 0.5 - REACH
    still_down, still_across = down <= REACH, across <= REACH
    return (fast_down | fast_across) & (fast_down | still_down) & (fast_across | still_across)
