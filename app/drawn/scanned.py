"""Handwritten digits that come with scikit-learn (Alpaydin and Kaynak 1998, CC BY 4.0), framed as MNIST's."""

from __future__ import annotations

import gzip
import importlib.util
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.drawn.digits import framed

SIDE = 8
LARGER = 24
FILE = Path("datasets") / "data" / "digits.csv.gz"


def scans(count: int) -> list[tuple[NDArray[np.uint8], int]]:
    """Return the first digits as uint8 (280, 280), white on black, and what they are; none where the file is missing.

    The file is read as it lies: sklearn.datasets.load_digits would load scipy with it, 130 MB for a few digits.
    """
    package = importlib.util.find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        return []
    path = Path(package.submodule_search_locations[0]) / FILE
    if not path.is_file():
        return []
    with gzip.open(path, "rt") as file:
        rows = np.loadtxt(islice(file, count), delimiter=",")
    return [(_sharp(row[:-1].reshape(SIDE, SIDE)), int(row[-1])) for row in rows]


def _sharp(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Enlarge values of 0 to 16, so that no step shows."""
    picture = Image.fromarray(np.pad((values * (255 / 16)).round().astype(np.uint8), 2))
    return framed(
        np.asarray(picture.resize((picture.width * LARGER, picture.height * LARGER), Image.Resampling.BICUBIC))
    )
