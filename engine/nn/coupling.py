"""A flow between a latent's code and standard normal noise: affine couplings, exact both ways.

Dinh et al., "Density estimation using Real NVP", ICLR 2017 (arXiv 1605.08803), equations 4 to 8. Half of the axes are
shifted and scaled by what the other half says; then the axes are shuffled like cards, so that after 2 · log2(axes)
layers every axis depends on every other.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.types import Latents

STEEPEST = 2.0  # of a layer's log-scale, either way: a stray latent does not overflow


class CouplingFlow(nn.Module):
    """Codes (batch, axes) ↔ noise (batch, axes), the identity when it is made.

    It computes in float32, whatever the networks around it do: rounded to half precision, it would undo nothing.
    """

    def __init__(self, axes: int, width: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Coupling(axes, width) for _ in range(layers))

    def forward(self, code: Latents) -> tuple[Latents, Latents]:
        """Return the noise of a code, and what each of its axes adds to log |∂noise/∂code|."""
        with torch.autocast(code.device.type, enabled=False):  # bfloat16 would not sum up to a density
            h, log_slopes = code.float(), torch.zeros_like(code, dtype=torch.float32)
            for layer in self.layers:
                h, more = layer(h)
                h, log_slopes = shuffled(h), shuffled(log_slopes + more)
        return h, log_slopes

    def inverse(self, noise: Latents) -> Latents:
        """Return the code of noise."""
        with torch.autocast(noise.device.type, enabled=False):
            h = noise.float()
            for layer in reversed(self.layers):
                h = layer.inverse(unshuffled(h))  # type: ignore[operator]
        return h.to(noise.dtype)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "CouplingFlow":
        def moved(tensor: Tensor) -> Tensor:
            there = fn(tensor)
            return there if there.dtype == tensor.dtype else tensor.to(there.device)

        return super()._apply(moved, recurse)  # type: ignore[no-untyped-call]

    def order(self, code: Latents) -> Latents:
        """Put what belongs to the axes of a code where the flow leaves them."""
        for _ in self.layers:
            code = shuffled(code)
        return code


class Coupling(nn.Module):
    """The second half of the axes, shifted and scaled by the first."""

    def __init__(self, axes: int, width: int) -> None:
        super().__init__()
        self.kept = axes // 2
        self.first = nn.Linear(self.kept, width)
        self.second = nn.Linear(width, width)
        self.last = nn.Linear(width, 2 * (axes - self.kept))
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, h: Latents) -> tuple[Latents, Latents]:
        kept, moved = h[:, : self.kept], h[:, self.kept :]
        shift, log_scale = self.terms(kept)
        slopes = torch.cat([torch.zeros_like(kept), log_scale], dim=1)
        return torch.cat([kept, (moved + shift) * log_scale.exp()], dim=1), slopes

    def inverse(self, h: Latents) -> Latents:
        kept, moved = h[:, : self.kept], h[:, self.kept :]
        shift, log_scale = self.terms(kept)
        return torch.cat([kept, moved * (-log_scale).exp() - shift], dim=1)

    def terms(self, kept: Tensor) -> tuple[Tensor, Tensor]:  # each (batch, axes − kept)
        shift, raw = self.last(F.gelu(self.second(F.gelu(self.first(kept))))).chunk(2, dim=1)
        return shift, STEEPEST * torch.tanh(raw / STEEPEST)


def shuffled(h: Latents) -> Latents:
    """Interleave the two halves; of an odd number of axes the last one comes first."""
    half = h.shape[1] // 2
    riffled = torch.stack([h[:, half : 2 * half], h[:, :half]], dim=2).flatten(1)
    return torch.cat([h[:, 2 * half :], riffled], dim=1)


def unshuffled(h: Latents) -> Latents:
    """Undo `shuffled`."""
    odd = h.shape[1] % 2
    riffled = h[:, odd:].unflatten(1, (-1, 2))
    return torch.cat([riffled[:, :, 1], riffled[:, :, 0], h[:, :odd]], dim=1)
