"""Toys of the plane: their densities, their modes, and what is counted of them."""

from __future__ import annotations

import math

import pytest
import torch

from engine.errors import BadValue
from engine.models.gan import GAN, GANConfig
from train.data import Split, open_data
from train.data.plane import CANVAS, MODES, PLANES, TEST, TRAIN
from train.data.stacked import stack
from train.metrics.modes import DRAWS, SAMPLES, averaged, coverage, sampled, spread_within
from train.sheets import CANVAS as SIDE
from train.sheets import DATA, MADE, clouds

each_toy = pytest.mark.parametrize("name", PLANES)


@each_toy
def test_a_toy_is_the_same_each_time_and_its_splits_differ(name: str) -> None:
    data, again = open_data(name), open_data(name)
    assert torch.equal(data.train.pictures, again.train.pictures)
    assert (len(data.train), len(data.test), data.shape) == (TRAIN, TEST, CANVAS)
    assert not torch.equal(data.train.pictures[:TEST], data.test.pictures)
    x = data.train.batch(torch.tensor([3, 1])).x
    assert torch.equal(x, data.train.pictures[[3, 1]])  # points are no bytes: nothing divides them
    assert data.train.y is not None
    assert len(data.labels) == int(data.train.y.max()) + 1


@each_toy
def test_a_toy_is_centred_and_within_sight(name: str) -> None:
    points = open_data(name).train.pictures.flatten(1)
    assert float(points.mean(0).abs().max()) < 0.05
    assert float(points.abs().max()) < (5 if name == "grid" else 1.8)


@pytest.mark.parametrize(("name", "count", "deviation"), [("ring", 8, 0.01), ("grid", 25, 0.05)])
def test_modes_are_those_of_the_protocol(name: str, count: int, deviation: float) -> None:
    modes, data = MODES[name], open_data(name)
    assert modes.centres.shape == (count, 2)
    assert data.train.y is not None
    off = data.train.pictures.flatten(1) - modes.centres[data.train.y]
    assert off.std(0).tolist() == pytest.approx([deviation, deviation], rel=0.02)
    shares = data.train.y.bincount(minlength=count) / len(data.train)
    assert float((shares - 1 / count).abs().max()) < 0.005
    apart = torch.cdist(modes.centres, modes.centres) + 99 * torch.eye(count)
    assert float(apart.min()) == pytest.approx(2 * math.sin(math.pi / 8) if name == "ring" else 2)


@pytest.mark.parametrize("name", MODES)
def test_the_data_themselves_cover_every_mode_with_as_much_quality_as_a_gaussian_has(name: str) -> None:
    found, quality = coverage(open_data(name).test.pictures.flatten(1), MODES[name])
    assert found == len(MODES[name].centres)
    assert quality == pytest.approx(1 - math.exp(-4.5), abs=0.005)  # within three deviations, in two dimensions


def test_a_mode_counts_when_a_good_sample_lies_in_it() -> None:
    modes = MODES["ring"]
    points = torch.cat([modes.centres[:3], modes.centres[3:4] + 0.05, torch.zeros(1, 2), modes.centres[:1]])
    assert coverage(points, modes) == (3, pytest.approx(4 / 6))


@pytest.mark.parametrize("name", MODES)
@pytest.mark.parametrize("width", [0.5, 1.0])
def test_the_spread_within_modes_is_that_of_the_data_whatever_is_cut_off(name: str, width: float) -> None:
    modes, data = MODES[name], open_data(name).test
    assert data.y is not None
    centres = modes.centres[data.y]
    points = centres + width * (data.pictures.flatten(1) - centres)
    stray = torch.cat([points, torch.full((500, 2), 0.4)])
    wanted = width if width == 1 else width / math.sqrt(1 - 4.5 * math.exp(-4.5) / (1 - math.exp(-4.5)))
    assert spread_within(stray, modes) == pytest.approx(wanted, abs=0.015)
    shifted = points + modes.deviation / 4  # about the mode's own mean, not about where it should lie
    assert spread_within(shifted, modes) == pytest.approx(wanted, abs=0.05)
    assert math.isnan(spread_within(torch.full((3, 2), 0.4), modes))


def test_each_draw_has_seeds_of_its_own_and_a_figure_is_their_mean() -> None:
    model = GAN(GANConfig((1, 64, 64), latent=2, width=8, depth=1, extent=1.5)).eval().requires_grad_(False)
    first, second = sampled(model, 0), sampled(model, 1)
    assert first.shape == (SAMPLES, 2)
    assert not torch.equal(first, second)
    assert torch.equal(first, sampled(model, 0))
    found = averaged("high quality", [95.0, 97.0], "%", f"mean of {DRAWS} draws")
    assert found.value == 96
    assert found.protocol == f"mean of {DRAWS} draws; the draws have a deviation of 1.4"


def test_a_toy_has_one_canvas() -> None:
    with pytest.raises(BadValue, match="1×64×64"):
        open_data("ring", None, (1, 28, 28))


def test_the_sheet_of_a_toy_shows_its_points_over_the_data() -> None:
    torch.manual_seed(0)
    model = GAN(GANConfig((1, 64, 64), latent=2, width=8, depth=1, extent=1.5)).requires_grad_(False)
    drawn = clouds(model, open_data("ring").test)
    assert drawn.shape == (SIDE, SIDE, 3)
    here = {tuple(colour) for colour in drawn.reshape(-1, 3).tolist()}
    assert here == {(255, 255, 255), DATA, MADE}
    right = (drawn[SIDE // 2 - 20 : SIDE // 2 + 20, round((1 / 1.5 + 1) / 2 * SIDE)] == DATA).all(1)
    assert right.any()  # the mode at (1, 0)


def test_stacked_digits_are_those_of_their_channels() -> None:
    y = torch.arange(10)
    digits = Split((20 * y).byte()[:, None, None, None].expand(-1, 1, 4, 4), y)  # a digit's grey says which it is
    stacked, again = stack(digits, 4_000, seed=0), stack(digits, 4_000, seed=0)
    assert stacked.y is not None
    assert torch.equal(stacked.pictures, again.pictures)
    spelled = torch.tensor([100, 10, 1]) * (stacked.pictures[:, :, 0, 0].long() // 20)
    assert torch.equal(stacked.y, spelled.sum(1))
    assert len(stacked.y.unique()) > 950
