"""Convolutional LSTM whose lanes run side by side: every step of it takes all places of a row, or of a diagonal, at once.

van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016, section 3 and equation 3. What a step reads of the
picture (input-to-state) is computed for all steps before; a step adds what it reads of the state before
(state-to-state) and passes the gates o, f, i and g.

Each step is small, so a training step costs as many microseconds as there are kernels to launch. Hence backpropagation
through time is written out: fourteen kernels a step with two taps, where recorded operations take some forty.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

Gates = Float[Tensor, "time lane place batch four_widths"]
States = Float[Tensor, "time lane place batch width"]
Taps = Float[Tensor, "lane tap width four_widths"]


def unroll(inputs: Gates, weight: Taps) -> tuple[States, States]:
    """Run an LSTM from a state of zeros over input-to-state `inputs`; gives every h and, without a gradient, every c.

    The state-to-state taps of a place stand at its neighbours: itself; the one before and itself; or both neighbours
    and itself. It computes in float32, whatever the precision around it.
    """
    with torch.autocast(inputs.device.type, enabled=False):
        return Recurrence.apply(inputs.float(), weight.float())


class Recurrence(torch.autograd.Function):
    """All steps of the LSTM, forwards and backwards."""

    @staticmethod
    def forward(ctx: Any, inputs: Gates, weight: Taps) -> tuple[States, States]:
        time, lanes, places, batch, _ = inputs.shape
        taps, width = weight.shape[1:3]
        gates = inputs.clone(memory_format=torch.contiguous_format)
        # Before the first step and beyond the first and last place all states are zero.
        h = gates.new_zeros(time + 1, lanes, places + taps - 1, batch, width)
        c = gates.new_zeros(time + 1, lanes, places, batch, width)
        inside = h[:, :, taps // 2 : taps // 2 + places]
        for t in range(time):
            for tap in range(taps):
                gates[t].flatten(1, 2).baddbmm_(h[t, :, tap : tap + places].flatten(1, 2), weight[:, tap])
            gates[t, ..., : 3 * width].sigmoid_()
            gates[t, ..., 3 * width :].tanh_()
            o, f, i, g = gates[t].chunk(4, -1)
            torch.mul(f, c[t], out=c[t + 1]).addcmul_(i, g)
            torch.mul(o, c[t + 1].tanh(), out=inside[t + 1])
        ctx.save_for_backward(gates, h, c, weight)
        ctx.mark_non_differentiable(c)
        return inside[1:], c[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: States, _: States) -> tuple[Gates, Taps]:
        gates, h, c, weight = ctx.saved_tensors
        places, taps = grad.shape[2], weight.shape[1]
        # How far each gate moves c (the first one: h) and how far c moves h, for all steps at once.
        o, f, i, g = gates.unflatten(-1, (4, -1)).unbind(-2)
        squashed = c[1:].tanh()
        to_h = o * (1 - squashed**2)
        slopes = torch.stack([squashed * o * (1 - o), c[:-1] * f * (1 - f), g * i * (1 - i), i * (1 - g**2)], -2)
        # Backwards through time
        with torch.autocast(grad.device.type, enabled=False):
            dh = torch.zeros_like(h)
            inside = dh[:, :, taps // 2 : taps // 2 + places]
            inside[1:] = grad
            dgates, dc = torch.empty_like(slopes), torch.zeros_like(c[0])
            for t in reversed(range(len(gates))):
                dc.addcmul_(inside[t + 1], to_h[t])
                torch.mul(slopes[t, ..., 0, :], inside[t + 1], out=dgates[t, ..., 0, :])
                torch.mul(slopes[t, ..., 1:, :], dc[..., None, :], out=dgates[t, ..., 1:, :])
                dc.mul_(f[t])
                pulled = dgates[t].flatten(-2).flatten(1, 2)
                for tap in range(taps):
                    dh[t, :, tap : tap + places].flatten(1, 2).baddbmm_(pulled, weight[:, tap].mT)
            dgates = dgates.flatten(-2)
            read = [h[:-1, :, tap : tap + places].flatten(2, 3) for tap in range(taps)]
            pulls = [(part.mT @ dgates.flatten(2, 3)).sum(0) for part in read]
        return dgates, torch.stack(pulls, 1)


# Diagonals: row r moves r places to the right, so that a column holds what depends on the column before it alone


def skew(maps: Float[Tensor, "*maps height width"]) -> Float[Tensor, "*maps height steps"]:
    """Move row r of some maps r places to the right, among zeros; the width grows by height − 1 (section 3.2)."""
    *maps_, height, width = maps.shape
    padded = torch.nn.functional.pad(maps, (0, height)).flatten(-2)
    return padded[..., : height * (width + height - 1)].unflatten(-1, (height, width + height - 1))


def unskew(skewed: Float[Tensor, "*maps height steps"]) -> Float[Tensor, "*maps height width"]:
    """Move the rows back."""
    height, steps = skewed.shape[-2:]
    padded = torch.nn.functional.pad(skewed.flatten(-2), (0, height)).unflatten(-1, (height, steps + 1))
    return padded[..., : steps + 1 - height]
