"""Which picture files are taken, by training and upload alike, and how greys deeper than 8 bits become bytes.

Nothing but Pillow is imported, so that the process that decodes uploads (app/server/decoder.py) starts quickly.
"""

from __future__ import annotations

import math
from array import array
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from PIL import Image, ImageMath

FORMATS: dict[str, tuple[str, ...]] = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "AVIF": (".avif", ".avifs"),
    "JPEG2000": (".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx"),
    "HEIF": (".heic", ".heif", ".hif"),
}
"""Pillow's name of every kind that is taken → the endings it goes by. Named, because Pillow registers some forty
openers, a few of which start other programs."""
TITLES = {"WEBP": "WebP", "JPEG2000": "JPEG 2000", "HEIF": "HEIC"}
if find_spec("pillow_heif") is None:  # the extra: heic
    del FORMATS["HEIF"]
SUFFIXES = tuple(suffix for suffixes in FORMATS.values() for suffix in suffixes)
HEAD = 64
"""Bytes at the beginning of a file by which its kind is told."""

STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\0\0\0\x0cjP  ": "JPEG2000",
    b"\xff\x4f\xff\x51": "JPEG2000",
    b"%PDF": "PDF",
    b"8BPS": "Photoshop",
    b"PK\x03\x04": "archive",
    b"\0\0\x01\0": "icon",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\x1aE\xdf\xa3": "film",
}
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def kind(head: bytes) -> str:
    """Tell what a file is by its first HEAD bytes, whatever its name says: a key of FORMATS, another kind, or ""."""
    for start, form in STARTS.items():
        if head.startswith(start):
            return form
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "BMP"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "PPM"
    if head[4:8] == b"ftyp":
        brands = head[8 : max(16, min(HEAD, int.from_bytes(head[:4], "big")))]
        if b"avif" in brands or b"avis" in brands:
            return "AVIF"
        return "HEIF" if any(brand in brands for brand in HEIC_BRANDS) else "film"
    return ""


def listed() -> str:
    """Name the kinds that are taken, as a sentence lists them."""
    *names, last = (TITLES.get(form, form) for form in FORMATS)
    return f"{', '.join(names)} and {last}"


def prepare(form: str) -> None:
    """Let Pillow know the opener of a kind that it does not bring itself."""
    if form == "HEIF":
        import_module("pillow_heif").register_heif_opener(thumbnails=False)


# Greys of more than 8 bits

DEPTHS = (0xFF, 0x3FF, 0xFFF, 0x3FFF, 0xFFFF, 0x7FFFFFFF)


class Greys(NamedTuple):
    """The values of a picture's greys that become black and white."""

    black: float
    white: float
    stretched: bool  # whether that is another range than the one of the file's own type

    @property
    def note(self) -> str:
        """What was done, for a person."""
        if not self.stretched:
            return f"{32 if self.white == 1 else 16} bits a channel reduced to 8"
        return f"greys from {self.black:,.5g} to {self.white:,.5g} stretched to the whole range"


def has_deep_greys(image: Image.Image) -> bool:
    """Whether a picture holds one channel of more than 8 bits: Pillow itself clips such at 255."""
    return image.mode == "F" or image.mode.startswith("I")


def greys(image: Image.Image) -> Greys:
    """Find the range of a deep picture's greys.

    It is the smallest usual one that holds them (12 bits in a file of 16 are common), where they reach at least a
    quarter of it; else from the darkest to the brightest.
    """
    low, high = _extrema(image)
    own = 1.0 if image.mode == "F" else 0xFFFF
    if low >= 0 and own / 4 <= high <= own:
        return Greys(0, own, False)
    usual = next((float(depth) for depth in DEPTHS if high <= depth), high)
    if low >= 0 and high >= usual / 4:
        return Greys(0, usual, True)
    return Greys(low, high, True) if low < high else Greys(min(low, 0), max(high, 0) or 1.0, high != 0)


def _extrema(image: Image.Image) -> tuple[float, float]:
    """Return the least and the greatest value that is a number."""
    low, high = (float(value) for value in _native(image).getextrema())  # type: ignore[arg-type]  # of one channel
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    values = [value for value in array("f", image.tobytes()) if math.isfinite(value)] or [0.0]
    return min(values), max(values)


def _native(image: Image.Image) -> Image.Image:
    """Return the picture in a mode whose values Pillow can look at: it cannot in the byte orders of other machines."""
    return image if image.mode in ("I", "I;16", "F") else image.convert("I")


def to_bytes(image: Image.Image, found: Greys) -> Image.Image:
    """Return a deep picture, or a part of it, in mode L; what is no number becomes black."""
    values = _native(image).convert("F")
    clipped = ImageMath.lambda_eval(
        lambda given: given["min"](given["max"](given["values"], found.black), found.white), values=values
    )
    scale = 255 / (found.white - found.black)
    return clipped.point(lambda value: value * scale + (0.5 - found.black * scale)).convert("L")


# Colours of 16 bits a channel, of which Pillow keeps the upper 8


def has_wide_colours(opened: Image.Image) -> bool:
    """Whether a file, opened and not yet loaded, holds several channels of 16 bits."""
    return opened.mode in ("RGB", "RGBA") and any(";16" in str(tile[3]) for tile in opened.tile)  # type: ignore[attr-defined]


def brightened(image: Image.Image) -> Image.Image | None:
    """Stretch colours of which so few of the 16 bits are used that they came out dark; None where enough are.

    Raises ValueError where none of the upper 8 are used: nothing of the picture is left then.
    """
    *colours, last = image.split()
    colours = colours if image.mode == "RGBA" else [*colours, last]
    brightest = max(int(channel.getextrema()[1]) for channel in colours)  # type: ignore[arg-type]
    if brightest >= 64:
        return None
    if brightest == 0:
        raise ValueError("it has 16 bits a channel and uses the lower 8 alone; save it with 8 bits a channel")
    scale = 255 / (2 ** brightest.bit_length() - 1)
    bright = [channel.point(lambda value: round(value * scale)) for channel in colours]
    return Image.merge(image.mode, bright if image.mode == "RGB" else [*bright, last])


BRIGHTENED = "colours that used few of their 16 bits stretched to the whole range"
