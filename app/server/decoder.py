"""The process that decodes one foreign picture and ends: `python -I decoder.py FORMAT MEGAPIXELS MEGABYTES SECONDS`.

The file comes on the standard input. The answer goes to the standard output: one line of JSON, {width, height, notes}
followed by the RGB bytes, or {error} with a sentence that goes on from the name of the file. It loads Pillow alone, so
that it starts in some 0.1 s, and gives itself the limits within which a hostile file can do no harm.
"""

from __future__ import annotations

import contextlib
import io
import json
import struct
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms

sys.path.insert(0, str(Path(__file__).parents[2]))  # which `python -I` leaves out
from engine.picture_files import (
    BRIGHTENED,
    TITLES,
    Greys,
    brightened,
    greys,
    has_deep_greys,
    has_wide_colours,
    prepare,
    to_bytes,
)

LONGEST = 1024
"""Pixels of the longest side of what comes out."""
BAND = 1 << 20
"""Pixels that are converted at a time, so that nothing but the decoded file itself is ever large."""
PROGRESSIVE = 24
"""Megapixels of a JPEG in several passes at most: its decoder holds all coefficients, up to 8 bytes a pixel."""
TINY = 16
"""Below so many pixels a side, a note says how small the picture is."""
FRAMES = 20_000
"""More control blocks than this are not counted: a file may hold a million frames."""
PLUGINS = {"JPEG": "Jpeg", "PNG": "Png", "WEBP": "WebP", "JPEG2000": "Jpeg2K"}
"""Where Pillow's module of a kind is not called like the kind itself."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by the EXIF orientation of its file."""


class Unreadable(Exception):
    """A sentence that goes on from the name of the file."""


def main(form: str, megapixels: int, megabytes: int, seconds: int) -> None:
    """Answer on the standard output, with a picture or a sentence, whatever the file holds."""
    limit(megabytes << 20, seconds)
    data, pixels = sys.stdin.buffer.read(), b""
    answer: dict[str, str | int | list[str]]
    try:
        picture, notes = decode(data, form, megapixels)
    except Unreadable as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": f"needs more than {megabytes} MB to open. Save it smaller and bring it again."}
    except Exception:  # the decoders raise a dozen kinds on damaged files, some of them by accident
        answer = {"error": f"is a {TITLES.get(form, form)} that is damaged or not all there. Save or fetch it again."}
    else:
        answer, pixels = {"width": picture.width, "height": picture.height, "notes": notes}, picture.tobytes()
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + pixels)


def limit(memory: int, seconds: int) -> None:
    """Allow this process so much memory and processor time, and no byte in any file."""
    try:
        import resource
    except ImportError:  # not on Windows, where the parent's patience is the only limit
        return
    limits = {"AS": memory, "CPU": seconds, "CORE": 0, "FSIZE": 0}
    for name, most in limits.items():
        with contextlib.suppress(ValueError, OSError):  # macOS knows these limits and refuses some
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))


# One file


def decode(data: bytes, form: str, megapixels: int) -> tuple[Image.Image, list[str]]:
    """Make an upright RGB picture of at most LONGEST pixels a side, and notes of what was done to get it."""
    if form == "WEBP":
        _allow(_webp_size(data), megapixels)  # Pillow reserves the memory as it opens one
    Image.MAX_IMAGE_PIXELS = None  # the limit is ours
    _load_opener(form)
    opened = Image.open(io.BytesIO(data), formats=[form])
    whole = opened.size
    passes = " for a JPEG in several passes (progressive)" if opened.info.get("progressive") else ""
    _allow(whole, min(megapixels, PROGRESSIVE) if passes else megapixels, passes)
    if form == "JPEG":
        opened.draft(None, (LONGEST, LONGEST))  # the decoder itself halves it, as often as leaves this size
    wide = has_wide_colours(opened)
    opened.load()  # in full, so that half a file is noticed
    notes = []
    if (frames := _frames(opened, data, form)) != "1":
        notes.append(f"first of {frames} frames")
    found = greys(opened) if has_deep_greys(opened) else None
    if found:
        notes.append(found.note)
    elif wide or (form == "PNG" and data[24] == 16):
        notes.append("16 bits a channel reduced to 8")
    if opened.mode == "CMYK":
        notes.append("CMYK converted to RGB")
    profile, orientation = opened.info.get("icc_profile"), _orientation(opened)
    picture = shrunk(opened, found)
    opened.close()
    if wide and (bright := _brightened(picture)):
        picture = bright
        notes[-1] = BRIGHTENED
    if picture.mode == "RGBA":
        if picture.getchannel("A").getextrema() != (255, 255):
            notes.append("transparency laid on white")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    picture, coloured = _in_srgb(picture, profile)
    if coloured:
        notes.append("colours converted from the file's own profile")
    if orientation in TURNS:
        picture = picture.transpose(TURNS[orientation])
        notes.append("turned upright by its EXIF mark")
        whole = whole[::-1] if orientation >= 5 else whole
    if max(whole) > LONGEST:
        notes.append(f"made smaller, from {whole[0]} × {whole[1]}")
    if max(whole) < TINY:
        notes.append(f"very small: {whole[0]} × {whole[1]}")
    return picture, notes


def _load_opener(form: str) -> None:
    """Load Pillow's module of one kind, so that it looks for no other."""
    if form == "HEIF":
        prepare(form)
        return
    plugin: Any = import_module(f"PIL.{PLUGINS.get(form, form.title())}ImagePlugin")
    if form == "AVIF":
        plugin.DEFAULT_MAX_THREADS = 1  # each thread's own memory counts


def _brightened(picture: Image.Image) -> Image.Image | None:
    try:
        return brightened(picture)
    except ValueError as error:
        raise Unreadable(str(error).removeprefix("it ") + ".") from error


def _allow(size: tuple[int, int], megapixels: int, passes: str = "") -> None:
    width, height = size
    if width * height > megapixels * 1e6:
        raise Unreadable(
            f"is {width:,} × {height:,} pixels, {width * height / 1e6:,.0f} megapixels; up to {megapixels} are "
            f"accepted{passes}. Make it smaller and bring it again."
        )


def _webp_size(data: bytes) -> tuple[int, int]:
    """Read width and height (RFC 9649). Raises struct.error where the file ends before."""
    match data[12:16]:
        case b"VP8X":
            wide, wider, high, higher = struct.unpack_from("<HBHB", data, 24)
            return 1 + wide + (wider << 16), 1 + high + (higher << 16)
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case _:
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF


def _frames(opened: Image.Image, data: bytes, form: str) -> str:
    """Count the frames of an animation. A JPEG of a phone may hold a second picture, which is none."""
    if form == "JPEG" or not getattr(opened, "is_animated", False):
        return "1"
    if form == "GIF" and data.count(b"\x21\xf9\x04") > FRAMES:
        return "very many"
    return str(getattr(opened, "n_frames", 1))


def _orientation(opened: Image.Image) -> int:
    with contextlib.suppress(Exception):  # a damaged mark costs the turn, not the picture
        return int(opened.getexif().get(0x0112, 1))
    return 1


# Pixels


def shrunk(opened: Image.Image, found: Greys | None) -> Image.Image:
    """Return the picture at its final size, in 8 bits: L, RGB, RGBA or CMYK.

    Whole factors first, in bands and by the mean of a block, then the rest by Lanczos' filter.
    """
    width, height = opened.size
    factor = max(1, max(opened.size) // (2 * LONGEST))
    rows = max(1, BAND // width // factor) * factor
    canvas: Image.Image | None = None
    for top in range(0, height, rows):
        band = _plain(opened.crop((0, top, width, min(top + rows, height))), found).reduce(factor)
        if canvas is None:
            canvas = Image.new(band.mode, (band.width, -(-height // factor)))
        canvas.paste(band, (0, top // factor))
    assert canvas is not None  # Pillow opens no picture without rows
    scale = min(1.0, LONGEST / max(opened.size))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return canvas if canvas.size == size else canvas.resize(size, Image.Resampling.LANCZOS)


def _plain(band: Image.Image, found: Greys | None) -> Image.Image:
    """Convert to 8 bits a channel: L, RGB, RGBA where something may be transparent, or CMYK."""
    if found:
        return to_bytes(band, found)
    if band.has_transparency_data:
        return band.convert("RGBA")
    return band if band.mode in ("L", "RGB", "CMYK") else band.convert("RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> tuple[Image.Image, bool]:
    """Convert to sRGB, by the file's own profile where it has one that fits."""
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            given, wanted = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            if "sRGB" not in ImageCms.getProfileDescription(given):
                converted = ImageCms.profileToProfile(picture, given, wanted, outputMode="RGB")
                assert converted is not None  # it is, unless done in place
                return converted, True
    return picture.convert("RGB"), False


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
