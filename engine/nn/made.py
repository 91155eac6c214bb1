"""A network of m and s whose axis i sees only the axes before i: one pass gives all of them.

Germain et al., "MADE: Masked Autoencoder for Distribution Estimation", ICML 2015, with a context that all axes see.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.types import Context, Latents


class Made(nn.Module):
    """z (batch, axes) and context (batch, context) → `outputs` numbers of each axis, given the axes before it.

    The last axis comes first where `reverse`. A unit of degree k sees those of degree k or less: the axis of place i
    goes in with degree i + 1 and comes out with degree i, so that the first one sees the context alone.
    """

    def __init__(self, axes: int, context: int, width: int, outputs: int, reverse: bool) -> None:
        super().__init__()
        places = torch.arange(axes).flip(0) if reverse else torch.arange(axes)
        hidden = torch.arange(width) * axes // width
        self.context = nn.Linear(context, width)
        self.first = MaskedLinear(places + 1, hidden)
        self.second = MaskedLinear(hidden, hidden)
        self.last = MaskedLinear(hidden, places.repeat(outputs))
        self.outputs = outputs

    def forward(self, z: Latents, context: Context) -> tuple[Tensor, ...]:  # each (batch, axes)
        h = F.elu(self.first(z) + self.context(context))
        return self.last(F.elu(self.second(h))).chunk(self.outputs, dim=1)


class MaskedLinear(nn.Linear):
    """A linear layer of which each output sees the inputs of its own degree or less."""

    here: Tensor  # degrees travel with the weights, masks would double them
    there: Tensor

    def __init__(self, here: Tensor, there: Tensor) -> None:
        super().__init__(len(here), len(there))
        self.register_buffer("here", here.float())
        self.register_buffer("there", there.float())

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight * (self.there[:, None] >= self.here), self.bias)
