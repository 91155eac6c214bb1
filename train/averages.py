"""An average of weights is a network that no batch has gone through: its batch norms' statistics are measured anew."""

import copy
from typing import Any

import torch
from torch import nn

from engine.registry import Model
from engine.verbs import Samples

BATCHES, BATCH = 16, 128
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@torch.no_grad()
def settled(model: Model) -> Model:
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
