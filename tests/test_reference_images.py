"""Real pictures: gathered from a data set, read again without pickle, drawn by seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.analysis import reference_images
from engine.analysis.reference_images import ReferenceImages
from engine.analysis.toy_modes import MODES
from engine.errors import BadValue, MissingData, MissingVerb
from engine.inference.batching import run_batch
from engine.inference.device_model import DeviceModel
from engine.inference.requests import Answer, Job
from engine.models.gan import GANConfig
from tests.shelf import AE, JUDGE, VAE, keep, made
from train.cli import main
from train.data import open_data
from train.reference_images import gather


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def some(count: int = 30) -> ReferenceImages:
    pictures = np.arange(count * 48, dtype=np.uint32).astype(np.uint8).reshape(count, 8, 6, 1)
    return ReferenceImages(pictures, pictures[::-1].copy(), None, (np.arange(count) % 3).astype(np.int16))


def test_what_was_saved_comes_back_mapped_and_not_copied() -> None:
    reference_images.save(reference_images.place_of("toy", (1, 8, 6)), some())
    read = reference_images.load("toy", (1, 8, 6))
    assert isinstance(read.train, np.memmap)
    assert (read.train == some().train).all()
    assert (read.test == some().test).all()
    assert read.train_labels is None
    assert read.test_labels is not None
    assert (read.test_labels == np.arange(30) % 3).all()


def test_a_picture_belongs_to_its_seed_and_to_its_class() -> None:
    whole = some()
    three, one = whole.sample([1, 2, 3]), whole.sample([2])
    assert (three[1] == one[0]).all()
    of_class = whole.sample(range(20), np.full(20, 2))
    wanted = whole.test[2::3]
    assert all(any((picture == each).all() for each in wanted) for picture in of_class)


def test_missing_pictures_are_told_with_the_command_that_gets_them() -> None:
    with pytest.raises(MissingData, match="zoetrope-train gather celeba --shape 3 64 64"):
        reference_images.load("celeba", (3, 64, 64))


def test_broken_files_are_refused_with_a_sentence() -> None:
    place = reference_images.place_of("toy", (1, 8, 6))
    reference_images.save(place, some())
    whole = place.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"PK\x03\x04 no zip", whole.replace(b"'|u1'", b"'|i1'")):
        place.write_bytes(broken)
        with pytest.raises(BadValue, match="Gather them again"):
            reference_images.load("toy", (1, 8, 6))


def test_a_pickle_among_the_arrays_is_never_opened() -> None:
    place = reference_images.place_of("toy", (1, 8, 6))
    place.parent.mkdir(parents=True)
    np.savez(place, train=some().train, test=np.array([object()], dtype=object))
    with pytest.raises(BadValue, match="no plain array"):
        reference_images.load("toy", (1, 8, 6))


def test_gather_takes_both_splits_capped_and_the_same_each_time(home: Path) -> None:
    data = open_data("digits")
    path, kept = gather(data, train=50, test=20)
    assert path.parent == home / ".local/share/zoetrope/data/gallery"
    again = gather(data, train=50, test=20)[1]
    assert (kept.train == again.train).all()
    read = reference_images.load("digits", data.shape)
    assert read.train.shape == (50, *data.shape[1:], data.shape[0])
    assert len(read.test) == 20
    assert read.test_labels is not None
    rows = [row for row in data.test.pictures.permute(0, 2, 3, 1).numpy() if (row == read.test[0]).all()]
    assert rows, "a kept test picture is one of the test split"


def test_the_command_gathers_and_says_where(capsys: pytest.CaptureFixture[str]) -> None:
    main(["gather", "digits", "--train", "40", "--test", "10"])
    assert "40 training and 10 test pictures of digits" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"), [(["ring"], "no pictures to gather"), (["digits", "--test", "0"], "at least")]
)
def test_what_cannot_be_gathered_gets_one_sentence(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["gather", *words])
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


# The engine's verbs over it


def ready(tmp_path: Path, name: str, config: object, **changes: object) -> DeviceModel:
    model = made(config)  # type: ignore[arg-type]
    return DeviceModel(model, keep(tmp_path, name, model, **changes), torch.device("cpu"))


def test_real_pictures_of_a_model_s_data_come_by_seed(tmp_path: Path) -> None:
    reference_images.save(reference_images.place_of("toy", (1, 8, 6)), some())
    vae = ready(tmp_path, "toy-vae", VAE)
    answers = run_batch(vae, [Job("pictures", "toy-vae", seeds=(4, 5)), Job("pictures", "toy-vae", seeds=(5,))])
    first, second = (answer.arrays["pictures"] for answer in answers if isinstance(answer, Answer))
    assert (first == some().sample([4, 5])).all()
    assert (first[1] == second[0]).all()


def test_without_them_the_job_fails_alone_with_the_command(tmp_path: Path) -> None:
    vae = ready(tmp_path, "toy-vae", VAE)
    missing, there = run_batch(vae, [Job("pictures", "toy-vae", seeds=(1,)), Job("wall", "toy-vae", seeds=(1,))])
    assert isinstance(missing, MissingData)
    assert isinstance(there, Answer)


@pytest.mark.parametrize("config", [VAE, AE])
def test_a_wall_is_what_draw_and_decode_make(tmp_path: Path, config: object) -> None:
    model = ready(tmp_path, "toy-one", config)
    (drawn,) = run_batch(model, [Job("latents", "toy-one", seeds=(7, 8), truncation=0.5)])
    assert isinstance(drawn, Answer)
    (wall,) = run_batch(model, [Job("wall", "toy-one", seeds=(7, 8), truncation=0.5)])
    assert isinstance(wall, Answer)
    assert (wall.arrays["pictures"] == model.decode(drawn.arrays["z"])).all()


def test_what_draws_nothing_has_no_wall_and_pictures_have_no_points(tmp_path: Path) -> None:
    judge = ready(tmp_path, "toy-judge", JUDGE)
    (refused,) = run_batch(judge, [Job("wall", "toy-judge", seeds=(1,))])
    assert isinstance(refused, MissingVerb)
    vae = ready(tmp_path, "toy-vae", VAE)
    (refused,) = run_batch(vae, [Job("points", "toy-vae", seeds=(1,))])
    assert isinstance(refused, MissingVerb)
    assert "toy" in str(refused)


def test_the_points_of_a_toy_are_those_that_its_dots_show(tmp_path: Path) -> None:
    toy = ready(tmp_path, "ring-gan", GANConfig((1, 32, 32), latent=2, width=8, depth=1, extent=1.5), data="ring")
    (answer,) = run_batch(toy, [Job("points", "ring-gan", seeds=tuple(range(40)))])
    assert isinstance(answer, Answer)
    points = answer.arrays["points"]
    assert points.shape == (40, 2)
    wall = toy.wall(range(40))[..., 0]
    inside = np.abs(points).max(1) < 1.2
    assert inside.any()
    for (x, y), picture in zip(points[inside], wall[inside], strict=True):
        row, column = np.unravel_index(picture.argmax(), picture.shape)
        assert abs((x / 1.5 + 1) / 2 * 31 - column) <= 1
        assert abs((1 - y / 1.5) / 2 * 31 - row) <= 1


def test_pages_and_training_know_the_same_modes() -> None:
    assert (len(MODES["ring"].centres), len(MODES["grid"].centres)) == (8, 25)
    data = open_data("ring")
    nearest = torch.cdist(data.test.pictures.flatten(1), torch.tensor(MODES["ring"].centres)).min(1).values
    assert (nearest < 4 * MODES["ring"].deviation).float().mean() > 0.99
