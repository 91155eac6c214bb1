"""Files that strangers bring: twelve that must each become a picture or a sentence, and seeded damage to good ones."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

QUARTERS = ((200, 40, 40), (40, 160, 60), (40, 60, 200), (220, 200, 60))
"""Colours of the scene's quarters, as one reads: red, green, blue, yellow."""
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>'
HEIC = struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"heic", 0, b"mif1", b"heic") + bytes(range(256)) * 40


def scene(width: int, height: int) -> Image.Image:
    """Draw a picture whose four quarters tell how it is turned, with some texture so that files have a real size."""
    y, x = np.mgrid[:height, :width]
    colours = np.array(QUARTERS, np.int16)[2 * (y >= height / 2) + (x >= width / 2)]
    texture = np.random.default_rng(0).integers(-12, 13, (height, width, 1), np.int16)
    return Image.fromarray((colours + texture).clip(0, 255).astype(np.uint8))


def saved(picture: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


@cache
def phone(width: int = 6000, height: int = 4000) -> bytes:
    """Return a JPEG as a phone held upright writes it: lying on its side, with the mark that says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(scene(height, width).transpose(Image.Transpose.ROTATE_90), "JPEG", quality=90, exif=exif)


def transparent(width: int = 640, height: int = 480) -> bytes:
    """Return an RGBA PNG whose lower right quarter is clear."""
    picture = scene(width, height).convert("RGBA")
    picture.paste((0, 0, 0, 0), (width // 2, height // 2, width, height))
    return saved(picture, "PNG")


def sixteen_bits(width: int = 300, height: int = 200) -> bytes:
    """Return a 16-bit grey PNG: a ramp from black to white, left to right."""
    ramp = np.linspace(0, 65535, width).round().astype(np.uint16)
    return saved(Image.fromarray(np.tile(ramp, (height, 1))), "PNG")


def animation(frames: int = 12) -> bytes:
    pictures = [scene(120, 90).rotate(30 * number) for number in range(frames)]
    return saved(pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=80)


def header_alone(width: int = 20_000, height: int = 20_000) -> bytes:
    """Return a PNG that promises many pixels and holds few."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(bytes(1 << 16)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rows + chunk(b"IEND", b"")


TWELVE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "24 MP phone JPEG with EXIF rotation": ("IMG_0012.jpg", phone),
    "RGBA PNG": ("logo.png", transparent),
    "16-bit grey PNG": ("x-ray.png", sixteen_bits),
    "CMYK JPEG": ("print.jpg", lambda: saved(scene(640, 480).convert("CMYK"), "JPEG", quality=90)),
    "animated GIF": ("dance.gif", animation),
    "1×1": ("dot.png", lambda: saved(scene(1, 1), "PNG")),
    "20,000×20,000 header": ("poster.png", header_alone),
    "truncated JPEG": ("half.jpg", lambda: saved(scene(640, 480), "JPEG")[:20_000]),
    "SVG": ("drawing.svg", lambda: SVG),
    "HEIC": ("IMG_0013.HEIC", lambda: HEIC),
    "text renamed .png": ("notes.png", lambda: "Dear diary, today I met a latent — it had 2 axes.\n".encode() * 9),
    "empty": ("nothing.jpg", lambda: b""),
}
"""What it is → the name of the file, and its bytes."""


# Damage


@cache
def sound() -> tuple[bytes, ...]:
    """Return small sound files of every kind that is accepted, the ways of writing it included."""
    small = scene(48, 36)
    return (
        saved(small, "JPEG"),
        saved(small, "JPEG", progressive=True, subsampling=0),
        saved(small.convert("CMYK"), "JPEG"),
        phone(48, 36),
        saved(small, "PNG"),
        transparent(48, 36),
        sixteen_bits(48, 36),
        saved(small.quantize(16), "PNG", transparency=3),
        saved(small, "PNG", save_all=True, append_images=[small.rotate(90)]),
        saved(small, "GIF"),
        animation(3),
        saved(small, "WEBP"),
        saved(small.convert("RGBA"), "WEBP", lossless=True),
        saved(small, "WEBP", save_all=True, append_images=[small.rotate(90)]),
        saved(small, "BMP"),
        saved(small.quantize(16), "BMP"),
    )


def mutation(seed: int) -> bytes:
    """Damage a sound file as this seed says: it stays of its kind, but hardly ever whole."""
    chance = random.Random(seed)
    data = bytearray(chance.choice(sound()))
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        chance.choice(DAMAGES)(data, chance)
    if chance.random() < 0.5:
        _sealed(data)
    return bytes(data)


def _flipped(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _early(data: bytearray, chance: random.Random) -> None:
    """Change a byte of the headers, where sizes, depths and tables are."""
    data[chance.randrange(min(len(data), 120))] = chance.choice((0, 1, 127, 128, 254, 255, chance.randrange(256)))


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]
    data += b"\0"  # never empty, for what damages it next


def _hole(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.randint(1, 40)]
    data += b"\0"


def _doubled(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start:start] = data[start : start + chance.randint(1, 200)]


def _noise(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start : start + 12] = chance.randbytes(12)


def _large(data: bytearray, chance: random.Random) -> None:
    """Write a very large number somewhere in the headers."""
    start = chance.randrange(min(len(data), 64))
    data[start : start + 4] = chance.choice((b"\xff\xff\xff\x7f", b"\x00\x01\x00\x01", b"\xff\xff\xff\xff"))


DAMAGES = (_flipped, _early, _cut, _hole, _doubled, _noise, _large)


def _sealed(data: bytearray) -> None:
    """Write the checksums of a PNG anew, or damage to it would never reach what is behind them."""
    place = 8
    while data.startswith(b"\x89PNG") and place + 12 <= len(data):
        end = place + 8 + int.from_bytes(data[place : place + 4], "big")
        if end + 4 > len(data):
            return
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[place + 4 : end]))
        place = end + 4
