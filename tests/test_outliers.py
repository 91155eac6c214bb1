"""Outlier scores on readings whose scores are known, how well they tell, and what goes into a card."""

from __future__ import annotations

import dataclasses
import io
import logging
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine import images, outliers
from engine.card import PERCENTS, Outliers, from_json, to_json
from engine.densities import by_class, marginal
from engine.errors import BadValue, CheckpointRefused
from engine.models.ae import AutoencoderConfig
from engine.models.classifier import ClassifierConfig
from engine.models.pixel_cnn import PixelCNN, PixelCNNConfig
from engine.models.vae import VAEConfig
from engine.nn.likelihoods import LIKELIHOODS
from engine.nn.outputs import OUTPUTS
from engine.outliers import SCORES, UNITS, Reading
from engine.ready import Ready
from engine.registry import Config, family_of
from engine.runtime import Engine
from train.data import Dataset
from train.evaluation import background_of, evaluate
from train.measures import outliers as measure
from train.measures.auroc import auroc
from train.measures.outliers import OTHERS, for_card, outlier_scores, read_by, scored
from train.measures.refusal import refusal
from train.measures.subject import Background, Judge, Subject
from train.recipe import Recipe, as_dict
from train.recipes import RECIPES

from .shelf import keep, made
from .test_laws import CONFIGS, VERBS, title
from .toys import toy_data

SHAPE = (1, 8, 8)
BYTES = PixelCNNConfig(SHAPE, width=4, depth=1, output="softmax")
BINARY = PixelCNNConfig(SHAPE, width=4, depth=1, classes=10)
BOUND = VAEConfig(SHAPE, latent=3, width=8, depth=1, likelihood="gaussian-shared")
COUNT = 24


def reading(nats: Any, **known: Any) -> Reading:
    nats = np.asarray(nats, np.float64)
    return Reading(**{"nats": nats, "bits": np.zeros_like(nats), "mean": 0.0, **known})


# Scores


def test_likelihood_is_the_code_length_of_the_model_alone() -> None:
    assert SCORES["likelihood"](reading([-3.0, 2.0])).tolist() == [3.0, -2.0]


def test_the_ratio_cancels_what_both_models_give_alike() -> None:
    """A picture of whatever background: its density is the same factor in both."""
    random = np.random.default_rng(0)
    semantic, background = random.normal(-5, 1, 100), random.normal(-500, 200, 100)
    found = SCORES["ratio"](reading(semantic + background, background=background))
    np.testing.assert_allclose(found, -semantic)
    with pytest.raises(BadValue, match="needs a background model"):
        SCORES["ratio"](reading([1.0]))


def test_complexity_is_nought_for_a_model_that_needs_as_many_bits_as_the_file() -> None:
    bits = np.array([100.0, 2000.0])
    assert SCORES["complexity"](reading(-bits * math.log(2), bits=bits)) == pytest.approx([0, 0], abs=1e-9)
    # A density of 1 over [0, 1] is the even chance of 256 bytes: 8 bits a value.
    assert SCORES["complexity"](reading([0.0], values=64)).tolist() == [8 * 64]


def test_typicality_is_far_on_either_side_of_the_mean() -> None:
    found = SCORES["typicality"](reading([-10.0, -12.0, -5.0], mean=10.0))
    assert found.tolist() == [0, 2, 5]


def test_all_scores_that_can_be_had_are_given_and_each_has_a_unit_and_a_source() -> None:
    assert list(outliers.scores(reading([0.0], background=np.zeros(1)))) == list(SCORES)
    assert list(outliers.scores(reading([0.0]))) == [name for name in SCORES if name != "ratio"]
    assert UNITS.keys() == SCORES.keys()
    assert all(any(year in (score.__doc__ or "") for year in ("1994", "2019", "2020")) for score in SCORES.values())


# What is seen


def test_every_likelihood_and_output_says_what_it_is_over() -> None:
    assert {*LIKELIHOODS, *OUTPUTS} == set(outliers.SUPPORTS)
    assert outliers.support(vars(BYTES)) == "bytes"
    assert outliers.support(vars(BOUND)) == "density"
    with pytest.raises(BadValue, match="'poisson' is over nothing known; there is bernoulli, "):
        outliers.support({"likelihood": "poisson"})


def test_a_binary_model_sees_black_and_white_and_any_other_what_there_is() -> None:
    pictures = np.array([[[[0], [127]], [[128], [255]]]], np.uint8)
    assert outliers.seen(pictures, "binary").ravel().tolist() == [0, 0, 255, 255]
    assert outliers.seen(pictures, "bytes") is pictures


@pytest.mark.parametrize(
    ("over", "shape", "levels"),
    [
        ("binary", (20, 12, 1), 2),
        ("binary", (20, 12, 3), 2),
        ("bytes", (20, 12, 1), 256),
        ("density", (20, 12, 3), 256),
    ],
)
def test_the_file_is_one_that_gives_the_picture_back(over: Any, shape: tuple[int, ...], levels: int) -> None:
    pictures = outliers.seen(np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8), over)
    pictures[1] = 0
    _, codec = outliers.CODECS[over]
    bits = outliers.file_bits(pictures, over)
    for picture, size in zip(pictures, bits, strict=True):
        assert size == 8 * len(codec(picture))
        assert (opened(codec(picture), shape) == picture).all()
    entropy = math.log2(levels) * pictures[0].size
    assert bits[1] < bits[0]  # one black says less
    assert entropy < bits[0]  # and noise is told bit by bit


def opened(file: bytes, shape: tuple[int, ...]) -> Any:
    if not file.startswith(b"\x89PNG"):
        return np.frombuffer(zlib.decompress(file), np.uint8).reshape(shape)
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("L" if shape[2] == 1 else "RGB")).reshape(shape)


# Densities


@pytest.mark.parametrize("config", [BINARY, dataclasses.replace(BOUND, classes=10)], ids=("exact", "bound"))
def test_every_class_has_the_likelihood_that_it_would_have_alone(config: Any) -> None:
    model: Any = made(config)
    x = torch.randint(0, 2, (5, *SHAPE), generator=torch.Generator().manual_seed(0)).float()
    noise = torch.randn(5, model.config.latent, generator=torch.Generator().manual_seed(1))
    found = by_class(model, 10, x, noise)
    y = torch.full((5,), 7)
    alone = model.log_prob(x, y) if isinstance(model, PixelCNN) else model.evidence(x, y, noise).elbo
    torch.testing.assert_close(found[:, 7], alone, rtol=1e-4, atol=1e-4)
    assert float(found.std(1).min()) > 0


def test_the_mean_over_classes_is_a_mean_of_probabilities() -> None:
    known = torch.tensor([[0.5, 0.25, 0.0]]).log()
    assert float(marginal(known).exp()) == pytest.approx(0.25)
    far = torch.tensor([[-1000.0, -2000.0]])
    assert float(marginal(far)) == pytest.approx(-1000 - math.log(2))
    assert marginal(far[:, :1]).tolist() == [-1000]


# The area under the curve


def test_the_area_of_two_normals_is_the_closed_form_and_its_interval_holds_it() -> None:
    random, wanted = np.random.default_rng(0), 0.5 * math.erfc(-1.0 / 2)  # Φ(shift/√2), shift √2 · … = 1·√2
    areas = [auroc(random.normal(0, 1, 300), random.normal(math.sqrt(2) / math.sqrt(2), 1, 200)) for _ in range(200)]
    assert float(np.mean([area.value for area in areas])) == pytest.approx(wanted, abs=0.005)
    inside = np.mean([area.low <= wanted <= area.high for area in areas])
    assert 0.90 <= inside <= 0.99  # 95 % of 200 repetitions, within three deviations


def test_the_area_is_that_of_all_pairs_with_ties_as_halves() -> None:
    own, other = np.array([0.0, 1, 1, 2, 5]), np.array([1.0, 2, 3])
    pairs = other[:, None] - own
    wanted = float((pairs > 0).mean() + 0.5 * (pairs == 0).mean())
    assert auroc(own, other).value == pytest.approx(wanted)
    assert auroc(other, own).value == pytest.approx(1 - wanted)
    assert auroc(own, own + 10) == (1, 1, 1)
    assert auroc(own + 10, own) == (0, 0, 0)
    assert auroc(np.zeros(1), np.ones(1)) == (1, 1, 1)


# The measures, with pictures of our own as the other data


@pytest.fixture
def flat(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Other data: pictures of one grey each."""
    data = toy_data(SHAPE, COUNT)
    pictures = torch.arange(COUNT, dtype=torch.uint8).mul(10)[:, None, None, None].expand(COUNT, *SHAPE).contiguous()
    test = dataclasses.replace(data.test, pictures=pictures)
    monkeypatch.setitem(OTHERS, "toy", "flat")
    flat = dataclasses.replace(data, name="flat", test=test)
    monkeypatch.setattr(measure, "open_data", lambda name, folder: flat)
    return flat


def subject(config: Config, **beside: Any) -> Subject:
    recipe = Recipe(data="toy", model=config, objective=RECIPES["mnist-ali"].objective)
    return Subject(made(config), recipe, toy_data(SHAPE, COUNT), COUNT, 2, **beside)


@pytest.mark.parametrize(("config", "words"), [(BYTES, "exact likelihood, bytes"), (BOUND, "bound at one draw")])
def test_scores_are_measured_with_their_protocol(flat: Dataset, config: Config, words: str) -> None:
    given = subject(config, background=Background("toy-background", made(config)))
    found = {metric.name: metric for metric in outlier_scores(given)}
    assert list(found) == [f"AUROC, {name}" for name in SCORES]
    for metric in found.values():
        assert metric.interval is not None
        assert 0 <= metric.interval[0] <= metric.value <= metric.interval[1] <= 1
        assert f"{COUNT} test pictures against {COUNT} of flat" in metric.protocol
        assert words in metric.protocol
    assert found["AUROC, ratio"].value == 0.5  # against itself nothing is told
    assert "toy-background" in found["AUROC, ratio"].protocol
    # Noise takes more bits in a file than one grey, and an untrained model as many for either: flat stands out.
    assert found["AUROC, complexity"].value == 1


def test_what_a_card_keeps_is_what_the_engine_gives_for_the_same_pictures(flat: Dataset, tmp_path: Path) -> None:
    for config in (BYTES, BOUND):
        given = subject(config)
        kept = for_card(given)
        assert kept is not None
        assert (kept.data, kept.background) == ("flat", "")
        card = keep(tmp_path, "toy-model", given.model, data="toy")
        ready = Ready(given.model, card, torch.device("cpu"))
        for data, part in ((given.data, kept.own), (flat, kept.other)):
            answer = ready.score(images.to_bytes(data.test.batch(torch.arange(COUNT)).x))
            nats = answer["log_prob" if config is BYTES else "elbo"].astype(np.float64)
            values = 64 if config is BOUND else 0
            found = outliers.scores(Reading(nats, answer["file_bits"], kept.mean, None, values))
            assert found.keys() == part.keys()
            for name, numbers in found.items():
                wanted = np.quantile(numbers, np.linspace(0, 1, PERCENTS))
                np.testing.assert_allclose(part[name], wanted, rtol=2e-3, atol=2e-2)


def test_a_model_without_a_likelihood_or_without_other_data_has_none(flat: Dataset) -> None:
    for config in (AutoencoderConfig(SHAPE, latent=2, width=4, depth=1), ClassifierConfig(SHAPE, width=4)):
        assert outlier_scores(subject(config)) == refusal(subject(config)) == []  # type: ignore[arg-type]
    other = subject(BYTES)
    elsewhere = dataclasses.replace(other, data=dataclasses.replace(other.data, name="elsewhere"))
    assert outlier_scores(elsewhere) == []
    assert for_card(elsewhere) is None


def test_missing_data_are_a_note_and_the_other_figures_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(OTHERS, "toy", "fashion")
    kept = Outliers("fashion", 1.0, {"likelihood": (0.0,) * PERCENTS}, {"likelihood": (1.0,) * PERCENTS})
    recipe = Recipe(data="toy", model=BYTES, objective=RECIPES["mnist-ali"].objective)
    keep(tmp_path, "toy-pixelcnn", made(BYTES), data="toy", recipe=as_dict(recipe), outliers=kept)
    scored.cache_clear()
    with caplog.at_level(logging.WARNING):
        card = evaluate(
            Engine([tmp_path], "cpu"), "toy-pixelcnn", toy_data(SHAPE, COUNT), 8, 1,
            only=["outlier-scores", "refusal"], data_dir=tmp_path,
        )  # fmt: skip
    assert card.metrics == ()
    assert card.outliers == kept
    notes = [record.message for record in caplog.records if "Outliers are not measured" in record.message]
    assert len(notes) == 1
    assert "FashionMNIST" in notes[0]


def test_a_class_conditional_model_tells_classes_apart_and_refuses(flat: Dataset) -> None:
    judge = made(ClassifierConfig(SHAPE, width=4))
    given = subject(BINARY, judge=Judge("toy-classifier", judge))  # type: ignore[arg-type]
    found = {metric.name: metric for metric in refusal(given)}
    names = ["likelihood", "complexity", "typicality"]
    assert list(found) == [*(f"outliers refused, {name}" for name in names), "classifier's confidence in outliers"]
    pair = scored(given)
    assert pair is not None
    own, other = outliers.scores(pair.own.reading), outliers.scores(pair.other.reading)
    for name in names:
        bound = np.percentile(own[name], 95)
        assert (own[name] <= bound).mean() >= 0.9  # of 24 pictures the bound lies between two
        assert found[f"outliers refused, {name}"].value == pytest.approx(100 * (other[name] > bound).mean())
    assert 10 <= found["classifier's confidence in outliers"].value <= 100
    assert refusal(subject(BYTES)) == []


# The background model, and the card


def test_the_background_model_is_one_of_the_same_kind_that_saw_mutated_pictures(tmp_path: Path) -> None:
    def add(name: str, config: Config, mutated: float, data: str = "toy") -> None:
        recipe = Recipe(data=data, model=config, objective=RECIPES["mnist-ali"].objective, mutated=mutated)
        keep(tmp_path, name, made(config), data=data, recipe=as_dict(recipe))

    add("a-vae-background", BOUND, 0.2)
    add("b-other-data", BYTES, 0.2, "elsewhere")
    add("c-pixelcnn", BYTES, 0.0)
    assert background_of(Engine([tmp_path], "cpu"), "c-pixelcnn") is None
    add("d-background", BYTES, 0.2)
    engine = Engine([tmp_path], "cpu")
    found = background_of(engine, "c-pixelcnn")
    assert found is not None
    assert found.name == "d-background"
    assert background_of(engine, "d-background") is None  # nothing stands behind the background


def test_measuring_writes_the_scores_into_the_card(flat: Dataset, tmp_path: Path) -> None:
    recipe = Recipe(data="toy", model=BYTES, objective=RECIPES["mnist-ali"].objective)
    keep(tmp_path, "toy-pixelcnn", made(BYTES), data="toy", recipe=as_dict(recipe))
    card = evaluate(Engine([tmp_path], "cpu"), "toy-pixelcnn", toy_data(SHAPE, COUNT), 8, 1, only=["outlier-scores"])
    assert card.outliers is not None
    assert list(card.outliers.own) == ["likelihood", "complexity", "typicality"]
    assert all("8 test pictures against 8" in metric.protocol for metric in card.metrics)
    again = Engine([tmp_path], "cpu").card("toy-pixelcnn")
    assert (again.outliers, again.metrics) == (card.outliers, card.metrics)
    for wrong in ({"likelihood": (0.0,) * 100}, {}, {"likelihood": (1.0, *(0.0,) * 100)}):
        broken = dataclasses.replace(card, outliers=dataclasses.replace(card.outliers, other=wrong))
        with pytest.raises(CheckpointRefused, match="no two lists of 101 quantiles"):
            from_json(to_json(broken), "toy")


# The engine


def test_a_row_scores_alike_in_any_company_and_by_its_class(tmp_path: Path) -> None:
    model = made(BINARY)
    ready = Ready(model, keep(tmp_path, "toy-conditional", model), torch.device("cpu"))
    pictures = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), np.uint8)
    whole = ready.score(pictures)
    for i in range(5):
        alone = ready.score(pictures[i : i + 1])
        assert all((alone[name] == whole[name][i : i + 1]).all() for name in whole)
    told = ready.score(pictures, np.array([3, -1, 0, 9, -1]))
    assert told["log_prob"].tolist() == [
        whole["given"][0, 3], whole["log_prob"][1], whole["given"][2, 0], whole["given"][3, 9], whole["log_prob"][4],
    ]  # fmt: skip
    assert ready.score(pictures[:0])["given"].shape == (0, 10)


EXPLICIT = [config for config in CONFIGS if {"scores", "bounds"} & set(VERBS[family_of(config)])]


@pytest.mark.parametrize("config", EXPLICIT, ids=title)
def test_every_explicit_family_is_read_by_what_its_likelihood_is_over(config: Config) -> None:
    model: Any = made(config)
    over = outliers.support(vars(config))
    channels, height, width = config.shape
    pictures = np.random.default_rng(0).integers(0, 256, (2, height, width, channels), np.uint8)
    given = read_by(model, outliers.seen(pictures, over))
    assert given.shape == (2, max(1, config.classes))
    assert np.isfinite(given).all()
    assert over == "density" or (given <= 0).all()  # a probability is at most one
