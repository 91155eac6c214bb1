"""Films: right length, size, codec and pictures; made in parts that leave the engine to others; stopped at a word."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from app.engine_client import EngineClient
from app.server.export import queue
from app.server.export.film import FORMS, LOOKS, chosen, enlarged, opened
from app.server.export.folder import LOCK, PREFIX, Folder
from app.server.export.path_file import Key, Path, from_json
from app.server.export.queue import Export, ExportQueue, Order
from engine.errors import BadValue, Busy, UnknownName
from tests.echo import Echo

FPS, SHAPES = 30, {"colour": (3, 8, 6), "grey": (1, 7, 10)}


def ramp(count: int, shape: tuple[int, int, int]) -> list[Any]:
    """Pictures whose brightness climbs from frame to frame, each channel by another amount."""
    channels, height, width = shape
    each = [np.full((height, width), 40 + 3 * i, np.uint8) for i in range(count)]
    return [np.stack([picture - 20 * c for c in range(channels)], -1) for picture in each]


def written(
    file: File, form: str, shape: tuple[int, int, int], count: int, size: int = 96, fps: int = FPS
) -> list[Any]:
    pictures = ramp(count, shape)
    with opened(form, file, shape, size, "soft", fps) as reel:
        for i in chosen(form, count, fps):
            reel.add(pictures[i])
    return pictures


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(("form", "codec"), [("mp4", "h264"), ("gif", "gif")])
def test_a_film_has_the_right_codec_size_length_and_pictures(tmp_path: File, form: str, codec: str, shape: Any) -> None:
    pictures = written(tmp_path / "film", form, shape, 45)
    with av.open(str(tmp_path / "film")) as film:
        stream = film.streams.video[0]
        assert stream.codec_context.name == codec
        assert (stream.width, stream.height) == enlarged(shape, 96)
        assert form != "mp4" or (stream.codec_context.pix_fmt, stream.average_rate) == ("yuv420p", FPS)
        assert film.duration is not None
        assert film.duration / 1e6 == pytest.approx(45 / FPS, abs=0.02)
        shown = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(shown) == 45
    for picture, frame in zip(pictures, shown, strict=True):
        assert np.abs(frame.astype(float) - picture[0, 0].astype(float)).max() <= 4


@pytest.mark.parametrize("form", ["webp", "gif"])
def test_an_animation_repeats_for_ever_and_takes_its_time(tmp_path: File, form: str) -> None:
    pictures = written(tmp_path / "film", form, (3, 8, 8), 30)
    with Image.open(tmp_path / "film") as film:
        assert (film.size, film.info["loop"]) == ((96, 96), 0)
        time = 0  # a WebP joins frames that look the same, so pictures are found by their time
        for i in range(film.n_frames):  # type: ignore[attr-defined]
            film.seek(i)
            film.load()
            expected = pictures[round(time * FPS / 1000)][0, 0]
            assert np.abs(np.asarray(film.convert("RGB"), float)[40, 40] - expected).max() <= 8
            time += film.info["duration"]
        assert time == pytest.approx(1000, abs=20)


def test_a_gif_of_a_quick_path_leaves_frames_out_and_keeps_its_time(tmp_path: File) -> None:
    written(tmp_path / "film", "gif", (1, 8, 8), 60, fps=60)
    with av.open(str(tmp_path / "film")) as film:
        assert film.duration is not None
        assert film.duration / 1e6 == pytest.approx(1, abs=0.04)
        assert sum(1 for _ in film.decode(video=0)) == 30


def test_a_strip_shows_twelve_pictures_of_the_path_exactly(tmp_path: File) -> None:
    pictures = ramp(24, (3, 8, 8))
    with opened("png", tmp_path / "strip", (3, 8, 8), 32, "pixels", FPS) as reel:
        for i in chosen("png", 24, FPS):
            reel.add(pictures[i])
    with Image.open(tmp_path / "strip") as strip:
        assert strip.size == (12 * 32, 32)
        for tile in range(12):
            assert strip.getpixel((32 * tile + 16, 16)) == tuple(pictures[2 * tile][0, 0])


def test_pixels_stay_pixels_and_soft_is_soft(tmp_path: File) -> None:
    board = np.indices((8, 8)).sum(0).astype(np.uint8)[:, :, None] % 2 * 255
    kinds = {}
    for look in LOOKS:
        with opened("gif", tmp_path / look, (1, 8, 8), 64, look, FPS) as reel:
            reel.add(board)
        with Image.open(tmp_path / look) as film:
            kinds[look] = len(np.unique(np.asarray(film.convert("L"))))
    assert kinds["pixels"] == 2
    assert kinds["soft"] > 20


@pytest.mark.parametrize("size", [64, 101, 512])
@pytest.mark.parametrize("shape", [(1, 28, 20), (3, 64, 64), (1, 5, 9), (1, 1, 40)])
def test_films_have_even_sizes_and_the_pictures_shape(shape: Any, size: int) -> None:
    width, height = enlarged(shape, size)
    assert width % 2 == height % 2 == 0
    assert abs(max(width, height) - size) <= 1
    assert min(width, height) >= 2


# The queue


class Recorder(Echo):
    """An engine that knows how many parts of films were in its line at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.parts, self.most, self.counting = 0, 0, threading.Lock()

    def submit(self, job: Any) -> Any:
        with self.counting:
            self.parts += 1
            self.most = max(self.most, self.parts)
        future = super().submit(job)
        future.add_done_callback(self._over)
        return future

    def _over(self, _: object) -> None:
        with self.counting:
            self.parts -= 1


@pytest.fixture
def engine() -> Iterator[Recorder]:
    made = Recorder()
    yield made
    made.close()


@pytest.fixture
def exports(engine: Recorder) -> Iterator[ExportQueue]:
    client = EngineClient()
    client.open(lambda: engine)
    client.catalogue()
    made = ExportQueue(client)
    yield made
    engine.gate.set()
    made.close()


def path(model: str = "grey", latent: int = 2, **more: Any) -> Path:
    return Path(model, tuple(Key((float(value),) * latent) for value in (0, 90, 40)), **{"easing": "steady", **more})


def made(exports: ExportQueue, order: Order) -> Export:
    film = exports.order(order)
    until(lambda: not film.going)
    return film


def until(condition: Any, patience: float = 30) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def test_a_film_shows_the_paths_pictures_in_their_order(exports: ExportQueue, engine: Recorder) -> None:
    order = Order(path(way="linear", seconds=2.0), size=64)
    film = made(exports, order)
    assert (film.state, film.done, film.error) == ("ready", 60, "")
    z, _ = order.path.latents()
    assert np.concatenate([job.z for job in engine.jobs if job.z is not None]).tobytes() == z.tobytes()
    with av.open(str(film.file)) as file:
        shown = [frame.to_ndarray(format="gray")[20, 20] for frame in file.decode(video=0)]
    assert np.abs(np.array(shown, float) - np.floor(z[:, 0])).max() <= 4


def test_one_part_of_one_film_is_with_the_engine_at_a_time(exports: ExportQueue, engine: Recorder) -> None:
    films = [exports.order(Order(path(seconds=2.0), form, 64)) for form in ("mp4", "gif", "webp")]
    assert [exports.ahead(film) for film in films if film.going] == list(range(sum(film.going for film in films)))
    until(lambda: not any(film.going for film in films))
    assert [film.state for film in films] == ["ready"] * 3
    assert engine.most == 1
    assert {job.who for job in engine.jobs} == {f"film-{film.token}" for film in films}
    assert max(job.rows for job in engine.jobs) <= queue.MOST_ROWS


def test_the_path_of_a_film_read_again_makes_the_same_file(exports: ExportQueue) -> None:
    first = made(exports, Order(path(seconds=1.0, loop=True), "json"))
    again, _ = from_json(first.file.read_bytes(), exports.client.catalogue())
    films = [made(exports, Order(one, "gif", 64)) for one in (path(seconds=1.0, loop=True), again)]
    assert films[0].file.read_bytes() == films[1].file.read_bytes()


def files(exports: ExportQueue) -> list[str]:
    return sorted(file.name for file in exports.folder.path.iterdir() if file.name != LOCK)


def test_a_film_that_is_cancelled_stops_and_leaves_nothing(exports: ExportQueue, engine: Recorder) -> None:
    film, waits = (exports.order(Order(path("gated", 1))) for _ in range(2))
    until(lambda: film.state == "making")
    exports.cancel(waits)
    exports.cancel(film)
    until(lambda: film.state == waits.state == "stopped")
    assert files(exports) == []
    with pytest.raises(UnknownName):
        exports.film(film.token)
    engine.gate.set()
    assert made(exports, Order(path(seconds=1.0), size=64)).state == "ready"


def test_a_film_that_nobody_asks_for_is_stopped(exports: ExportQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    film = exports.order(Order(path("gated", 1)))
    monkeypatch.setattr(queue, "FORSAKEN", 0.05)
    time.sleep(0.1)
    exports.sweep()
    until(lambda: film.state == "stopped")


def test_trouble_of_the_engine_is_the_films_sentence(exports: ExportQueue) -> None:
    film = made(exports, Order(Path("grey", (Key((14.0, 0.0)), Key((14.0, 1.0))), way="linear")))
    assert (film.state, film.error) == ("failed", "14 is not to our taste.")
    assert not film.file.exists()
    fault = made(exports, Order(Path("grey", (Key((13.0, 0.0)), Key((13.0, 1.0))), way="linear")))
    assert fault.error == "The film was not made (RuntimeError). Try another kind of file."


def test_a_film_that_grows_too_large_is_stopped(exports: ExportQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "LARGEST", -1)
    film = made(exports, Order(path(), "gif", 256))
    assert film.state == "failed"
    assert "Make it smaller or shorter, or take MP4." in film.error


def test_what_is_no_order_is_refused(exports: ExportQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    for order, word in (
        (Order(path(), "avi"), "'avi'"),
        (Order(path(), size=63), "63"),
        (Order(path(), look="oily"), "'oily'"),
    ):
        with pytest.raises(BadValue, match=word):
            exports.order(order)
    monkeypatch.setattr(queue, "MOST", 1)
    exports.order(Order(path("gated", 1)))
    with pytest.raises(Busy, match="1 films wait"):
        exports.order(Order(path()))


def test_every_form_has_its_codec_here() -> None:
    assert {form.codec for form in FORMS.values() if form.codec} <= set(av.codecs_available)


# What is kept


def noted(exports: ExportQueue, person: str) -> Export:
    """A path file, ordered and made."""
    film = exports.order(Order(path(), "json"), person)
    until(lambda: not film.going)
    return film


def test_of_one_person_so_many_finished_films_are_kept_the_newest(exports: ExportQueue) -> None:
    other = noted(exports, "ben")
    films = [noted(exports, "anna") for _ in range(queue.KEPT_EACH + 4)]
    exports.sweep()
    assert list(exports.films.values()) == [other, *films[-queue.KEPT_EACH :]]
    assert files(exports) == sorted(film.file.name for film in exports.films.values())


def test_the_bytes_of_all_finished_films_are_bounded(exports: ExportQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    films = [made(exports, Order(path(seconds=0.5), size=64)) for _ in range(3)]
    monkeypatch.setattr(queue, "KEPT_BYTES", films[1].size + films[2].size)
    exports.sweep()
    assert list(exports.films.values()) == films[1:]
    assert not films[0].file.exists()


def test_a_finished_film_holds_no_path_and_still_knows_its_name_and_length(exports: ExportQueue) -> None:
    order = Order(path(seconds=0.5), size=64)
    film = made(exports, order)
    assert film.order.path.keys == ()
    assert (len(film.frames), film.name) == (15, Export(order, film.file).name)


KILLED = """
import os, pathlib, signal, sys
from app.server.export.folder import Folder
folder = Folder(pathlib.Path(sys.argv[1]))
folder.file("mp4").write_bytes(b"half a film")
print(folder.path.name, flush=True)
if sys.argv[2] == "die":
    os.kill(os.getpid(), signal.SIGKILL)
sys.stdin.read()
"""


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_has_is_not(tmp_path: File) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    dead = subprocess.run([*command, "die"], capture_output=True, text=True, timeout=60, check=False)
    assert (tmp_path / dead.stdout.strip()).is_dir()
    with subprocess.Popen([*command, "live"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as living:
        assert living.stdout
        alive = tmp_path / living.stdout.readline().strip()
        assert {each.name for each in tmp_path.iterdir()} == {alive.name}
        (tmp_path / f"{PREFIX}of-an-older-version").mkdir()
        (tmp_path / "zoetrope-views").mkdir()
        own = Folder(tmp_path)
        assert len(list(alive.glob("*.mp4"))) == 1
        names = {alive.name, own.path.name, f"{PREFIX}of-an-older-version", "zoetrope-views"}
        assert {each.name for each in tmp_path.iterdir()} == names
        own.close()
        assert not own.path.exists()
        living.communicate()
    os.utime(tmp_path / f"{PREFIX}of-an-older-version", (0, 0))
    Folder(tmp_path).close()
    assert {each.name for each in tmp_path.iterdir()} == {"zoetrope-views"}
