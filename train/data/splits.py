"""How a set without an official test split gets one: by a hash, so that it never changes as pictures come and go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .base import Dataset, Split
from .search import Shape

Mask = NDArray[np.bool_]
TRAIN, VALIDATION, TEST = 0, 1, 2  # in a column that says of each picture where it belongs


@dataclass(frozen=True, eq=False)
class Parts:
    """Which rows are for training, for testing and, where there is such a split, for validation."""

    train: Mask
    test: Mask
    validation: Mask | None = None


def hashed(keys: Sequence[str]) -> Parts:
    """Hold out about a tenth for the test, chosen by each key's hash; at least one of several, never all."""
    hashes = np.array([int.from_bytes(blake2b(_bytes(key), digest_size=4).digest(), "big") for key in keys])
    test = hashes % 10 == 0
    if len(keys) > 1 and not test.any():
        test[hashes.argmin()] = True
    if test.all():
        test[hashes.argmax()] = False
    return Parts(~test, test)


def partitioned(partition: NDArray[np.integer]) -> Parts:
    """Follow a column of 0 (train), 1 (validation), 2 (test)."""
    return Parts(partition == TRAIN, partition == TEST, partition == VALIDATION)


def with_every_class(parts: Parts, y: Tensor | None) -> Parts:
    """Return back to training what the hash took of a class whole, as long as something is left for the test."""
    if y is None:
        return parts
    for label in range(int(y.max()) + 1):
        own = (y == label).numpy()
        if not (own & parts.train).any() and (parts.test & ~own).any():
            parts = Parts(parts.train | own, parts.test & ~own)
    return parts


def cut(name: str, whole: Split, parts: Parts, labels: tuple[str, ...], terms: str, shape: Shape) -> Dataset:
    """Return the data set of a whole cut in its parts."""
    train, test = (whole.take(torch.from_numpy(rows)) for rows in (parts.train, parts.test))
    validation = parts.validation
    held = None if validation is None or not validation.any() else whole.take(torch.from_numpy(validation))
    return Dataset(name, train, test, held, labels, terms, shape)


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogateescape")  # file names need not be valid text
