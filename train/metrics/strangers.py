"""Pictures that a model never learnt from: those of other data, and its own test pictures after a change.

A change that moves pixels keeps, nearly, the size of a picture's file, and equal files keep it to the bit: what a score
tells there is no detail that a codec measures as well.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.outliers import Numbers
from engine.image_grid import Bytes

Rows = NDArray[np.int64]
BLOCKS = 4  # a side, of a picture that is cut up


@dataclass(frozen=True)
class Kind:
    """Other data, all of them or those whose files are as large as a model's own; or its own pictures, changed."""

    data: str = ""
    equal: bool = False
    change: Callable[[Bytes], Bytes] | None = None


def mirrored_halves(pictures: Bytes) -> Bytes:
    """Put the mirror image of the left half in place of the right one."""
    made, half = pictures.copy(), pictures.shape[2] // 2
    made[:, :, -half:] = pictures[:, :, :half][:, :, ::-1]
    return made


def scrambled(pictures: Bytes) -> Bytes:
    """Cut each picture into BLOCKS × BLOCKS and lay these in another order; what is over at the edges stays."""
    count, height, width, channels = pictures.shape
    down, across = height // BLOCKS, width // BLOCKS
    made, random = pictures.copy(), np.random.default_rng(0)
    inner = made[:, : BLOCKS * down, : BLOCKS * across]
    grid = inner.reshape(count, BLOCKS, down, BLOCKS, across, channels).swapaxes(2, 3)
    blocks = grid.reshape(count, BLOCKS**2, down, across, channels)
    mixed = np.stack([each[random.permutation(BLOCKS**2)] for each in blocks])
    inner[:] = mixed.reshape(grid.shape).swapaxes(2, 3).reshape(inner.shape)
    return made


KINDS = {
    "mnist": Kind("mnist"),
    "fashion": Kind("fashion"),
    "celeba": Kind("celeba"),
    "mnist of equal size": Kind("mnist", equal=True),
    "fashion of equal size": Kind("fashion", equal=True),
    "upside-down": Kind(change=lambda pictures: pictures[:, ::-1]),
    "mirrored": Kind(change=lambda pictures: pictures[:, :, ::-1]),
    "on its side": Kind(change=lambda pictures: np.rot90(pictures, axes=(1, 2))),
    "mirrored halves": Kind(change=mirrored_halves),
    "scrambled": Kind(change=scrambled),
}
ANY = ("scrambled", "upside-down")
STRANGERS = {
    "fashion": ("mnist", "mnist of equal size", "upside-down", "scrambled"),
    "mnist": ("fashion", "fashion of equal size", "mirrored", "on its side"),
    "celeba": ("upside-down", "scrambled", "mirrored halves"),
    "frey": ("celeba", "scrambled", "upside-down", "mirrored halves"),
}
"""Kinds by the data that a model learnt from, the first of them the classical one; for all other data those of ANY."""


def equal_sizes(own: Numbers, others: Numbers) -> tuple[Rows, Rows]:
    """Choose as many of either kind of every size that both have, by their sizes: rows of each, the first that come."""
    both = np.intersect1d(own, others)
    pairs = [(np.flatnonzero(own == size), np.flatnonzero(others == size)) for size in both]
    chosen = [(one[: len(other)], other[: len(one)]) for one, other in pairs]
    none = np.empty(0, np.int64)
    return np.concatenate([none, *(one for one, _ in chosen)]), np.concatenate([none, *(other for _, other in chosen)])
