"""A masked network as a distribution of pictures: p(x) = Π p(xᵢ | x₁ … xᵢ₋₁), scored in one pass, drawn in many."""

from collections.abc import Iterator, Sequence

import torch
from torch import nn

from engine.errors import BadValue
from engine.nn import noise
from engine.nn.autoregressive.cached_conv import GatedConvCache, PlainConvCache, Reader, Skips, StackCache
from engine.nn.autoregressive.cached_lstm import RecurrentCache
from engine.nn.autoregressive.conv_lstm import RecurrentStack
from engine.nn.autoregressive.distributions import DISTRIBUTIONS, Distribution, DistributionName
from engine.nn.autoregressive.raster import Raster
from engine.nn.autoregressive.stacks import Conditioning, GatedStack, Head, PlainStack, class_conditioning
from engine.nn.nets import Shape
from engine.types import Images, Labels, Maps, Masks, PerImage, Probs

Stack = PlainStack | GatedStack | RecurrentStack


class PixelNet(nn.Module):
    """A stack, a head and a distribution; what it is conditioned on is added to the layers of the stack."""

    def __init__(self, stack: Stack, distribution: Distribution, colours: int) -> None:
        super().__init__()
        self.stack, self.distribution = stack, distribution
        self.head = Head(stack.features, distribution.maps, colours)

    def maps(self, x: Images, conditioning: Conditioning = ()) -> Maps:
        """Compute every pixel's distribution, (batch, maps of the distribution, height, width), as float32."""
        return self.head(self.stack(x, conditioning)).float()

    def log_probs(self, x: Images, conditioning: Conditioning = ()) -> Images:
        """Compute log p of each value given those before it, in nats."""
        h, values = self.maps(x, conditioning).movedim(1, -1), x.movedim(1, -1)
        return self.distribution.log_probs(h, values).movedim(-1, 1)

    def conditionals(self, x: Images, conditioning: Conditioning = ()) -> Probs:
        """Compute p(value | those before) at every value of a picture."""
        h, values = self.maps(x, conditioning).movedim(1, -1), x.movedim(1, -1)
        return torch.stack([self.distribution.probs(h, values, channel) for channel in range(x.shape[1])], dim=1)

    def means(self, x: Images, conditioning: Conditioning = ()) -> Images:
        """Compute the mean of every value given those before."""
        h, values = self.maps(x, conditioning).movedim(1, -1), x.movedim(1, -1)
        return self.distribution.means(h, values).movedim(-1, 1)

    @torch.no_grad()
    def complete(
        self, x: Images, hidden: Masks, noise: Images, first: int, last: int, conditioning: Conditioning = ()
    ) -> Images:
        """Draw the hidden pixels among `first` … `last` − 1: skipping the rows above, then pixel by pixel."""
        picture = Raster(x, hidden, noise)
        for _ in self.draw(picture, first, last, conditioning):
            pass
        return picture.x

    def fill(self, noise: Images, conditioning: Conditioning = ()) -> Images:
        """Draw whole pictures by their noise."""
        hidden = torch.ones_like(noise[:, :1], dtype=torch.bool)
        return self.complete(torch.zeros_like(noise), hidden, noise, 0, hidden[0].numel(), conditioning)

    def draw(self, picture: Raster, first: int, last: int, conditioning: Conditioning = ()) -> Iterator[int]:
        """Draw into a picture; gives after each piece of work the pixel before which all is as it will stay."""
        missing, width = picture.missing(first, last), picture.x.shape[3]
        cache, read = cache_of(picture.x, self.stack, conditioning), Reader(self.head)
        for row in range(max(missing, default=-1) + 1):
            if row not in missing and isinstance(cache, Skips):
                yield from (row * width for _ in cache.skip(row))
            else:
                yield from picture.draw_row(row, missing.get(row, []), cache, read, self.distribution)


class PixelSizes:
    """The sizes that models of one `PixelNet` share, and what follows from them."""

    shape: Shape
    width: int
    depth: int
    output: DistributionName
    mixtures: int
    classes: int

    @property
    def latent(self) -> int:
        """No latent: all that varies is drawn pixel by pixel."""
        return 0

    @property
    def colours(self) -> int:
        """How many parts the feature maps have: one for each channel that the masks tell apart."""
        return self.shape[0] if DISTRIBUTIONS[self.output].ordered else 1

    def check_width(self) -> None:
        """Raise BadValue where not every colour has a feature map."""
        if self.width < self.colours:
            raise BadValue(f"width is {self.width}; {self.colours} colours need a feature map each.")


class PixelModel(nn.Module):
    """A model of one `PixelNet`, whatever its stack; classes as in the PixelCNN decoders' equation 4."""

    def __init__(self, config: PixelSizes, stack: Stack) -> None:
        super().__init__()
        self.config = config
        output = DISTRIBUTIONS[config.output](config.shape[0], config.mixtures)
        self.net = PixelNet(stack, output, config.colours)
        if config.classes:
            self.label = nn.Linear(config.classes, config.depth * stack.gates, bias=False)

    def condition_maps(self, y: Labels | None) -> Conditioning:
        """Compute what a class adds to each layer."""
        if y is None or not self.config.classes:
            return ()
        return class_conditioning(self.label, y, self.config.depth)

    # p(xᵢ | x₁ … xᵢ₋₁, y)

    def log_probs(self, x: Images, y: Labels | None = None) -> Images:
        return self.net.log_probs(x, self.condition_maps(y))

    def conditionals(self, x: Images, y: Labels | None = None) -> Probs:
        return self.net.conditionals(x, self.condition_maps(y))

    # Verbs

    def sample(self, seeds: Sequence[int], y: Labels | None = None, truncation: float = 1.0) -> Images:
        """Draw pictures; there is no latent that a truncation could shorten."""
        u = noise.uniform(seeds, self.config.shape).to(next(self.parameters()).device)
        return self.net.fill(u, self.condition_maps(y))

    def complete(
        self, x: Images, hidden: Masks, noise: Images, first: int, last: int, y: Labels | None = None
    ) -> Images:
        return self.net.complete(x, hidden, noise, first, last, self.condition_maps(y))

    def draw(self, picture: Raster, first: int, last: int, y: Labels | None = None) -> Iterator[int]:
        """Draw as `complete` does, a pixel at a time, see `engine.nn.autoregressive.raster`."""
        return self.net.draw(picture, first, last, self.condition_maps(y))

    def log_prob(self, x: Images, y: Labels | None = None) -> PerImage:
        return self.log_probs(x, y).flatten(1).sum(1)


def cache_of(x: Images, stack: Stack, conditioning: Conditioning) -> StackCache:
    """Make the cache of a stack, at the top of a picture."""
    if isinstance(stack, GatedStack):
        return GatedConvCache(x, stack, conditioning)
    if isinstance(stack, RecurrentStack):
        return RecurrentCache(x, stack, conditioning)
    return PlainConvCache(x, stack, conditioning)
