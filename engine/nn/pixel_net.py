"""A masked network as a distribution of pictures: p(x) = Π p(xᵢ | x₁ … xᵢ₋₁), scored in one pass, drawn in many."""

from collections.abc import Iterator

import torch
from torch import nn

from engine.aliases import Chances, Images, Maps, Masks
from engine.nn.cursors import Reader, cursor_over
from engine.nn.outputs import OUTPUTS, Output, OutputName
from engine.nn.raster import Raster
from engine.nn.stacks import Additions, GatedStack, Head, PlainStack, Stack, StackSizes


class PixelNet(nn.Module):
    """A stack, a head and a distribution; additions to the layers of the stack are what it is conditioned on."""

    def __init__(self, sizes: StackSizes, gated: bool, output: OutputName, mixtures: int) -> None:
        super().__init__()
        self.output: Output = OUTPUTS[output](sizes.channels, mixtures)
        self.stack: Stack = GatedStack(sizes) if gated else PlainStack(sizes)
        self.head = Head(self.stack.features, self.output.maps, sizes.colours)

    def maps(self, x: Images, additions: Additions | None = None) -> Maps:
        """Give the parameters of every pixel's distribution, (batch, maps of the output, height, width), as float32."""
        return self.head(self.stack(x, additions)).float()

    def log_probs(self, x: Images, additions: Additions | None = None) -> Images:
        """Give log p of each value given those before it, in nats."""
        h, values = self.maps(x, additions).movedim(1, -1), x.movedim(1, -1)
        return self.output.log_probs(h, values).movedim(-1, 1)

    def conditionals(self, x: Images, additions: Additions | None = None) -> Chances:
        """Give p(value | those before) at every value of a picture."""
        h, values = self.maps(x, additions).movedim(1, -1), x.movedim(1, -1)
        return torch.stack([self.output.chances(h, values, channel) for channel in range(x.shape[1])], dim=1)

    @torch.no_grad()
    def complete(
        self, x: Images, hidden: Masks, noise: Images, first: int, last: int, additions: Additions | None = None
    ) -> Images:
        """Draw the hidden pixels among `first` … `last` − 1: skipping the rows above, then pixel by pixel."""
        picture = Raster(x, hidden, noise)
        for _ in self.draw(picture, first, last, additions):
            pass
        return picture.x

    def draw(self, picture: Raster, first: int, last: int, additions: Additions | None = None) -> Iterator[int]:
        """Draw into a picture; gives after each piece of work the pixel before which all is as it will stay."""
        missing, width = picture.missing(first, last), picture.x.shape[3]
        cursor, read = cursor_over(picture.x, self.stack, additions), Reader(self.head)
        for row in range(max(missing, default=-1) + 1):
            if row in missing:
                yield from picture.draw_row(row, missing[row], cursor, read, self.output)
            else:
                cursor.skip(row)
                yield (row + 1) * width
