"""LSTMs that take many pixels at a step: the same states, and the same gradients, as pixel by pixel."""

import pytest
import torch
from torch import Tensor

from engine.nn.autoregressive.lstm import Order, lstm_step, unroll

CASES = [(False, 1, (3, 1)), (False, 2, (3, 4)), (False, 3, (4, 3)), (True, 2, (3, 4)), (True, 2, (4, 3))]
each_case = pytest.mark.parametrize(("diagonal", "kernel", "sides"), CASES, ids=str)


def some(kernel: int, sides: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Input-to-state of two pictures in two directions, and weights state-to-state."""
    torch.manual_seed(1)
    inputs, weight = torch.randn(*sides, 2, 2, 12), torch.randn(2, kernel, 3, 12)
    return inputs.requires_grad_(), weight.requires_grad_()


def pixel_by_pixel(inputs: Tensor, weight: Tensor, diagonal: bool) -> Tensor:
    rows, columns, kernel, nothing = *inputs.shape[:2], weight.shape[1], inputs.new_zeros(2, 2, 3)
    h: dict[tuple[int, int], Tensor] = {}
    c: dict[tuple[int, int], Tensor] = {}
    for row in range(rows):
        for column in range(columns):
            above = [(row - 1, column + k - kernel // 2) for k in range(kernel)]
            seen = [(row - 1, column), (row, column - 1)] if diagonal else above
            gates = inputs[row, column] + sum(h.get(place, nothing) @ weight[:, k] for k, place in enumerate(seen))
            before = c.get((row, column - 1) if diagonal else (row - 1, column), nothing)
            h[row, column], c[row, column] = lstm_step(gates, before)
    return torch.stack([torch.stack([h[row, column] for column in range(columns)]) for row in range(rows)])


@each_case
def test_a_step_for_many_pixels_is_a_step_for_each(diagonal: bool, kernel: int, sides: tuple[int, int]) -> None:
    inputs, weight = some(kernel, sides)
    h, one_by_one = unroll(inputs, weight, diagonal)[0], pixel_by_pixel(inputs, weight, diagonal)
    torch.testing.assert_close(h, one_by_one)
    pull = torch.randn_like(h)
    ours, theirs = (torch.autograd.grad((pull * states).sum(), (inputs, weight)) for states in (h, one_by_one))
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_under_bfloat16_it_computes_in_float32() -> None:
    inputs, weight = some(2, (6, 5))
    with torch.autocast("cpu", torch.bfloat16):
        h, c = unroll(inputs, weight, diagonal=True)
        h.sum().backward()
    slopes = [inputs.grad, weight.grad]
    inputs.grad = weight.grad = None
    exact, memory = unroll(inputs, weight, diagonal=True)
    exact.sum().backward()
    assert torch.equal(h, exact)
    assert torch.equal(c, memory)
    assert all(torch.equal(*pair) for pair in zip(slopes, [inputs.grad, weight.grad], strict=True))
    assert unroll(inputs.bfloat16(), weight, diagonal=True)[0].dtype == torch.bfloat16


def test_a_diagonal_holds_the_pixels_whose_row_and_column_add_up_to_its_time() -> None:
    order, steps = Order(rows=3, columns=4, batch=1, diagonal=True), torch.full((6, 1, 3, 1), -1.0)
    order.picture(steps).copy_((10 * torch.arange(3)[:, None] + torch.arange(4))[..., None, None, None])
    found = [step.flatten().tolist() for step in order.each(steps)]
    assert found == [[0], [1, 10], [2, 11, 20], [3, 12, 21], [13, 22], [23]]
    assert int((steps == -1).sum()) == 6
