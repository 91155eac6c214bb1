"""Paths, grids and traversals."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from engine.latent import interpolation
from engine.latent.interpolation import PATHS, inverse_cdf_grid

each_path = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
VECTORS = arrays(np.float32, 4, elements=st.floats(-5, 5, width=32))


def unit(z: Any) -> Any:
    return z / np.linalg.norm(z)


@each_path
@given(a=VECTORS, b=VECTORS, steps=st.integers(2, 9))
def test_a_path_ends_at_its_ends(path: Any, a: Any, b: Any, steps: int) -> None:
    walked = path(a, b, steps)
    assert walked.shape == (steps, 4)
    assert walked.dtype == np.float32
    assert np.isfinite(walked).all()
    assert_allclose(walked[[0, -1]], [a, b], atol=1e-4)


@each_path
@given(a=VECTORS, b=VECTORS)
def test_a_path_goes_back_as_it_came(path: Any, a: Any, b: Any) -> None:
    assert_allclose(path(a, b, 5), path(b, a, 5)[::-1], atol=2e-3)


@each_path
def test_between_parallel_antiparallel_and_zero_ends_all_is_finite(path: Any) -> None:
    a = np.array([3, 4, 0], np.float32)
    for b in (a, 2 * a, -a, -2 * a, 0 * a, np.nextafter(-a, a)):
        for ends in ((a, b), (b, a), (b, b)):
            walked = path(*ends, 5)
            assert np.isfinite(walked).all()
            assert np.linalg.norm(walked, axis=1).max() <= 10 + 1e-4
            assert_allclose(walked[[0, -1]], ends, atol=1e-4)


@given(a=VECTORS, b=VECTORS)
def test_the_spherical_path_keeps_the_norm_and_walks_equal_angles(a: Any, b: Any) -> None:
    if min(np.linalg.norm(a), np.linalg.norm(b)) < 0.1 or abs(unit(a) @ unit(b)) > 0.99:
        return
    walked = interpolation.spherical(5 * unit(a), 5 * unit(b), 7)
    assert_allclose(np.linalg.norm(walked, axis=1), 5, rtol=1e-3)
    cosines = np.sum(walked[1:] * walked[:-1], axis=1) / 25
    assert_allclose(cosines, cosines[0], atol=1e-3)


@given(a=VECTORS, b=VECTORS)
def test_the_norm_preserving_path_spaces_the_norm_evenly(a: Any, b: Any) -> None:
    if np.linalg.norm(interpolation.linear(a, b, 7), axis=1).min() < 1e-3:
        return
    norms = np.linalg.norm(interpolation.norm_preserving(a, b, 7), axis=1)
    assert_allclose(norms, np.linspace(np.linalg.norm(a), np.linalg.norm(b), 7), rtol=1e-3)


def test_the_straight_line_leaves_the_shell_that_the_others_stay_on() -> None:
    a, b = np.random.default_rng(1).normal(size=(2, 256)).astype(np.float32)
    middles = {name: np.linalg.norm(path(a, b, 3)[1]) for name, path in PATHS.items()}
    shell = (np.linalg.norm(a) + np.linalg.norm(b)) / 2
    assert middles["linear"] < 0.8 * shell  # 1/√2 for ends at right angles
    assert 0.9 * shell < middles["spherical"] < 1.1 * shell
    assert middles["norm-preserving"] == pytest.approx(shell, rel=1e-4)


@pytest.mark.parametrize("side", [1, 2, 5, 20])
def test_the_grid_is_symmetric_monotone_and_even_in_mass(side: int) -> None:
    grid = inverse_cdf_grid(side)
    assert grid.shape == (side, side, 2)
    across, down = grid[0, :, 0], grid[:, 0, 1]
    assert (grid[:, :, 0] == across).all()
    assert (grid[:, :, 1] == down[:, None]).all()
    assert (np.diff(across) > 0).all()  # left to right
    assert (np.diff(down) < 0).all()  # top (+) to bottom (−)
    assert_allclose(across, -across[::-1], atol=1e-6)
    mass = [NormalDist().cdf(float(value)) for value in across]
    assert_allclose(mass, (np.arange(side) + 0.5) / side, atol=1e-6)
