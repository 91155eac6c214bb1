"""Pictures to begin with: digits, clothes, faces and sprites drawn by our own code, and scikit-learn's digits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from app.drawn.clothes import PIECES, piece
from app.drawn.digits import HANDS, digit
from app.drawn.faces import FACES, face
from app.drawn.scanned import scans
from app.drawn.sprites import sprite
from engine.image_grid import encode, sheet

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SPRITES = (
    ("square", 0.6, 0, 22, 24, "A small square, up and to the left"),
    ("square", 1.0, math.pi / 6, 38, 36, "A large turned square, a little down and to the right"),
    ("ellipse", 0.7, math.pi / 2, 40, 22, "A small upright ellipse, up and to the right"),
    ("ellipse", 1.0, math.pi / 5, 28, 34, "A large slanting ellipse near the middle"),
    ("heart", 0.6, 0, 24, 42, "A small heart, down and to the left"),
    ("heart", 1.0, -math.pi / 5, 34, 30, "A large heart that leans to the left, near the middle"),
)
LIKE = {
    "Digits, drawn by us": "mnist",
    "Digits, from scikit-learn": "mnist",
    "Clothes, drawn by us": "fashion",
    "Faces, drawn by us": "celeba",
    "Sprites": "sprites",
}
"""The data whose models know such pictures, by group."""


@dataclass(frozen=True)
class Bundled:
    """A picture of the set."""

    name: str  # such as digit-3-leaning: unique, kept in links
    group: str  # a heading for people
    alt: str  # what there is to see, for those who do not see it
    pixels: NDArray[np.uint8]  # height, width, 1 or 3

    @property
    def data(self) -> str:
        """Return the data whose models know such pictures."""
        return LIKE[self.group]


@dataclass(frozen=True)
class Strip:
    """All pictures of a group side by side in one file, drawn when it is first asked for."""

    group: str
    suffix: ClassVar[str] = ".png"

    @property
    def name(self) -> str:
        """Its file's name, such as digits-drawn-by-us.png."""
        return self.group.lower().replace(",", "").replace(" ", "-") + self.suffix

    @property
    def pictures(self) -> list[Bundled]:
        """The pictures of the group, from left to right."""
        return [each for each in bundled() if each.group == self.group]

    def read_bytes(self) -> bytes:
        pixels = np.stack([each.pixels for each in self.pictures])
        return encode(sheet(pixels, len(pixels)), "PNG")


STRIPS = tuple(map(Strip, LIKE))


@cache
def bundled() -> tuple[Bundled, ...]:
    """Draw the set, once: some tenths of a second."""
    return (*_digits(), *_scans(), *_clothes(), *_faces(), *_sprites())


def picture(name: str) -> Bundled | None:
    """Return the picture of a name, or None where there is none."""
    return next((each for each in bundled() if each.name == name), None)


def _sprites() -> list[Bundled]:
    return [
        Bundled(
            f"sprite-{shape}-{'small' if scale < 1 else 'large'}",
            "Sprites",
            alt,
            _grey(sprite(shape, scale, turn, x, y)),
        )
        for shape, scale, turn, x, y, alt in SPRITES
    ]


def _digits() -> list[Bundled]:
    return [
        Bundled(
            f"digit-{number}-{hand.name}", "Digits, drawn by us", f"A {word} in {hand.alt}", _grey(digit(number, hand))
        )
        for hand in HANDS
        for number, word in enumerate(WORDS)
    ]


def _scans() -> list[Bundled]:
    return [
        Bundled(f"scan-{number}", "Digits, from scikit-learn", f"A {WORDS[number]}, scanned coarsely", _grey(pixels))
        for pixels, number in scans(len(WORDS))
    ]


def _clothes() -> list[Bundled]:
    return [
        Bundled(
            f"clothes-{name.lower()}",
            "Clothes, drawn by us",
            f"{name[0].upper()}{name[1:]}, grey on black",
            _grey(piece(name)),
        )
        for name in PIECES
    ]


def _faces() -> list[Bundled]:
    return [Bundled(f"face-{look.name}", "Faces, drawn by us", look.alt, face(look)) for look in FACES]


def _grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels[:, :, None]
