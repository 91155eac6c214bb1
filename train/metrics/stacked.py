"""Mode coverage on stacked MNIST: which of a thousand numbers are made, and how evenly.

Protocol of Lin et al., "PacGAN", NeurIPS 2018, section 4.2: 26,000 samples, each channel read by a classifier of
digits; a mode is found where one sample is read so, and the divergence is from the made numbers to even ones.
"""

import math

import torch
from torch import Tensor

from engine.checkpoints.card import Metric
from engine.protocols import Samples
from train.metrics.context import EvalContext

SAMPLES, NUMBERS = 26_000, 1_000
SHAPE = (1, 28, 28)  # of the pictures that the classifier of digits takes


@torch.no_grad()
def stacked_modes(context: EvalContext) -> list[Metric]:
    """Count the numbers that samples spell, and measure how far from even their frequencies are."""
    classifier, model = context.classifier, context.model
    if classifier is None or classifier.model.config.shape != SHAPE or context.data.name != "stacked-mnist":
        return []
    if not isinstance(model, Samples):
        return []
    parts = range(0, SAMPLES, 200)
    read = [classifier.model.logits(context.sampled(range(i, i + 200)).flatten(0, 1)[:, None]).argmax(1) for i in parts]
    found, divergence = evenness(torch.cat(read).cpu().reshape(-1, 3) @ torch.tensor([100, 10, 1]))
    protocol = f"{SAMPLES} samples, seeds from 0, {NUMBERS} modes, each channel read by {classifier.name}"
    return [Metric("modes", float(found), "", protocol), Metric("KL of modes", divergence, "nats", protocol)]


def evenness(numbers: Tensor, count: int = NUMBERS) -> tuple[int, float]:
    """Count the numbers that occur, and give the divergence of their frequencies from even ones, KL(found ‖ even)."""
    share = numbers.bincount(minlength=count).double() / len(numbers)
    return int((share > 0).sum()), float(torch.xlogy(share, share).sum()) + math.log(count)
