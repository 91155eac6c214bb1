"""Linear probes: what they can read, whose features they are given, and the critic that only a run holds."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.errors import BadValue
from engine.inference.engine import Engine
from engine.models.ali import ALIConfig
from engine.models.dcgan import DCGANConfig
from engine.models.hierarchical_ali import HierarchicalALIConfig
from engine.models.progressive_gan import ProgressiveGANConfig
from engine.models.vae import VAEConfig
from engine.registry import Config
from train.data import Dataset, Split
from train.evaluation import evaluate
from train.export import export
from train.loop import train
from train.metrics.context import EvalContext
from train.metrics.probes import CRITIC, critic_probe, encoder_probes, probe
from train.objectives.adversarial import AdversarialConfig
from train.objectives.critics import CriticConfig
from train.objectives.elbo import ElboConfig
from train.objectives.joint import JointConfig
from train.objectives.progressive import ProgressiveConfig
from train.recipe import Recipe
from train.runs import Run

from .shelf import made
from .toys import toy_data

SHAPE = (1, 8, 8)
PAIRS = ALIConfig(SHAPE, latent=3, width=4, depth=0)
JOINT = JointConfig(critic=CriticConfig("conv", 4, 0))
ALI = Recipe("toy", PAIRS, JOINT, steps=2, batch=12, sheets=0)
PACKED = AdversarialConfig(critic=CriticConfig("conv", 4, 0, norm="spectral", packing=2))
CRITICS = {
    "ali": ALI,
    "hali": dataclasses.replace(ALI, model=HierarchicalALIConfig(SHAPE, latent=5, z2_dim=2, width=4, depth=0)),
    "packed": dataclasses.replace(ALI, model=DCGANConfig(SHAPE, latent=3, width=4), objective=PACKED),
    "conditional": dataclasses.replace(ALI, model=dataclasses.replace(PAIRS, classes=10)),
    "grown": dataclasses.replace(
        ALI, model=ProgressiveGANConfig(SHAPE, latent=3, width=4), objective=ProgressiveConfig()
    ),
}
BOUND = dataclasses.replace(ALI, model=VAEConfig(SHAPE, latent=3, width=8, depth=1), objective=ElboConfig())


def noise(count: int, size: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)


def asked(count: int, questions: int = 1, seed: int = 1) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.random.default_rng(seed).integers(0, 4, (count, questions))


def context(config: Config, data: Dataset | None = None) -> EvalContext:
    return EvalContext(made(config), Recipe("toy", config, JOINT), data or toy_data(SHAPE, 200), 200, 2)


def unlabelled(split: Split, attrs: bool = True) -> Split:
    return dataclasses.replace(split, y=None, attrs=split.attrs if attrs else None)


# What can be read


def test_a_label_that_lies_in_the_features_is_read() -> None:
    """Whatever their scale and their place, and however much else lies beside it."""
    known, unknown = asked(800, 3), asked(400, 3, seed=2)

    def features(answers: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.float32]]:
        shown = np.concatenate([np.eye(4)[column] for column in answers.T], axis=1)
        return np.concatenate([1e-3 * shown + 5, noise(len(answers), 8, len(answers))], axis=1).astype(np.float32)

    assert probe(features(known), known, features(unknown), unknown).tolist() == [1, 1, 1]


def test_noise_tells_nothing() -> None:
    share = probe(noise(800, 20), asked(800), noise(2_000, 20, 5), asked(2_000, seed=6))
    assert float(share[0]) == pytest.approx(0.25, abs=3 * math.sqrt(0.25 * 0.75 / 2_000))


def test_a_straight_line_cannot_read_an_exclusive_or() -> None:
    x, y = noise(2_000, 2), noise(2_000, 2, 3)
    share = probe(x, (x[:, :1] * x[:, 1:] > 0).astype(int), y, (y[:, :1] * y[:, 1:] > 0).astype(int))
    assert float(share[0]) < 0.7  # a line may cut off a quarter of the plane, and no more


def test_features_that_never_change_and_answers_that_are_all_one_do_no_harm() -> None:
    known = np.concatenate([noise(100, 2), np.ones((100, 2), np.float32)], axis=1)
    share = probe(known, np.ones((100, 1), int), 2 * known, np.arange(100)[:, None] % 2)
    assert share.tolist() == [0.5]


# Of encoders


def test_an_encoder_is_probed_on_its_latents_and_before_its_head() -> None:
    latents, features = encoder_probes(context(PAIRS))
    assert (latents.name, features.name) == ("linear probe, latents", "linear probe, encoder features")
    for metric in (latents, features):
        assert metric.unit == "%"
        for words in ("200 training pictures", "200 test pictures", "class", "commonest answer has 10.0"):
            assert words in metric.protocol


def test_attributes_are_asked_where_there_are_no_classes() -> None:
    data = toy_data(SHAPE, 200)
    data = dataclasses.replace(data, train=unlabelled(data.train), test=unlabelled(data.test))
    assert all("mean over 40 attributes" in metric.protocol for metric in encoder_probes(context(PAIRS, data)))
    bare = dataclasses.replace(data, train=unlabelled(data.train, False), test=unlabelled(data.test, False))
    assert encoder_probes(context(PAIRS, bare)) == []


def test_latents_that_were_told_the_class_are_not_asked_for_it() -> None:
    (metric,) = encoder_probes(context(dataclasses.replace(PAIRS, classes=10)))
    assert metric.name == "linear probe, encoder features"


def test_nothing_is_probed_without_an_encoder_a_critic_or_pictures_enough() -> None:
    assert encoder_probes(context(DCGANConfig(SHAPE, latent=3, width=4))) == critic_probe(context(PAIRS)) == []
    assert encoder_probes(context(PAIRS, toy_data(SHAPE, 40))) == []


# Of the critic of a run


def shipped(recipe: Recipe, folder: Path, data: Dataset) -> Run:
    """Train by a recipe, and export it as toy-model."""
    run = Run.start(folder / "run", recipe)
    train(recipe, data, run, progress_bar=False)
    export(run, data, "toy-model", folder / "shelf")
    return run


@pytest.mark.parametrize("name", CRITICS)
def test_the_critic_of_a_run_is_probed_and_its_figure_kept(name: str, tmp_path: Path) -> None:
    data = toy_data(SHAPE, 200)
    run = shipped(CRITICS[name], tmp_path, data)

    def measured(given: Run | None) -> dict[str, Any]:
        card = evaluate(Engine([tmp_path / "shelf"], "cpu"), "toy-model", data, 200, 2, given)
        assert len({metric.name for metric in card.metrics}) == len(card.metrics)
        return {metric.name: metric for metric in card.metrics}

    assert CRITIC not in measured(None)
    first = measured(run)
    assert 0 <= first[CRITIC].value <= 100
    assert measured(None) == first
    assert measured(run) == first
    export(run, data, "toy-model", tmp_path / "shelf")
    assert CRITIC not in measured(None)


def refusal(run: Run, folder: Path, data: Dataset) -> str:
    """Return the sentence by which a run is refused; the card has to stay as it is."""
    card = folder / "shelf" / "toy-model" / "card.json"
    before = card.read_bytes()
    with pytest.raises(BadValue) as refused:
        evaluate(Engine([folder / "shelf"], "cpu"), "toy-model", data, 20, 2, run)
    assert card.read_bytes() == before
    return str(refused.value)


def test_another_run_is_refused(tmp_path: Path) -> None:
    data = toy_data(SHAPE, 200)
    run = shipped(ALI, tmp_path, data)
    longer = Run.start(tmp_path / "longer", dataclasses.replace(ALI, steps=3, seed=1))
    assert "different recipes (steps, seed)" in refusal(longer, tmp_path, data)
    unsaved = Run.start(tmp_path / "unsaved", ALI)
    assert "does not hold the weights of toy-model" in refusal(unsaved, tmp_path, data)
    state = run.load_state(torch.device("cpu"))
    assert state is not None
    for weights in state["average"].values():
        weights += 1
    unsaved.save_state(state)
    assert "does not hold the weights of toy-model" in refusal(unsaved, tmp_path, data)


def test_words_and_paths_do_not_make_another_run(tmp_path: Path) -> None:
    data = toy_data(SHAPE, 200)
    run = shipped(dataclasses.replace(ALI, data="folder:/somewhere/toys", title="One"), tmp_path, data)
    renamed = Run.start(tmp_path / "renamed", dataclasses.replace(run.recipe(), title="Another"))
    renamed.save_state(run.load_state(torch.device("cpu")) or {})
    card = evaluate(Engine([tmp_path / "shelf"], "cpu"), "toy-model", data, 20, 2, renamed)
    assert CRITIC in {metric.name for metric in card.metrics}


def test_a_run_without_a_critic_is_refused(tmp_path: Path) -> None:
    data = toy_data(SHAPE, 200)
    run = shipped(BOUND, tmp_path, data)
    assert "has no critic" in refusal(run, tmp_path, data)
