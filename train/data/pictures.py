"""Picture files of any sort → bytes of one size; reads what people really have, refuses what would hurt."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from os import cpu_count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from engine.errors import BadPicture

from .search import Shape

Bytes = NDArray[np.uint8]

# Named, because Pillow registers some forty openers, a few of which start other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")
MOST_PIXELS = 64_000_000
CHUNK = 32  # pictures that one thread reads in a row


def read_picture(source: Path | BytesIO, shape: Shape) -> Bytes:
    """Return the picture as uint8 (channel, height, width): upright, on white, centre-cropped and resized.

    The first frame of an animation counts; 16-bit grey keeps its full range. Raises BadPicture, whose sentence gives
    the reason without the file's name.
    """
    try:
        with Image.open(source, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise BadPicture(f"it has {image.width}×{image.height} pixels, more than {MOST_PIXELS:,}")
            # A JPEG decodes several times faster at half or a quarter of its size; others ignore the wish.
            image.draft(None, (2 * max(shape[1:]),) * 2)
            return fit(upright(image), shape)
    except BadPicture:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on broken files
        raise BadPicture(f"it cannot be read as a picture ({type(error).__name__}: {error})") from error


def upright(image: Image.Image) -> Image.Image:
    """Return the picture turned as its EXIF says, in mode L or RGB, transparency laid on white."""
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_deep_grey(image))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB")


def _deep_grey(image: Image.Image) -> Bytes:
    """Pillow's own conversion clips 16-bit grey at 255 and turns floats in [0, 1] black."""
    grey = np.asarray(image).astype(np.float64)
    brightest = 65535.0 if image.mode.startswith("I") else (1.0 if np.nanmax(grey) <= 1 else 255.0)
    return np.rint(255 * np.nan_to_num(grey / brightest).clip(0, 1)).astype(np.uint8)


def fit(image: Image.Image, shape: Shape) -> Bytes:
    """Return an L or RGB picture as (channel, height, width) bytes, centre-cropped to the aspect and resized."""
    channels, height, width = shape
    mode = "L" if channels == 1 else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    if image.size != (width, height):
        image = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
    pixels = np.asarray(image)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def fill(out: Bytes, read: Callable[[int], Bytes | int], workers: int | None = None) -> Bytes:
    """Fill row i of `out` with read(i), on every core (Pillow's decoders let go of Python's lock); returns `out`."""

    def run(start: int) -> None:
        for i in range(start, min(start + CHUNK, len(out))):
            out[i] = read(i)

    with ThreadPoolExecutor(workers or cpu_count() or 1) as pool:
        list(pool.map(run, range(0, len(out), CHUNK)))
    return out
