"""Where a face may be, as a first place for the crop box: a suggestion, which the person then moves.

By the frontal-face cascade of Viola and Jones (2001) that comes inside OpenCV 4, so nothing is fetched at run time.
OpenCV is the extra `faces`; without it there is no suggestion, and the page says that the box is set by hand.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CASCADE = "haarcascade_frontalface_alt2.xml"
SEARCHED = 480
"""Pixels of the longest side of what is searched; more finds smaller faces, and takes the square of it longer."""
SMALLEST = 0.08
"""A face's share of the longest side at least: smaller ones are people in the background, or no faces."""
NEIGHBOURS = 6
"""Overlapping finds that make a face; fewer find faces in foliage."""
SHARE, BELOW = 0.69, 0.1
"""Side of the cascade's face in that of the square that our face models were trained on, and how far below the middle
of that square it lies: medians over 186 of CelebA's centre crops of 148 pixels."""


class Box(NamedTuple):
    """A square in pixels of the picture, all of it inside."""

    left: int
    top: int
    side: int


def available() -> bool:
    """Whether there is a detector on this machine."""
    return importlib.util.find_spec("cv2") is not None


def suggest(picture: NDArray[np.uint8]) -> Box | None:
    """Suggest the square around the largest face of a picture, uint8 (height, width, 3), framed as in CelebA.

    None where no face is found, or where the extra `faces` is not installed.
    """
    if not available():
        return None
    import cv2

    height, width, _ = picture.shape
    scale = min(1.0, SEARCHED / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    grey = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    least = max(24, round(SMALLEST * max(size)))
    cascade = cv2.CascadeClassifier(
        str(Path(cv2.__file__).parent / "data" / CASCADE)
    )  # its own each time: it serves no two threads
    found = cascade.detectMultiScale(grey, 1.1, NEIGHBOURS, minSize=(least, least))
    if len(found) == 0:
        return None
    x, y, face, _ = max(found, key=lambda each: int(each[2])) / scale
    return framed(x + face / 2, y + face / 2, face, width, height)


def framed(x: float, y: float, face: float, width: int, height: int) -> Box:
    """Return the square around a face of this middle and side, moved or cut to lie inside the picture."""
    side = min(round(face / SHARE), width, height)
    left, top = round(x - side / 2), round(y - side * (0.5 + BELOW))
    return Box(min(max(left, 0), width - side), min(max(top, 0), height - side), side)
