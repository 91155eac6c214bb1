"""The measures of likelihood: exact of all held-out pictures, and a bound that some of them sharpen for all."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine.models.pixel_cnn import PixelCNN, PixelCNNConfig
from engine.models.vae import VAE, VAEConfig
from engine.registry import build
from train.data import binarized_test
from train.measures.likelihood import evidence_bound, exact_likelihood, importance_bound
from train.measures.subject import Subject
from train.recipe import Recipe
from train.recipes import RECIPES

from .toys import toy_data

SHAPE, COUNT = (1, 8, 8), 40
SMALL = VAEConfig(SHAPE, width=8, depth=1)
GAINED = 3.0  # nats, on average, by importance samples


class Inked(VAE):
    """Its ELBO is minus the picture's ink; importance samples add what varies little from picture to picture."""

    def elbo(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return -x.flatten(1).sum(1)

    def importance_bound(self, x: Tensor, samples: int, y: Tensor | None = None) -> Tensor:
        return self.elbo(x) + GAINED + 0.01 * self.elbo(x).sin()


def subject(model: VAE | PixelCNN, pictures: int) -> Subject:
    recipe = Recipe(data="toy", model=SMALL, objective=RECIPES["mnist-vae"].objective, pixels="binarized")
    return Subject(model, recipe, toy_data(SHAPE, COUNT), pictures, samples=5)


def test_a_bound_of_a_few_pictures_is_that_of_all() -> None:
    few, all_of_them = (importance_bound(subject(Inked(SMALL), count))[0] for count in (8, COUNT))
    ink = float(
        binarized_test(subject(Inked(SMALL), 8).data.test).batch(torch.arange(COUNT)).x.flatten(1).sum(1).mean()
    )
    assert few.value == pytest.approx(all_of_them.value, abs=0.02)
    assert few.value == pytest.approx(ink - GAINED, abs=0.02)
    assert evidence_bound(subject(Inked(SMALL), 8))[0].value == pytest.approx(-ink, rel=1e-5)
    assert few.interval is not None
    assert few.interval[0] < all_of_them.value < few.interval[1]
    assert 0 < few.interval[1] - few.interval[0] < 0.02
    assert all_of_them.interval is None
    assert few.name == "NLL, IW-5 bound"
    assert "of 8 test pictures spread over the set, added to that of all 40" in few.protocol


def test_a_bound_is_of_binary_pictures_only() -> None:
    plain = subject(Inked(SMALL), 8)
    assert importance_bound(replace(plain, recipe=replace(plain.recipe, pixels="plain"))) == []


def test_an_exact_likelihood_is_of_all_held_out_pictures() -> None:
    model = build(PixelCNNConfig(SHAPE, width=8, depth=2)).eval()
    assert isinstance(model, PixelCNN)
    found = exact_likelihood(subject(model, pictures=8))[0]
    x = binarized_test(subject(model, 8).data.test).batch(torch.arange(COUNT)).x
    with torch.no_grad():
        assert found.value == pytest.approx(-float(model.log_prob(x).mean()), rel=1e-5)
    assert f"exact, {COUNT} test pictures, binarized" in found.protocol
