"""The step that changes an answer most and the rest little."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.models.classifier import ClassifierConfig
from engine.models.gan import GANConfig
from tests.shelf import made
from train.directions.attributes import NamedClassifier, attributes, sampled, with_metric_directions
from train.directions.metric_direction import SHARE, metric_direction, slopes

FEATURES, LATENT = 5, 4


def planted(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return slopes that are not the same for any two pictures, and an answer."""
    sampled = torch.Generator().manual_seed(seed)
    return torch.randn(LATENT, 7, FEATURES, generator=sampled, dtype=torch.float64), torch.randn(
        FEATURES, generator=sampled
    )


def moved(moves: Tensor, row: Tensor, step: Any) -> tuple[float, float]:
    """Say how far a step moves the answer, and the mean square of how far it moves all that is no part of it."""
    change = torch.einsum("i,inf->nf", torch.as_tensor(step, dtype=torch.float64), moves)
    unit = row.double() / row.double().norm()
    rest = change - (change @ unit)[:, None] * unit
    return float((change @ row.double()).mean()), float(rest.square().sum(1).mean())


@pytest.mark.parametrize("seed", range(20))
def test_no_step_that_moves_the_rest_as_little_moves_the_answer_further(seed: int) -> None:
    moves, row = planted(seed)
    step = metric_direction(moves, row)
    answer, rest = moved(moves, row, step)
    by_chance = np.mean([moved(moves, row, axis)[1] for axis in np.eye(LATENT)])
    assert np.linalg.norm(step) == pytest.approx(1)
    others = np.random.default_rng(seed).normal(size=(2000, LATENT))
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    told = [moved(moves, row, other) for other in others]
    least = min(rest for _, rest in told)
    assert rest <= max(SHARE**2 * by_chance, least) * (1 + 1e-6)
    assert all(further <= answer + 1e-9 for further, little in told if little <= rest)


def test_where_all_steps_move_the_rest_alike_the_gradient_is_taken() -> None:
    """Two features move alike along both axes, and the answer is a third."""
    moves = torch.zeros(2, 1, 3, dtype=torch.float64)
    moves[0, 0, 0] = moves[1, 0, 1] = 1.0
    moves[0, 0, 2], moves[1, 0, 2] = 3.0, 4.0
    assert metric_direction(moves, torch.tensor([0.0, 0.0, 1.0])) == pytest.approx([0.6, 0.8], abs=1e-6)


def face() -> tuple[Any, Any, Tensor]:
    """Return a generator and a classifier whose features are a linear map of the latent, and the map."""
    model, classifier = made(GANConfig((1, 8, 8), LATENT, width=16)), made(ClassifierConfig((1, 8, 8), 4, 2, True))
    width = classifier.head.weight.shape[1]
    linear = torch.randn(LATENT, width, generator=torch.Generator().manual_seed(0))
    model.decode = lambda z, y=None: z[:, None, None, :].expand(-1, 1, 8, -1)  # type: ignore[method-assign]
    classifier.features = lambda x: x[:, 0, 0] @ linear  # type: ignore[method-assign]
    return model, classifier, linear


def test_slopes_of_a_linear_picture_are_its_map() -> None:
    model, classifier, linear = face()
    found = slopes(model, classifier)
    assert torch.allclose(found, linear.double()[:, None].expand_as(found), atol=1e-4)


def test_an_attribute_that_a_classifier_answers_gets_the_steady_step() -> None:
    model, classifier, linear = face()
    named_classifier = NamedClassifier("toy-classifier", classifier, ("Smiling", "Young"))
    known = sampled(model, named_classifier, 500)
    planes = list(attributes(known))
    (_, smiling), (step, young) = with_metric_directions(model, named_classifier, known, planes)
    expected = metric_direction(linear.double()[:, None].detach(), classifier.head.weight[1].detach())
    assert abs(step - expected).max() < 1e-3
    assert (smiling.value, young.value) == (planes[0][1].value, planes[1][1].value)
    assert "toy-classifier's answer most while its other features move 0.75 times" in young.protocol
    assert young.deviation == pytest.approx(float((known.fitted @ step).std()), abs=1e-4)


def test_without_such_a_classifier_planes_stay_as_they_are() -> None:
    model, classifier, _ = face()
    known = sampled(model, NamedClassifier("toy-classifier", classifier, ("Smiling", "Young")), 500)
    planes = list(attributes(known))
    assert list(with_metric_directions(model, None, known, planes)) == planes
    classes = NamedClassifier(
        "toy-classes", made(ClassifierConfig((1, 8, 8), 4, 2)), ("Smiling", "Young")
    )  # one or the other
    assert list(with_metric_directions(model, classes, known, planes)) == planes
