"""Pictures between two forms: float32 tensors in [0, 1] inside, uint8 arrays (n, height, width, channel) outside."""

import numpy as np
import torch
from torch import Tensor

from engine.errors import BadPicture
from engine.image_grid import Bytes
from engine.types import Images


def to_bytes(x: Images) -> Bytes:
    """Turn pictures in [0, 1] into uint8 (n, height, width, channel), on the host."""
    return quantized(x).cpu().numpy()


def from_bytes(pictures: Bytes) -> Images:
    """Turn uint8 (n, height, width, channel) into pictures in [0, 1]. Raises BadPicture for any other array."""
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[3] not in (1, 3):
        raise BadPicture(
            f"An array of {pictures.dtype} {pictures.shape} was given; pictures are uint8 (n, height, width, 1 or 3)."
        )
    return unit(torch.from_numpy(pictures.copy()))


def quantized(x: Images) -> Tensor:
    """Round pictures in [0, 1] to uint8 (n, height, width, channel), where they are."""
    return (x.float().clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def unit(pictures: Tensor) -> Images:
    """Turn uint8 (n, height, width, channel) into pictures in [0, 1], where they are."""
    return pictures.permute(0, 3, 1, 2).float() / 255
