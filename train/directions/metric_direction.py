"""The step that changes what a picture shows in one respect, and in others little.

How far a picture moves in a classifier's features is a metric of the latent space, M = E[JᵀJ] with J the slopes of the
features by the latent: Wang and Ponce, "A Geometric Analysis of Deep Generative Image Models and Its Applications",
ICLR 2021 (arXiv 2101.06006). Of all steps u of one length for which uᵀMu is bounded, (M + λI)⁻¹g moves an answer of
slope g the furthest; λ is what the bound makes it. The normal of the plane that tells the latents of faces that smile
from others is no such step: who smiles in the data also differs otherwise, and the normal takes that along.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.models.classifier import Classifier
from engine.nn.prior import draw
from engine.protocols import Decodes
from engine.registry import Model

SEEDS = range(48)  # of the latents that slopes are taken at
STEP = 0.5  # to either side of them, in deviations of the prior
SHARE = 0.75  # of what a random step changes in other features, how much one may

Vector = NDArray[np.float64]


@torch.no_grad()
def slopes(model: Model, classifier: Classifier) -> Tensor:
    """Return how fast a classifier's features change along each axis of the latent: (latent, picture, feature)."""
    assert isinstance(model, Decodes)
    z = draw(model, SEEDS)

    def seen(step: Tensor) -> Tensor:
        return classifier.features(model.decode(z + step)).double().cpu()

    steps = STEP * torch.eye(model.config.latent, device=z.device)
    return torch.stack([(seen(step) - seen(-step)) / (2 * STEP) for step in steps])


def metric_direction(slopes: Tensor, readout: Tensor) -> Vector:
    """Return the step, (latent,) of unit length, that moves an answer most while other features move little.

    `readout` (feature,) is the answer's row of the classifier's last layer; other features are those beside it.
    """
    row = readout.double().cpu()
    gradient = (slopes @ row).mean(1).numpy()
    others = slopes - (slopes @ row)[..., None] * row / row.square().sum()
    metric = (torch.einsum("inf,jnf->ij", others, others) / others.shape[1]).numpy()
    stretches, axes = np.linalg.eigh(metric)
    allowed = SHARE**2 * stretches.mean()
    slope = axes.T @ gradient

    def step(multiplier: float) -> Vector:
        u: Vector = slope / (stretches + multiplier)
        return u / np.linalg.norm(u)

    def excess(multiplier: float) -> float:
        return float(step(multiplier) ** 2 @ stretches) - allowed

    least, most = -stretches[0] + 1e-9 * stretches[-1], 1e6 * stretches[-1]
    if excess(most) <= 0:  # the gradient itself keeps to the bound
        least = most
    elif excess(least) < 0:  # else no step does, and this one comes nearest
        from scipy.optimize import brentq  # here, not above: it takes a while that no other command needs

        least = brentq(excess, least, most)
    found: Vector = axes @ step(least)
    return found
