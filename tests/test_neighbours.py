"""The nearest training pictures: exact, the same in any company, by pixels and by features, and as they travel."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app.server import responses
from app.server.errors import ProtocolError
from app.server.operations import operations
from app.server.pictures import Codec
from app.server.protocol import Show
from engine.analysis import reference_images
from engine.analysis.neighbours import PART, nearest
from engine.analysis.reference_images import ReferenceImages
from engine.errors import BadValue, MissingData
from engine.inference.batching import run_batch
from engine.inference.device_model import DeviceModel
from engine.inference.engine import Engine
from engine.inference.requests import Answer, Job
from engine.serving.codec import job_from, pack_job, unpack
from tests.shelf import JUDGE, VAE, keep, made
from train.reference_images import write_features

SHAPE = (1, 8, 6)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def pictures_of(count: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 6, 1), np.uint8)


def gathered(count: int = 50) -> ReferenceImages:
    made = ReferenceImages(pictures_of(count), pictures_of(9, 1))
    reference_images.save(reference_images.place_of("toy", SHAPE), made)
    return made


def ready(folder: Path, name: str, config: Any) -> DeviceModel:
    model = made(config)
    return DeviceModel(model, keep(folder, name, model), torch.device("cpu"))


def test_they_are_those_that_a_plain_search_finds() -> None:
    random = np.random.default_rng(0)
    among = random.integers(0, 256, (PART + 300, 20), np.uint8)
    asked = np.concatenate([random.integers(0, 256, (5, 20), np.uint8), among[PART + 7 : PART + 8]])
    squares, rows = nearest(asked, among, 4)
    every = ((asked[:, None].astype(int) - among[None].astype(int)) ** 2).sum(2)
    assert (squares == np.sort(every, 1)[:, :4]).all()
    assert (np.take_along_axis(every, rows, 1) == squares).all()
    assert (squares[-1, 0], rows[-1, 0]) == (0, PART + 7)
    assert nearest(asked, among[:3], 4)[0].shape == (6, 3)


def test_by_pixels_a_picture_that_was_learnt_is_its_own_neighbour(tmp_path: Path) -> None:
    train = gathered().train
    model = ready(tmp_path, "toy-vae", VAE)
    first, second = run_batch(
        model,
        [
            Job("nearest", "toy-vae", pictures=train[[3, 4]], neighbours=3),
            Job("nearest", "toy-vae", pictures=train[[5]]),
        ],
    )
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert first.arrays["pictures"].shape == (2, 3, 8, 6, 1)
    assert (first.arrays["pictures"][:, 0] == train[[3, 4]]).all()
    assert (first.arrays["distance"][:, 0] == 0).all()
    far = (first.arrays["pictures"][0, 1].astype(float) - train[3]) / 255
    assert first.arrays["distance"][0, 1] == pytest.approx(np.sqrt((far**2).mean()))
    assert second.arrays["distance"].shape == (1, 1)


def test_by_features_they_are_as_far_as_distance_says(tmp_path: Path) -> None:
    kept = gathered()
    model = ready(tmp_path / "shelf", "toy-judge", JUDGE)
    asked = pictures_of(4, 2)
    (missing,) = run_batch(model, [Job("nearest", "toy-judge", pictures=asked)])
    assert isinstance(missing, MissingData)
    assert "Gather it: zoetrope-train gather toy --shape 1 8 6" in str(missing)
    assert write_features("toy", SHAPE, kept, Engine([tmp_path / "shelf"], "cpu")) == ["toy-judge"]
    (answer,) = run_batch(model, [Job("nearest", "toy-judge", pictures=asked, neighbours=2)])
    assert isinstance(answer, Answer)
    near = answer.arrays["pictures"][:, 0]
    np.testing.assert_allclose(answer.arrays["distance"][:, 0] ** 2, model.distance(asked, near), rtol=0.02, atol=1e-4)
    gathered(51)  # others than those that were looked at
    (stale,) = run_batch(model, [Job("nearest", "toy-judge", pictures=asked)])
    assert isinstance(stale, MissingData)


@pytest.mark.parametrize("neighbours", [0, 13])
def test_so_many_are_refused(tmp_path: Path, neighbours: int) -> None:
    job = Job("nearest", "toy-vae", pictures=pictures_of(1), neighbours=neighbours)
    (refused,) = run_batch(ready(tmp_path, "toy-vae", VAE), [job])
    assert isinstance(refused, BadValue)
    with pytest.raises(ProtocolError, match="neighbours is a whole number from 1 to 12"):
        operations([{"verb": "nearest", "model": "toy-vae", "rows": 1, "neighbours": neighbours}])


def test_they_travel_as_pictures_with_their_distances_behind() -> None:
    job = Job("nearest", "toy-vae", pictures=pictures_of(2), neighbours=3)
    assert job_from(*unpack(pack_job(job))).neighbours == 3
    asked = operations([{"verb": "nearest", "model": "toy-vae", "rows": 2, "neighbours": 3, "columns": 3}])
    near, distance = pictures_of(6).reshape(2, 3, 8, 6, 1), np.arange(6, dtype=np.float32).reshape(2, 3)
    answer = Answer({"pictures": near, "distance": distance})
    message = responses.written(Show(1, "near", asked, b""), [answer], Codec())
    (length,) = struct.unpack_from("<I", message)
    (result,) = json.loads(message[4 : 4 + length])["results"]
    assert (result["shape"], result["apart"], result["columns"]) == ([6, 8, 6, 1], [2, 3], 3)
    assert message[4 + length :] == near.tobytes() + distance.tobytes()
