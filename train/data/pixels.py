"""Bytes as a likelihood sees them: binary, continuous with the steps filled in by noise, or with some values lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from engine.types import Images

from .base import Split


def binarize(x: Images, generator: torch.Generator | None = None) -> Images:
    """Draw each pixel as 1 with probability x (dynamic binarization: call it anew each time)."""
    return (_uniform(x, generator) < x).to(x.dtype)


def dequantize(x: Images, generator: torch.Generator | None = None) -> Images:
    """Spread each byte evenly over its step of 1/256: (255 x + u) / 256 with u uniform in [0, 1)."""
    return _uniform(x, generator).add_(x, alpha=255).div_(256)


def mutate(x: Images, share: float, generator: torch.Generator | None = None) -> Images:
    """Replace a share of the values, chosen by chance, by bytes drawn evenly (Ren et al., NeurIPS 2019)."""
    bytes_ = _uniform(x, generator).mul_(256).floor_().div_(255)
    return torch.where(_uniform(x, generator) < share, bytes_, x)


def binarized_test(split: Split) -> Split:
    """Return the split binarized once, as bytes 0 and 255: NumPy's `default_rng(0).random(shape) < pictures / 255`."""
    rng = np.random.default_rng(0)
    binary = torch.empty_like(split.pictures)
    for rows, out in zip(torch.split(split.pictures, 1000), torch.split(binary, 1000), strict=True):
        ones = rng.random(rows.shape) < rows.numpy() / 255  # the stream does not depend on the chunks
        out.copy_(torch.from_numpy(ones)).mul_(255)
    return replace(split, pictures=binary)


def _uniform(x: Images, generator: torch.Generator | None) -> Images:
    device = x.device if generator is None else generator.device
    return torch.rand(x.shape, generator=generator, device=device, dtype=x.dtype).to(x.device)
