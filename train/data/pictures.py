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
from engine.picture_files import (
    BRIGHTENED,
    FORMATS,
    brightened,
    greys,
    has_deep_greys,
    has_wide_colours,
    prepare,
    to_bytes,
)

from .search import Shape

Bytes = NDArray[np.uint8]

for form in FORMATS:
    prepare(form)
MOST_PIXELS = 64_000_000
CHUNK = 32  # pictures that one thread reads in a row


def read_picture(source: Path | BytesIO, shape: Shape) -> Bytes:
    """Return the picture as uint8 (channel, height, width): upright, on white, centre-cropped and resized.

    The first frame of an animation counts. Raises BadPicture, whose sentence gives the reason without the file's name.
    """
    return read_noted(source, shape)[0]


def read_noted(source: Path | BytesIO, shape: Shape) -> tuple[Bytes, str]:
    """Return the picture as `read_picture` does, and how its values were stretched; "" where they were not."""
    try:
        with Image.open(source, formats=list(FORMATS)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise BadPicture(f"it has {image.width}×{image.height} pixels, more than {MOST_PIXELS:,}")
            # A JPEG decodes several times faster at half or a quarter of its size; others ignore the wish.
            image.draft(None, (2 * max(shape[1:]),) * 2)
            picture, note = shallow(image)
            return fit(on_white(picture), shape), note
    except BadPicture:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on broken files
        raise BadPicture(f"it cannot be read as a picture ({type(error).__name__}: {error})") from error


def shallow(image: Image.Image) -> tuple[Image.Image, str]:
    """Load a picture upright with 8 bits a channel; its range is stretched where 8 of its bits would show little."""
    wide = has_wide_colours(image)
    image.load()
    image = ImageOps.exif_transpose(image)
    if has_deep_greys(image):
        found = greys(image)
        return to_bytes(image, found), found.note if found.stretched else ""
    bright = brightened(image) if wide else None
    return (image, "") if bright is None else (bright, BRIGHTENED)


def on_white(image: Image.Image) -> Image.Image:
    """Return the picture in mode L or RGB, transparency laid on white."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB")


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
