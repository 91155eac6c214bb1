"""Layers of our own against the plain ones that they stand for."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.nn.blocks import DoublingConv2d


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (6, 7)])
def test_doubling_and_convolving_at_once_is_repetition_and_a_convolution(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    x = torch.randn(4, 5, *size, requires_grad=True)
    ours = DoublingConv2d(5, 3)
    plain = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(5, 3, 3, padding=1))
    plain[1].load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(x), plain(x))
    weights = torch.randn(4, 3, 2 * size[0], 2 * size[1])
    slopes = [torch.autograd.grad((weights * net(x)).sum(), [x, *net.parameters()]) for net in (ours, plain)]
    torch.testing.assert_close(*slopes, rtol=1e-4, atol=1e-4)
