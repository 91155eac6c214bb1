"""The seed belongs to the picture."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadValue
from engine.nn import noise

SEEDS = st.integers(0, noise.LARGEST_SEED)


@pytest.mark.parametrize("draw", [noise.normal, noise.uniform])
@given(seeds=st.lists(SEEDS, min_size=1, max_size=5))
def test_neighbours_change_nothing(draw: noise.normal, seeds: list[int]) -> None:
    together = draw(seeds, (2, 3))
    assert together.shape == (len(seeds), 2, 3)
    assert together.dtype == torch.float32
    for row, seed in zip(together, seeds, strict=True):
        assert torch.equal(row, draw([seed], [2, 3])[0])


@given(a=SEEDS, b=SEEDS)
def test_two_seeds_draw_two_pictures(a: int, b: int) -> None:
    z = noise.normal([a, b], (16,))
    assert torch.equal(z[0], z[1]) == (a == b)


def test_the_generator_keeps_no_more_of_a_seed_than_may_be_given() -> None:
    def drawn(seed: int) -> torch.Tensor:
        return torch.randn(16, generator=torch.Generator().manual_seed(seed))

    assert torch.equal(drawn(noise.LARGEST_SEED + 8), noise.normal([7], (16,))[0])
    assert not torch.equal(drawn(noise.LARGEST_SEED), noise.normal([noise.LARGEST_SEED // 2], (16,))[0])


def test_the_draws_have_the_moments_they_should() -> None:
    z, u = noise.normal(range(200), (50,)), noise.uniform(range(200), (50,))
    # 10,000 draws: four standard errors are 0.04 for a normal mean, 0.03 for its deviation, 0.012 for a uniform mean.
    assert abs(z.mean()) < 0.04
    assert abs(z.std() - 1) < 0.03
    assert abs(u.mean() - 0.5) < 0.012
    assert 0 <= u.min() < 0.01
    assert 0.99 < u.max() < 1


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    noise.normal([1, 2], (3,))
    noise.uniform([1, 2], (3,))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("seed", [-1, noise.LARGEST_SEED + 1])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(BadValue, match=rf"A seed of {seed} was given; seeds are whole numbers from 0 to \d+"):
        noise.normal([1, seed], (3,))


def test_no_seeds_draw_no_pictures() -> None:
    assert noise.normal([], (3,)).shape == (0, 3)
