"""Pictures drawn pixel by pixel in raster order."""

from typing import Any

import torch

from engine.aliases import Images, Labels, Masks
from engine.nn.outputs import drawn


@torch.no_grad()
def complete_naively(
    model: Any, x: Images, hidden: Masks, noise: Images, first: int, last: int, y: Labels | None = None
) -> Images:
    """Draw the hidden pixels among `first` … `last` − 1 by a whole pass of a model for each value."""
    x, (channels, _, columns) = x.clone(), x.shape[1:]
    for pixel in range(first, last):
        row, column = divmod(pixel, columns)
        for channel in range(channels):
            chances = model.conditionals(x, y)[:, channel, row, column]
            value = drawn(chances, noise[:, channel, row, column])
            x[:, channel, row, column] = torch.where(hidden[:, 0, row, column], value, x[:, channel, row, column])
    return x
