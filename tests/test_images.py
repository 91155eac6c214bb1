"""Pictures in, pictures out."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine import image_grid as sheets
from engine.errors import BadPicture
from engine.inference import images


def ramp(height: int, width: int, channels: int) -> Any:
    y, x, c = np.mgrid[:height, :width, :channels]
    return (255 * (x + y + 3 * c) // (height + width + 3 * channels)).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_all_256_levels_come_back(channels: int) -> None:
    levels = np.arange(256, dtype=np.uint8).repeat(channels).reshape(1, 16, 16, channels)
    x = images.from_bytes(levels)
    assert x.shape == (1, channels, 16, 16)
    assert x.dtype == torch.float32
    assert (x.min(), x.max()) == (0, 1)
    assert (images.to_bytes(x) == levels).all()


@given(value=st.floats(-2, 3, width=32))
def test_a_float_goes_to_its_nearest_level(value: float) -> None:
    (level,) = images.to_bytes(torch.full((1, 1, 1, 1), value)).ravel()
    assert abs(float(level) / 255 - min(max(value, 0), 1)) <= 0.5 / 255 + 1e-6


def test_height_width_and_channels_keep_their_places() -> None:
    pictures = ramp(4, 6, 3)[None]
    x = images.from_bytes(pictures)
    assert x[0, 2, 1, 5] == pictures[0, 1, 5, 2] / np.float32(255)
    assert (images.to_bytes(x) == pictures).all()
    assert images.to_bytes(x.half()).shape == (1, 4, 6, 3)


@pytest.mark.parametrize("view", [lambda p: p[:, ::-1], lambda p: p[:, :, ::2], np.asfortranarray])
def test_a_view_of_pictures_is_as_good(view: Any) -> None:
    pictures = view(ramp(4, 6, 3)[None])
    assert (images.to_bytes(images.from_bytes(pictures)) == pictures).all()


def test_pictures_that_may_not_be_written_to_are_read_in_silence() -> None:
    pictures = np.frombuffer(bytes(range(12)), np.uint8).reshape(1, 2, 2, 3)
    assert not pictures.flags.writeable
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")  # torch warns once a process, pytest's filter or not
        torch.set_warn_always(True)
        x = images.from_bytes(pictures)
        torch.set_warn_always(False)
    assert caught == []
    assert (images.to_bytes(x) == pictures).all()


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((4, 4, 1), np.uint8),
        np.zeros((1, 4, 4, 2), np.uint8),
        np.zeros((1, 4, 4, 4), np.uint8),
        np.zeros((1, 3, 4, 4), np.uint8),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)
def test_any_other_array_is_refused(wrong: Any) -> None:
    with pytest.raises(BadPicture) as error:
        images.from_bytes(wrong)
    assert f"{wrong.dtype} {wrong.shape}" in str(error.value)
    assert "uint8 (n, height, width, 1 or 3)" in str(error.value)


@pytest.mark.parametrize("gap", [0, 2])
def test_a_sheet_lays_pictures_out_row_by_row(gap: int) -> None:
    pictures = np.stack([np.full((3, 5, 1), 10 * i, np.uint8) for i in range(5)])
    sheet = sheets.sheet(pictures, columns=3, gap=gap)
    assert sheet.shape == (2 * (3 + gap) + gap, 3 * (5 + gap) + gap, 1)
    for i in range(5):
        top, left = gap + i // 3 * (3 + gap), gap + i % 3 * (5 + gap)
        assert (sheet[top : top + 3, left : left + 5] == 10 * i).all()
    assert (sheet == 255).sum() == sheet.size - 5 * 15  # the gaps and the empty place stay white


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_compressed_picture_can_be_read_again(channels: int, mode: str, format: Any) -> None:
    picture = ramp(24, 32, channels)
    with Image.open(io.BytesIO(sheets.encode(picture, format))) as read:
        assert (read.format, read.size) == (format, (32, 24))
        decoded = np.asarray(read.convert(mode)).reshape(picture.shape)
    worst = 0 if format == "PNG" else 40
    assert np.abs(decoded.astype(int) - picture).max() <= worst


def test_quality_costs_bytes() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
    assert len(sheets.encode(noise, "JPEG", quality=40)) < len(sheets.encode(noise, "JPEG", quality=95))
