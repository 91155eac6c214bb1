"""The average of weights that ships: how fast it forgets, and what it lacks.

It is a network that no batch has gone through, so that its batch norms' statistics are measured anew.
"""

import copy
from typing import Any

import torch
from torch import nn

from engine.protocols import Samples
from engine.registry import Model

BATCHES, BATCH = 16, 128
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def decay_at(decay: float, step: int) -> float:
    """Return the decay of the average at a step: less at first, or a short run would ship a part of its beginning.

    A constant .999 leaves a quarter of the untrained weights in after 1,400 steps.
    """
    return min(decay, (1 + step) / (10 + step))


@torch.no_grad()
def recalibrate_batchnorm(model: Model) -> Model:
    """Copy a sampling model, with the statistics of its batch norms those of its own samples (BigGAN, section 4)."""
    if not isinstance(model, Samples) or not any(isinstance(module, NORMS) for module in model.modules()):
        return model
    copied: Any = copy.deepcopy(model).train()
    norms = [module for module in copied.modules() if isinstance(module, NORMS)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    device, classes = next(copied.parameters()).device, copied.config.classes
    for part in torch.arange(BATCHES * BATCH).split(BATCH):
        copied.sample(part.tolist(), (part % classes).to(device) if classes else None)
    fresh: Model = copied.train(model.training)
    return fresh
