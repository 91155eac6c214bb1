"""Classifiers: what they learn, what they are refused, and that one lives on the shelf beside models that decode."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import BadValue, MissingVerb
from engine.inference.engine import Engine
from engine.inference.requests import Answer, Job
from engine.models.classifier import Classifier, ClassifierConfig
from train import sheets
from train.data import Batch, Dataset, open_data
from train.evaluation import classifier_for, evaluate
from train.export import export
from train.loop import train
from train.objectives.classification import Classification, ClassificationConfig, correct
from train.recipe import Recipe
from train.recipes import RECIPES
from train.runs import Run

from .shelf import alike, keep, made
from .toys import toy_data

NAMES = ("mnist-classifier", "celeba-classifier")
TINY = ClassifierConfig((1, 8, 8), width=8)


def short(recipe: Recipe) -> Recipe:
    return dataclasses.replace(recipe, batch=8, steps=2, save_every=1, sheets=1)


def exported(recipe: Recipe, data: Dataset, folder: Path, name: str) -> Engine:
    run = Run.start(folder / "run", recipe)
    train(recipe, data, run, progress_bar=False)
    export(run, data, name, folder / "checkpoints")
    return Engine([folder / "checkpoints"], "cpu")


def test_it_learns_scanned_digits(tmp_path: Path) -> None:
    digits = open_data("digits", None, (1, 8, 8))
    model = dataclasses.replace(TINY, width=16)
    recipe = dataclasses.replace(RECIPES["mnist-classifier"], data="digits", model=model, steps=150, sheets=0, ema=0.0)
    engine = exported(recipe, digits, tmp_path, "digits-classifier")
    (metric,) = evaluate(engine, "digits-classifier", digits, 10, 1).metrics
    assert metric.name == "test accuracy"
    assert 85 < metric.value <= 100


@pytest.mark.parametrize("name", NAMES)
def test_it_lives_on_the_shelf(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "CLIMBS", 1)
    recipe = short(RECIPES[name])
    data = toy_data(recipe.model.shape)
    engine = exported(recipe, data, tmp_path, "toy-classifier")
    card = engine.card("toy-classifier")
    assert engine.faults() == {}
    assert engine.names("decodes") == []
    assert (card.latent, card.classes, card.axes, card.verbs) == (0, (), (), ("classifies",))
    assert len(card.labels) == recipe.model.answers  # type: ignore[union-attr]
    means, labels = engine.posterior("toy-classifier")
    assert means.shape == (0, 0)
    assert labels is None
    assert engine.sheet("toy-classifier")[:4] == b"RIFF"


def test_logits_do_not_depend_on_batch_composition(tmp_path: Path) -> None:
    keep(tmp_path, "toy-classifier", made(TINY))
    ready = Engine([tmp_path], "cpu").device_model("toy-classifier")
    pictures = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), np.uint8)
    together = ready.classify(pictures)
    assert alike(ready.classify(pictures[2:3]), together[2:3])
    model = made(TINY)
    assert isinstance(model, Classifier)
    alone = model.logits(torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255)
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_it_is_asked_for_nothing_that_it_cannot_do(tmp_path: Path) -> None:
    keep(tmp_path, "toy-classifier", made(TINY))
    engine = Engine([tmp_path], "cpu")
    decode = Job("decode", "toy-classifier", z=np.zeros((1, 0), np.float32))
    latents, refused = engine.run("toy-classifier", [Job("latents", "toy-classifier", seeds=(1,)), decode])
    assert isinstance(latents, Answer)
    assert latents.arrays["z"].shape == (1, 0)
    assert isinstance(refused, MissingVerb)


def test_it_is_not_its_own_judge(tmp_path: Path) -> None:
    keep(tmp_path, "toy-classifier", made(TINY))
    keep(tmp_path, "toy-classifier-2", made(TINY))
    keep(tmp_path, "other-classifier", made(TINY), data="other")
    engine = Engine([tmp_path], "cpu")
    classifier = classifier_for(engine, "toy-classifier")
    assert classifier is not None
    assert classifier.name == "toy-classifier-2"
    assert classifier_for(engine, "other-classifier") is None


@pytest.mark.parametrize("attributes", [False, True])
def test_probabilities_sum_to_one_or_stand_alone(attributes: bool) -> None:
    model = made(dataclasses.replace(TINY, attributes=attributes))
    assert isinstance(model, Classifier)
    sums = model.probabilities(torch.rand(4, 1, 8, 8)).sum(1)
    assert torch.allclose(sums, torch.ones(4)) != attributes


def test_what_is_right_is_counted() -> None:
    model = made(TINY)
    assert isinstance(model, Classifier)
    x = torch.rand(6, 1, 8, 8)
    said = model.logits(x).argmax(1)
    assert correct(model, Batch(x, said)).mean() == 1
    assert correct(model, Batch(x, (said + 1) % 10)).mean() == 0


def test_data_without_answers_are_refused() -> None:
    classes, attributes = (
        Classification(Classifier(dataclasses.replace(TINY, attributes=kind)), ClassificationConfig())
        for kind in (False, True)
    )
    x = torch.rand(2, 1, 8, 8)
    with pytest.raises(BadValue, match="no classes"):
        classes("model", Batch(x), 0.0)
    with pytest.raises(BadValue, match="a class 10"):
        classes("model", Batch(x, torch.tensor([1, 10])), 0.0)
    with pytest.raises(BadValue, match="no attributes"):
        attributes("model", Batch(x, torch.tensor([1, 2])), 0.0)
    with pytest.raises(BadValue, match="answers is 1"):
        ClassifierConfig(answers=1)
    with pytest.raises(BadValue, match="smoothing"):
        ClassificationConfig(smoothing=1.0)
