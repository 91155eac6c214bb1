"""Convolutional LSTM: each step of it takes all places of a row of pixels, or of a diagonal, at once.

van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016, section 3 and equation 3. What a step reads of the
picture (input-to-state) is computed for all steps before; a step adds what it reads of the state before
(state-to-state) and passes the gates o, f, i and g. Lanes are LSTMs with weights of their own, side by side.

Each step is small, so training takes as long as its kernels take to launch. Hence backpropagation through time is
written out: fourteen kernels a step with two taps, where recorded operations take some forty.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

Gates = Float[Tensor, "time lane place batch four_widths"]
States = Float[Tensor, "time lane place batch width"]
Taps = Float[Tensor, "lane tap width four_widths"]
Spans = Sequence[slice]  # for each step, the places that take part in it; elsewhere the state is zero


def unroll(inputs: Gates, weight: Taps, spans: Spans) -> tuple[States, States]:
    """Run an LSTM from a state of zeros; gives every h and, without a gradient, every c.

    A place reads of the state before: itself (one tap), the place before and itself (two), or both neighbours and
    itself (three). It computes in float32, whatever the precision around it.
    """
    with torch.autocast(inputs.device.type, enabled=False):
        return Recurrence.apply(inputs, weight.float(), spans)


class Recurrence(torch.autograd.Function):
    """All steps of the LSTM, forwards and backwards."""

    @staticmethod
    def forward(ctx: Any, inputs: Gates, weight: Taps, spans: Spans) -> tuple[States, States]:
        time, lanes, places, batch, _ = inputs.shape
        taps, width = weight.shape[1:3]
        gates = inputs.to(weight.dtype, copy=True, memory_format=torch.contiguous_format)
        h = gates.new_zeros(time + 1, lanes, places + taps - 1, batch, width)  # framed by places that stay zero
        c = gates.new_zeros(time + 1, lanes, places, batch, width)
        framed = h[:, :, taps // 2 : taps // 2 + places]
        for t, span in enumerate(spans):
            here = gates[t, :, span]
            for tap in range(taps):
                here.flatten(1, 2).baddbmm_(read(h[t], span, tap), weight[:, tap])
            here[..., : 3 * width].sigmoid_()
            here[..., 3 * width :].tanh_()
            o, f, i, g = here.chunk(4, -1)
            torch.mul(f, c[t, :, span], out=c[t + 1, :, span]).addcmul_(i, g)
            torch.mul(o, c[t + 1, :, span].tanh(), out=framed[t + 1, :, span])
        ctx.save_for_backward(gates, h, c, weight)
        ctx.spans = spans
        ctx.mark_non_differentiable(c)
        return framed[1:], c[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: States, _: States) -> tuple[Gates, Taps, None]:
        gates, h, c, weight = ctx.saved_tensors
        places, taps = grad.shape[2], weight.shape[1]
        # How far each gate moves c, the first one h, and how far c moves h: for all steps at once.
        o, f, i, g = gates.unflatten(-1, (4, -1)).unbind(-2)
        squashed = c[1:].tanh()
        to_h = o * (1 - squashed**2)
        slopes = torch.stack([squashed * o * (1 - o), c[:-1] * f * (1 - f), g * i * (1 - i), i * (1 - g**2)], -2)
        dh, dc, dgates = torch.zeros_like(h), torch.zeros_like(c[0]), torch.zeros_like(slopes)
        framed = dh[:, :, taps // 2 : taps // 2 + places]
        framed[1:] = grad
        with torch.autocast(grad.device.type, enabled=False):
            for t, span in reversed(list(enumerate(ctx.spans))):
                pull, dc_here = framed[t + 1, :, span], dc[:, span]
                dc_here.addcmul_(pull, to_h[t, :, span])
                torch.mul(slopes[t, :, span, :, 0], pull, out=dgates[t, :, span, :, 0])
                torch.mul(slopes[t, :, span, :, 1:], dc_here[..., None, :], out=dgates[t, :, span, :, 1:])
                dc_here.mul_(f[t, :, span])
                for tap in range(taps):
                    read(dh[t], span, tap).baddbmm_(dgates[t, :, span].flatten(-2).flatten(1, 2), weight[:, tap].mT)
            inputs = dgates.flatten(-2)
            whole = [read(h[:-1], slice(0, places), tap) for tap in range(taps)]
            weights = [(part.mT @ inputs.flatten(-3, -2)).sum(0) for part in whole]
        return inputs, torch.stack(weights, 1), None


def read(h: Tensor, span: slice, tap: int) -> Tensor:  # (…, lane, place · batch, width)
    """Give the states that the places of a span see through a tap."""
    return h[..., span.start + tap : span.stop + tap, :, :].flatten(-3, -2)


def passed(gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Give h and c after one step, of gates (…, 4 · width) and c (…, width) before it (eq. 3)."""
    width = c.shape[-1]
    o, f, i = gates[..., : 3 * width].sigmoid().chunk(3, -1)
    c = torch.addcmul(f * c, i, gates[..., 3 * width :].tanh())
    return o * c.tanh(), c


# Diagonals: row r moves r places to the right, so that a column holds what depends on the column before it alone


def skew(maps: Float[Tensor, "*maps height width"]) -> Float[Tensor, "*maps height steps"]:
    """Move row r of some maps r places to the right, among zeros; the width grows by height − 1 (section 3.2)."""
    height, width = maps.shape[-2:]
    rows = F.pad(maps, (0, height)).flatten(-2)
    return rows[..., : height * (width + height - 1)].unflatten(-1, (height, width + height - 1))


def unskew(skewed: Float[Tensor, "*maps height steps"]) -> Float[Tensor, "*maps height width"]:
    """Move the rows back."""
    height, steps = skewed.shape[-2:]
    rows = F.pad(skewed.flatten(-2), (0, height)).unflatten(-1, (height, steps + 1))
    return rows[..., : steps + 1 - height]


def diagonal_spans(height: int, width: int) -> Spans:
    """Give the rows that have a pixel in each column of a skewed picture."""
    return [slice(max(0, step - width + 1), min(step + 1, height)) for step in range(height + width - 1)]
