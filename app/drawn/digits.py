"""Digits as people write them: strokes of ours in several hands, framed as MNIST frames its digits.

MNIST's protocol (LeCun et al. 1998): the ink fits a box of 20 × 20 and its centre of mass lies in the middle of
28 × 28. Here everything is ten times larger, so that it stays sharp on the page, and is MNIST-like when reduced.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.drawn.pen import Stroke, smooth, written

SIDE, INK = 280, 200
FORMS: dict[int, list[list[Stroke]]] = {
    0: [
        [[(0.5, 0.1), (0.28, 0.25), (0.22, 0.52), (0.32, 0.82), (0.52, 0.9), (0.72, 0.78),
            (0.78, 0.48), (0.7, 0.2), (0.5, 0.1)]],
        [[(0.62, 0.14), (0.42, 0.1), (0.25, 0.34), (0.24, 0.66), (0.42, 0.9), (0.64, 0.84),
            (0.77, 0.58), (0.74, 0.28), (0.54, 0.09)]],
    ],
    1: [
        [[(0.5, 0.08), (0.5, 0.5), (0.5, 0.92)]],
        [[(0.36, 0.28), (0.53, 0.1), (0.53, 0.1), (0.52, 0.5), (0.52, 0.92)]],
    ],
    2: [
        [[(0.26, 0.3), (0.36, 0.13), (0.58, 0.1), (0.72, 0.26), (0.64, 0.5), (0.42, 0.74), (0.24, 0.9),
            (0.24, 0.9), (0.5, 0.88), (0.78, 0.88)]],
        [[(0.28, 0.24), (0.48, 0.1), (0.7, 0.22), (0.66, 0.46), (0.44, 0.72), (0.28, 0.86),
            (0.26, 0.74), (0.42, 0.76), (0.6, 0.88), (0.8, 0.84)]],
    ],
    3: [
        [[(0.28, 0.2), (0.48, 0.09), (0.7, 0.22), (0.62, 0.4), (0.44, 0.47), (0.44, 0.47),
            (0.66, 0.54), (0.75, 0.72), (0.56, 0.9), (0.28, 0.82)]],
        [[(0.26, 0.12), (0.5, 0.1), (0.72, 0.12), (0.72, 0.12), (0.58, 0.28), (0.46, 0.42),
            (0.46, 0.42), (0.68, 0.5), (0.76, 0.68), (0.6, 0.88), (0.28, 0.86)]],
    ],
    4: [
        [[(0.34, 0.12), (0.26, 0.36), (0.24, 0.54), (0.24, 0.54), (0.5, 0.54),
            (0.76, 0.5)], [(0.66, 0.14), (0.64, 0.5), (0.6, 0.9)]],
        [[(0.62, 0.9), (0.63, 0.5), (0.64, 0.1), (0.64, 0.1), (0.44, 0.36), (0.22, 0.62), (0.22, 0.62),
            (0.5, 0.62), (0.8, 0.6)]],
    ],
    5: [
        [[(0.72, 0.1), (0.5, 0.11), (0.34, 0.12), (0.34, 0.12), (0.32, 0.26), (0.3, 0.42), (0.3, 0.42),
            (0.52, 0.38), (0.72, 0.52), (0.7, 0.76), (0.5, 0.9), (0.26, 0.84)]],
        [[(0.36, 0.14), (0.34, 0.28), (0.34, 0.44), (0.34, 0.44), (0.6, 0.46), (0.7, 0.66),
            (0.56, 0.88), (0.28, 0.86)], [(0.36, 0.14), (0.56, 0.13), (0.76, 0.1)]],
    ],
    6: [
        [[(0.62, 0.1), (0.42, 0.28), (0.29, 0.54), (0.3, 0.8), (0.5, 0.91), (0.7, 0.78), (0.66, 0.58),
            (0.46, 0.54), (0.3, 0.7)]],
        [[(0.52, 0.08), (0.36, 0.36), (0.3, 0.66), (0.4, 0.88), (0.6, 0.86), (0.68, 0.7), (0.56, 0.56),
            (0.38, 0.62), (0.32, 0.76)]],
    ],
    7: [
        [[(0.24, 0.14), (0.5, 0.13), (0.76, 0.12), (0.76, 0.12), (0.6, 0.42), (0.5, 0.66), (0.44, 0.92)]],
        [[(0.26, 0.16), (0.5, 0.15), (0.74, 0.12), (0.74, 0.12), (0.58, 0.5),
            (0.42, 0.92)], [(0.36, 0.52), (0.54, 0.5), (0.72, 0.5)]],
    ],
    8: [
        [[(0.68, 0.2), (0.5, 0.09), (0.32, 0.22), (0.4, 0.4), (0.6, 0.54), (0.7, 0.74), (0.52, 0.91),
            (0.32, 0.78), (0.4, 0.56), (0.62, 0.38), (0.68, 0.2)]],
        [[(0.5, 0.46), (0.34, 0.32), (0.38, 0.14), (0.56, 0.09), (0.68, 0.24), (0.5, 0.46),
            (0.32, 0.64), (0.34, 0.84), (0.54, 0.91), (0.7, 0.78), (0.66, 0.6), (0.5, 0.46)]],
    ],
    9: [
        [[(0.68, 0.22), (0.5, 0.1), (0.32, 0.26), (0.36, 0.46), (0.54, 0.5), (0.68, 0.34), (0.69, 0.2),
            (0.69, 0.2), (0.67, 0.54), (0.6, 0.92)]],
        [[(0.66, 0.16), (0.44, 0.1), (0.3, 0.3), (0.42, 0.46), (0.62, 0.36), (0.68, 0.15),
            (0.68, 0.15), (0.7, 0.5), (0.6, 0.84), (0.36, 0.88)]],
    ],
}  # fmt: skip
"""The two ways in which most people write each digit."""


@dataclass(frozen=True)
class Hand:
    """How somebody writes: which form, how far it leans, how wide it is, the pen, and how steady."""

    name: str
    alt: str
    form: int
    slant: float  # to the right, for each unit upwards
    breadth: float
    pen: float
    tremble: float
    seed: int


HANDS = (
    Hand("upright", "an upright hand", form=0, slant=0.0, breadth=1.0, pen=0.085, tremble=0.008, seed=1),
    Hand(
        "leaning",
        "a thin hand that leans to the right",
        form=1,
        slant=0.28,
        breadth=0.9,
        pen=0.07,
        tremble=0.015,
        seed=2,
    ),
    Hand("broad", "a broad hand with a thick pen", form=0, slant=0.12, breadth=1.15, pen=0.12, tremble=0.02, seed=3),
)


def digit(number: int, hand: Hand) -> NDArray[np.uint8]:
    """Draw a digit in somebody's hand, uint8 (280, 280), white on black."""
    chance = np.random.default_rng([hand.seed, number])
    curves = [_in_hand(smooth(stroke), hand, chance) for stroke in FORMS[number][hand.form]]
    return framed(written(curves, hand.pen, SIDE * 2))


def _in_hand(curve: NDArray[np.float64], hand: Hand, chance: np.random.Generator) -> NDArray[np.float64]:
    x, y = (curve - 0.5).T
    x = x * hand.breadth - hand.slant * y
    phase, pitch = chance.uniform(0, 2 * np.pi, 2), chance.uniform(5, 9, 2)  # waves of a hand that is not quite steady
    x = x + hand.tremble * np.sin(pitch[0] * y + phase[0])
    y = y + hand.tremble * np.sin(pitch[1] * x + phase[1])
    return np.stack([x, y], 1) * 0.8 + 0.5


def framed(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Frame white ink on black as MNIST does, uint8 (280, 280)."""
    rows, columns = np.flatnonzero(ink.max(1) > 0), np.flatnonzero(ink.max(0) > 0)
    tight = Image.fromarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = INK / max(tight.size)
    size = max(1, round(tight.width * scale)), max(1, round(tight.height * scale))
    fitted = np.asarray(tight.resize(size, Image.Resampling.LANCZOS))
    y, x = (round(SIDE / 2 - centre) for centre in _centre_of_mass(fitted))
    top, left = min(max(y, 0), SIDE - size[1]), min(max(x, 0), SIDE - size[0])
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    canvas[top : top + size[1], left : left + size[0]] = fitted
    return canvas


def _centre_of_mass(ink: NDArray[np.uint8]) -> tuple[float, float]:
    weight = ink.astype(float)
    y, x = np.indices(ink.shape) + 0.5
    return float((weight * y).sum() / weight.sum()), float((weight * x).sum() / weight.sum())
