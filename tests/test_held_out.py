"""The quantiles of test pictures on a card, and the variance by which a classifier's distances are divided."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.checkpoints.card import PERCENTS, from_json, to_json
from engine.errors import CheckpointRefused
from engine.inference import images
from engine.inference.device_model import DeviceModel
from engine.inference.requests import DRAWS
from engine.models.ae import AutoencoderConfig
from engine.models.ali import ALIConfig
from engine.models.classifier import ClassifierConfig
from engine.models.dcgan import DCGANConfig
from engine.models.hierarchical_ali import HierarchicalALIConfig
from engine.models.vae import VAEConfig
from engine.nn import noise
from engine.nn.likelihoods import LikelihoodName
from engine.protocols import Bounds, Classifies
from engine.registry import Config
from train.evaluation import with_held_out
from train.metrics.context import EvalContext, NamedClassifier
from train.metrics.held_out import held_out
from train.metrics.reconstruction import feature_error, reconstruction_error
from train.recipe import Recipe, likelihood_of, pixels_for
from train.recipes import RECIPES

from .shelf import keep, made
from .toys import toy_data

SHAPE = (1, 8, 8)
SIZES = {"shape": SHAPE, "latent": 3, "width": 8, "depth": 1}
LEVELS = HierarchicalALIConfig(SHAPE, 6, z2_dim=2, hidden=16, net="dense")
COUNT = 101  # so that every quantile is a picture's own figure


def context(config: Config, judged: bool = True) -> EvalContext:
    pixels = pixels_for(likelihood_of(config)[1], "plain")
    recipe = Recipe(data="toy", model=config, objective=RECIPES["mnist-ali"].objective, pixels=pixels)
    classifier = NamedClassifier("toy-classifier", made(ClassifierConfig(SHAPE, width=4))) if judged else None  # type: ignore[arg-type]
    return EvalContext(made(config), recipe, toy_data(SHAPE, COUNT), COUNT, 2, classifier)


@pytest.mark.parametrize(
    ("config", "judged", "names"),
    [
        (VAEConfig(**SIZES), True, {"mse", "mse, draw", "features", "rate", "distortion"}),  # type: ignore[arg-type]
        (VAEConfig(**SIZES), False, {"mse", "mse, draw", "rate", "distortion"}),  # type: ignore[arg-type]
        (LEVELS, False, {"mse", "mse, z2 alone", "mse, draw", "mse, z2 alone, draw"}),
        (ALIConfig(SHAPE, latent=3, width=4), False, {"mse", "mse, draw"}),
        (ALIConfig(SHAPE, latent=3, width=4, stochastic=False), False, {"mse"}),
        (AutoencoderConfig(**SIZES), True, {"mse", "features"}),  # type: ignore[arg-type]
        (DCGANConfig(SHAPE, latent=3, width=4), True, set()),
        (ClassifierConfig(SHAPE, width=4), True, set()),
    ],
    ids=("vae", "vae without a judge", "levels", "ali", "bigan", "ae", "dcgan", "classifier"),
)
def test_a_model_has_the_quantiles_of_what_it_can_do(config: Config, judged: bool, names: set[str]) -> None:
    found = held_out(context(config, judged))
    assert set(found) == names
    for values in found.values():
        assert len(values) == PERCENTS
        assert list(values) == sorted(values)
        assert values[0] < values[-1]


def test_their_means_are_the_metrics() -> None:
    given = context(VAEConfig(**SIZES))  # type: ignore[arg-type]
    found = held_out(given)
    (mse,), (features,) = reconstruction_error(given), feature_error(given)
    assert np.mean(found["mse"]) == pytest.approx(mse.value, rel=1e-3)
    assert np.mean(found["features"]) == pytest.approx(features.value, rel=1e-3)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_they_are_what_the_engine_gives_for_the_same_pictures(tmp_path: Path, likelihood: LikelihoodName) -> None:
    given = context(VAEConfig(**SIZES, likelihood=likelihood))  # type: ignore[arg-type]
    found, model = held_out(given), given.model
    assert isinstance(model, Bounds)
    test, host = given.data.test, torch.device("cpu")
    pictures = images.to_bytes(test.batch(torch.arange(COUNT)).x)
    ready = DeviceModel(given.model, keep(tmp_path, "toy-vae", given.model), host)
    figures = ready.reconstruct(pictures, seeds=range(COUNT))
    np.testing.assert_allclose(np.sort(figures["rate"]), found["rate"], rtol=1e-3, atol=1e-5)
    x = test.batch(torch.arange(COUNT)).x
    if likelihood == "gaussian":
        x = (255 * x + 0.5) / 256
    evidence = model.evidence(x, None, noise.normal(range(COUNT), [3]))
    np.testing.assert_allclose(np.sort(evidence.distortion), found["distortion"], rtol=1e-3)
    apart = (evidence.distortion.numpy() - figures["distortion"]) / figures["distortion_error"]
    assert (abs(apart) < 4 * DRAWS**0.5).all()  # the engine's is a mean of draws, this one of them


def test_draws_and_upper_levels_have_the_errors_that_the_engine_shows(tmp_path: Path) -> None:
    given = context(LEVELS, judged=False)
    found = held_out(given)
    x = given.data.test.batch(torch.arange(COUNT)).x
    pictures = images.to_bytes(x)
    ready = DeviceModel(given.model, keep(tmp_path, "toy-levels", given.model), torch.device("cpu"))
    for drawn, seeds in (("", ()), (", draw", range(COUNT))):
        answer = ready.reconstruct(pictures, seeds=seeds)
        upper = answer["z"].copy()
        upper[:, 2:] = 0
        for name, rebuilt in (("mse", answer["pictures"]), ("mse, z2 alone", ready.decode(upper))):
            squares = ((rebuilt.astype(float) - pictures) / 255) ** 2
            wanted = np.sort(squares.reshape(COUNT, -1).mean(1))
            np.testing.assert_allclose(found[name + drawn], wanted, atol=2e-3)
    assert found["mse, draw"] != found["mse"] != found["mse, z2 alone"] != found["mse, z2 alone, draw"]


def test_the_mean_distance_to_the_mean_of_all_is_one(tmp_path: Path) -> None:
    given = context(ClassifierConfig(SHAPE, width=4))
    card = with_held_out(keep(tmp_path, "toy-classifier", given.model), given)
    assert card.feature_variance is not None
    model = given.model
    assert isinstance(model, Classifies)
    seen = model.features(given.data.test.batch(torch.arange(COUNT)).x).double()
    squares = (seen - seen.mean(0)).square().sum(1) / card.feature_variance
    assert float(squares.mean()) == pytest.approx(1)
    pictures = images.to_bytes(given.data.test.batch(torch.arange(COUNT)).x)
    distances = DeviceModel(model, card, torch.device("cpu")).distance(pictures, np.roll(pictures, 1, axis=0))
    wanted = (seen - seen.roll(1, 0)).square().sum(1) / card.feature_variance
    np.testing.assert_allclose(distances, wanted, rtol=1e-3)


def test_a_card_keeps_them_and_refuses_what_are_none(tmp_path: Path) -> None:
    given = context(VAEConfig(**SIZES))  # type: ignore[arg-type]
    card = with_held_out(keep(tmp_path, "toy-vae", given.model), given)
    assert card.held_out
    assert from_json(to_json(card), "toy-vae").held_out == card.held_out
    for wrong in ((1.0,) * 100, (*(0.0,) * 100, -1.0), (*(0.0,) * 100, float("inf"))):
        text = to_json(dataclasses.replace(card, held_out={"mse": wrong}))
        with pytest.raises(CheckpointRefused, match="held_out 'mse' is no list of 101 quantiles"):
            from_json(text, "toy-vae")
    with pytest.raises(CheckpointRefused, match="variance"):
        from_json(to_json(dataclasses.replace(card, feature_variance=0.0)), "toy-vae")
