"""The strangeness of pictures: what it tells apart, what it is worth, and the file it travels in."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from engine.analysis import familiarity
from engine.analysis.familiarity import FILE, Familiarity, fitted
from engine.checkpoints import files
from engine.errors import CheckpointRefused
from engine.image_grid import Bytes
from engine.inference.engine import Engine
from engine.models.ali import ALIConfig
from engine.models.hierarchical_ali import HierarchicalALIConfig
from engine.models.pixel_vae import PixelVAEConfig
from engine.models.vae import VAE, VAEConfig
from engine.registry import build
from tests.tiny import write
from train.data import Dataset, Split
from train.evaluation import evaluate
from train.metrics import familiarity as measure
from train.metrics.auroc import auroc
from train.metrics.reconstruction import decoded
from train.objectives.elbo import ElboConfig
from train.recipe import Recipe, as_dict

SHAPE = (1, 16, 16)


def pictures(seed: int, count: int) -> Bytes:
    """Blurred blots near the middle: uint8 (count, 16, 16, 1)."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:16, :16]
    y, x, size = (
        random.normal(8, 1, (count, 1, 1)),
        random.normal(8, 1, (count, 1, 1)),
        random.uniform(2, 4, (count, 1, 1)),
    )
    return (255 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / size**2)).astype(np.uint8)[:, :, :, None]


def rebuilt(given: Bytes) -> tuple[Bytes, NDArray[np.float32]]:
    """What an encoder would make of them: their coarse shape, and where their middle lies."""
    coarse = given.reshape(len(given), 4, 4, 4, 4, 1).mean((2, 4))
    codes = coarse.reshape(len(given), -1)[:, [5, 6, 9, 10]] / 255
    return coarse.repeat(4, 1).repeat(4, 2).astype(np.uint8), codes.astype(np.float32)


def known() -> Familiarity:
    given = pictures(0, 500)
    return familiarity.of(given, *rebuilt(given))


def test_even_sheets_noise_and_upside_down_halves_are_told_from_familiar_pictures() -> None:
    random, told = np.random.default_rng(0), known()
    test = pictures(1, 200)
    corner = np.roll(test, 6, axis=1)
    others = {
        "even": np.tile(random.integers(0, 256, (200, 1, 1, 1), np.uint8), (1, 16, 16, 1)),
        "noise": random.integers(0, 256, (200, 16, 16, 1), np.uint8),
        "elsewhere": corner,
        "negative": 255 - test,
    }
    own = told.strangeness(test, *rebuilt(test))["strangeness"]
    for kind, other in others.items():
        assert auroc(own, told.strangeness(other, *rebuilt(other))["strangeness"]).value > 0.95, kind
    again = pictures(2, 200)
    assert auroc(own, told.strangeness(again, *rebuilt(again))["strangeness"]).value == pytest.approx(0.5, abs=0.1)


def test_pictures_that_may_not_be_written_are_scored_as_others() -> None:
    told, test = known(), pictures(1, 20)
    locked = np.frombuffer(test.tobytes(), np.uint8).reshape(test.shape)  # as they come from a socket
    scores = told.strangeness(locked, *rebuilt(test))["strangeness"]  # a warning would be an error here
    assert (scores == told.strangeness(test, *rebuilt(test))["strangeness"]).all()


def test_a_yardstick_measures_in_deviations_of_the_training_pictures() -> None:
    given = np.random.default_rng(0).multivariate_normal([1, -2], [[4, 1.5], [1.5, 1]], 20_000)
    found = fitted(given)
    deviations = found.deviations(given)
    assert deviations.mean() == pytest.approx(0, abs=1e-3)
    assert deviations.std() == pytest.approx(1, abs=1e-3)
    inverse = np.linalg.inv(np.cov(given.T))
    apart = given[:5] - given.mean(0)
    wanted = np.cbrt(np.einsum("ni,ij,nj->n", apart, inverse, apart) / 2)
    assert found.distance(given[:5]) == pytest.approx(wanted, rel=0.02)  # but for the shrinkage of correlations


@pytest.fixture
def place(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    write(tmp_path, "toy-vae", VAE(VAEConfig(SHAPE, latent=3, width=16, depth=1)))
    return tmp_path / "toy-vae"


def dataset() -> Dataset:
    parts = [Split(torch.from_numpy(pictures(seed, 120)).permute(0, 3, 1, 2)) for seed in (0, 1)]
    return Dataset("toy", parts[0], parts[1], None, (), "none", SHAPE)


def test_an_exported_checkpoint_scores_means_and_not_draws(place: Path) -> None:
    measure.keep_exported(place, files.load_model(place), dataset())
    ready = Engine([place.parent], "cpu").device_model("toy-vae")
    assert len(ready.card.held_out["strangeness"]) == 101
    test = pictures(1, 120)
    mean = ready.reconstruct(test)
    assert np.quantile(mean["strangeness"], 0.5) == pytest.approx(ready.card.held_out["strangeness"][50], abs=0.02)
    assert (mean["texture"] >= 0).all()
    assert "strangeness" not in ready.reconstruct(test, seeds=range(120))


def test_a_checkpoint_without_the_file_gives_no_strangeness(place: Path) -> None:
    assert "strangeness" not in Engine([place.parent], "cpu").device_model("toy-vae").reconstruct(pictures(0, 2))


def test_an_evaluation_says_how_well_each_kind_is_told(place: Path, tmp_path: Path) -> None:
    recipe = Recipe(data="toy", model=VAEConfig(SHAPE, latent=3, width=16, depth=1), objective=ElboConfig())
    files.write_card(place, dataclasses.replace(files.read_card(place), recipe=as_dict(recipe)))
    engine = Engine([place.parent], "cpu")
    card = evaluate(engine, "toy-vae", dataset(), 50, 1, only=["familiarity"], data_dir=tmp_path)
    assert card.strangeness is not None
    assert {"even colour", "noise", "photographs", "upside down"} <= card.strangeness.areas.keys()
    assert {*measure.APART} <= card.strangeness.areas.keys()
    assert "chosen on other kinds than on its side, negative, halves of two, but for" in card.strangeness.protocol
    value, low, high = card.strangeness.areas["noise"]
    assert low <= value <= high
    assert value > 0.95
    assert card.metric("AUROC, strangeness") is not None
    assert files.read_card(place) == card
    other = dataclasses.replace(dataset(), train=dataset().test)
    again = evaluate(Engine([place.parent], "cpu"), "toy-vae", other, 50, 1, only=["familiarity"], data_dir=tmp_path)
    assert again.digests[FILE] != card.digests[FILE]
    assert files.read_card(place) == again


CONFIGS: dict[str, Any] = {
    "plane": VAEConfig(SHAPE, latent=2, width=16, depth=1),
    "ali": ALIConfig(SHAPE, latent=3, width=4),
    "bigan": ALIConfig(SHAPE, latent=3, width=4, stochastic=False),
    "levels": HierarchicalALIConfig(SHAPE, 6, z2_dim=2, hidden=16, net="dense"),
    "pixels": PixelVAEConfig(SHAPE, latent=3, width=8, depth=1, pixel_width=8, pixel_depth=1),
}


@pytest.mark.parametrize("family", CONFIGS)
def test_every_family_that_reconstructs_is_measured_as_the_engine_scores(family: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = build(CONFIGS[family]).eval().requires_grad_(False)
    write(tmp_path, "toy-model", model)
    measure.keep_exported(tmp_path / "toy-model", model, dataset())
    ready = Engine([tmp_path], "cpu").device_model("toy-model")
    scores = np.sort(ready.reconstruct(test := pictures(1, 120))["strangeness"])
    at_once = ready.reconstruct(test, terms=False)  # as a hand moves: nothing is drawn twice
    assert (at_once["turned"] == 0).all()
    assert (np.sort(at_once["strangeness"]) <= scores + 1e-6).all()
    wanted = ready.card.held_out["strangeness"]
    assert np.quantile(scores, np.linspace(0, 1, 101)) == pytest.approx(wanted, abs=0.05)
    soft = "decoded by soft passes in place of a draw pixel by pixel" in decoded(model)
    assert soft == (family == "pixels")


def test_the_file_keeps_half_a_matrix_in_half_precision_and_one_of_before_says_nothing(place: Path) -> None:
    measure.keep_exported(place, files.load_model(place), dataset())
    card, found = files.read_card(place), known()
    read = {**load_arrays(written := familiarity.written(found))}
    for name in familiarity.YARDSTICKS:
        part = getattr(found, name)
        size = len(part.mean)
        assert (read[f"{name}.triangle"].dtype, read[f"{name}.triangle"].size) == (np.float16, size * (size + 1) // 2)
        assert (part.whitening == np.tril(part.whitening)).all()
    assert len(written) < 2 * (len(found.content.mean) ** 2 + len(found.texture.mean) ** 2) + 2_000
    whole = {f"{name}.whitening": getattr(found, name).whitening for name in familiarity.YARDSTICKS}
    (place / FILE).write_bytes(save_arrays(whole))
    assert familiarity.load(place, card) is None


def test_a_texture_counts_only_beyond_what_is_usual() -> None:
    told, test = known(), pictures(1, 200)
    usual = told.strangeness(test, *rebuilt(test))
    assert (usual["texture"] >= 0).all()
    assert (usual["texture"] == 0).mean() > 0.9  # two deviations: about one in forty
    noise = np.random.default_rng(0).integers(0, 256, test.shape, np.uint8)
    strange = told.strangeness(noise, *rebuilt(noise))
    assert (strange["texture"] > 0).all()
    by_content = told.content.deviations(familiarity.vectors(noise, *rebuilt(noise))[0])
    assert strange["strangeness"] == pytest.approx(by_content + strange["texture"], rel=1e-5)


def test_what_is_rebuilt_as_well_upside_down_is_strange_by_that_alone() -> None:
    """Of a model that rebuilds the upper half of what it is given, and has learnt from pictures that show no more."""

    def seen(given: Bytes) -> tuple[Bytes, NDArray[np.float32], Bytes]:
        upper = (np.arange(16) < 8)[:, None, None]
        made = [np.where(upper, each + (each < 255), 0).astype(np.uint8) for each in (given, familiarity.turned(given))]
        return made[0], np.zeros((len(given), 1), np.float32), made[1]

    train, test = (np.roll(pictures(seed, 300), -4, axis=1) for seed in (0, 1))
    told = familiarity.of(train, *seen(train))
    own, other = (told.strangeness(x, *seen(x)) for x in (test, familiarity.turned(test)))
    assert auroc(own["strangeness"], other["strangeness"]).value > 0.95
    assert (own["turned"] == 0).mean() > 0.9
    assert (other["turned"] > 0).all()
    before = dataclasses.replace(told, turned=None).strangeness(test, *seen(test))
    assert (before["turned"] == 0).all()
    assert own["strangeness"] == pytest.approx(before["strangeness"] + own["turned"], rel=1e-5)


def test_a_file_from_before_pictures_were_turned_serves_without(place: Path) -> None:
    measure.keep_exported(place, files.load_model(place), dataset())
    card = files.read_card(place)
    found = familiarity.load(place, card)
    assert found is not None
    assert found.turned is not None
    (place / FILE).write_bytes(familiarity.written(dataclasses.replace(found, turned=None)))
    before = familiarity.load(place, card)
    assert before is not None
    assert before.turned is None
    assert (before.content.mean == found.content.mean).all()


@pytest.mark.parametrize("shape", [(2, 2), (3, 5), (7, 7), (8, 8), (28, 20), (64, 64)])
def test_slopes_are_of_any_size_and_tell_what_is_upside_down(shape: tuple[int, int]) -> None:
    x = torch.zeros(1, 1, *shape)
    x[:, :, : shape[0] // 2, shape[1] // 2 :] = 1
    found, turned = familiarity.slopes(x), familiarity.slopes(x.flip(2))
    assert found.shape == turned.shape == familiarity.slopes(torch.zeros(1, 1, *shape)).shape
    assert bool(found.isfinite().all())
    assert not torch.allclose(found, turned)


def test_errors_measured_anew_give_a_gauge_and_leave_the_strangeness(place: Path) -> None:
    recipe = Recipe(data="toy", model=VAEConfig(SHAPE, latent=3, width=16, depth=1), objective=ElboConfig())
    files.write_card(place, dataclasses.replace(files.read_card(place), recipe=as_dict(recipe)))
    measure.keep_exported(place, files.load_model(place), dataset())
    before = files.read_card(place).held_out
    card = evaluate(Engine([place.parent], "cpu"), "toy-vae", dataset(), 50, 1, only=["reconstruction-error"])
    assert before.keys() == {"strangeness"}
    assert card.held_out.keys() == {"mse", "mse, draw", "rate", "distortion", "strangeness"}
    assert card.held_out["strangeness"] == before["strangeness"]
    metric = card.metric("test MSE")
    assert metric is not None
    assert float(np.mean(card.held_out["mse"])) == pytest.approx(metric.value, rel=0.1)


@pytest.mark.parametrize("harm", ["other size", "no number", "no deviation", "none"])
def test_a_file_that_does_not_fit_is_refused_with_what_to_do(place: Path, harm: str) -> None:
    measure.keep_exported(place, files.load_model(place), dataset())
    card = files.read_card(place)
    found = familiarity.load(place, card)
    assert found is not None
    if harm == "other size":
        card = dataclasses.replace(card, latent=4)
    elif harm == "no number":
        broken = dataclasses.replace(found.texture, mean=found.texture.mean * np.nan)
        (place / FILE).write_bytes(familiarity.written(dataclasses.replace(found, texture=broken)))
    elif harm == "no deviation":
        (place / FILE).write_bytes(familiarity.written(dataclasses.replace(found, turned=np.zeros(2, np.float32))))
    else:
        (place / FILE).write_bytes(b"none")
    with pytest.raises(CheckpointRefused, match="evaluate NAME --only familiarity"):
        familiarity.load(place, card)
