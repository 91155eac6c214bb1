"""An inversion descends the error of the picture, and is pulled to the prior where the picture says nothing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from engine.latent.inversion import PULL, descent, step


class Blind:
    """A model whose picture shows the first axis of its latent alone."""

    def decode(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return z[:, :1, None, None].expand(-1, 1, 2, 2)


MODEL: Any = Blind()
MEAN, DEVIATION = torch.tensor([1.0, 1.0]), torch.tensor([2.0, 0.5])


def test_the_gradient_is_that_of_the_error_and_of_the_pull_to_the_prior() -> None:
    z = torch.tensor([[1.5, 3.0]])
    error, gradient = descent(MODEL, torch.full((1, 1, 2, 2), 0.5), z, MEAN, DEVIATION, None)
    assert error.item() == pytest.approx(1.0)
    shown = 2 * (1.5 - 0.5) + PULL * (1.5 - 1) / 2.0**2
    hidden = PULL * (3 - 1) / 0.5**2
    assert gradient[0].tolist() == pytest.approx([shown, hidden])


def test_an_axis_that_no_picture_shows_goes_to_the_middle_of_the_prior() -> None:
    x, state = torch.full((1, 1, 2, 2), 0.5), torch.tensor([[0.5, 3.0, 0, 0, 0, 0, 0]])
    for _ in range(200):
        state = step(MODEL, x, state, MEAN, DEVIATION)[:, :-1]
    assert state[0, :2].tolist() == pytest.approx([0.5, 1.0], abs=0.02)
