"""One list of formats and one reading of deep values, for training and for uploads."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.server import uploads
from app.server.uploads import take_in
from bench.rig.uploads import QUARTERS, saved, scene
from engine import picture_files
from engine.errors import BadPicture
from engine.picture_files import FORMATS, kind
from train.data.pictures import read_noted, read_picture

WRITTEN = [form for form in FORMATS if form != "HEIF"]
RAMP = np.tile(np.linspace(0, 1, 64), (64, 1))


def both(data: bytes, name: str = "a") -> tuple[NDArray[np.uint8], NDArray[np.uint8], str, tuple[str, ...]]:
    """Read a square picture as training and as upload do, grey: its pixels, and what is said of each."""
    size = Image.open(io.BytesIO(data)).width
    trained, note = read_noted(io.BytesIO(data), (1, size, size))
    taken = take_in(data, name)
    return trained[0], np.asarray(Image.fromarray(taken.pixels).convert("L")), note, taken.notes


@pytest.mark.parametrize("form", WRITTEN)
def test_every_format_is_read_by_training_and_by_upload(form: str) -> None:
    data = saved(scene(64, 64), form)
    assert kind(data[: picture_files.HEAD]) == form
    for pixels in (read_picture(io.BytesIO(data), (3, 64, 64)).transpose(1, 2, 0), take_in(data, "x.bin").pixels):
        corners = np.array([pixels[y, x] for y in (16, 48) for x in (16, 48)])
        assert abs(corners.astype(int) - QUARTERS).max() < 40
    assert form in uploads.MEGAPIXELS


def test_the_endings_of_phones_and_browsers_are_known() -> None:
    for ending in (".jfif", ".jpe", ".jpeg", ".avif", ".jp2", ".tif", ".webp"):
        assert ending in picture_files.SUFFIXES


# Deep greys

DEEP = {
    "12 bits in 16": ((4095 * RAMP).astype(np.uint16), "TIFF", 0),
    "12 bits in 16, PNG": ((4095 * RAMP).astype(np.uint16), "PNG", 0),
    "12 bits in 16, the other byte order": ((4095 * RAMP).astype(">u2"), "TIFF", 0),
    "8 bits in 16": ((255 * RAMP).astype(np.uint16), "PNG", 0),
    "a mask of 0 and 1 in 16": ((RAMP > 0.5).astype(np.uint16), "TIFF", 128),
    "whole numbers of 32 bits": ((70_000 * RAMP).astype(np.int32), "TIFF", 0),
    "negative whole numbers": ((2000 * RAMP - 1000).astype(np.int32), "TIFF", 0),
    "floats to 65,535": ((65_535 * RAMP).astype(np.float32), "TIFF", 0),
    "floats to 255": ((255 * RAMP).astype(np.float32), "TIFF", 0),
    "floats a little beyond 1": ((1.3 * RAMP).astype(np.float32), "TIFF", 0),
    "floats from -1 to 1": ((2 * RAMP - 1).astype(np.float32), "TIFF", 0),
    "very small floats": ((1e-6 * RAMP).astype(np.float32), "TIFF", 0),
}


@pytest.mark.parametrize("what", DEEP)
def test_deep_greys_are_stretched_to_their_range_and_it_is_said(what: str) -> None:
    values, form, wrong = DEEP[what]
    trained, taken, note, notes = both(saved(Image.fromarray(values), form))
    wanted = np.rint(255 * RAMP)
    assert abs(trained - wanted).max() <= max(wrong, 1.5), what
    assert abs(taken - wanted).max() <= max(wrong, 1.5), what
    assert (trained.min(), trained.max()) == (taken.min(), taken.max()) == (0, 255)
    assert "stretched" in note
    assert any("stretched" in each for each in notes)


@pytest.mark.parametrize("values", [(65_535 * RAMP).astype(np.uint16), RAMP.astype(np.float32)], ids=["16 bits", "0…1"])
def test_greys_of_their_own_full_range_are_not_stretched(values: NDArray[np.generic]) -> None:
    trained, taken, note, notes = both(saved(Image.fromarray(values), "TIFF"))
    assert abs(trained - 255 * RAMP).max() <= 1
    assert abs(taken - 255 * RAMP).max() <= 1
    assert note == ""
    assert notes == (f"{16 if values.dtype == np.uint16 else 32} bits a channel reduced to 8",)


def test_twelve_bits_that_do_not_reach_their_ends_keep_their_brightness() -> None:
    values = (1344 + 2144 * RAMP).astype(np.uint16)
    for pixels in both(saved(Image.fromarray(values), "TIFF"))[:2]:
        assert abs(pixels - (1344 + 2144 * RAMP) * 255 / 4095).max() <= 1


def test_what_is_no_number_is_black_and_harms_no_other_pixel() -> None:
    values = RAMP.astype(np.float32)
    values[0, 0], values[1, 1], values[2, 2] = np.nan, np.inf, -np.inf
    for pixels in both(saved(Image.fromarray(values), "TIFF"))[:2]:
        assert pixels[0, 0] == 0
        assert abs(pixels[3:] - 255 * RAMP[3:]).max() <= 1


def wide_png(values: NDArray[np.uint16]) -> bytes:
    """Write RGB of 16 bits a channel, which Pillow cannot."""
    import struct
    import zlib

    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_colours_of_twelve_bits_in_sixteen_are_not_black() -> None:
    data = wide_png(np.repeat((4095 * RAMP)[..., None], 3, 2).astype(np.uint16))
    trained, taken, note, notes = both(data)
    assert abs(trained - 255 * RAMP).max() <= 17  # of twelve bits four are left
    assert abs(taken - 255 * RAMP).max() <= 17
    assert "stretched" in note
    assert notes == (note,)


def test_colours_of_which_nothing_is_left_are_refused() -> None:
    data = wide_png(np.repeat((255 * RAMP)[..., None], 3, 2).astype(np.uint16))
    for read in (lambda: read_picture(io.BytesIO(data), (3, 8, 8)), lambda: take_in(data, "a.png")):
        with pytest.raises(BadPicture, match="16 bits a channel and uses the lower 8 alone"):
            read()


# Sizes


@pytest.mark.slow
@pytest.mark.parametrize("form", ["WEBP", "AVIF", "JPEG2000"])
def test_a_picture_just_below_the_stated_size_is_taken(form: str) -> None:
    pixels = uploads.MEGAPIXELS[form] * 1_000_000 - 100_000
    width = int((1.5 * pixels) ** 0.5)
    grain = np.random.default_rng(0).integers(0, 256, (pixels // width // 8, width // 8, 4), np.uint8)
    picture = Image.fromarray(grain).resize((width, pixels // width))
    options = {"WEBP": {"method": 0}, "AVIF": {"speed": 10}, "JPEG2000": {}}[form]
    assert take_in(saved(picture, form, **options), "large").pixels.shape[1] == 1024


# The extra


def test_without_the_extra_a_heic_gets_a_sentence() -> None:
    if "HEIF" in FORMATS:
        pytest.skip("pillow-heif is installed")
    with pytest.raises(BadPicture, match="is a HEIC picture"):
        take_in(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "a.heic")


def test_with_the_extra_a_heic_is_read_by_both() -> None:
    heif = pytest.importorskip("pillow_heif", reason="the extra heic is not installed")
    file = io.BytesIO()
    heif.from_pillow(scene(64, 64)).save(file)
    pixels = read_picture(io.BytesIO(file.getvalue()), (3, 64, 64)).transpose(1, 2, 0)
    for read in (pixels, take_in(file.getvalue(), "a.heic").pixels):
        corners = np.array([read[y, x] for y in (16, 48) for x in (16, 48)])
        assert abs(corners.astype(int) - QUARTERS).max() < 40


def test_the_list_needs_pillow_alone() -> None:
    script = "import sys, engine.picture_files; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent
    )
    assert not {"numpy", "torch"} & set(done.stdout.split())
