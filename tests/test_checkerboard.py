"""The checkerboard of transposed convolutions: on patterns, on smooth pictures, on the data, and in its cause."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor

from engine.models.ae import AutoencoderConfig
from engine.models.ali import ALI, ALIConfig
from engine.models.dcgan import DCGAN, DCGANConfig
from engine.models.gan import GANConfig
from engine.nn.blocks import Upsampling
from engine.registry import Config
from train.data import open_data
from train.data.plane import CANVAS
from train.metrics.checkerboard import alternation, checkerboard
from train.metrics.context import EvalContext
from train.recipe import Recipe
from train.recipes import RECIPES

from .shelf import made
from .toys import toy_data

SHAPE = (1, 8, 8)
PAIRS = ALIConfig(SHAPE, latent=3, width=4, depth=0)


def context(config: Config) -> EvalContext:
    recipe = Recipe(data="toy", model=config, objective=RECIPES["mnist-ali"].objective)
    return EvalContext(made(config), recipe, toy_data(SHAPE, 40), 30, 2)


def smooth(size: int = 64) -> Tensor:
    """Eight pictures of slow waves in colour, which do not end as they begin."""
    at = torch.linspace(0, 1, size)
    waves = [torch.sin((i + 1) * at[:, None] + 2 * i * at[None] + i) for i in range(24)]
    return 0.5 + 0.4 * torch.stack(waves).reshape(8, 3, size, size)


@pytest.mark.parametrize("period", [(2, 1), (1, 2), (2, 2)], ids=["down", "across", "both"])
def test_a_pattern_of_every_other_pixel_is_seen_along_either_axis_and_both(period: tuple[int, int]) -> None:
    down, across = (torch.arange(64) % step for step in period)
    pattern = 1 - 2 * ((down[:, None] + across[None]) % 2).float()
    assert alternation(0.5 + 0.5 * pattern.expand(1, 1, 64, 64)) > 0.9
    assert alternation(smooth() * (1 + 0.1 * pattern)) > 1e3 * alternation(smooth())


def test_a_slope_smooth_waves_and_a_blank_have_no_checkerboard() -> None:
    slope = torch.linspace(0, 1, 64).expand(1, 1, 64, 64)
    for x in (smooth(), slope, torch.full((2, 1, 64, 64), 0.7)):
        assert alternation(x) < 1e-6


def test_coarser_patterns_are_not_taken_for_a_checkerboard() -> None:
    squares = (torch.arange(64) // 2 % 2).float()
    assert alternation((squares[:, None] - squares[None]).abs().expand(1, 1, 64, 64)) < 1e-6


def test_the_checkerboard_of_the_data_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    one = context(PAIRS)
    monkeypatch.setattr(ALI, "sample", lambda self, seeds, y: one.data.test.batch(torch.tensor(list(seeds))).x)
    (metric,) = checkerboard(dataclasses.replace(one, pictures=40))
    assert metric.value == pytest.approx(1, rel=1e-5)
    assert "40 samples, seeds from 0, over 40 test pictures" in metric.protocol


def test_a_model_without_a_prior_is_looked_at_in_its_reconstructions() -> None:
    config = AutoencoderConfig(SHAPE, latent=3, width=8, depth=1)
    (metric,) = checkerboard(context(config))
    assert "30 reconstructions" in metric.protocol
    points = GANConfig(CANVAS, latent=2, width=8, depth=1, extent=2.5)
    assert checkerboard(dataclasses.replace(context(points), data=open_data("ring"))) == []


@pytest.mark.parametrize("seed", range(3))
def test_transposed_convolutions_leave_it_before_any_training_and_interpolation_does_not(seed: int) -> None:
    """Odena et al., section "Better Upsampling": the pattern is the architecture's own."""

    def untrained(upsampling: Upsampling) -> float:
        torch.manual_seed(seed)
        model = DCGAN(DCGANConfig((3, 32, 32), latent=8, width=8, upsampling=upsampling)).eval()
        with torch.no_grad():
            return alternation(model.sample(range(32)))

    assert untrained("transposed") > 10 * untrained("interpolation")
