"""Outlier scores: how little a picture belongs to what an explicit model has learnt. Higher is more of an outlier.

All but the first exist because the first fails: Nalisnick et al., "Do Deep Generative Models Know What They Don't
Know?", ICLR 2019, found densities that give the digits of MNIST more than the clothes that they were trained on.
Plain arrays: no torch is needed to show a score.
"""

import io
import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.errors import BadValue
from engine.image_grid import Bytes

Numbers = NDArray[np.floating[Any]]  # one a picture
Support = Literal["binary", "bytes", "density"]
LEVELS = 256

SUPPORTS: dict[str, Support] = {
    "bernoulli": "binary",
    "softmax": "bytes",
    "logistic": "bytes",
    "gaussian": "density",
    "gaussian-shared": "density",
}
"""What a likelihood is over: pixels of 0 and 1, 256 bytes, or numbers in [0, 1], of which it is a density."""
SEEN: dict[Support, str] = {
    "binary": "pixels of 128 and more are 1, the others 0",
    "bytes": "bytes as they are",
    "density": "pixels at the middle of their 256 bins, a density over [0, 1]",
}
"""How the pixels of a picture reach it here, in words."""


@dataclass(frozen=True)
class Reading:
    """What is known of pictures before any score."""

    nats: Numbers  # log p(x), or a bound on it
    bits: Numbers  # of each picture's file
    mean: float  # of −log p(x) over training pictures, in nats
    background: Numbers | None = None  # log p(x), or a bound, of a background model
    values: int = 0  # of a picture that a density is over, each of a byte; 0 for a probability


def likelihood(read: Reading) -> Numbers:
    """−log p(x): what a density says by itself. Bishop, "Novelty Detection and Neural Network Validation", 1994."""
    return -read.nats


def ratio(read: Reading) -> Numbers:
    """−log p(x)/p₀(x), p₀ of a background model. Ren et al., "Likelihood Ratios for OOD Detection", NeurIPS 2019."""
    if read.background is None:
        raise BadValue(
            "A likelihood ratio needs a background model. Train one: a recipe with a share of mutated values."
        )
    return read.background - read.nats


def complexity(read: Reading) -> Numbers:
    """−log₂ p(x) − L(x), L the bits of a lossless file. Serrà et al., "Input Complexity and OOD Detection", ICLR 2020.

    A density counts as the probability of the bytes: 8 bits more a value.
    """
    return -read.nats / math.log(2) + 8 * read.values - read.bits


def typicality(read: Reading) -> Numbers:
    """|−log p(x) − mean|. Nalisnick et al., "Detecting OOD Inputs Using Typicality", 2019 (arXiv 1906.02994), n = 1.

    The mean is that of training pictures, as theirs is: not of the pictures that are judged.
    """
    return np.abs(-read.nats - read.mean)


def size(read: Reading) -> Numbers:
    """L(x), the bits of a lossless file: no model at all. What a model adds is what it tells beyond this baseline."""
    return read.bits


SCORES: dict[str, Callable[[Reading], Numbers]] = {
    "likelihood": likelihood,
    "ratio": ratio,
    "complexity": complexity,
    "typicality": typicality,
    "size": size,
}
UNITS = {"likelihood": "nats", "ratio": "nats", "complexity": "bits", "typicality": "nats", "size": "bits"}
BASELINE = "size"
"""The score without a model. A file that is too short is as odd as one that is too long: it is read both ways."""


def scores(read: Reading) -> dict[str, Numbers]:
    """Return every score that can be had, by name."""
    return {name: score(read) for name, score in SCORES.items() if name != "ratio" or read.background is not None}


# Pictures as a likelihood sees them, and as a codec does


def support(config: Mapping[str, Any]) -> Support:
    """Say what the likelihood of a model of this config is over. Raises BadValue where the config names none known."""
    name = config.get("output", config.get("likelihood"))
    if name not in SUPPORTS:
        raise BadValue(f"The likelihood {name!r} is over nothing known; there is {', '.join(SUPPORTS)}.")
    return SUPPORTS[name]


def seen(pictures: Bytes, over: Support) -> Bytes:
    """Return pictures as a likelihood sees them: those of a binary one in black and white."""
    return np.where(pictures >= 128, np.uint8(255), np.uint8(0)) if over == "binary" else pictures


def file_bits(pictures: Bytes, over: Support) -> NDArray[np.float64]:
    """Return the bits of each picture's file, uint8 (n, height, width, channel) as `seen`, by the codec for it."""
    _, codec = CODECS[over]
    return np.array([8.0 * len(codec(picture)) for picture in pictures])


def one_bit(picture: Bytes) -> bytes:
    """Write a binary picture as a PNG, a bit each pixel."""
    grey = picture.shape[2] == 1
    return written(pillow(picture).convert("1", dither=Image.Dither.NONE) if grey else pillow(picture), "PNG")


def shortest(picture: Bytes) -> bytes:
    """Write a picture by every codec, and take the shortest file, as Serrà et al. do.

    None is best for all: filters lengthen pictures on even ground, and a face is no shorter without them.
    """
    image = pillow(picture)
    webp = written(image, "WEBP", lossless=True, quality=100)
    return min(zlib.compress(picture.tobytes(), 9), written(image, "PNG"), webp, key=len)


def pillow(picture: Bytes) -> Image.Image:
    return Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)


def written(image: Image.Image, format: str, **how: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, optimize=True, **how)
    return file.getvalue()


SHORTEST = "the shortest of DEFLATE, PNG and lossless WebP", shortest
CODECS: dict[Support, tuple[str, Callable[[Bytes], bytes]]] = {
    "binary": ("PNG of one bit a pixel, optimized by Pillow", one_bit),
    "bytes": SHORTEST,
    "density": SHORTEST,
}
"""The lossless codec for what a likelihood is over."""
