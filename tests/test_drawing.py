"""Pictures drawn pixel by pixel: the same in any batch, in one go as in many, and others come in between."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.errors import OutOfMemory
from engine.inference import batch_runner, images, pixel_sampling
from engine.inference.device_model import DeviceModel
from engine.inference.engine import Engine
from engine.inference.pixel_sampling import finished
from engine.inference.requests import Job
from engine.models.pixel_cnn import PixelCNNConfig
from engine.nn import noise
from engine.nn.autoregressive.raster import Draws, Raster
from engine.protocols import Completes
from engine.registry import FAMILIES, Model, family_of
from engine.serving.chunking import CHUNK_SECONDS, Chunks, in_time
from engine.serving.local import ThreadBackend
from tests.shelf import PIXELS, VAE, keep, made
from tests.test_laws import CONFIGS as LAWFUL
from tests.test_laws import title

CPU = torch.device("cpu")
PLAIN = dataclasses.replace(PIXELS, gated=False, classes=0)
COLOUR = PixelCNNConfig((3, 5, 4), width=12, depth=1, output="softmax", classes=4)
CONFIGS = {"gated": PIXELS, "plain": PLAIN, "colour": COLOUR}
each_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


class Slow:
    """A model that completes, but not a pixel at a time."""

    def __init__(self, model: Model) -> None:
        self.model, self.config = model, model.config

    def __getattr__(self, name: str) -> Any:
        if name == "draw":
            raise AttributeError(name)
        return getattr(self.model, name)


def ready_of(folder: Path, config: PixelCNNConfig) -> DeviceModel:
    model = made(config)
    return DeviceModel(model, keep(folder, "law-test", model), CPU, place=folder / "law-test")


def asked_of(config: PixelCNNConfig, count: int) -> dict[str, Any]:
    """Pictures of which half the pixels are hidden."""
    channels, height, width = config.shape
    random = np.random.default_rng(0)
    levels = 255 * random.integers(0, 2, (count, height, width, channels), np.uint8)
    hidden = random.integers(0, 2, (count, height, width), np.uint8)
    y = np.arange(count) % 5 - 1 if config.classes else None
    return {"pictures": levels, "hidden": hidden, "seeds": tuple(range(count)), "y": y}


def completed(ready: DeviceModel, asked: dict[str, Any], rows: Any = slice(None), **more: Any) -> Any:
    """Complete some rows of what is asked."""
    _, height, width = ready.card.shape
    given = {"ends": (0, height * width), "tells": True, **more}
    y, seeds = asked["y"], np.array(asked["seeds"])[rows].tolist()
    return finished(
        ready.completion(
            given.get("pictures", asked["pictures"][rows]),
            asked["hidden"][rows],
            seeds,
            given["ends"],
            None if y is None else y[rows],
            given["tells"],
        )
    )


def outcome_of(slices: Chunks) -> Any:
    while True:
        try:
            next(slices)
        except StopIteration as end:
            return end.value


# A picture depends on its seed


@each_config
def test_a_completion_is_the_same_to_the_bit_in_any_batch(config: PixelCNNConfig, tmp_path: Path) -> None:
    ready, asked = ready_of(tmp_path, config), asked_of(config, 21)
    together, random = completed(ready, asked), np.random.default_rng(1)
    for count in (1, 1, 2, 3, 5, 11, 17):
        rows = random.choice(21, count, replace=False)
        found = completed(ready, asked, rows)
        assert all((found[name] == together[name][rows]).all() for name in together)
    assert (together["pictures"] == asked["pictures"])[asked["hidden"] == 0].all()
    assert (together["pictures"] != asked["pictures"]).any()


@each_config
def test_it_comes_to_the_same_however_it_is_cut(config: PixelCNNConfig, tmp_path: Path) -> None:
    ready, asked = ready_of(tmp_path, config), asked_of(config, 3)
    whole, size = completed(ready, asked), config.shape[1] * config.shape[2]
    for ends in ((0, 1, 2, 7, size), (0, 11, size - 1, size)):
        pictures, told = asked["pictures"], []
        for first, last in itertools.pairwise(ends):
            part = completed(ready, asked, pictures=pictures, ends=(first, last))
            pictures = part["pictures"]
            told.append(part["chances"])
            if first == 2:
                ready.sampler.kept.clear()  # forgotten: what is above is taken in again
        assert (pictures == whole["pictures"]).all()
        np.testing.assert_allclose(np.concatenate(told, axis=1), whole["chances"], atol=1e-5)


@each_config
def test_the_chances_are_those_of_the_model(config: PixelCNNConfig, tmp_path: Path) -> None:
    ready, asked = ready_of(tmp_path, config), asked_of(config, 4)
    found = completed(ready, asked)
    y = None if asked["y"] is None else torch.from_numpy(asked["y"])
    wanted = made(config).conditionals(images.from_bytes(found["pictures"]), y).flatten(2, 3).movedim(2, 1).numpy()
    drawn = asked["hidden"].reshape(4, -1) == 1
    np.testing.assert_allclose(found["chances"][drawn], wanted[drawn], atol=1e-5)
    assert not found["chances"][~drawn].any()


def test_a_model_that_draws_no_pixel_at_a_time_draws_the_same(tmp_path: Path) -> None:
    ready, asked = ready_of(tmp_path, PIXELS), asked_of(PIXELS, 3)
    wanted = completed(ready, asked)
    slow: Any = Slow(ready.float32)
    assert not isinstance(slow, Draws)
    ready.float32 = ready.sampler.model = slow
    ready.passes.clear()
    found = completed(ready, asked)
    assert ready.sampler.numbers().limit == 1
    assert (found["pictures"] == wanted["pictures"]).all()
    np.testing.assert_allclose(found["chances"], wanted["chances"], atol=1e-5)


def test_no_more_drawings_are_kept_than_may_be(tmp_path: Path) -> None:
    ready, asked = ready_of(tmp_path, PIXELS), asked_of(PIXELS, 12)
    for row in range(12):
        completed(ready, asked, [row], ends=(0, 9))
    assert len(ready.sampler.kept) == pixel_sampling.KEPT


def test_where_memory_lacks_fewer_are_drawn_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready, asked = ready_of(tmp_path, PIXELS), asked_of(PIXELS, 40)
    wanted, least, draw = completed(ready, asked), min(ready.main.costs), ready.float32.draw

    def cramped(picture: Any, *stretch: Any) -> Iterator[int]:
        if len(picture.x) > room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        yield from draw(picture, *stretch)

    monkeypatch.setattr(ready.float32, "draw", cramped)
    room = least
    assert (completed(ready, asked)["pictures"] == wanted["pictures"]).all()
    assert ready.main.limit == least
    room = 0
    with pytest.raises(OutOfMemory, match="law-test does not fit"):
        completed(ready, asked)


def test_where_no_batch_size_agrees_with_itself_rows_go_alone() -> None:
    calls = itertools.count()

    def moody(x: torch.Tensor) -> torch.Tensor:
        return x + (next(calls) if len(x) > 1 else 0)

    probe = [np.zeros((64, 2), np.float32)]
    one = batch_runner.BatchRunner("moody", moody, probe, CPU, graphs=False, sizes=(4, 16), bitwise=True)
    assert one.limit == 1
    assert (one(np.ones((3, 2), np.float32)) == 1).all()


@pytest.mark.parametrize("config", [c for c in LAWFUL if issubclass(FAMILIES[family_of(c)][0], Completes)], ids=title)
def test_whoever_completes_also_draws_a_pixel_at_a_time(config: Any) -> None:
    model: Any = made(config)
    assert isinstance(model, Draws)
    random = torch.Generator().manual_seed(0)
    x = torch.rand(2, *config.shape, generator=random).round()
    hidden, u = torch.rand(2, 1, *config.shape[1:], generator=random) < 0.5, noise.uniform([3, 4], config.shape)
    y = torch.tensor([0, -1]) if config.classes else None
    for first, last in ((0, x[0, 0].numel()), (config.shape[2] + 1, 2 * config.shape[2])):
        picture = Raster(x, hidden, u)
        ats = list(model.draw(picture, first, last, y))
        assert ats == sorted(ats)
        torch.testing.assert_close(picture.x, model.complete(x, hidden, u, first, last, y), rtol=0, atol=0)


# What a model sees, and how surprised it is


@each_config
def test_the_bits_of_a_picture_are_its_log_likelihood(config: PixelCNNConfig, tmp_path: Path) -> None:
    ready, asked = ready_of(tmp_path, config), asked_of(config, 5)
    bits = ready.surprise(asked["pictures"], asked["y"])
    y = None if asked["y"] is None else torch.from_numpy(asked["y"])
    nats = made(config).log_prob(images.from_bytes(asked["pictures"]), y)
    np.testing.assert_allclose(bits.sum((1, 2)), -nats / math.log(2), rtol=1e-5)
    assert (ready.surprise(asked["pictures"][3:4], None if y is None else asked["y"][3:4]) == bits[3:4]).all()


@each_config
def test_a_pixel_sees_nothing_that_comes_after_it(config: PixelCNNConfig, tmp_path: Path) -> None:
    ready, asked = ready_of(tmp_path, config), asked_of(config, 2)
    _, height, width = config.shape
    for pixel in (0, 1, width, height * width // 2 + 1, height * width - 1):
        reach = ready.receptive(asked["pictures"], pixel, asked["y"]).reshape(2, -1)
        assert not reach[:, pixel + (config.shape[0] > 1) :].any()  # of a pixel itself, the colours before
        assert reach[:, :pixel].any() == (pixel > 0)


def test_the_plain_stack_is_blind_where_the_gated_one_sees(tmp_path: Path) -> None:
    seen = {}
    for gated in (True, False):
        config = PixelCNNConfig((1, 12, 12), width=16, depth=1 + gated, gated=gated)  # as far, both of them
        pictures = np.zeros((1, 12, 12, 1), np.uint8)
        seen[gated] = ready_of(tmp_path / str(gated), config).receptive(pictures, 8 * 12 + 4)[0] > 0
    blind = seen[True] & ~seen[False]
    assert not (seen[False] & ~seen[True]).any()
    assert blind[:8, 5:].any()  # above, to the right
    assert not blind[:, :5].any()


def test_the_masks_are_those_of_the_papers(tmp_path: Path) -> None:
    def drawn(config: PixelCNNConfig) -> dict[str, list[str]]:
        found = ready_of(tmp_path / config.output / str(config.gated), config).masks()
        names = [each["name"] for each in json.loads(found["about"].tobytes())]
        rows = [["".join("·#"[int(cell)] for cell in row[2:5]) for row in mask[2:5]] for mask in found["masks"]]
        return dict(zip(names, rows, strict=True))

    assert drawn(PLAIN) == {
        "masked convolution, type A, 7 × 7": ["###", "#··", "···"],
        "masked convolution, type B, 3 × 3": ["###", "##·", "···"],
    }
    assert drawn(PIXELS) == {
        "vertical stack, type A, 7 × 7": ["###", "···", "···"],
        "horizontal stack, type A, 7 × 7": ["···", "#··", "···"],
        "vertical stack, type B, 3 × 3": ["###", "###", "···"],
        "horizontal stack, type B, 3 × 3": ["···", "##·", "···"],
    }


# Others come in between


def test_a_drawing_gives_way_after_a_slice_of_time() -> None:
    now = [0.0]

    def pieces() -> pixel_sampling.Sampling:
        for _ in range(10):
            now[0] += 0.4 * CHUNK_SECONDS
            yield
        return {"pictures": np.zeros((1, 2, 2, 1), np.uint8)}

    slices = in_time(pieces(), lambda: now[0])
    ends = [now[0] / CHUNK_SECONDS for _ in slices]
    assert ends == pytest.approx([1.2, 2.4, 3.6])
    answer = outcome_of(in_time(pieces(), lambda: now[0]))
    assert answer.ms["model"] == pytest.approx(4e3 * CHUNK_SECONDS)


@pytest.mark.parametrize("verb", ["wall", "sample", "complete"])
def test_a_drag_goes_on_while_a_wall_is_drawn(verb: str, tmp_path: Path) -> None:
    for name, config in {"toy-pixels": PIXELS, "toy-vae": VAE}.items():
        keep(tmp_path, name, made(config))
    backend = ThreadBackend(Engine([tmp_path], "cpu"))
    z = np.zeros((1, 2), np.float32)
    for job in (Job("decode", "toy-vae", z=z), Job("sample", "toy-pixels", seeds=(1,))):
        backend.submit(job).result(60)
    blank, hidden = np.zeros((999, 8, 6, 1), np.uint8), np.ones((999, 8, 6), np.uint8)
    given = {"pictures": blank, "hidden": hidden, "last": 48} if verb == "complete" else {}
    long = backend.submit(Job(verb, "toy-pixels", seeds=tuple(range(999)), who="anna", **given))
    for _ in range(20):
        backend.submit(Job("decode", "toy-vae", z=z, who="ben")).result(60)
    assert not long.done()
    backend.forget("anna")  # she has left: it is drawn no further
    assert long.cancelled()
    backend.close()


def test_a_long_drawing_is_what_the_engine_gives_at_once(tmp_path: Path) -> None:
    keep(tmp_path, "toy-pixels", made(PIXELS))
    engine = Engine([tmp_path], "cpu")
    backend = ThreadBackend(engine)
    answer = backend.submit(Job("wall", "toy-pixels", seeds=tuple(range(40)), y=np.arange(40) % 4)).result(60)
    assert (answer.arrays["pictures"] == engine.sample("toy-pixels", range(40), np.arange(40) % 4)).all()
    assert answer.ms["model"] > 0
    asked = asked_of(PIXELS, 9)
    pictures = engine.complete("toy-pixels", asked["pictures"], asked["hidden"], asked["seeds"], asked["y"].clip(0))
    assert (pictures == asked["pictures"])[asked["hidden"] == 0].all()
    assert engine.surprise("toy-pixels", pictures).shape == (9, 8, 6)
    backend.close()
