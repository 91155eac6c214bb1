"""Pictures drawn pixel by pixel, a little at a time, so that others come in between.

Whatever is drawn is a generator that gives way after each little piece of work, and returns its arrays at the end.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.checkpoints.card import Card
from engine.image_grid import Bytes
from engine.inference import images
from engine.inference.batch_runner import BatchRunner, learn_threads
from engine.inference.buffers import Rows, is_memory
from engine.nn import noise
from engine.nn.autoregressive.distributions import DISTRIBUTIONS
from engine.nn.autoregressive.raster import Draws, Raster

Arrays = dict[str, NDArray[Any]]
Sampling = Generator[None, None, Arrays]

KEPT = 8  # drawings that may be gone on with where they stopped
TOGETHER = 8  # rows that skip what is there already together: a row of pixels of all of them is one piece of work


def finished(sampling: Sampling) -> Arrays:
    """Go on with a drawing to its end."""
    while True:
        try:
            next(sampling)
        except StopIteration as end:
            arrays: Arrays = end.value
            return arrays


@dataclass(eq=False)
class SamplingState:
    """A drawing under way, of some rows together, and the pixel before which all is as it will stay."""

    picture: Raster
    pieces: Iterator[int]
    at: int = 0


class PixelSampler:
    """Draws by a model that completes.

    A picture depends on its noise, and so on its seed, alone: rows are drawn together only in numbers that a pass,
    which `numbers` gives, has found to come to the same bits.
    """

    def __init__(self, model: Any, card: Card, device: torch.device, numbers: Callable[[], BatchRunner]) -> None:
        self.model, self.card, self.device, self.numbers = model, card, device, numbers
        self.kept: OrderedDict[bytes, SamplingState] = OrderedDict()

    def sample(self, seeds: Sequence[int], labels: Rows) -> Sampling:
        """Draw whole pictures: `pictures`."""
        channels, height, width = self.card.shape
        blank = np.zeros((len(seeds), height, width, channels), np.uint8)
        hidden = np.ones((len(seeds), height, width), np.uint8)
        return self.complete(blank, hidden, seeds, (0, height * width), labels, with_probs=False)

    def complete(
        self,
        pictures: Bytes,
        hidden: Bytes,
        seeds: Sequence[int],
        ends: tuple[int, int],
        labels: Rows,
        with_probs: bool,
    ) -> Sampling:
        """Draw the hidden pixels from the first end to before the last: `pictures`.

        With `with_probs` also the `chances` of all values there, float32 (n, pixels, channel, levels), each given those
        before it; zero at a pixel that is not hidden.
        """
        learn_threads()
        rows: Rows = [pictures, hidden, np.array(seeds, np.int64), *labels]
        parts, at, most = [self._nothing(ends, with_probs)], 0, TOGETHER if ends[0] else len(pictures)
        while at < len(pictures):
            size = self.numbers().first_of(min(len(pictures) - at, most))
            found = yield from self._tried([part[at : at + size] for part in rows], size, ends, with_probs)
            if found is not None:
                parts.append(found)
                at += size
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _nothing(self, ends: tuple[int, int], with_probs: bool) -> Arrays:
        channels, height, width = self.card.shape
        probs = np.zeros((0, ends[1] - ends[0], channels, self.levels), np.float32)
        return {
            "pictures": np.zeros((0, height, width, channels), np.uint8),
            **({"chances": probs} if with_probs else {}),
        }

    @property
    def levels(self) -> int:
        """How many levels a value has."""
        return DISTRIBUTIONS[self.model.config.output].levels

    def _tried(
        self, rows: Rows, size: int, ends: tuple[int, int], with_probs: bool
    ) -> Generator[None, None, Arrays | None]:
        """Draw some rows together, as `size` of them; None where memory does not suffice, and fewer are to be tried."""
        try:
            return (yield from self._sampled(rows, size, ends, with_probs))
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not is_memory(error):
                raise
        self.kept.clear()
        self.numbers().shrink(size)
        return None

    def _sampled(self, rows: Rows, size: int, ends: tuple[int, int], with_probs: bool) -> Generator[None, None, Arrays]:
        first, last = ends
        state = self.kept.pop(_key(rows, first, with_probs), None) or self._begun(rows, size, first, with_probs)
        while state.at < last:
            with torch.inference_mode():
                state.at = next(state.pieces, last)
            yield
        count, picture = len(rows[0]), state.picture
        arrays: Arrays = {"pictures": images.to_bytes(picture.x[:count])}
        if with_probs:
            arrays["chances"] = _take_probs(picture, ends, self.levels)[:count]
        if last < picture.x[0, 0].numel():
            self.kept[_key([arrays["pictures"], *rows[1:]], last, with_probs)] = state
            while len(self.kept) > KEPT:
                self.kept.popitem(last=False)
        return arrays

    def _begun(self, rows: Rows, size: int, first: int, with_probs: bool) -> SamplingState:
        """Lay some rows out as `size` of them, ready to be drawn from a pixel on to the end."""
        pictures, hidden, seeds, *labels = (torch.from_numpy(_filled(part, size)) for part in rows)
        u = noise.uniform(seeds.tolist(), self.card.shape)
        x, masks, u, *classes = (part.to(self.device) for part in (pictures, hidden[:, None] > 0, u, *labels))
        picture = Raster(images.unit(x), masks, u, with_probs)
        draw = self.model.draw if isinstance(self.model, Draws) else partial(_by_rows, self.model)
        return SamplingState(picture, draw(picture, first, picture.x[0, 0].numel(), *classes))


def _by_rows(model: Any, picture: Raster, first: int, last: int, y: Tensor | None = None) -> Iterator[int]:
    """Draw by a model that can but complete, a row of pixels at a time."""
    width = picture.x.shape[3]
    for end in [*range(first - first % width + width, last, width), last]:
        start = max(first, end - width)
        picture.x.copy_(model.complete(picture.x, picture.hidden[:, None], picture.noise, start, end, y))
        if picture.keeps_probs:
            probs = model.conditionals(picture.x, y).flatten(2, 3)
            picture.probs |= {pixel: probs[:, :, pixel] for pixel in range(start, end)}
        yield end


def _take_probs(picture: Raster, ends: tuple[int, int], levels: int) -> NDArray[np.float32]:
    """Take out what a picture has told of the pixels between the ends."""
    classes = np.zeros((len(picture.x), ends[1] - ends[0], picture.x.shape[1], levels), np.float32)
    for pixel in [pixel for pixel in picture.probs if pixel < ends[1]]:
        probs = picture.probs.pop(pixel).cpu().numpy()
        if pixel >= ends[0]:
            classes[:, pixel - ends[0]] = probs
    classes *= picture.hidden.flatten(1)[:, ends[0] : ends[1], None, None].cpu().numpy()
    return classes


def _filled(part: NDArray[Any], size: int) -> NDArray[Any]:
    """Repeat the last row until there are as many as are drawn together."""
    return np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)])


def _key(rows: Rows, at: int, with_probs: bool) -> bytes:
    """Name all that a drawing depends on from a pixel on."""
    content = hashlib.sha256(f"{at} {with_probs}".encode())
    for part in rows:
        content.update(str(part.shape).encode() + np.ascontiguousarray(part).tobytes())
    return content.digest()
