"""What the table of measures says of figures: which way is better, what they are, and one sign for likelihoods."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.checkpoints import files
from engine.checkpoints.card import Card, Metric
from engine.checkpoints.figures import METRICS, figures, metric_kind, written
from tests.echo import CARDS

SHIPPED = Path(__file__).parent.parent / "checkpoints"


def card(*metrics: Metric, **changes: Any) -> Card:
    return replace(CARDS["grey"], metrics=metrics, **changes)


def metric(name: str, value: float, interval: tuple[float, float] | None = None) -> Metric:
    return Metric(name, value, "nats", "p", interval)


def test_every_figure_of_a_shipped_card_says_what_it_is() -> None:
    cards = [files.read_card(path.parent) for path in SHIPPED.glob("*/card.json")]
    assert cards
    found = {figure.name: figure for card in cards for figure in figures(card)}
    assert [name for name, figure in found.items() if figure.section == "Others"] == []
    assert all(figure.about.endswith(".") for figure in found.values())


def test_a_sentence_is_one_sentence() -> None:
    for known in METRICS.values():
        assert known.about.count(". ") == 0
        assert known.about.endswith(".")


def test_an_elbo_and_a_likelihood_have_one_sign_and_the_tightest_comes_first() -> None:
    bound = card(
        metric("NLL, IW-1000 bound", 83.1, (82.7, 83.5)), metric("test ELBO", -88.1), recipe={"pixels": "binarized"}
    )
    tight, loose = figures(bound)
    assert (tight.name, tight.value, tight.kind, tight.text) == ("NLL", 83.1, "bound", "83.10 ± 0.40")
    assert (loose.name, loose.value, loose.kind) == ("NLL, ELBO alone", 88.1, "bound")
    assert tight.better == loose.better == "↓ lower is better"
    (exact,) = figures(card(metric("NLL", 81.0), metric("bits per dimension", 0.15), recipe={"pixels": "binarized"}))
    assert (exact.name, exact.kind) == ("NLL", "exact")


def test_a_likelihood_given_the_class_says_so() -> None:
    (told,) = figures(card(metric("NLL", 77.7), classes=("a", "b"), recipe={"pixels": "binarized"}))
    assert told.kind == "exact, given the class"


def test_a_density_of_dequantized_pixels_is_a_bound_on_their_256_levels() -> None:
    shape = (1, 4, 5)
    dense = card(metric("test ELBO", 30.0, (28.0, 33.0)), shape=shape, recipe={"pixels": "dequantized"})
    levels = card(metric("NLL", 100.0), shape=shape, recipe={"pixels": "plain"})
    (one,), (other,) = figures(dense), figures(levels)
    assert one.name == other.name == "NLL in bits"
    assert one.value == pytest.approx(8 - 30 / 20 / math.log(2))
    assert one.interval == pytest.approx((8 - 33 / 20 / math.log(2), 8 - 28 / 20 / math.log(2)))
    assert other.value == pytest.approx(100 / 20 / math.log(2))
    nothing = card(metric("test ELBO", 0.0), shape=shape, recipe={"pixels": "dequantized"})
    assert figures(nothing)[0].value == pytest.approx(8)  # a uniform density knows nothing of 256 levels


def test_members_of_a_family_are_what_their_family_is() -> None:
    assert metric_kind("MIG of x") == METRICS["MIG"]
    assert metric_kind("test MSE, z2 alone") == METRICS["test MSE"]
    assert metric_kind("kernel distance, gradients") == METRICS["kernel distance, gradients"]
    assert metric_kind("beauty").section == "Others"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(97.42, "%", "97.4"), (81.474, "nats", "81.47"), (25.0, "", "25"), (0.0307, "", "0.0307"), (1000.0, "", "1000"),
     (0.000219, "", "0.000219"), (87.31, "", "87.3"), (1234.5, "", "1234"), (-0.0312, "", "-0.0312"),
     (math.nan, "", "–"), (0.0, "", "0")],
)  # fmt: skip
def test_a_figure_is_written_to_the_digits_it_deserves(value: float, unit: str, text: str) -> None:
    assert written(value, unit) == text
