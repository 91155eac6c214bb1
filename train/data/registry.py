"""The data sets by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.errors import UnknownName

from .base import Dataset
from .celeba import open_celeba
from .fixed import open_digits, open_fashion, open_frey, open_mnist
from .folders import open_folder
from .packs import open_pack
from .plane import PLANES, open_plane
from .search import Query, Shape
from .sprites import open_sprites
from .stacked import open_stacked

DATASETS: dict[str, Callable[[Query], Dataset]] = {
    "frey": open_frey,
    "mnist": open_mnist,
    "fashion": open_fashion,
    "celeba": open_celeba,
    "sprites": open_sprites,
    "digits": open_digits,
    **dict.fromkeys(PLANES, open_plane),
    "stacked-mnist": open_stacked,
    "folder:PATH": open_folder,
    "pack:PATH": open_pack,
}


def open_data(name: str, folder: Path | None = None, shape: Shape | None = None, download: bool = False) -> Dataset:
    """Open a data set by its name, whole, in memory.

    It is looked for in `folder` alone if given, else in ./data, ../shared/data and the person's own data folder.
    `shape` (channel, height, width) resizes folder:, pack:, digits and celeba; the others have one shape only.
    Raises UnknownName, MissingData, BadValue or BadPicture.
    """
    kind, colon, path = name.partition(":")
    key = f"{kind}:PATH" if colon and path else name
    if key not in DATASETS:
        raise UnknownName("data set", name, DATASETS)
    return DATASETS[key](Query(name, folder, shape, download))
