"""The nearest of many rows to a few, by brute force: exact, and the same whatever else is asked at the same time."""

import numpy as np
import torch
from numpy.typing import NDArray

PART = 2048
"""Rows looked through at a time: as many as are turned into floats at once."""
SPARE = 8
"""Further rows that are measured exactly: those of nearly one distance may change places in single precision."""

Rows = NDArray[np.uint8] | NDArray[np.float16] | NDArray[np.float32]


def nearest(asked: Rows, among: Rows, count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Find the `count` rows of `among` (m, d) nearest to each of `asked` (n, d).

    Gives their squared distances and their places in `among`, both (n, count), the nearest first; fewer where there are
    fewer.
    """
    queries = torch.from_numpy(asked.astype(np.float32))
    found, places = torch.empty(len(asked), 0), torch.empty(len(asked), 0, dtype=torch.long)
    for first in range(0, len(among), PART):
        part = torch.from_numpy(np.array(among[first : first + PART], np.float32))
        distances = part.square().sum(1) - 2 * queries @ part.T  # but for |asked|², which is the same for all
        found = torch.cat([found, distances], 1)
        places = torch.cat([places, (first + torch.arange(len(part))).expand(len(asked), -1)], 1)
        found, order = found.topk(min(count + SPARE, found.shape[1]), largest=False)
        places = places.gather(1, order)
    rows = np.sort(places.numpy(), axis=1)
    exact = ((among[rows].astype(np.float64) - asked[:, None].astype(np.float64)) ** 2).sum(2)
    first_ones = np.argsort(exact, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(exact, first_ones, 1), np.take_along_axis(rows, first_ones, 1)
