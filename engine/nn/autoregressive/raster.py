"""Pictures drawn pixel by pixel in raster order: with a cursor that remembers, or naively, which comes to the same."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.nn.autoregressive.cached_conv import Cursor, Reader
from engine.nn.autoregressive.distributions import Output, drawn
from engine.protocols import Completes
from engine.types import Images, Labels, Masks

STEADY = 16  # of few numbers an exponential is computed one by one, not by vectors, and comes out rounded otherwise


class Raster:
    """A picture under way, and the numbers that decide it; where it is asked to tell, the chances that values had."""

    def __init__(self, x: Images, hidden: Masks, noise: Images, tells: bool = False) -> None:
        self.x, self.hidden, self.noise, self.tells = x.clone(), hidden[:, 0], noise, tells
        self.told: dict[int, Tensor] = {}  # by pixel, (batch, channel, levels)

    def missing(self, first: int, last: int) -> dict[int, list[int]]:
        """List by row the columns of the pixels among `first` … `last` − 1 that are hidden in some picture."""
        rows: dict[int, list[int]] = {}
        for pixel in self.hidden.flatten(1).any(0)[first:last].nonzero().flatten().tolist():
            row, column = divmod(first + pixel, self.x.shape[3])
            rows.setdefault(row, []).append(column)
        return rows

    def draw_row(self, row: int, columns: list[int], cursor: Cursor, read: Reader, output: Output) -> Iterator[int]:
        """Draw the missing pixels of a row, stepping along it to the end; gives each time the pixel that comes next."""
        yield from (row * self.x.shape[3] for _ in cursor.enter(row))
        x, hidden, noise = (part[..., row, :].unbind(-1) for part in (self.x, self.hidden, self.noise))
        for column in range(len(x)):
            h, chances = cursor.step(column), list[Tensor]()
            for channel in range(x[column].shape[1]) if column in columns else ():
                if channel and output.ordered:
                    h = cursor.step(column)
                chances.append(steadily(output, read(h), x[column], channel))
                value = drawn(chances[-1], noise[column][:, channel])
                x[column][:, channel] = torch.where(hidden[column], value, x[column][:, channel])
                cursor.put(column, channel, x[column][:, channel])
            if self.tells and chances:
                self.told[row * len(x) + column] = torch.stack(chances, dim=1)
            yield row * len(x) + column + 1


def steadily(output: Output, h: Tensor, x: Tensor, channel: int) -> Tensor:
    """Give the chances (batch, levels) of a channel, computed for STEADY rows at least."""
    missing = max(0, STEADY - len(h))
    return output.chances(F.pad(h, (0, 0, 0, missing)), F.pad(x, (0, 0, 0, missing)), channel)[: len(h)]


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
                chances = model.conditionals(picture.x, y)[:, channel, row, column]
                value = drawn(chances, noise[:, channel, row, column])
                place = picture.x[:, channel, row, column]
                place.copy_(torch.where(hidden[:, 0, row, column], value, place))
    return picture.x
