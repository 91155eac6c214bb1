"""The prior that the families share, p(z) = N(0, I)."""

from collections.abc import Sequence

from torch import nn

from engine.nn import noise
from engine.types import Latents


def draw(model: nn.Module, seeds: Sequence[int], truncation: float = 1.0) -> Latents:
    """Draw latents of a model on its device, each by its own seed, scaled by the truncation."""
    z = noise.normal(seeds, [model.config.latent])  # type: ignore[union-attr, list-item]
    return truncation * z.to(next(model.parameters()).device)
