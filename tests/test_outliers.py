"""Outlier scores on readings whose scores are known, how well they tell, and what goes into a card."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.analysis import outliers
from engine.analysis.densities import asked, by_class, marginal
from engine.analysis.outliers import BASELINE, SCORES, UNITS, Reading
from engine.checkpoints.card import PERCENTS, TAIL, Outliers, Strangers, from_json, to_json
from engine.errors import BadValue, CheckpointRefused
from engine.inference import images
from engine.inference.device_model import DeviceModel
from engine.inference.engine import Engine
from engine.inference.passes import posterior_noise
from engine.models.ae import AutoencoderConfig
from engine.models.classifier import ClassifierConfig
from engine.models.pixel_cnn import PixelCNN, PixelCNNConfig
from engine.models.vae import VAEConfig
from engine.nn.autoregressive.distributions import DISTRIBUTIONS
from engine.nn.likelihoods import LIKELIHOODS
from engine.nn.noise import normal
from engine.registry import Config, family_of
from train.data import Dataset, dequantize
from train.evaluation import background_of, evaluate
from train.metrics import outliers as measure
from train.metrics.auroc import auroc, gain
from train.metrics.context import Background, EvalContext, NamedClassifier
from train.metrics.outliers import Pair, areas, for_card, gains, outlier_scores, read_by, scored
from train.metrics.rejection import rejection
from train.metrics.strangers import ANY, KINDS, STRANGERS, Kind, equal_sizes, mirrored_halves, scrambled
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
    by_model = [score for name, score in SCORES.items() if name != BASELINE]
    assert all(any(year in (score.__doc__ or "") for year in ("1994", "2019", "2020")) for score in by_model)


def test_the_baseline_knows_no_model() -> None:
    bits = np.array([80.0, 16.0])
    assert SCORES[BASELINE](reading([-3.0, -9.0], bits=bits)).tolist() == [80, 16]


# What is seen


def test_every_likelihood_and_output_says_what_it_is_over() -> None:
    assert {*LIKELIHOODS, *DISTRIBUTIONS} == set(outliers.SUPPORTS)
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
    if not file.startswith((b"\x89PNG", b"RIFF")):
        return np.frombuffer(zlib.decompress(file), np.uint8).reshape(shape)
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("L" if shape[2] == 1 else "RGB")).reshape(shape)


def test_the_file_is_the_shortest_of_several_codecs() -> None:
    """Even ground is shortest without filters, a slope with them: neither kind looks complex for want of a codec."""
    _, codec = outliers.CODECS["bytes"]
    even = np.zeros((28, 28, 1), np.uint8)
    even[9:12, 4:20] = 255
    slope = np.add.outer(3 * np.arange(32, dtype=np.uint8), 2 * np.arange(32, dtype=np.uint8))[:, :, None]
    assert len(codec(even)) < 40
    assert len(codec(slope)) < len(zlib.compress(slope.tobytes(), 9)) / 2


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


def test_a_density_is_asked_at_the_middle_of_what_noise_makes_of_a_byte() -> None:
    levels = torch.arange(256).view(256, 1, 1, 1) / 255
    noisy = torch.stack([dequantize(levels, torch.Generator().manual_seed(seed)) for seed in range(2_000)])
    torch.testing.assert_close(asked(levels, "density"), noisy.mean(0), rtol=0, atol=2e-4)
    assert (asked(levels, "density").flatten()[[0, 255]] == torch.tensor([0.5, 255.5]) / 256).all()
    for over in ("binary", "bytes"):
        assert (asked(levels, over) == levels).all()


@pytest.mark.parametrize("level", [0, 130, 255])
@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_engine_and_measures_ask_a_density_alike(level: int, likelihood: Any, tmp_path: Path) -> None:
    model: Any = made(dataclasses.replace(BOUND, likelihood=likelihood))
    pictures = np.full((1, SHAPE[1], SHAPE[2], SHAPE[0]), level, np.uint8)
    at = (level + 0.5) / 256 if likelihood == "gaussian" else float(level >= 128)
    wanted = float(model.evidence(torch.full((1, *SHAPE), at), None, normal([0], [model.config.latent])).elbo)
    seen = outliers.seen(pictures, outliers.support(vars(model.config)))
    assert float(read_by(model, seen)[0, 0]) == pytest.approx(wanted, rel=1e-5)
    ready = DeviceModel(model, keep(tmp_path, "toy-model", model), torch.device("cpu"))
    assert float(ready.score(pictures)["elbo"][0]) == pytest.approx(wanted, rel=1e-5)
    drawn = torch.from_numpy(posterior_noise([0], model.config.latent))[0]
    x = torch.full((len(drawn), *SHAPE), at if likelihood == "gaussian" else level / 255)
    mean = float(model.evidence(x, None, drawn).distortion.mean())
    assert float(ready.reconstruct(pictures)["distortion"][0]) == pytest.approx(mean, rel=1e-5)


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
    assert auroc(own + 10, own).value == 0


@pytest.mark.parametrize("count", [1, 98])
def test_a_complete_separation_is_not_certain_of_itself(count: int) -> None:
    """Of as many chances, each of this size, one in forty goes without any fault."""
    found = auroc(np.zeros(2 * count), np.ones(count))
    assert found == (1, pytest.approx(0.025 ** (1 / count)), 1)
    assert auroc(np.ones(count), np.zeros(2 * count)) == (0, 0, pytest.approx(1 - found.low))


def test_a_gain_is_the_difference_of_two_areas_and_its_interval_knows_that_they_go_together() -> None:
    """Two scores that share their noise: far apart in few cases, so that the interval has to be paired."""
    random, wanted = np.random.default_rng(1), 0.5 * math.erfc(-1.0 / 2) - 0.5 * math.erfc(-0.5 / 2)

    def drawn() -> Any:
        own, other = (random.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 200).T for _ in range(2))
        return gain((own[0], other[0] + 1.0), (own[1], other[1] + 0.5))

    found = [drawn() for _ in range(200)]
    assert float(np.mean([each.value for each in found])) == pytest.approx(wanted, abs=0.005)
    assert 0.90 <= np.mean([each.low <= wanted <= each.high for each in found]) <= 0.99
    spread = float(np.std([each.value for each in found]))
    assert float(np.mean([(each.high - each.low) / 2 / 1.96 for each in found])) == pytest.approx(spread, rel=0.15)
    assert max(each.p for each in found) < 0.05  # such a difference is always seen


def test_a_gain_over_itself_is_none_and_a_chance_finding_is_as_rare_as_it_says() -> None:
    random = np.random.default_rng(2)
    one = random.normal(0, 1, 50), random.normal(1, 1, 50)
    assert gain(one, one) == (0, 0, 0, 1)
    assert gain((np.zeros(3), np.ones(3)), (np.ones(3), np.zeros(3))) == (1, 1, 1, 0)

    def drawn() -> Any:
        return random.normal(0, 1, 60), random.normal(1, 1, 60)

    null = [gain(drawn(), drawn()).p for _ in range(300)]
    assert 0.02 <= np.mean([p < 0.05 for p in null]) <= 0.09


# Strangers


def test_a_change_moves_pixels_and_makes_none() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 9, 13, 3), np.uint8)
    before = pictures.copy()
    for name in {kind for kinds in (ANY, *STRANGERS.values()) for kind in kinds} - {"mirrored halves"}:
        if (change := KINDS[name].change) is None:
            continue
        made = change(pictures)
        assert sorted(made.shape) == sorted(pictures.shape)
        assert (made != pictures).any() if made.shape == pictures.shape else name == "on its side"
        for one, other in zip(made, pictures, strict=True):
            assert (np.sort(one.reshape(-1, 3), 0) == np.sort(other.reshape(-1, 3), 0)).all()
    assert (pictures == before).all()


def test_a_scrambled_picture_keeps_its_blocks_whole_and_each_picture_has_its_own_order() -> None:
    pictures = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8, 1) % 64
    made = scrambled(pictures)
    corners = made[:, ::2, ::2].reshape(2, -1)
    assert (np.sort(corners) == np.sort(pictures[:, ::2, ::2].reshape(2, -1))).all()
    assert (made[:, 1::2, 1::2].reshape(2, -1) == corners + 9).all()
    assert (made[0] != made[1]).any()


def test_mirrored_halves_are_the_left_one_twice() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 4, 7, 1), np.uint8)
    made = mirrored_halves(pictures)
    assert (made[:, :, :4] == pictures[:, :, :4]).all()
    assert (made[:, :, 4:] == pictures[:, :, 2::-1]).all()


def test_files_of_equal_size_are_chosen_size_by_size() -> None:
    own, others = np.array([8.0, 16, 16, 24, 40, 40]), np.array([16.0, 40, 40, 40, 16, 16, 99])
    mine, theirs = equal_sizes(own, others)
    assert own[mine].tolist() == others[theirs].tolist() == [16, 16, 40, 40]
    assert len(set(theirs.tolist())) == len(theirs)
    assert all(len(rows) == 0 for rows in equal_sizes(np.array([1.0]), np.array([2.0])))


# The measures, with pictures of our own as the other data


@pytest.fixture
def flat(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Other data: pictures of one grey each."""
    data = toy_data(SHAPE, COUNT)
    pictures = torch.arange(COUNT, dtype=torch.uint8).mul(10)[:, None, None, None].expand(COUNT, *SHAPE).contiguous()
    test = dataclasses.replace(data.test, pictures=pictures)
    monkeypatch.setitem(KINDS, "flat", Kind("flat"))
    monkeypatch.setitem(STRANGERS, "toy", ("flat", "scrambled"))
    flat = dataclasses.replace(data, name="flat", test=test)
    monkeypatch.setattr(measure, "open_data", lambda name, folder, shape: flat)
    return flat


def context(config: Config, **beside: Any) -> EvalContext:
    return EvalContext(made(config), recipe_of(config), toy_data(SHAPE, COUNT), COUNT, 2, **beside)


def recipe_of(config: Config, **fields: Any) -> Recipe:
    dense = outliers.SUPPORTS.get(vars(config).get("likelihood", "")) == "density"
    known = {"data": "toy", "objective": RECIPES["mnist-ali"].objective, **fields}
    return Recipe(model=config, pixels="dequantized" if dense else "plain", **known)


@pytest.mark.parametrize(("config", "words"), [(BYTES, "exact likelihood, bytes"), (BOUND, "bound at one draw")])
def test_scores_are_measured_with_their_protocol(flat: Dataset, config: Config, words: str) -> None:
    given = context(config, background=Background("toy-background", made(config)))
    found = {metric.name: metric for metric in outlier_scores(given)}
    assert list(found) == [f"AUROC, {name}" for name in SCORES]
    for metric in found.values():
        assert metric.interval is not None
        assert 0 <= metric.interval[0] <= metric.value <= metric.interval[1] <= 1
        assert f"{COUNT} test pictures against {COUNT} of flat" in metric.protocol
        assert words in metric.protocol
    assert found["AUROC, ratio"].value == 0.5  # against itself nothing is told
    assert "toy-background" in found["AUROC, ratio"].protocol
    # Noise takes more bits in a file than one grey, and an untrained model as many for either: flat stands out, and it
    # would by its file alone.
    assert found["AUROC, complexity"].value == 1
    assert found["AUROC, size"].value == 1
    assert "the shorter file being the stranger" in found["AUROC, size"].protocol
    assert f"typicality from the mean of {COUNT // 2} training pictures" in found["AUROC, typicality"].protocol


def pair(own: Any, other: Any) -> Pair:
    return Pair("others", own, other, np.zeros((1, 1, 1, 1), np.uint8), "a protocol")


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_size_of_a_file_is_read_whichever_way_tells_more_and_a_model_is_credited_with_the_rest(sign: float) -> None:
    sizes, given = np.arange(100.0), context(BYTES)
    own = {"likelihood": sizes, "size": sign * sizes}
    other = {"likelihood": sizes + 90, "size": sign * (sizes + 30)}
    found = {metric.name: metric for metric in [*areas(given, pair(own, other)), *gains(pair(own, other))]}
    size, model = auroc(sizes, sizes + 30).value, auroc(sizes, sizes + 90).value
    assert found["AUROC, size"].value == pytest.approx(size)
    assert found["gain, likelihood"].value == pytest.approx(model - size)
    assert found["gain, likelihood"].interval is not None
    assert found["gain, likelihood"].interval[0] > 0
    assert ("longer" if sign > 0 else "shorter") in found["AUROC, size"].protocol
    assert "gain, size" not in found


def test_typicality_is_measured_from_training_pictures_and_not_from_those_it_judges(flat: Dataset) -> None:
    given = context(BYTES)
    light = torch.full_like(given.data.train.pictures, 255)
    train = dataclasses.replace(given.data.train, pictures=light)
    given = dataclasses.replace(given, data=dataclasses.replace(given.data, train=train))
    found = scored(given)
    assert found is not None
    assert found.mean == pytest.approx(-float(read_by(given.model, images.to_bytes(light[:1] / 255))[0, 0]), rel=1e-5)
    np.testing.assert_allclose(found.own["typicality"], np.abs(found.own["likelihood"] - found.mean))


def test_changed_pictures_are_others_than_those_they_are_compared_with(flat: Dataset) -> None:
    found = scored(context(BYTES))
    assert found is not None
    changed = found.pairs[1]
    assert changed.kind == "scrambled"
    np.testing.assert_array_equal(changed.own["size"], found.own["size"][::2])
    assert (len(changed.pictures), len(changed.own["size"])) == (COUNT // 2, COUNT // 2)
    test = images.to_bytes(toy_data(SHAPE, COUNT).test.batch(torch.arange(COUNT)).x)
    np.testing.assert_array_equal(np.sort(changed.pictures.reshape(12, -1)), np.sort(test[1::2].reshape(12, -1)))


def test_files_of_equal_size_leave_the_baseline_at_a_half(flat: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "flat of equal size", Kind("flat", equal=True))
    monkeypatch.setitem(STRANGERS, "toy", ("flat", "flat of equal size"))
    found = scored(context(BYTES))
    assert found is not None
    assert [pair.kind for pair in found.pairs] == ["flat"]  # noise and one grey have no size in common
    monkeypatch.setattr(measure, "FEWEST", 2)
    monkeypatch.setattr(outliers, "file_bits", lambda pictures, over: np.arange(len(pictures)) * 8.0)
    scored.cache_clear()
    kept = for_card(given := context(BYTES))
    assert kept is not None
    equal = kept.kinds[1]
    assert equal.own.keys() == equal.scores.keys()
    assert next(metric.value for metric in equal.metrics if metric.name == "AUROC, size") == 0.5
    assert given.data.name == "toy"


def test_what_a_card_keeps_is_what_the_engine_gives_for_the_same_pictures(flat: Dataset, tmp_path: Path) -> None:
    for config in (BYTES, BOUND):
        given = context(config)
        kept = for_card(given)
        assert kept is not None
        assert ([kind.kind for kind in kept.kinds], kept.background, kept.count) == (["flat", "scrambled"], "", COUNT)
        card = keep(tmp_path, "toy-model", given.model, data="toy")
        ready = DeviceModel(given.model, card, torch.device("cpu"))
        for data, part in ((given.data, kept.own), (flat, kept.kinds[0].scores)):
            answer = ready.score(images.to_bytes(data.test.batch(torch.arange(COUNT)).x))
            nats = answer["log_prob" if config is BYTES else "elbo"].astype(np.float64)
            values = 64 if config is BOUND else 0
            found = outliers.scores(Reading(nats, answer["file_bits"], kept.mean, None, values))
            assert found.keys() == part.keys()
            for name, numbers in found.items():
                wanted = np.quantile(numbers, np.linspace(0, 1, PERCENTS))
                np.testing.assert_allclose(part[name], wanted, rtol=2e-3, atol=2e-2)


def test_a_model_of_any_data_has_its_own_pictures_changed_and_one_without_a_likelihood_has_none(flat: Dataset) -> None:
    for config in (AutoencoderConfig(SHAPE, latent=2, width=4, depth=1), ClassifierConfig(SHAPE, width=4)):
        assert outlier_scores(context(config)) == rejection(context(config)) == []  # type: ignore[arg-type]
    other = context(BYTES)
    elsewhere = dataclasses.replace(other, data=dataclasses.replace(other.data, name="elsewhere"))
    assert outlier_scores(elsewhere) == rejection(elsewhere) == []  # no other data, of which a table could speak
    kept = for_card(elsewhere)
    assert kept is not None
    assert [kind.kind for kind in kept.kinds] == list(ANY)
    names = [name for name in SCORES if name != "ratio"]
    more = [f"{what}, {name}" for what in ("gain", "outliers refused") for name in names if name != BASELINE]
    wanted = [f"AUROC, {name}" for name in names] + more
    assert [metric.name for metric in kept.kinds[0].metrics] == wanted


def test_missing_data_are_a_note_and_the_other_figures_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(STRANGERS, "toy", ("celeba",))
    flat = {"likelihood": (0.0,) * PERCENTS}
    kept = Outliers(1.0, flat, (Strangers("celeba", flat),))
    recipe = Recipe(data="toy", model=BYTES, objective=RECIPES["mnist-ali"].objective)
    keep(tmp_path, "toy-pixelcnn", made(BYTES), data="toy", recipe=as_dict(recipe), outliers=kept)
    scored.cache_clear()
    with caplog.at_level(logging.WARNING):
        card = evaluate(
            Engine([tmp_path], "cpu"), "toy-pixelcnn", toy_data(SHAPE, COUNT), 8, 1,
            only=["outlier-scores", "rejection"], data_dir=tmp_path,
        )  # fmt: skip
    assert card.metrics == ()
    assert card.outliers == kept
    notes = [record.message for record in caplog.records if "Outliers are not measured" in record.message]
    assert len(notes) == 1
    assert "celeba64_" in notes[0]


def test_a_class_conditional_model_tells_classes_apart_and_refuses(flat: Dataset) -> None:
    classifier = made(ClassifierConfig(SHAPE, width=4))
    given = context(BINARY, classifier=NamedClassifier("toy-classifier", classifier))  # type: ignore[arg-type]
    found = {metric.name: metric for metric in rejection(given)}
    names = ["likelihood", "complexity", "typicality"]  # a file refuses nobody
    assert list(found) == [*(f"outliers refused, {name}" for name in names), "classifier's confidence in outliers"]
    read = scored(given)
    assert read is not None
    own, other = read.pairs[0].own, read.pairs[0].other
    for name in names:
        bound = np.percentile(own[name], 95)
        assert (own[name] <= bound).mean() >= 0.9  # of 24 pictures the bound lies between two
        assert found[f"outliers refused, {name}"].value == pytest.approx(100 * (other[name] > bound).mean())
    assert 10 <= found["classifier's confidence in outliers"].value <= 100
    assert [metric.name for metric in rejection(context(BYTES))] == [f"outliers refused, {name}" for name in names]


# The background model, and the card


def test_the_background_model_is_one_of_the_same_kind_that_saw_mutated_pictures(tmp_path: Path) -> None:
    def add(name: str, config: Config, mutated: float, data: str = "toy") -> None:
        recipe = as_dict(recipe_of(config, data=data, noise_fraction=mutated))
        keep(tmp_path, name, made(config), data=data, recipe=recipe)

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
    assert list(card.outliers.own) == list(card.outliers.tail) == ["likelihood", "complexity", "typicality", "size"]
    assert all(card.outliers.tail[name][-1] == card.outliers.own[name][-1] for name in card.outliers.own)
    assert all(card.outliers.tail[name][0] == card.outliers.own[name][95] for name in card.outliers.own)
    assert (len(TAIL), TAIL[0], TAIL[-1]) == (PERCENTS, 0.95, pytest.approx(1))
    assert all("8 test pictures against 8" in metric.protocol for metric in card.metrics)
    again = Engine([tmp_path], "cpu").card("toy-pixelcnn")
    assert (again.outliers, again.metrics) == (card.outliers, card.metrics)
    for wrong in ({"likelihood": (0.0,) * 100}, {}, {"likelihood": (1.0, *(0.0,) * 100)}):
        for broken in ({"tail": {**wrong, "more": ()}}, {"kinds": (Strangers("flat", wrong),)}, {"own": wrong}):
            kept = dataclasses.replace(card, outliers=dataclasses.replace(card.outliers, **broken))
            with pytest.raises(CheckpointRefused, match="no lists of 101 quantiles"):
                from_json(to_json(kept), "toy")
    for empty in ({"kinds": ()}, {"count": -1}):
        kept = dataclasses.replace(card, outliers=dataclasses.replace(card.outliers, **empty))
        with pytest.raises(CheckpointRefused, match="of no other kind, or their count is below zero"):
            from_json(to_json(kept), "toy")


def test_measuring_what_is_refused_writes_what_the_page_needs_to_refuse(flat: Dataset, tmp_path: Path) -> None:
    """A card that says how often it refuses, and not what, would refuse nothing."""
    recipe = Recipe(data="toy", model=BYTES, objective=RECIPES["mnist-ali"].objective)
    keep(tmp_path, "toy-pixelcnn", made(BYTES), data="toy", recipe=as_dict(recipe))
    card = evaluate(Engine([tmp_path], "cpu"), "toy-pixelcnn", toy_data(SHAPE, COUNT), 8, 1, only=["refusal"])
    assert card.outliers is not None
    assert card.metric("outliers refused, likelihood") is not None


def test_a_card_of_one_kind_of_outliers_is_read_as_one_of_many(tmp_path: Path) -> None:
    card = keep(tmp_path, "toy-pixelcnn", made(BYTES))
    fields, numbers = json.loads(to_json(card)), list(map(float, range(PERCENTS)))
    scores = {"likelihood": numbers, "complexity": numbers}
    fields["outliers"] = {"data": "mnist", "mean": 2.5, "own": scores, "other": scores, "background": "b"}
    flat = {"likelihood": tuple(numbers)}  # complexity was by another codec
    assert from_json(json.dumps(fields), "toy").outliers == Outliers(2.5, flat, (Strangers("mnist", flat),), "b")
    fields["config"]["output"] = "bernoulli"
    binary = from_json(json.dumps(fields), "toy").outliers
    assert binary is not None
    assert list(binary.own) == list(binary.kinds[0].scores) == ["likelihood", "complexity"]
    for broken in ({"own": 3}, {"other": [1]}, {"own": {"likelihood": "x"}}):
        fields["outliers"] = {"data": "mnist", "mean": 2.5, "own": scores, "other": scores, **broken}
        with pytest.raises(CheckpointRefused, match="toy: "):
            from_json(json.dumps(fields), "toy")


# The engine


def test_a_row_scores_alike_in_any_company_and_by_its_class(tmp_path: Path) -> None:
    model = made(BINARY)
    ready = DeviceModel(model, keep(tmp_path, "toy-conditional", model), torch.device("cpu"))
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
