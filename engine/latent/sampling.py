"""Latents drawn by seed, for the pages and for the probes of a model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.checkpoints.card import Card
from engine.nn import noise


def spread_of(card: Card) -> list[NDArray[np.float32]]:
    """Return mean and deviation (latent,) of each: the prior's, or else those of the codes."""
    if "samples" in card.verbs or not card.axes:
        return [np.zeros(card.latent, np.float32), np.ones(card.latent, np.float32)]
    fitted = [[axis.mean for axis in card.axes], [max(axis.deviation, 1e-3) for axis in card.axes]]
    return [np.array(part, np.float32) for part in fitted]


def draw(card: Card, seeds: Sequence[int], truncation: float = 1.0) -> NDArray[np.float32]:
    """Draw latents (n, latent), each by its own seed: from the prior, or else from a Gaussian fitted to the codes."""
    z: NDArray[Any] = truncation * noise.normal(seeds, [card.latent]).numpy()
    if "samples" not in card.verbs and card.axes:
        z = z * [axis.deviation for axis in card.axes] + [axis.mean for axis in card.axes]
    return z.astype(np.float32)
