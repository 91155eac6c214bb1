"""The measures, on subjects whose figures are known."""

import numpy as np
import pytest
import torch

from train.metrics.context import spread
from train.metrics.disentanglement import information_gaps


def factors(count: int = 4_000) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 8, (count, 2))


def test_an_axis_for_each_factor_has_the_largest_gap() -> None:
    known = factors()
    codes = np.concatenate([known + 0.0, np.random.default_rng(1).normal(size=(len(known), 3))], axis=1)
    assert information_gaps(codes.astype(np.float32), known) == pytest.approx([1, 1], abs=0.03)


def test_two_axes_that_share_a_factor_have_no_gap() -> None:
    known = factors()
    codes = np.stack([known[:, 0], 2 * known[:, 0] + 1, known[:, 1]], axis=1)
    assert information_gaps(codes.astype(np.float32), known) == pytest.approx([0, 1], abs=0.03)


def test_noise_has_no_gap() -> None:
    codes = np.random.default_rng(1).normal(size=(4_000, 4)).astype(np.float32)
    assert information_gaps(codes, factors()) == pytest.approx([0, 0], abs=0.03)


def test_rows_are_spread_over_the_whole_set() -> None:
    assert spread(10, 4).tolist() == [0, 3, 6, 9]
    assert torch.equal(spread(5, 100), torch.arange(5))
