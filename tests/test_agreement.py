"""What a recipe and its data must agree on is settled before step 1; what is trained is then shown."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.analysis.outliers import SUPPORTS
from engine.errors import BadValue
from engine.inference.engine import Engine
from engine.models.pixel_cnn import PixelCNNConfig
from engine.models.vae import VAEConfig
from engine.nn.autoregressive.distributions import DISTRIBUTIONS
from engine.nn.likelihoods import LIKELIHOODS
from train.agreement import check, fitted, rehearse
from train.cli import main
from train.data import open_data
from train.recipe import PIXELS, Recipe, as_dict, disagreement, from_dict
from train.recipes import RECIPES

from .toys import toy_data

SMALL = ["--model.width", "4", "--model.depth", "1"]
QUICK = ["--steps", "2", "--batch", "4", "--sheets", "1"]


def write(root: Path, *names: str) -> Path:
    for i, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(i).integers(0, 256, (12, 12), np.uint8)
        Image.fromarray(pixels).save(root / name)
    return root


def trained(tmp_path: Path, recipe: str, data: Path, *more: str) -> Engine:
    """Train by a recipe on a folder and export; the engine that reads what came out."""
    main(["run", recipe, "--data", f"folder:{data}", "--run", str(tmp_path / "run"), *QUICK, *more])
    main(["export", str(tmp_path / "run"), "mine-model", "--to", str(tmp_path / "out")])
    engine = Engine([tmp_path / "out"])
    assert engine.faults() == {}
    return engine


def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path, *words: str) -> str:
    """Run what has to be refused before step 1; the sentence."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["run", *words, *QUICK, "--run", str(tmp_path / "refused")])
    said = capsys.readouterr().err
    assert ended.value.code == 2, said
    assert not (tmp_path / "refused").exists()
    return said


# Classes


@pytest.mark.parametrize(("recipe", "more"), [("mnist-cvae", SMALL), ("mnist-cgan", ["--model.width", "8"])])
def test_classes_follow_the_data(
    recipe: str, more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write(tmp_path / "pets", *(f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(6)))
    engine = trained(tmp_path, recipe, data, *more)
    assert "cat, dog" in capsys.readouterr().out
    card = engine.card("mine-model")
    assert (card.classes, card.config["classes"]) == (("cat", "dog"), 2)
    z = np.zeros((2, card.latent), np.float32)
    assert engine.decode("mine-model", z, np.array([0, 1])).shape == (2, 28, 28, 1)


def test_a_classifier_s_answers_follow_the_data(tmp_path: Path) -> None:
    data = write(tmp_path / "pets", *(f"{kind}/{i}.png" for kind in ("cat", "cow", "dog") for i in range(4)))
    card = trained(tmp_path, "mnist-classifier", data, "--model.width", "4").card("mine-model")
    assert (card.labels, card.config["answers"]) == (("cat", "cow", "dog"), 3)


def test_what_cannot_follow_is_refused_before_step_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loose = write(tmp_path / "loose", *(f"{i}.png" for i in range(6)))
    pets = write(tmp_path / "pets", *(f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(6)))
    lone = write(tmp_path / "lone", "cat/1.png", "dog/1.png")
    cases: dict[tuple[str, ...], str] = {
        ("mnist-cvae", "--data", f"folder:{loose}"): "has no classes",
        ("mnist-classifier", "--data", f"folder:{loose}"): "has no classes",
        ("celeba-classifier", "--data", f"folder:{pets}"): "has no attributes",
        ("mnist-cvae", "--data", f"folder:{pets}", "--model.classes", "5"): "--model.classes is 5",
        ("mnist-cvae", "--data", f"folder:{lone}"): "no training picture of",
        ("ring-gan", "--data", f"folder:{pets}"): "points want",
        ("mnist-vae-2d", "--data", "ring", "--model.shape", "1", "64", "64", "--pixels", "binarized"): "points want",
        ("mnist-vae-2d", "--data", f"folder:{pets}", "--pixels", "plain"): "--pixels is plain",
        ("mnist-dcgan", "--data", f"folder:{pets}", "--batch", "1"): "cannot learn from",
    }
    for words, sentence in cases.items():
        said = refused(capsys, tmp_path, *words) if "--batch" not in words else one_row(capsys, tmp_path, words)
        assert sentence in said, words
        assert said.count("\n") <= 1


def one_row(capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["run", *words, "--steps", "2", "--run", str(tmp_path / "refused")])
    assert ended.value.code == 2
    assert not (tmp_path / "refused").exists()
    return capsys.readouterr().err


def test_data_that_changed_since_are_noticed_when_a_run_goes_on_or_ships(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write(tmp_path / "pets", *(f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(6)))
    main(["run", "mnist-cvae", "--data", f"folder:{data}", "--run", str(tmp_path / "run"), *QUICK, *SMALL])
    write(data, "emu/1.png", "emu/2.png")
    for words in (["resume", str(tmp_path / "run")], ["export", str(tmp_path / "run"), "a-b", "--to", str(tmp_path)]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
        assert "--model.classes is 2" in capsys.readouterr().err


# Few pictures


def test_one_picture_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write(tmp_path / "one", "a.png")
    assert "Give two at least" in refused(capsys, tmp_path, "digits-vae", "--data", f"folder:{data}")


@pytest.mark.parametrize(
    ("recipe", "more"),
    [
        ("digits-vae", ["--model.width", "8"]),
        ("mnist-ae", ["--model.width", "8"]),
        ("mnist-dcgan", ["--model.width", "8"]),
    ],
)
@pytest.mark.parametrize("names", [("a.png", "b.png"), ("many/1.png", "many/2.png", "many/3.png", "lone/1.png")])
def test_few_pictures_are_trained_on_and_exported(
    recipe: str, more: list[str], names: tuple[str, ...], tmp_path: Path
) -> None:
    engine = trained(tmp_path, recipe, write(tmp_path / "few", *names), *more)
    assert engine.names() == ["mine-model"]


def test_names_that_are_no_utf8_travel_with_a_run(tmp_path: Path) -> None:
    data = write(tmp_path / os.fsdecode(b"p\xe8re"), *(f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(6)))
    (data / "cat").rename(data / os.fsdecode(b"caf\xe9"))
    card = trained(tmp_path, "mnist-cvae", data, *SMALL).card("mine-model")
    assert card.classes == ("caf\\xe9", "dog")
    assert card.data == card.recipe["data"] == "folder:p\\xe8re"


# Likelihood and pixels


def test_every_likelihood_has_its_pixels() -> None:
    assert set(SUPPORTS) == {*LIKELIHOODS, *DISTRIBUTIONS}
    assert set(PIXELS) == set(SUPPORTS.values())


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_agrees(name: str) -> None:
    assert disagreement(RECIPES[name]) == ""


@pytest.mark.parametrize(
    ("name", "change", "flag"),
    [
        ("mnist-vae-2d", {"pixels": "plain"}, "--model.likelihood bernoulli"),
        ("mnist-pixelcnn", {"pixels": "plain"}, "--model.output bernoulli"),
        ("mnist-pixelcnn", {"pixels": "dequantized"}, "--pixels is dequantized"),
        ("frey-vae-2d", {"pixels": "plain"}, "--pixels is plain"),
        ("frey-vae-2d-deviation", {"pixels": "binarized"}, "--pixels is binarized"),
        ("frey-pixelcnn", {"pixels": "dequantized"}, "--model.output logistic"),
        ("fashion-pixelcnn", {"pixels": "binarized"}, "--model.output softmax"),
        ("sprites-beta-vae", {"data": "frey"}, "Set --pixels binarized"),
        ("mnist-vae-2d", {"model": VAEConfig(likelihood="logistic")}, "--model.likelihood logistic"),
        ("mnist-vae-2d", {"model": VAEConfig(likelihood="gaussian")}, "Set --pixels dequantized"),
    ],
)
def test_a_likelihood_of_other_pixels_is_refused_by_its_flag(name: str, change: dict[str, Any], flag: str) -> None:
    with pytest.raises(BadValue, match=flag):
        dataclasses.replace(RECIPES[name], **change)


def test_pixels_that_are_black_or_white_need_no_binarization(tmp_path: Path) -> None:
    for i in range(8):
        pixels = 255 * np.random.default_rng(i).integers(0, 2, (8, 8), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    recipe = Recipe(f"folder:{tmp_path}", VAEConfig((1, 8, 8), latent=2, width=8), RECIPES["digits-vae"].objective)
    check(recipe, open_data(recipe.data, shape=(1, 8, 8)))
    with pytest.raises(BadValue, match="--pixels is plain"):
        check(recipe, toy_data((1, 8, 8)))


def test_a_recipe_on_record_is_read_though_it_breaks_the_rule() -> None:
    fields = {**as_dict(RECIPES["frey-vae-2d"]), "pixels": "plain"}
    recipe = from_dict(fields)
    assert recipe.pixels == "plain"
    assert disagreement(recipe) != ""
    assert as_dict(recipe) == fields


def test_what_fits_is_left_as_it_is() -> None:
    recipe, data = RECIPES["mnist-cvae"], toy_data((1, 28, 28))
    assert fitted(recipe, data, recipe.model) is recipe
    small = dataclasses.replace(recipe, batch=4, model=VAEConfig(latent=2, width=8, depth=1, classes=10))
    check(small, data)
    rehearse(small, data)
    pixels = dataclasses.replace(RECIPES["mnist-pixelcnn"], batch=2, model=PixelCNNConfig(width=4, depth=1))
    rehearse(pixels, data)
