"""Convolutional LSTM: each step of it takes all places of a row of pixels, or of a diagonal, at once.

van den Oord et al., "Pixel Recurrent Neural Networks", ICML 2016, section 3 and equation 3. What a step reads of the
picture (input-to-state) is computed for all steps before; a step adds what it reads of the state before
(state-to-state) and passes the gates o, f, i and g. Directions are LSTMs with weights of their own, side by side.

Each step is small, so training takes as long as its kernels take to launch. Hence backpropagation through time is
written out: fourteen kernels a step with two states read, where recorded operations take some forty.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

Gates = Float[Tensor, "row column direction batch four_widths"]
States = Float[Tensor, "row column direction batch width"]
StateKernels = Float[Tensor, "direction kernel width four_widths"]


def unroll(inputs: Gates, weight: StateKernels, diagonal: bool = False) -> tuple[States, States]:
    """Run an LSTM from states of zero; gives h and, without a gradient, c at each pixel.

    A step goes down by a row, whose columns are its places; or to the right by a diagonal, whose rows are its places.
    A place reads of the state before: itself (a kernel of 1), the place before and itself (2), or both neighbours and
    itself (3). It computes in float32 and gives what it was given, whatever the precision around it.
    """
    with torch.autocast(inputs.device.type, enabled=False):
        h, c = Recurrence.apply(inputs, weight.float(), diagonal)
        return h.to(inputs.dtype), c.to(inputs.dtype)


class Order:
    """The order of the steps: what they take at once lies side by side, (time, direction, place · batch, …).

    The places of a row are its columns. Those of a diagonal are its rows; it holds the pixels whose row and column add
    up to its time, which makes the skewed picture of section 3.2, whose two triangles without a pixel nobody touches.
    """

    def __init__(self, rows: int, columns: int, batch: int, diagonal: bool) -> None:
        self.rows, self.columns, self.batch, self.diagonal = rows, columns, batch, diagonal
        self.steps, self.places = (rows + columns - 1, rows) if diagonal else (rows, columns)
        spans = [(max(0, t - columns + 1), min(t + 1, rows)) if diagonal else (0, columns) for t in range(self.steps)]
        self.spans = [(first * batch, (last - first) * batch) for first, last in spans]

    def each(self, steps: Tensor, frame: int = 0) -> list[Tensor]:  # of (direction, place · batch, …)
        """View those places of each step that are pixels; `frame` counts the places in front of the first."""
        spans = ((first + frame * self.batch, count) for first, count in self.spans)
        return [step.narrow(1, *span) for step, span in zip(steps.unbind(), spans, strict=False)]

    def picture(self, steps: Tensor, frame: int = 0) -> Float[Tensor, "row column direction batch n"]:
        """View all pixels as a picture."""
        directions, n, (step, direction, place, number) = steps.shape[1], steps.shape[3], steps.stride()
        down, right = (self.batch * place + step, step) if self.diagonal else (step, self.batch * place)
        first = steps.storage_offset() + frame * self.batch * place
        shape = self.rows, self.columns, directions, self.batch, n
        return steps.as_strided(shape, (down, right, direction, place, number), first)


class Recurrence(torch.autograd.Function):
    """All steps of the LSTM, forwards and backwards."""

    @staticmethod
    def forward(ctx: Any, inputs: Gates, weight: StateKernels, diagonal: bool) -> tuple[States, States]:
        rows, columns, directions, batch, _ = inputs.shape
        order, (_, kernel, width, _) = Order(rows, columns, batch, diagonal), weight.shape
        gates = weight.new_empty(order.steps, directions, order.places * batch, 4 * width)
        order.picture(gates).copy_(inputs)
        h = weight.new_zeros(order.steps + 1, directions, (order.places + kernel - 1) * batch, width)
        c = weight.new_zeros(order.steps + 1, directions, order.places * batch, width)
        seen = [order.each(h, k) for k in range(kernel)]
        before, after, given = order.each(c), order.each(c[1:]), order.each(h[1:], kernel // 2)
        for t, now in enumerate(order.each(gates)):
            for k in range(kernel):
                now.baddbmm_(seen[k][t], weight[:, k])
            ofi, g = now.split((3 * width, width), -1)
            ofi.sigmoid_()
            g.tanh_()
            o, f, i = ofi.chunk(3, -1)
            torch.mul(f, before[t], out=after[t]).addcmul_(i, g)
            torch.mul(o, after[t].tanh(), out=given[t])
        ctx.save_for_backward(gates, h, c, weight)
        ctx.order = order
        every_h, every_c = order.picture(h[1:], kernel // 2), order.picture(c[1:])
        ctx.mark_non_differentiable(every_c)
        return every_h, every_c

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: States, _: States) -> tuple[Gates, StateKernels, None]:
        gates, h, c, weight = ctx.saved_tensors
        (_, kernel, width, _), order = weight.shape, ctx.order
        slopes, to_h = slopes_of(gates, c, order)
        dgates, dh, dc = torch.zeros_like(gates), torch.zeros_like(h), torch.zeros_like(c[0])
        order.picture(dh[1:], kernel // 2).copy_(grad)
        # Backwards through time, f, i and g by one product
        pulled, pulls = [order.each(dh, k) for k in range(kernel)], order.each(dh[1:], kernel // 2)
        do, dfig = (order.each(part) for part in output_and_others(dgates))
        of_o, of_fig = (order.each(part) for part in output_and_others(slopes))
        by_h, kept, now = order.each(to_h), order.each(gates[..., width : 2 * width]), order.each(dgates)
        with torch.autocast(grad.device.type, enabled=False):
            for t in reversed(range(order.steps)):
                dc_now = dc.narrow(1, *order.spans[t]).addcmul_(pulls[t], by_h[t])
                torch.mul(of_o[t], pulls[t], out=do[t])
                torch.mul(of_fig[t], dc_now[:, :, None], out=dfig[t])
                dc_now.mul_(kept[t])
                for k in range(kernel):
                    pulled[k][t].baddbmm_(now[t], weight[:, k].mT)
            count = order.places * order.batch
            seen = [h[:-1].narrow(2, k * order.batch, count) for k in range(kernel)]
            dweight = torch.stack([(states.mT @ dgates).sum(0) for states in seen], 1)
        return order.picture(dgates), dweight, None


def slopes_of(gates: Tensor, c: Tensor, order: Order) -> tuple[Tensor, Tensor]:  # as gates, as c after each step
    """Tell for all steps at once how far gates move what they lead to (o: h; the others: c), and how far c moves h."""
    slopes, to_h = torch.empty_like(gates), torch.empty_like(c[1:])
    o, f, i, g = order.picture(gates).chunk(4, -1)
    of_o, of_f, of_i, of_g = order.picture(slopes).chunk(4, -1)
    squashed = order.picture(c[1:]).tanh()
    torch.mul(squashed * o, 1 - o, out=of_o)
    torch.mul(order.picture(c[:-1]) * f, 1 - f, out=of_f)
    torch.mul(g * i, 1 - i, out=of_i)
    torch.mul(i, 1 - g**2, out=of_g)
    torch.mul(o, 1 - squashed**2, out=order.picture(to_h))
    return slopes, to_h


def output_and_others(gates: Tensor) -> tuple[Tensor, Tensor]:  # (…, width), (…, 3, width)
    """Part the output gate from the others."""
    width = gates.shape[-1] // 4
    return gates[..., :width], gates[..., width:].unflatten(-1, (3, width))


def lstm_step(gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Compute h and c after one step, of gates (…, 4 · width) and c (…, width) before it (eq. 3)."""
    width = c.shape[-1]
    o, f, i = gates[..., : 3 * width].sigmoid().chunk(3, -1)
    c = torch.addcmul(f * c, i, gates[..., 3 * width :].tanh())
    return o * c.tanh(), c
