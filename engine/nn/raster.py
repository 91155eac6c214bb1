"""Pictures drawn pixel by pixel in raster order: with a cursor that remembers, or naively, which comes to the same."""

import torch

from engine.aliases import Images, Labels, Masks
from engine.nn.cursors import Cursor, Reader
from engine.nn.outputs import Output, drawn
from engine.verbs import Completes


class Raster:
    """A picture under way, and the numbers that decide it."""

    def __init__(self, x: Images, hidden: Masks, noise: Images) -> None:
        self.x, self.hidden, self.noise = x.clone(), hidden[:, 0], noise

    def missing(self, first: int, last: int) -> dict[int, list[int]]:
        """List by row the columns of the pixels among `first` … `last` − 1 that are hidden in some picture."""
        rows: dict[int, list[int]] = {}
        for pixel in self.hidden.flatten(1).any(0)[first:last].nonzero().flatten().tolist():
            row, column = divmod(first + pixel, self.x.shape[3])
            rows.setdefault(row, []).append(column)
        return rows

    def draw_row(self, row: int, columns: list[int], cursor: Cursor, read: Reader, output: Output) -> None:
        """Draw the missing pixels of a row, stepping along it to the end."""
        cursor.enter(row)
        x, hidden, noise = (part[..., row, :].unbind(-1) for part in (self.x, self.hidden, self.noise))
        for column in range(len(x)):
            h = cursor.step(column)
            if column not in columns:
                continue
            for channel in range(x[column].shape[1]):
                if channel and output.ordered:
                    h = cursor.step(column)
                chances = output.chances(read(h), x[column], channel)
                value = drawn(chances, noise[column][:, channel])
                x[column][:, channel] = torch.where(hidden[column], value, x[column][:, channel])
                cursor.put(column, channel, x[column][:, channel])


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
