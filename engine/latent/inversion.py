"""Inversion: descend from a latent towards one whose picture is the given one, for models that have no encoder.

Lipton and Tripathi, "Precise Recovery of Latent Vectors from Generative Adversarial Networks", ICLR 2017 workshop;
the steps are Adam's (Kingma and Ba, ICLR 2015, algorithm 1). All that a row needs stands in its state, float32
(3 · latent + 1,): z, the first and the second moment of its gradient, and the number of steps done.
"""

from typing import Any

import torch
from torch import Tensor

from engine.types import Images, Labels, Latents

RATE = 0.2  # deviations of the latent a step, at first
CALM = 100.0  # steps after which the rate has fallen to half
MEMORY = 0.9, 0.99  # of the two moments
TINY = 1e-8
PULL = 1e-4  # of the mean square of a standardized axis, beside the mean squared error of a pixel


def step(model: Any, x: Images, state: Tensor, mean: Tensor, deviation: Tensor, y: Labels | None = None) -> Tensor:
    """Take one step of every row on its own: (n, 3 · latent + 2), the new state and the error before the step.

    The error is the mean squared error of a pixel; `mean` and `deviation` (latent,) are those of the prior.
    """
    latent = len(mean)
    z, first, second, done = state.split([latent, latent, latent, 1], dim=1)
    error, gradient = descent(model, x, z, mean, deviation, y)
    done = done + 1
    first = MEMORY[0] * first + (1 - MEMORY[0]) * gradient
    second = MEMORY[1] * second + (1 - MEMORY[1]) * gradient.square()
    towards = (first / (1 - MEMORY[0] ** done)) / ((second / (1 - MEMORY[1] ** done)).sqrt() + TINY)
    z = z - RATE / (1 + done / CALM) * deviation * towards
    return torch.cat([z, first, second, done, error[:, None]], dim=1)


def descent(
    model: Any, x: Images, z: Latents, mean: Tensor, deviation: Tensor, y: Labels | None
) -> tuple[Tensor, Latents]:
    """Return each row's error (n,), and the gradient by z of error and pull together."""
    with torch.inference_mode(False), torch.enable_grad():
        z, x, y = z.clone().requires_grad_(), x.clone(), None if y is None else y.clone()  # of tensors without history
        squares = (model.decode(z, y) - x).square().flatten(1)
        error = squares.double().mean(1)  # whose order of summing is lost in rounding to float32
        pull = ((z - mean) / deviation).square().mean(1)
        (gradient,) = torch.autograd.grad((error + PULL * pull).sum(), z)  # rows do not mix in a sum
    return error.detach().float(), gradient
