"""The bundled pictures: named, described, framed as the models expect, and read by a model of our own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.bundled import SPRITES, Bundled, bundled, picture
from app.drawn import scanned
from app.drawn.digits import FORMS, HANDS, digit, framed
from app.drawn.sprites import sprite
from engine.inference.engine import Engine
from train.data import sprites as trained_on

ROOT = Path(__file__).parent.parent


def reduced(pixels: NDArray[np.uint8], side: int = 28) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels[:, :, 0]).reduce(len(pixels) // side))[:, :, None]


def group(start: str) -> list[Bundled]:
    return [each for each in bundled() if each.name.startswith(start)]


def test_each_has_a_name_of_its_own_and_says_what_there_is_to_see() -> None:
    names = [each.name for each in bundled()]
    assert len(set(names)) == len(names) >= 50
    assert len({each.alt for each in bundled()}) == len(names)
    assert all(each.alt[0].isupper() and len(each.alt) > 8 for each in bundled())
    assert len({each.group for each in bundled()}) == 5


def test_each_is_a_picture() -> None:
    for each in bundled():
        height, width, channels = each.pixels.shape
        assert each.pixels.dtype == np.uint8
        assert height == width
        assert channels in (1, 3)
        assert each.pixels.std() > 10, each.name


def test_a_picture_is_found_by_its_name() -> None:
    assert picture("digit-3-leaning") is picture("digit-3-leaning") is not None
    assert picture("digit-11") is None


def test_sprites_are_those_that_models_are_trained_on() -> None:
    drawings = trained_on._drawings()  # shape, scale, rotation, 95, 95; the middle is at 47
    names = list(trained_on.SHAPES)
    for shape, scale, turn in (("square", 0, 0), ("ellipse", 3, 7), ("heart", 5, 31)):
        window = drawings[names.index(shape), scale, turn][47 - 20 : 47 + 44, 47 - 30 : 47 + 34]
        ours = sprite(shape, 0.5 + 0.1 * scale, 2 * np.pi / 40 * turn, 30, 20)
        assert (ours != window).mean() < 0.001
    assert all(16 <= place <= 47 for _, _, _, x, y, _ in SPRITES for place in (x, y))


@pytest.mark.parametrize("each", [*group("digit-"), *group("scan-")], ids=lambda each: each.name)
def test_a_digit_is_framed_as_in_mnist(each: Bundled) -> None:
    small = reduced(each.pixels)[:, :, 0].astype(float)
    y, x = (np.indices(small.shape) * small).sum((1, 2)) / small.sum()
    assert abs(np.array([y, x]) - 13.5).max() < 0.6
    rows, columns = np.flatnonzero(small.max(1) > 8), np.flatnonzero(small.max(0) > 8)
    tall, wide = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    assert 18 <= max(tall, wide) <= 22
    assert small[0].max() == small[:, 0].max() == 0


def test_our_classifier_reads_the_digits() -> None:
    engine = Engine([ROOT / "checkpoints"], "cpu")
    ready = engine.device_model("mnist-classifier")
    read = {
        start: ready.classify(np.stack([reduced(each.pixels) for each in group(start)])).argmax(1)
        for start in ("digit-", "scan-")
    }
    assert (read["digit-"] == np.tile(np.arange(10), len(HANDS))).sum() >= 29
    assert (read["scan-"] == np.arange(10)).sum() >= 8


def test_hands_differ_and_each_writes_alike_twice() -> None:
    assert sorted(FORMS) == list(range(10))
    for number in range(10):
        written = [digit(number, hand) for hand in HANDS]
        assert (digit(number, HANDS[1]) == written[1]).all()
        assert all((written[i] != written[j]).mean() > 0.03 for i, j in ((0, 1), (0, 2), (1, 2)))


def test_framing_moves_ink_to_the_middle_and_to_its_size() -> None:
    ink = np.zeros((90, 120), np.uint8)
    ink[5:15, 100:105] = 255
    framed_ink = framed(ink)
    rows, columns = np.flatnonzero(framed_ink.max(1) > 127), np.flatnonzero(framed_ink.max(0) > 127)
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (40, 239, 90, 189)


def test_scans_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    scans = scanned.scans(10)
    assert [number for _, number in scans] == labels[:10].tolist() == list(range(10))
    for (ours, _), image in zip(scans, images, strict=False):
        assert (ours == scanned._sharp(image.reshape(8, 8))).all()


def test_without_scikit_learn_the_others_are_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scanned, "FILE", tmp_path / "gone.csv.gz")
    assert scanned.scans(10) == []
    monkeypatch.setattr(scanned.importlib.util, "find_spec", lambda name: None)
    assert scanned.scans(10) == []


def test_drawing_loads_neither_scipy_nor_torch() -> None:
    script = "import sys; from app.bundled import bundled; bundled(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert "app.drawn.faces" in loaded
    assert not {"torch", "scipy", "sklearn", "cv2"} & set(loaded.split())
