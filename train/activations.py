"""What a generator makes of its latent early on, whatever its family: the layers are watched while it decodes."""

from typing import Any

import torch
from jaxtyping import Float32
from torch import Tensor, nn

from engine.types import Latents

BATCH = 250

Activations = Float32[Tensor, "batch activation"]


@torch.no_grad()
def early(model: Any, z: Latents) -> Activations:
    """Return what the first layer with weights makes of latents, and what follows before the second, where no larger.

    In the families here that is the first layer, its normalization and its non-linearity.
    """
    device = next(model.parameters()).device
    return torch.cat([watched(model, part.to(device)) for part in z.split(BATCH)])


def watched(model: Any, z: Latents) -> Activations:
    """Decode latents and keep the early activations, on the host."""
    outputs: list[tuple[bool, Tensor]] = []

    def watch(layer: nn.Module, _: object, output: Tensor) -> None:
        outputs.append((any(parameter.ndim > 1 for parameter in layer.parameters()), output))

    leaves = [layer for layer in model.modules() if next(layer.children(), None) is None]
    hooks = [layer.register_forward_hook(watch) for layer in leaves]
    try:
        model.decode(z)
    finally:
        for hook in hooks:
            hook.remove()
    return chosen(outputs).flatten(1).float().cpu()


def chosen(outputs: list[tuple[bool, Tensor]]) -> Tensor:
    """Choose among the outputs of all layers in turn, each beside whether the layer has weights."""
    first = next(i for i, (weighted, _) in enumerate(outputs) if weighted)
    found = outputs[first][1]
    for weighted, output in outputs[first + 1 :]:
        if weighted or output.numel() > found.numel():
            break
        found = output
    return found
