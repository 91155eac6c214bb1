"""A masked network as a distribution of pictures: p(x) = Π p(xᵢ | x₁ … xᵢ₋₁), scored in one pass, drawn in many."""

from collections.abc import Iterator

import torch
from torch import nn

from engine.nn.autoregressive.cached_conv import Cursor, GatedCursor, PlainCursor, Reader, Skips
from engine.nn.autoregressive.cached_lstm import RecurrentCursor
from engine.nn.autoregressive.conv_lstm import RecurrentStack
from engine.nn.autoregressive.distributions import Output
from engine.nn.autoregressive.raster import Raster
from engine.nn.autoregressive.stacks import Additions, GatedStack, Head, PlainStack
from engine.types import Chances, Images, Maps, Masks

Stack = PlainStack | GatedStack | RecurrentStack


class PixelNet(nn.Module):
    """A stack, a head and a distribution; additions to the layers of the stack are what it is conditioned on."""

    def __init__(self, stack: Stack, output: Output, colours: int) -> None:
        super().__init__()
        self.stack, self.output = stack, output
        self.head = Head(stack.features, output.maps, colours)

    def maps(self, x: Images, additions: Additions = ()) -> Maps:
        """Give the parameters of every pixel's distribution, (batch, maps of the output, height, width), as float32."""
        return self.head(self.stack(x, additions)).float()

    def log_probs(self, x: Images, additions: Additions = ()) -> Images:
        """Give log p of each value given those before it, in nats."""
        h, values = self.maps(x, additions).movedim(1, -1), x.movedim(1, -1)
        return self.output.log_probs(h, values).movedim(-1, 1)

    def conditionals(self, x: Images, additions: Additions = ()) -> Chances:
        """Give p(value | those before) at every value of a picture."""
        h, values = self.maps(x, additions).movedim(1, -1), x.movedim(1, -1)
        return torch.stack([self.output.chances(h, values, channel) for channel in range(x.shape[1])], dim=1)

    def means(self, x: Images, additions: Additions = ()) -> Images:
        """Give the mean of every value given those before."""
        h, values = self.maps(x, additions).movedim(1, -1), x.movedim(1, -1)
        return self.output.means(h, values).movedim(-1, 1)

    @torch.no_grad()
    def complete(
        self, x: Images, hidden: Masks, noise: Images, first: int, last: int, additions: Additions = ()
    ) -> Images:
        """Draw the hidden pixels among `first` … `last` − 1: skipping the rows above, then pixel by pixel."""
        picture = Raster(x, hidden, noise)
        for _ in self.draw(picture, first, last, additions):
            pass
        return picture.x

    def fill(self, noise: Images, additions: Additions = ()) -> Images:
        """Draw whole pictures by their noise."""
        hidden = torch.ones_like(noise[:, :1], dtype=torch.bool)
        return self.complete(torch.zeros_like(noise), hidden, noise, 0, hidden[0].numel(), additions)

    def draw(self, picture: Raster, first: int, last: int, additions: Additions = ()) -> Iterator[int]:
        """Draw into a picture; gives after each piece of work the pixel before which all is as it will stay."""
        missing, width = picture.missing(first, last), picture.x.shape[3]
        cursor, read = cursor_over(picture.x, self.stack, additions), Reader(self.head)
        for row in range(max(missing, default=-1) + 1):
            if row not in missing and isinstance(cursor, Skips):
                yield from (row * width for _ in cursor.skip(row))
            else:
                yield from picture.draw_row(row, missing.get(row, []), cursor, read, self.output)


def cursor_over(x: Images, stack: Stack, additions: Additions) -> Cursor:
    """Set a cursor at the top of a picture."""
    if isinstance(stack, GatedStack):
        return GatedCursor(x, stack, additions)
    if isinstance(stack, RecurrentStack):
        return RecurrentCursor(x, stack, additions)
    return PlainCursor(x, stack, additions)
