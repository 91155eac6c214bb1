"""What a model that draws pixel by pixel sees, and what surprises it."""

import json
import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.nn.autoregressive.masked import HorizontalConv, Masked, VerticalConv
from engine.types import Images, Labels

LAYERS = {"MaskedConv2d": "masked convolution", "VerticalConv": "vertical stack", "HorizontalConv": "horizontal stack"}


def surprise(model: Any, x: Images, y: Labels | None = None) -> Tensor:  # (batch, height, width)
    """Compute −log2 p of each pixel given those before it: bits, all its channels together."""
    bits: Tensor = model.log_probs(x, y).double().sum(1).div(-math.log(2)).float()
    return bits


def receptive(model: Any, x: Images, pixel: int, y: Labels | None = None) -> Tensor:  # (batch, height, width)
    """Measure how steeply the mean of a pixel's distribution changes with each pixel: zero where it is not seen."""
    with torch.inference_mode(False), torch.enable_grad():
        x, y = x.clone().requires_grad_(), None if y is None else y.clone()  # of tensors without history
        probs = model.conditionals(x, y).flatten(2, 3)[:, :, pixel]
        # Levels around zero: of a value that is all but certain, what is left to others still has a slope.
        levels = torch.linspace(-0.5, 0.5, probs.shape[-1], device=x.device)
        (slope,) = torch.autograd.grad((probs * levels).sum(), x)
    return slope.abs().sum(1)


def masks(model: nn.Module) -> dict[str, NDArray[Any]]:
    """Show what each kind of layer sees: `masks` (m, side, side), and in `about` their names as JSON, in uint8."""
    seen = {
        (type(layer).__name__, layer.kind, 2 * layer.radius + 1): footprint(layer)
        for layer in model.modules()
        if isinstance(layer, Masked | VerticalConv) and layer.radius
    }
    side = max((len(mask) for mask in seen.values()), default=1)
    margins = [(side - len(mask)) // 2 for mask in seen.values()]
    padded = [np.pad(mask, margin) for mask, margin in zip(seen.values(), margins, strict=True)]
    about = [{"name": f"{LAYERS[layer]}, type {kind}, {side} × {side}"} for layer, kind, side in seen]
    content = np.array(padded, np.float32).reshape(len(padded), side, side)
    return {"masks": content, "about": np.frombuffer(json.dumps(about).encode(), np.uint8)}


def footprint(layer: Masked | VerticalConv) -> NDArray[np.bool_]:  # (side, side)
    """Tell which pixels a layer sees around its own, which stands in the middle."""
    side = 2 * layer.radius + 1
    allowed = layer.mask().any(1).any(0) if isinstance(layer, Masked) else torch.ones(layer.kernel_size)
    rows, columns = allowed.shape
    top, seen = layer.radius if isinstance(layer, HorizontalConv) else 0, np.zeros((side, side), np.bool_)
    seen[top : top + rows, :columns] = allowed.bool().numpy()
    return seen
