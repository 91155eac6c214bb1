"""Convolutional LSTM: each step of it takes all places of a row of pixels, or of a diagonal, at once.

van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016, section 3 and equation 3. What a step reads of the
picture (input-to-state) is computed for all steps before; a step adds what it reads of the state before
(state-to-state) and passes the gates o, f, i and g. Lanes are LSTMs with weights of their own, side by side.

Each step is small, so training takes as long as its kernels take to launch. Hence backpropagation through time is
written out: fourteen kernels a step with two taps, where recorded operations take some forty.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

Gates = Float[Tensor, "row column lane batch four_widths"]
States = Float[Tensor, "row column lane batch width"]
Taps = Float[Tensor, "lane tap width four_widths"]
Steps = Float[Tensor, "time lane place batch n"]  # side by side what a step takes at once


def unroll(inputs: Gates, weight: Taps, diagonal: bool = False) -> tuple[States, States]:
    """Run an LSTM from states of zero; gives h and, without a gradient, c at each pixel.

    A step goes down by a row, whose columns are its places; or to the right by a diagonal, whose rows are its places.
    A place reads of the state before: itself (one tap), the place before and itself (two), or both neighbours and
    itself (three). It computes in float32 and gives what it was given, whatever the precision around it.
    """
    with torch.autocast(inputs.device.type, enabled=False):
        h, c = Recurrence.apply(inputs, weight.float(), diagonal)
        return h.to(inputs.dtype), c.to(inputs.dtype)


class Recurrence(torch.autograd.Function):
    """All steps of the LSTM, forwards and backwards."""

    @staticmethod
    def forward(ctx: Any, inputs: Gates, weight: Taps, diagonal: bool) -> tuple[States, States]:
        rows, columns, lanes, batch, _ = inputs.shape
        taps, width = weight.shape[1:3]
        spans = spans_of(rows, columns, diagonal)
        places = max(span.stop for span in spans)
        gates = weight.new_empty(len(spans), lanes, places, batch, 4 * width)
        by_pixel(gates, diagonal).copy_(inputs)
        h = weight.new_zeros(len(spans) + 1, lanes, places + taps - 1, batch, width)  # framed by places that stay zero
        c = weight.new_zeros(len(spans) + 1, lanes, places, batch, width)
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
        ctx.spans, ctx.diagonal = spans, diagonal
        every_h, every_c = by_pixel(framed[1:], diagonal), by_pixel(c[1:], diagonal)
        ctx.mark_non_differentiable(every_c)
        return every_h, every_c

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: States, _: States) -> tuple[Gates, Taps, None]:
        gates, h, c, weight = ctx.saved_tensors
        slopes, to_h = slopes_of(gates, c, ctx.diagonal)
        places, taps, width = c.shape[2], weight.shape[1], c.shape[4]
        dh, dc, dgates = torch.zeros_like(h), torch.zeros_like(c[0]), torch.zeros_like(gates)
        framed = dh[:, :, taps // 2 : taps // 2 + places]
        by_pixel(framed[1:], ctx.diagonal).copy_(grad)
        with torch.autocast(grad.device.type, enabled=False):
            for t, span in reversed(list(enumerate(ctx.spans))):
                pull, dc_here, here = framed[t + 1, :, span], dc[:, span], dgates[t, :, span]
                dc_here.addcmul_(pull, to_h[t, :, span])
                of_o, others = slopes[t, :, span].unflatten(-1, (4, width)).split((1, 3), -2)
                do, dothers = here.unflatten(-1, (4, width)).split((1, 3), -2)
                torch.mul(of_o, pull[..., None, :], out=do)
                torch.mul(others, dc_here[..., None, :], out=dothers)
                dc_here.mul_(gates[t, :, span, :, width : 2 * width])
                for tap in range(taps):
                    read(dh[t], span, tap).baddbmm_(here.flatten(1, 2), weight[:, tap].mT)
            seen = [read(h[:-1], slice(0, places), tap) for tap in range(taps)]
            weights = [(part.mT @ dgates.flatten(2, 3)).sum(0) for part in seen]
        return by_pixel(dgates, ctx.diagonal), torch.stack(weights, 1), None


def slopes_of(gates: Steps, c: Tensor, diagonal: bool) -> tuple[Tensor, Tensor]:  # as gates, as c after each step
    """Tell for all steps at once how far gates move what they lead to (o: h; the others: c), and how far c moves h."""
    slopes, to_h = torch.empty_like(gates), torch.empty_like(c[1:])
    o, f, i, g = by_pixel(gates, diagonal).chunk(4, -1)
    of_o, of_f, of_i, of_g = by_pixel(slopes, diagonal).chunk(4, -1)
    squashed = by_pixel(c[1:], diagonal).tanh()
    torch.mul(squashed * o, 1 - o, out=of_o)
    torch.mul(by_pixel(c[:-1], diagonal) * f, 1 - f, out=of_f)
    torch.mul(g * i, 1 - i, out=of_i)
    torch.mul(i, 1 - g**2, out=of_g)
    torch.mul(o, 1 - squashed**2, out=by_pixel(to_h, diagonal))
    return slopes, to_h


def passed(gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Give h and c after one step, of gates (…, 4 · width) and c (…, width) before it (eq. 3)."""
    width = c.shape[-1]
    o, f, i = gates[..., : 3 * width].sigmoid().chunk(3, -1)
    c = torch.addcmul(f * c, i, gates[..., 3 * width :].tanh())
    return o * c.tanh(), c


# Rows and diagonals as steps


def by_pixel(steps: Steps, diagonal: bool) -> Float[Tensor, "row column lane batch n"]:
    """View what lies step by step as a picture; a diagonal holds the pixels whose row and column add up to its time.

    That is the skewed picture of section 3.2, whose triangles without a pixel are nowhere touched.
    """
    if not diagonal:
        return steps.permute(0, 2, 1, 3, 4)
    (time, lanes, rows, batch, n), (step, lane, place, one, number) = steps.shape, steps.stride()
    strides = place + step, step, lane, one, number
    return steps.as_strided((rows, time - rows + 1, lanes, batch, n), strides, steps.storage_offset())


def spans_of(rows: int, columns: int, diagonal: bool) -> list[slice]:
    """Give the places of each step that are pixels: all columns of a row, or those rows that a diagonal crosses."""
    if not diagonal:
        return [slice(0, columns)] * rows
    return [slice(max(0, time - columns + 1), min(time + 1, rows)) for time in range(rows + columns - 1)]


def read(h: Tensor, span: slice, tap: int) -> Tensor:  # (…, lane, place · batch, width)
    """Give the states that the places of a span see through a tap."""
    return h[..., span.start + tap : span.stop + tap, :, :].flatten(-3, -2)
