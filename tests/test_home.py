"""Where a checkpoint opens: by the rule, or by a person's choice, and what its card may not claim."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.checkpoints import files
from engine.checkpoints.card import Home
from engine.checkpoints.files import CARD
from engine.errors import BadValue, CheckpointRefused
from engine.inference.engine import Engine
from engine.latent.sampling import draw
from tests.shelf import AE, CVAE, PIXELS, VAE, keep, made
from tests.test_train_cli import call
from train.cli import main
from train.home import KEYS, SEEDS, Choice, apart, choose, typical, usual

NAME = "toy-vae-2d"


def put(folder: Path, config: object = VAE, name: str = NAME) -> Engine:
    keep(folder, name, made(config))  # type: ignore[arg-type]
    return Engine([folder], "cpu")


def test_by_the_rule_the_most_typical_picture_is_home_and_the_keys_lie_apart() -> None:
    stripes = np.zeros((7, 16, 16, 1), np.uint8)
    stripes[:4, ::4] = 255  # four alike, their edges level,
    stripes[4:6, :, ::4] = 255  # two upright,
    stripes[6] = np.random.default_rng(0).integers(0, 256, (16, 16, 1))  # and one that is like none
    assert typical(stripes) in range(4)
    line = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0], [9.0], [100.0], [200.0]])
    chosen = apart(line, 5)
    assert chosen[0] == 5
    assert len(set(chosen)) == KEYS
    assert not {10, 11} & set(chosen)  # too far from all


def test_a_chosen_home_stands_in_the_card_and_nothing_else_changes(tmp_path: Path) -> None:
    engine = put(tmp_path)
    before = files.read_card(tmp_path / NAME)
    card = choose(engine, NAME, Choice(seed=5, keys=(5, 9), truncation=0.5))
    assert card.home is not None
    assert card.home.z == pytest.approx(draw(before, [5], 0.5)[0], abs=1e-4)
    assert (card.home.seed, card.home.keys, card.home.truncation, card.home.y) == (5, (5, 9), 0.5, None)
    assert files.read_card(tmp_path / NAME) == card
    assert dataclasses.replace(card, home=None) == before
    assert choose(engine, NAME, Choice(z=(0.5, -2.0))).home.z == (0.5, -2.0)  # type: ignore[union-attr]


def test_the_rule_is_the_same_each_time_and_knows_classes(tmp_path: Path) -> None:
    engine = put(tmp_path)
    home = choose(engine, NAME, Choice()).home
    assert home is not None
    assert home == choose(engine, NAME, Choice()).home
    assert home.keys[0] == home.seed
    assert len(set(home.keys)) == KEYS
    assert {home.seed, *home.keys} <= set(SEEDS)
    classes = put(tmp_path, CVAE, "toy-cvae")
    home = choose(classes, "toy-cvae", Choice(y=2)).home
    assert home is not None
    assert (home.y, len(home.keys)) == (2, 4)  # a key for each of its classes
    assert choose(put(tmp_path, AE, "toy-ae"), "toy-ae", Choice()).home is not None  # without a prior
    drawn = choose(put(tmp_path, PIXELS, "toy-pixels"), "toy-pixels", Choice(seed=3, keys=(3, 4), y=1)).home
    assert drawn == Home((), 1, 3, 1.0, (3, 4), "home: chosen by a person; keys: chosen by a person")


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (Choice(z=(1.0,)), "--z gives 1 numbers, and toy-vae-2d has 2 latents"),
        (Choice(z=(1.0, 2.0), seed=1), "Give --seed or --z"),
        (Choice(y=1), "has no classes"),
        (Choice(seed=-1), "A seed of -1 was given"),
        (Choice(seed=1, keys=(2**32, 1)), "a seed is a whole number"),
        (Choice(seed=1, truncation=-1.0), "A truncation of -1.0"),
        (Choice(z=(float("nan"), 0.0)), "z has to be finite"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_and_the_card_stays(choice: Choice, sentence: str, tmp_path: Path) -> None:
    engine = put(tmp_path)
    before = (tmp_path / NAME / CARD).read_bytes()
    with pytest.raises(BadValue, match=sentence.replace("(", "\\(")):
        choose(engine, NAME, choice)
    assert (tmp_path / NAME / CARD).read_bytes() == before


@pytest.mark.parametrize("home", [{"z": [1.0]}, {"z": [0, 0], "y": 1}, {"z": [0, 0], "seed": -1}, {"z": [0, "a"]}])
def test_a_card_whose_home_is_no_place_of_its_model_is_refused(home: dict[str, object], tmp_path: Path) -> None:
    put(tmp_path)
    fields = json.loads((tmp_path / NAME / CARD).read_text())
    (tmp_path / NAME / CARD).write_text(json.dumps({**fields, "home": home}))
    with pytest.raises(CheckpointRefused, match="home"):
        files.read_card(tmp_path / NAME)


def test_games_of_many_latents_are_drawn_nearer_to_the_middle(tmp_path: Path) -> None:
    card = files.read_card(put(tmp_path).place(NAME))
    game = dataclasses.replace(card, verbs=("samples", "decodes"), latent=64)
    assert (usual(card, None), usual(game, None), usual(game, 0.9)) == (1.0, 0.7, 0.9)
    assert usual(dataclasses.replace(game, latent=2), None) == 1.0


def test_the_command_draws_a_sheet_to_choose_by_and_a_strip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path)
    before = (tmp_path / NAME / CARD).read_bytes()
    where = ["--checkpoints", str(tmp_path)]
    main(["home", NAME, *where, "--sheet", str(tmp_path / "seeds.png")])
    assert (tmp_path / NAME / CARD).read_bytes() == before
    with Image.open(tmp_path / "seeds.png") as sheet:
        assert sheet.height > 8 * 8 * 8  # eight rows of enlarged pictures
    main(["home", NAME, *where, "--seed", "7", "--keys", "7", "3", "--strip", str(tmp_path / "walk.webp")])
    assert "opens at seed 7, truncation 1; its first walk leads through seeds 7, 3" in capsys.readouterr().out
    with Image.open(tmp_path / "walk.webp") as strip:
        assert strip.size == (2 * 20 * 6, 8)


def test_a_mistake_gets_one_sentence_and_code_2(tmp_path: Path) -> None:
    put(tmp_path)
    told = call("home", NAME, "--checkpoints", tmp_path, "--y", "3")
    assert (told.returncode, told.stderr) == (2, "Class 3 was asked for; toy-vae-2d has no classes.\n")
