"""Errors of reconstructions: in pixels, in features, and from the upper levels of a latent alone."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor

from engine.models.classifier import Classifier, ClassifierConfig
from engine.models.dcgan import DCGANConfig
from engine.models.hierarchical_ali import HierarchicalALI, HierarchicalALIConfig
from engine.models.pixel_vae import PixelVAEConfig
from engine.models.vae import VAE, VAEConfig
from engine.registry import Config
from train.metrics.context import EvalContext, NamedClassifier
from train.metrics.reconstruction import feature_error, kept_axes, reconstruction_error
from train.recipe import Recipe
from train.recipes import RECIPES

from .shelf import made
from .toys import toy_data

SHAPE = (1, 8, 8)
PLAIN = VAEConfig(SHAPE, latent=64, width=8, depth=1)
LEVELS = HierarchicalALIConfig(SHAPE, latent=5, z2_dim=2, hidden=8, width=4, depth=0)


class Mirror(VAE):
    """Returns what it is given."""

    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return x.flatten(1)

    def decode(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return z.reshape(-1, *SHAPE)


class Grey(Mirror):
    """Gives the mean test picture, whatever it is given."""

    def decode(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        test = toy_data(SHAPE, 40).test
        return test.batch(torch.arange(40)).x.mean(0).expand(len(z), -1, -1, -1)


def context(config: Config) -> EvalContext:
    classifier = made(ClassifierConfig(SHAPE, width=4))
    assert isinstance(classifier, Classifier)
    recipe = Recipe(data="toy", model=config, objective=RECIPES["mnist-ali"].objective)
    return EvalContext(made(config), recipe, toy_data(SHAPE, 40), 40, 2, NamedClassifier("toy-classifier", classifier))


def figures(context: EvalContext) -> dict[str, float]:
    return {metric.name: metric.value for metric in reconstruction_error(context) + feature_error(context)}


def test_a_decoded_mean_that_stands_in_for_a_draw_says_so() -> None:
    pixels = context(PixelVAEConfig(SHAPE, latent=4, width=4, depth=0, maps=4, pixel_width=4, pixel_depth=2))
    soft = "posterior mean, decoded by soft passes in place of a draw pixel by pixel"
    assert [soft in metric.protocol for metric in reconstruction_error(pixels) + feature_error(pixels)] == [True, True]
    assert "soft" not in reconstruction_error(context(PLAIN))[0].protocol


def test_an_identity_has_no_error() -> None:
    mirrored = dataclasses.replace(context(PLAIN), model=Mirror(PLAIN).eval())
    assert figures(mirrored) == {"test MSE": 0, "feature error": 0}


def test_the_mean_for_every_picture_has_the_whole_variance(monkeypatch: pytest.MonkeyPatch) -> None:
    """In features that are pixels, and so linear, the mean picture is the mean of the features too."""
    grey = dataclasses.replace(context(PLAIN), model=Grey(PLAIN).eval())
    monkeypatch.setattr(Classifier, "features", lambda self, x: x.flatten(1))
    assert figures(grey)["feature error"] == pytest.approx(1, rel=1e-5)


def test_the_unit_of_features_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    vae, features = context(PLAIN), Classifier.features
    once = figures(vae)["feature error"]
    monkeypatch.setattr(Classifier, "features", lambda self, x: 10 * features(self, x) + 3)
    assert figures(vae)["feature error"] == pytest.approx(once, rel=1e-4)


def test_all_levels_together_are_the_whole_latent() -> None:
    found = figures(context(LEVELS))
    assert list(found) == [
        "test MSE", "test MSE, z2 alone", "test MSE, z2 + z1",
        "feature error", "feature error, z2 alone", "feature error, z2 + z1",
    ]  # fmt: skip
    for name in ("test MSE", "feature error"):
        assert found[f"{name}, z2 + z1"] == found[name] != found[f"{name}, z2 alone"]


def test_the_upper_level_alone_knows_nothing_of_the_noise_below(monkeypatch: pytest.MonkeyPatch) -> None:
    hierarchy, encode = context(LEVELS), HierarchicalALI.encode
    before = figures(hierarchy)
    monkeypatch.setattr(HierarchicalALI, "encode", lambda self, x, y: noisy(encode(self, x, y)))
    after = figures(hierarchy)
    assert after["test MSE, z2 alone"] == before["test MSE, z2 alone"]
    assert after["test MSE, z2 + z1"] != before["test MSE, z2 + z1"]


def noisy(z: Tensor) -> Tensor:
    return torch.cat([z[:, : LEVELS.z2_dim], z[:, LEVELS.z2_dim :] + 1], dim=1)


def test_every_prefix_of_levels_has_its_name_and_its_axes() -> None:
    masks = kept_axes({"z3": (0, 1), "z2": (1, 3), "z1": (3, 4)}, 4)
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        ", z3 alone": [1, 0, 0, 0],
        ", z3 + z2": [1, 1, 1, 0],
        ", z3 + z2 + z1": [1, 1, 1, 1],
    }
    assert list(kept_axes({}, 3)) == [""]


def test_what_cannot_be_measured_is_not() -> None:
    assert figures(context(DCGANConfig(SHAPE, latent=3, width=4))) == {}
    assert feature_error(dataclasses.replace(context(PLAIN), classifier=None)) == []


def test_the_feature_error_names_its_judge_its_pictures_and_its_unit() -> None:
    (metric,) = feature_error(dataclasses.replace(context(PLAIN), pictures=30))
    for word in ("30 test pictures", "toy-classifier", "total variance", "1: as bad as the mean"):
        assert word in metric.protocol
