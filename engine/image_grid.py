"""Many pictures on one sheet, and a sheet as a file. Plain arrays: no torch is needed to draw."""

import io
import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bytes = NDArray[np.uint8]
Format = Literal["JPEG", "PNG", "WEBP"]


def sheet(pictures: Bytes, columns: int, gap: int = 0) -> Bytes:
    """Lay pictures out row by row on one sheet, uint8 (height, width, channel); what is left over stays white."""
    count, height, width, channels = pictures.shape
    rows = math.ceil(count / columns)
    canvas = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, channels), 255, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = gap + (i // columns) * (height + gap), gap + (i % columns) * (width + gap)
        canvas[top : top + height, left : left + width] = picture
    return canvas


def encode(picture: Bytes, format: Format, quality: int = 85) -> bytes:
    """Compress one picture, uint8 (height, width, channel)."""
    file = io.BytesIO()
    Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture).save(file, format, quality=quality)
    return file.getvalue()
