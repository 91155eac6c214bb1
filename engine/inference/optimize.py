"""A trained model made for one device: merged, folded, and in half precision where no picture shows it."""

import copy
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from engine.nn.blocks import DoublingConv2d
from engine.types import Latents

MUCH = 10_000_000  # multiply-adds a picture; below, a pass spends its time between the products, not in them
INVISIBLE = 4 / 255  # the largest change of a pixel that half precision may make: 1.6 % of the range


def prepared(model: nn.Module, device: torch.device) -> Any:
    """Copy a model for a device, float32: the same function up to rounding."""
    model = copy.deepcopy(model)
    merge(model)
    fold(model.eval().requires_grad_(False))
    # channels last: a convolution then reads the channels of a pixel side by side
    return model.to(device).to(memory_format=torch.channels_last)


def merge(model: nn.Module) -> None:
    """Add up the weights of all layers that double a map once and for all."""
    for layers in list(model.modules()):
        for name, layer in layers.named_children():
            if isinstance(layer, DoublingConv2d):
                setattr(layers, name, layer.merged())


# Batch norm


def fold(model: nn.Module) -> None:
    """Fold each batch norm into the layer right before it, where the two stand in one Sequential."""
    for layers in [module for module in model.modules() if isinstance(module, nn.Sequential)]:
        for (name, layer), (following, norm) in pairwise(list(layers.named_children())):
            if (folded := folded_into(layer, norm)) is not None:
                setattr(layers, name, folded)
                setattr(layers, following, nn.Identity())


def folded_into(layer: nn.Module, norm: nn.Module) -> nn.Module | None:
    """Return the one layer that does what both do, where there is one."""
    if not isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d) or norm.running_mean is None or layer._forward_pre_hooks:
        return None  # a hook may make the weight anew at each call: weight norm does
    if type(layer) is nn.Linear:
        return fuse_linear_bn_eval(layer, norm)
    if type(layer) is nn.Conv2d:
        return fuse_conv_bn_eval(layer, norm)
    if type(layer) is nn.ConvTranspose2d and layer.groups == 1:
        return fuse_conv_bn_eval(layer, norm, transpose=True)
    return None


# Precision


def in_half(model: Any, dtype: torch.dtype | None, z: Latents, y: Tensor | None = None) -> Any:
    """Copy a prepared model in half precision, if its device has such a type and no picture of z shows it; else None.

    No clock decides this: the same model in the same type always comes out alike, and so do its pictures.
    """
    if dtype is None or multiply_adds(model, z[:1], None if y is None else y[:1]) < MUCH:
        return None
    half = copy.deepcopy(model).to(dtype)
    try:
        difference = (half.decode(z.to(dtype), y).float() - model.decode(z, y)).abs().max()
    except (RuntimeError, NotImplementedError):  # no such operation here, or no room for a second copy: float32
        return None
    return half if difference <= INVISIBLE else None


def half_type(device: torch.device) -> torch.dtype | None:
    """Return the half precision that a device computes in hardware, if there is one."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    # newer than the oldest torch that this works with, which then computes in float32
    able: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return torch.bfloat16 if any(able.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16")) else None


def multiply_adds(model: Any, z: Latents, y: Tensor | None) -> int:
    """Count the multiply-adds of one decoded picture."""
    counts: list[int] = []

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        maps = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
        positions = maps[0, 0].numel() if maps.dim() == 4 else 1
        counts.append(positions * layer.weight.numel())  # type: ignore[operator]

    layers = [m for m in model.modules() if isinstance(m, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    try:
        model.decode(z, y)
    finally:
        for hook in hooks:
            hook.remove()
    return sum(counts)
