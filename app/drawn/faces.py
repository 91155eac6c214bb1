"""Faces drawn with a few shapes: they show what a model of photographs makes of a face that is none."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from app.drawn.pen import smooth

Colour = tuple[int, int, int]
SIDE, OVER = 256, 3


@dataclass(frozen=True)
class Face:
    """What a drawn face looks like."""

    name: str
    alt: str
    ground: Colour
    skin: Colour
    hair: Colour
    long: bool = False  # hair to the shoulders
    smile: float = 0.0  # corners of the mouth up, in sides
    glasses: bool = False


FACES = (
    Face("smiling", "A drawn face with short dark hair that smiles", (150, 176, 190), (226, 178, 146),
        (58, 40, 32), smile=0.035),
    Face("serious", "A drawn face with long fair hair and a straight mouth", (120, 110, 124),
        (238, 200, 172), (204, 164, 96), long=True),
    Face("glasses", "A drawn face with short black hair and glasses", (196, 186, 164), (150, 102, 74),
        (28, 24, 24), smile=0.015, glasses=True),
    Face("sad", "A drawn face with long brown hair, the corners of the mouth down", (96, 122, 104),
        (206, 154, 118), (92, 56, 36), long=True, smile=-0.03),
)  # fmt: skip


class Canvas:
    """A canvas in a unit square."""

    def __init__(self, ground: Colour) -> None:
        self.image = Image.new("RGB", (SIDE * OVER, SIDE * OVER), ground)
        self.draw = ImageDraw.Draw(self.image)

    def oval(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Fill an oval around a middle."""
        box = [place * SIDE * OVER for place in (x - width / 2, y - height / 2, x + width / 2, y + height / 2)]
        self.draw.ellipse(box, fill=colour)

    def line(self, points: list[tuple[float, float]], width: float, colour: Colour) -> None:
        """Draw a smooth line with round ends."""
        curve = [(x * SIDE * OVER, y * SIDE * OVER) for x, y in smooth(points).tolist()]
        self.draw.line(curve, fill=colour, width=round(width * SIDE * OVER), joint="curve")
        for x, y in (curve[0], curve[-1]):
            radius = width * SIDE * OVER / 2
            self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def area(self, points: list[tuple[float, float]], colour: Colour) -> None:
        """Fill what a smooth outline encloses."""
        self.draw.polygon([(x * SIDE * OVER, y * SIDE * OVER) for x, y in smooth(points).tolist()], fill=colour)


def shade(colour: Colour, by: float) -> Colour:
    """Make a colour darker, by less than 1, or lighter."""
    red, green, blue = (min(255, round(part * by)) for part in colour)
    return red, green, blue


def face(look: Face) -> NDArray[np.uint8]:
    """Draw a face, uint8 (256, 256, 3), where photographs of faces have it: eyes at 0.46, mouth at 0.74."""
    canvas = Canvas(look.ground)
    _behind(canvas, look)
    _head(canvas, look)
    canvas.image = canvas.image.filter(ImageFilter.GaussianBlur(OVER * 4))  # soft, as shadows are
    canvas.draw = ImageDraw.Draw(canvas.image)
    _fringe(canvas, look)
    _features(canvas, look)
    return np.asarray(canvas.image.filter(ImageFilter.GaussianBlur(OVER)).reduce(OVER))


def _behind(canvas: Canvas, look: Face) -> None:
    canvas.oval(0.5, 1.18, 0.95, 0.5, shade(look.ground, 0.45))
    if look.long:
        canvas.area([(0.5, 0.06), (0.18, 0.2), (0.12, 0.6), (0.14, 1.0), (0.5, 1.0), (0.86, 1.0),
            (0.88, 0.6), (0.82, 0.2), (0.5, 0.06)], look.hair)  # fmt: skip
    else:
        canvas.oval(0.5, 0.34, 0.66, 0.56, look.hair)
    canvas.area([(0.38, 0.75), (0.38, 0.75), (0.38, 0.95), (0.3, 1.02), (0.3, 1.02), (0.7, 1.02),
        (0.7, 1.02), (0.62, 0.95), (0.62, 0.75), (0.62, 0.75), (0.38, 0.75)], shade(look.skin, 0.72))  # fmt: skip


def _head(canvas: Canvas, look: Face) -> None:
    for side in () if look.long else (-1, 1):
        canvas.oval(0.5 + side * 0.29, 0.52, 0.08, 0.15, shade(look.skin, 0.85))
    outline = [(0.5, 0.16), (0.28, 0.26), (0.22, 0.48), (0.27, 0.72), (0.4, 0.89), (0.5, 0.92),
        (0.6, 0.89), (0.73, 0.72), (0.78, 0.48), (0.72, 0.26), (0.5, 0.16)]  # fmt: skip
    canvas.area(outline, shade(look.skin, 0.86))
    canvas.area([(0.5 + 0.9 * (x - 0.5), 0.53 + 0.92 * (y - 0.53)) for x, y in outline], look.skin)
    canvas.oval(0.47, 0.3, 0.28, 0.14, shade(look.skin, 1.06))
    for side in (-1, 1):
        canvas.oval(0.5 + side * 0.15, 0.62, 0.13, 0.09, shade(look.skin, 1.05))
        canvas.oval(0.5 + side * 0.125, 0.46, 0.16, 0.08, shade(look.skin, 0.86))
    canvas.oval(0.5, 0.625, 0.14, 0.045, shade(look.skin, 0.82))
    canvas.oval(0.5, 0.82, 0.12, 0.03, shade(look.skin, 0.85))


def _fringe(canvas: Canvas, look: Face) -> None:
    canvas.area([(0.2, 0.46), (0.2, 0.22), (0.36, 0.09), (0.5, 0.06), (0.66, 0.09), (0.8, 0.22),
        (0.8, 0.46), (0.8, 0.46), (0.75, 0.32), (0.66, 0.24), (0.44, 0.25), (0.3, 0.27), (0.24, 0.36),
        (0.2, 0.46)], look.hair)  # fmt: skip
    canvas.line([(0.34, 0.15), (0.48, 0.11), (0.62, 0.14)], 0.012, shade(look.hair, 1.35))


def _features(canvas: Canvas, look: Face) -> None:
    dark = shade(look.hair, 0.7)
    for side in (-1, 1):
        x = 0.5 + side * 0.125
        canvas.oval(x, 0.465, 0.105, 0.048, (240, 236, 230))
        canvas.oval(x, 0.465, 0.048, 0.048, (70, 56, 44))
        canvas.oval(x, 0.465, 0.022, 0.022, (12, 10, 10))
        canvas.oval(x - 0.008, 0.457, 0.01, 0.01, (250, 250, 250))
        canvas.line([(x - 0.056, 0.462), (x, 0.436), (x + 0.056, 0.462)], 0.01, shade(look.skin, 0.35))
        canvas.line([(x - 0.07, 0.405), (x - side * -0.01, 0.385), (x + 0.07, 0.402)], 0.02, dark)
        canvas.oval(0.5 + side * 0.03, 0.637, 0.025, 0.014, shade(look.skin, 0.5))
    canvas.line([(0.485, 0.48), (0.475, 0.56), (0.462, 0.61)], 0.008, shade(look.skin, 0.8))
    _mouth(canvas, look)
    if look.glasses:
        for side in (-1, 1):
            x = 0.5 + side * 0.127
            angles = [math.tau * step / 8 for step in range(9)]
            canvas.line([(x + 0.095 * math.cos(a), 0.468 + 0.068 * math.sin(a)) for a in angles], 0.014, (24, 22, 24))
            canvas.line([(x + side * 0.1, 0.455), (0.5 + side * 0.29, 0.44)], 0.014, (24, 22, 24))
        canvas.line([(0.473, 0.455), (0.5, 0.445), (0.527, 0.455)], 0.014, (24, 22, 24))


def _mouth(canvas: Canvas, look: Face) -> None:
    up, lips = look.smile, (178, 82, 80)
    left, right, middle = (0.39, 0.745 - up), (0.61, 0.745 - up), (0.5, 0.745 + up)
    canvas.area(
        [left, left, (0.45, 0.728), (0.5, 0.735), (0.55, 0.728), right, right, (0.5, 0.775 + up), left, left], lips
    )
    if up > 0.03:
        canvas.area([(0.41, 0.748 - up * 0.6), (0.5, 0.748), (0.59, 0.748 - up * 0.6),
            (0.5, 0.752 + up), (0.41, 0.748 - up * 0.6)], (246, 242, 236))  # fmt: skip
    else:
        canvas.line([left, middle, right], 0.008, (96, 40, 42))
