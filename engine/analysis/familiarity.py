"""How far a picture lies from those that an encoder learnt from: by what it shows, or by its texture.

The pixel error alone cannot tell: an even sheet is rebuilt better than any face. What a picture shows is here its code,
how and where the reconstruction is off, the energies of picture and error in octave bands, and how steep the picture
is, down and across, in its upper, middle and lower third; its texture, the energies of the picture alone. Each makes a
vector, and what counts is its Mahalanobis distance from those of training pictures (Mahalanobis, 1936; Lee et al., "A
Simple Unified Framework for Detecting Out-of-Distribution Samples", NeurIPS 2018, take it in the features of a
classifier), in deviations of theirs by the transformation of Wilson and Hilferty (PNAS, 1931). A picture is looked at
upside down as well: those that a model learnt from are rebuilt much better the right way up (turns as a test: Golan and
El-Yaniv, "Deep Anomaly Detection Using Geometric Transformations", NeurIPS 2018). The strangeness is that of what a
picture shows, and what its texture and its being turned have beyond a usual amount.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, interpolate

from engine.checkpoints.card import Card
from engine.errors import CheckpointRefused
from engine.image_grid import Bytes
from engine.inference import images

CELLS = 4  # along a side
BANDS = 4  # halvings at most, while both sides are even
STEEP = 1e-4  # added to energies of slopes, likewise
FLOOR = 1e-5  # added to energies on [0, 1] before their logarithm: an even sheet has none
SHRINKAGE = 0.01  # of correlations towards none, so that what moves together does not count without bound
THIRDS, SLOPES = 3, 2  # of a picture, from top to bottom; octaves at most in which slopes are looked at
FILE, YARDSTICKS = "familiarity.safetensors", ("content", "texture")
AGAIN = "Measure it again: zoetrope-train evaluate NAME --only familiarity"

USUAL = 2.0  # deviations of texture, or by turning, that count for nothing: with fewer, ordinary ones hide the content

Vectors = NDArray[np.float64]
Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Yardstick:
    """The vectors of training pictures in short: their mean, what whitens them, and how far they lie from the mean."""

    mean: NDArray[np.float32]  # (size,)
    whitening: NDArray[np.float32]  # (size, size), lower triangular
    usual: NDArray[np.float32]  # (2,): mean and deviation of the training pictures' transformed distances

    def distance(self, given: Vectors) -> Vectors:
        """Measure vectors (n, size), the transformed distance of each: nearly normal for training pictures."""
        return np.cbrt(np.square((given - self.mean) @ self.whitening).mean(1))

    def deviations(self, given: Vectors) -> Vectors:
        """Say by how many deviations vectors (n, size) are farther than a training picture usually is."""
        return (self.distance(given) - self.usual[0]) / self.usual[1]


def fitted(given: Vectors) -> Yardstick:
    """Fit a yardstick to the vectors of training pictures (n, size)."""
    mean, deviation = given.mean(0), given.std(0) + 1e-9
    scaled = (given - mean) / deviation
    correlations = (1 - SHRINKAGE) * scaled.T @ scaled / len(given) + SHRINKAGE * np.eye(len(mean))
    root = np.linalg.cholesky(np.linalg.inv(correlations))
    found = Yardstick(mean.astype(np.float32), half(root / deviation[:, None]), np.array([0, 1], np.float32))
    usual = found.distance(given)
    return replace(found, usual=np.array([usual.mean(), usual.std() + 1e-9], np.float32))


def half(array: Vectors) -> NDArray[np.float32]:
    """Round to what half precision can tell apart, in which it is kept."""
    return array.clip(-6e4, 6e4).astype(np.float16).astype(np.float32)


@dataclass(frozen=True)
class Familiarity:
    """What is known of a model's training pictures."""

    content: Yardstick
    texture: Yardstick
    turned: NDArray[np.float32] | None = None  # (2,): mean and deviation of what they gain; None: was not looked at

    def strangeness(
        self, pictures: Bytes, made: Bytes, z: NDArray[np.float32], made_turned: Bytes | None = None
    ) -> dict[str, Scores]:
        """Score pictures by their reconstructions and codes, and by the reconstructions of them upside down.

        Returns `strangeness` (n,), and the parts of it that are due to `texture` (n,) and to being `turned` (n,).
        """
        content, texture = vectors(pictures, made, z)
        by_texture = np.maximum(0, self.texture.deviations(texture) - USUAL)
        by_turning = np.zeros(len(content))
        if self.turned is not None and made_turned is not None:
            mean, deviation = self.turned
            by_turning = np.maximum(0, (gain(pictures, made, made_turned) - mean) / deviation - USUAL)
        scores = {"strangeness": self.content.deviations(content) + by_texture + by_turning}
        scores |= {"texture": by_texture, "turned": by_turning}
        return {name: score.astype(np.float32) for name, score in scores.items()}


def of(pictures: Bytes, made: Bytes, z: NDArray[np.float32], made_turned: Bytes | None = None) -> Familiarity:
    """Get to know training pictures, by their reconstructions and codes, and by those of them upside down."""
    content, texture = vectors(pictures, made, z)
    gained = None if made_turned is None else gain(pictures, made, made_turned)
    usual = None if gained is None else np.array([gained.mean(), gained.std() + 1e-9], np.float32)
    return Familiarity(fitted(content), fitted(texture), usual)


def turned(pictures: Bytes) -> Bytes:
    """Turn pictures upside down."""
    return np.ascontiguousarray(pictures[:, ::-1])


def gain(pictures: Bytes, made: Bytes, made_turned: Bytes) -> Vectors:  # (n,)
    """Say how much better pictures are rebuilt upside down: the log of their mean squared error over that."""
    return log_error(pictures, made) - log_error(turned(pictures), made_turned)


def log_error(pictures: Bytes, made: Bytes) -> Vectors:  # (n,)
    off = (pictures.astype(np.float64) - made) / 255
    return np.log(np.square(off).mean((1, 2, 3)) + FLOOR)


# What is looked at


def vectors(pictures: Bytes, made: Bytes, z: NDArray[np.float32]) -> tuple[Vectors, Vectors]:
    """Describe what pictures show, and their texture, by numbers: (n, size) each."""
    seen = images.unit(torch.from_numpy(np.array(pictures)))
    off = seen - images.unit(torch.from_numpy(np.array(made)))
    texture = octaves(seen - seen.mean((2, 3), keepdim=True))
    sizes = adaptive_avg_pool2d(off.square().mean(1, keepdim=True), CELLS).sqrt()
    signed = adaptive_avg_pool2d(off, CELLS)
    errors = sizes.flatten(1), signed.flatten(1), octaves(off)
    content = torch.cat([torch.from_numpy(z), *errors, texture, slopes(seen.mean(1, keepdim=True))], 1)
    return content.double().numpy(), texture.double().numpy()


def octaves(x: Tensor) -> Tensor:
    """Measure log energies in bands, of lightness and, in colour, of two colour differences, (n, bands)."""
    if x.shape[1] == 1:
        return torch.log(bands(x) + FLOOR)
    red, green, blue = x.split(1, dim=1)
    parts = (red + green + blue) / 3, (red - blue) / 2, (2 * green - red - blue) / 4
    return torch.log(torch.cat([bands(part) for part in parts], 1) + FLOOR)


def bands(x: Tensor) -> Tensor:
    """Measure the energy of what each halving of a picture loses, and of what is left.

    The first is left out where there are others: it tells how a file was compressed and resized, not what it shows.
    """
    found: list[Tensor] = []
    while len(found) < BANDS and x.shape[2] % 2 == x.shape[3] % 2 == 0:
        coarse = avg_pool2d(x, 2)
        found.append((x - interpolate(coarse, scale_factor=2)).square().mean((1, 2, 3)))
        x = coarse
    return torch.stack([*found[1:], x.square().mean((1, 2, 3))], 1)


def slopes(x: Tensor) -> Tensor:
    """Measure log energies of what changes down and across, in each third of a picture, (n, 2 · thirds · octaves).

    The first octave is left out where there are others, as among the bands.
    """
    found: list[Tensor] = []
    while not found or (len(found) <= SLOPES and min(x.shape[2:]) >= 2 * THIRDS):
        steps = (torch.diff(x, dim=dim, prepend=x.narrow(dim, 0, 1)).square() for dim in (2, 3))
        found.append(torch.cat([adaptive_avg_pool2d(step, (THIRDS, 1)).flatten(1) for step in steps], 1))
        x = avg_pool2d(x, 2) if min(x.shape[2:]) > 1 else x
    return torch.log(torch.cat(found[1:] or found, 1) + STEEP)


# The file


def written(found: Familiarity) -> bytes:
    """Write what is known of training pictures as a file."""
    arrays: dict[str, NDArray[np.generic]] = {}
    if found.turned is not None:
        arrays["turned.usual"] = found.turned
    for name in YARDSTICKS:
        yardstick: Yardstick = getattr(found, name)
        arrays[f"{name}.mean"], arrays[f"{name}.usual"] = yardstick.mean, yardstick.usual
        arrays[f"{name}.triangle"] = yardstick.whitening[np.tril_indices(len(yardstick.mean))].astype(np.float16)
    return save_arrays(arrays)


def load(place: Path, card: Card) -> Familiarity | None:
    """Read what a checkpoint knows of its training pictures. Raises CheckpointRefused.

    None where it knows nothing, or what an earlier version looked at, whose files have a whole matrix.
    """
    if FILE not in card.digests:
        return None
    try:
        arrays = {name: array.astype(np.float32) for name, array in load_arrays((place / FILE).read_bytes()).items()}
        if "content.whitening" in arrays:
            return None
        parts = [read(arrays, name) for name in YARDSTICKS]
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise CheckpointRefused(f"{place.name}: {FILE} cannot be read ({type(error).__name__}). {AGAIN}") from error
    channels, height, width = card.shape
    nothing = np.zeros((1, height, width, channels), np.uint8)
    sizes = [each.shape[1] for each in vectors(nothing, nothing, np.zeros((1, card.latent), np.float32))]
    by_turning = arrays.get("turned.usual")
    fits = all(whole(part, size) for part, size in zip(parts, sizes, strict=True))
    if not fits or not (by_turning is None or usable(by_turning)):
        raise CheckpointRefused(f"{place.name}: {FILE} does not hold finite numbers for {sizes} values. {AGAIN}")
    content, texture = parts
    return Familiarity(content, texture, by_turning)


def read(arrays: dict[str, NDArray[np.float32]], name: str) -> Yardstick:
    """Read a yardstick. Raises KeyError or ValueError where it is none."""
    mean = arrays[f"{name}.mean"]
    whitening = np.zeros((mean.size, mean.size), np.float32)
    whitening[np.tril_indices(mean.size)] = arrays[f"{name}.triangle"]
    return Yardstick(mean, whitening, arrays[f"{name}.usual"])


def whole(part: Yardstick, size: int) -> bool:
    """Whether a yardstick is for vectors of this size, and all of its numbers can be reckoned with."""
    shapes = [array.shape for array in vars(part).values()] == [(size,), (size, size), (2,)]
    return shapes and all(bool(np.isfinite(array).all()) for array in vars(part).values()) and usable(part.usual)


def usable(usual: NDArray[np.float32]) -> bool:
    """Whether these are a mean and a deviation that can be reckoned with."""
    return usual.shape == (2,) and bool(np.isfinite(usual).all()) and float(usual[1]) > 0
