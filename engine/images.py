"""Pictures between two forms: float32 tensors in [0, 1] inside, uint8 arrays (n, height, width, channel) outside."""

import io
import math
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from engine.aliases import Images
from engine.errors import BadPicture

Bytes = NDArray[np.uint8]


def to_bytes(x: Images) -> Bytes:
    """Turn pictures in [0, 1] into uint8 (n, height, width, channel), on the host."""
    return (x.float().clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def from_bytes(pictures: Bytes) -> Images:
    """Turn uint8 (n, height, width, channel) into pictures in [0, 1]. Raises BadPicture for any other array."""
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[3] not in (1, 3):
        raise BadPicture(
            f"An array of {pictures.dtype} {pictures.shape} was given; pictures are uint8 (n, height, width, 1 or 3)."
        )
    return torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float() / 255


def sheet(pictures: Bytes, columns: int, gap: int = 0) -> Bytes:
    """Lay pictures out row by row on one sheet, uint8 (height, width, channel); what is left over stays white."""
    count, height, width, channels = pictures.shape
    rows = math.ceil(count / columns)
    canvas = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, channels), 255, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = gap + (i // columns) * (height + gap), gap + (i % columns) * (width + gap)
        canvas[top : top + height, left : left + width] = picture
    return canvas


def encode(picture: Bytes, format: Literal["JPEG", "PNG", "WEBP"], quality: int = 85) -> bytes:
    """Compress one picture, uint8 (height, width, channel)."""
    file = io.BytesIO()
    Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture).save(file, format, quality=quality)
    return file.getvalue()
