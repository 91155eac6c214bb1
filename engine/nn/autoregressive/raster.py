"""Pictures drawn pixel by pixel in raster order: with a cache, or naively, which comes to the same."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.nn.autoregressive.cached_conv import Reader, StackCache
from engine.nn.autoregressive.distributions import Distribution, sample
from engine.protocols import Completes
from engine.types import Images, Labels, Masks

STEADY = 16  # of few numbers an exponential is computed one by one, not by vectors, and comes out rounded otherwise


class Raster:
    """A picture under way, the numbers that decide it and, where they are kept, the probabilities of its values."""

    def __init__(self, x: Images, hidden: Masks, noise: Images, keeps_probs: bool = False) -> None:
        self.x, self.hidden, self.noise, self.keeps_probs = x.clone(), hidden[:, 0], noise, keeps_probs
        self.probs: dict[int, Tensor] = {}  # by pixel, (batch, channel, levels)

    def missing(self, first: int, last: int) -> dict[int, list[int]]:
        """List by row the columns of the pixels among `first` … `last` − 1 that are hidden in some picture."""
        rows: dict[int, list[int]] = {}
        for pixel in self.hidden.flatten(1).any(0)[first:last].nonzero().flatten().tolist():
            row, column = divmod(first + pixel, self.x.shape[3])
            rows.setdefault(row, []).append(column)
        return rows

    def draw_row(
        self, row: int, columns: list[int], cache: StackCache, read: Reader, distribution: Distribution
    ) -> Iterator[int]:
        """Draw the missing pixels of a row, stepping along it to the end; gives each time the pixel that comes next."""
        yield from (row * self.x.shape[3] for _ in cache.enter(row))
        x, hidden, noise = (part[..., row, :].unbind(-1) for part in (self.x, self.hidden, self.noise))
        for column in range(len(x)):
            h, probs = cache.step(column), list[Tensor]()
            for channel in range(x[column].shape[1]) if column in columns else ():
                if channel and distribution.ordered:
                    h = cache.step(column)
                probs.append(steadily(distribution, read(h), x[column], channel))
                value = sample(probs[-1], noise[column][:, channel])
                x[column][:, channel] = torch.where(hidden[column], value, x[column][:, channel])
                cache.put(column, channel, x[column][:, channel])
            if self.keeps_probs and probs:
                self.probs[row * len(x) + column] = torch.stack(probs, dim=1)
            yield row * len(x) + column + 1


def steadily(distribution: Distribution, h: Tensor, x: Tensor, channel: int) -> Tensor:
    """Compute the probabilities (batch, levels) of a channel, computed for STEADY rows at least."""
    missing = max(0, STEADY - len(h))
    return distribution.probs(F.pad(h, (0, 0, 0, missing)), F.pad(x, (0, 0, 0, missing)), channel)[: len(h)]


@runtime_checkable
class Draws(Protocol):
    """Completes a pixel at a time, so that others come in between; no verb of a card."""

    def draw(self, picture: Raster, first: int, last: int, y: Labels | None = None) -> Iterator[int]:
        """Draw as `complete` does; gives after each piece of work the pixel before which all is as it will stay."""
        ...


@torch.no_grad()
def complete_naively(
    model: Completes, x: Images, hidden: Masks, noise: Images, first: int, last: int, y: Labels | None = None
) -> Images:
    """Draw the hidden pixels among `first` … `last` − 1 by a whole pass of a model for each value."""
    picture = Raster(x, hidden, noise)
    for row, columns in picture.missing(first, last).items():
        for column in columns:
            for channel in range(x.shape[1]):
                probs = model.conditionals(picture.x, y)[:, channel, row, column]
                value = sample(probs, noise[:, channel, row, column])
                place = picture.x[:, channel, row, column]
                place.copy_(torch.where(hidden[:, 0, row, column], value, place))
    return picture.x
