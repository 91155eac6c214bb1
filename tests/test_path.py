"""Laws of a path through many keys."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from engine.latent.interpolation import INTERPOLATIONS, PATHS
from engine.latent.path import EASINGS, PACES, LatentPath, moments, shell

KEYS = arrays(np.float32, st.tuples(st.integers(2, 6), st.just(5)), elements=st.floats(-4, 4, width=32))
INTERPOLATION_NAMES, EASES, PACE = (
    st.sampled_from(sorted(INTERPOLATIONS)),
    st.sampled_from(sorted(EASINGS)),
    st.sampled_from(PACES),
)


def drawn(keys: int, latent: int = 64) -> Any:
    return np.random.default_rng(keys).normal(size=(keys, latent)).astype(np.float32)


@settings(max_examples=30)
@given(keys=KEYS, interpolation=INTERPOLATION_NAMES, easing=EASES, pace=PACE, loop=st.booleans())
def test_a_journey_passes_its_keys_when_its_legs_end(
    keys: Any, interpolation: str, easing: str, pace: str, loop: bool
) -> None:
    path = LatentPath(keys, interpolation, easing, pace, loop)
    assert len(path.ends) == len(keys) - (not loop)
    assert (np.diff(path.ends) >= 0).all()
    assert_allclose(path.at([0.0])[0], keys[0], atol=1e-4)
    assert_allclose(path.at([1.0])[0], keys[0 if loop else -1], atol=1e-4)
    if easing != "ends":
        inner = [end for end, before in zip(path.ends, [0.0, *path.ends], strict=False) if end > before]
        segments = [int(np.searchsorted(path.ends, end)) for end in inner]
        passed = [keys[(segment + 1) % len(keys)] for segment in segments]
        assert_allclose(path.at(np.array(inner) - 1e-12), passed, atol=1e-3)


@settings(max_examples=30)
@given(keys=KEYS, interpolation=INTERPOLATION_NAMES, easing=EASES, pace=PACE, loop=st.booleans())
def test_a_journey_has_no_jump_and_no_bad_number(
    keys: Any, interpolation: str, easing: str, pace: str, loop: bool
) -> None:
    walked = LatentPath(keys, interpolation, easing, pace, loop).at(np.linspace(0, 1, 401))
    assert walked.dtype == np.float32
    assert np.isfinite(walked).all()
    lengths, longest = np.linalg.norm(walked, axis=1), np.linalg.norm(keys, axis=1).max()
    assert interpolation == "spherical" or lengths.max() <= longest * 1.01 + 1e-3
    if interpolation == "linear":
        assert np.linalg.norm(np.diff(walked, axis=0), axis=1).max() <= 0.02 * (len(keys) * 20 + 1)


@pytest.mark.parametrize("interpolation", PATHS)
def test_a_segment_is_the_path_between_its_two_keys(interpolation: str) -> None:
    keys = drawn(3)
    walked = LatentPath(keys, interpolation, "steady").at(np.linspace(0, 1, 9))
    assert_allclose(walked[:5], PATHS[interpolation](keys[0], keys[1], 5), atol=1e-5)
    assert_allclose(walked[4:], PATHS[interpolation](keys[1], keys[2], 5), atol=1e-5)


@pytest.mark.parametrize("interpolation", PATHS)
def test_at_equal_speed_every_leg_takes_its_length(interpolation: str) -> None:
    keys = drawn(2)
    keys = np.stack([keys[0], keys[1], keys[1] * 1.1])
    path = LatentPath(keys, interpolation, "steady", "length")
    lengths = [
        np.linalg.norm(np.diff(PATHS[interpolation](a, b, 200), axis=0), axis=1).sum() for a, b in pairwise(keys)
    ]
    assert path.ends[0] == pytest.approx(lengths[0] / sum(lengths), rel=1e-3)
    assert path.ends[0] > 0.8
    assert LatentPath(keys, interpolation, "steady", "time").ends[0] == 0.5
    steps = np.linalg.norm(np.diff(path.at(np.linspace(0, 1, 401)), axis=0), axis=1)
    assert steps.max() < (2.5 if interpolation == "norm-preserving" else 1.25) * steps.min()


def test_a_key_that_comes_twice_takes_no_time_at_equal_speed() -> None:
    keys = drawn(2)
    path = LatentPath(keys[[0, 0, 1]], "linear", "steady", "length")
    assert_allclose(path.ends, [0, 1], atol=1e-12)
    still = LatentPath(keys[[0, 0, 0]], "spherical", "keys", "length")
    assert_allclose(still.ends, [0.5, 1])
    assert_allclose(still.at(np.linspace(0, 1, 7)), np.repeat(keys[:1], 7, axis=0), atol=1e-6)


def test_easing_slows_down_where_it_says() -> None:
    keys = drawn(3)
    speed = {
        easing: np.linalg.norm(np.diff(LatentPath(keys, "linear", easing).at(np.linspace(0, 1, 401)), axis=0), axis=1)
        for easing in EASINGS
    }
    assert_allclose(speed["steady"][:200], speed["steady"][0], rtol=1e-2)
    for part in (0, 199, 200, -1):
        assert speed["keys"][part] < 0.05 * speed["keys"].max()
    assert speed["ends"][0] < 0.05 * speed["ends"].max()
    assert speed["ends"][199] > 0.7 * speed["ends"].max()


def test_a_class_changes_half_way_between_two_keys() -> None:
    path = LatentPath(drawn(3), "linear", "steady", "time", loop=True)
    assert path.nearest([0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.9, 1.0]).tolist() == [0, 0, 1, 1, 1, 2, 2, 0, 0]


def test_the_frames_of_a_loop_never_show_its_start_twice() -> None:
    assert moments(5, loop=False).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert moments(5, loop=True).tolist() == [0, 0.2, 0.4, 0.6, 0.8]


@pytest.mark.parametrize("latent", [1, 2, 10, 128])
def test_the_shell_holds_what_it_says_of_the_prior(latent: int) -> None:
    low, middle, high = shell(latent)
    lengths = np.linalg.norm(np.random.default_rng(0).normal(size=(20_000, latent)), axis=1)
    for radius, part in ((low, 0.05), (middle, 0.5), (high, 0.95)):
        assert (lengths < radius).mean() == pytest.approx(part, abs=0.01)
