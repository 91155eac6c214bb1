"""What a class-conditional model is told of the classes while it learns."""

import torch

from engine.registry import Model
from engine.types import Labels


def drop_labels(model: Model, y: Labels | None, dropout: float) -> Labels | None:
    """Hide some of the labels, so that the model also learns what it is to know no class."""
    if y is None or not model.config.classes:
        return None
    return torch.where(torch.rand(y.shape, device=y.device) < dropout, -1, y)
