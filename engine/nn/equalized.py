"""Equalized learning rate and pixel norm (Karras et al., "Progressive Growing of GANs", ICLR 2018, section 4)."""

import math

import torch
from torch import Tensor, nn


class Equalized(nn.Module):
    """A layer whose weights are all of deviation one, and so learn at one speed; what it is given carries the scale.

    The paper scales the weights, w/c; the product is the same, and the layer inside stays an ordinary one.
    """

    def __init__(self, layer: nn.Linear | nn.Conv2d, gain: float = math.sqrt(2)) -> None:
        super().__init__()
        self.layer, self.scale = layer, gain / math.sqrt(layer.weight[0].numel())
        nn.init.normal_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layer(self.scale * x)
        return out


class PixelNorm(nn.Module):
    """Scale the features of each pixel to a mean square of one."""

    def forward(self, h: Tensor) -> Tensor:
        return h * torch.rsqrt(h.square().mean(1, keepdim=True) + 1e-8)
