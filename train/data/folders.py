"""Anybody's folder of pictures; sub-folders are classes."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.errors import BadPicture, MissingData

from .base import Dataset, Split
from .pictures import Bytes, fill, read_picture
from .search import Query, Shape, locate, picture_shape
from .splits import cut, hashed

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".avif")
TERMS = "the owner's own pictures"

log = logging.getLogger(__name__)


def open_folder(query: Query) -> Dataset:
    """Open `folder:PATH`, every picture under it resized to one shape (64×64 colour unless told otherwise).

    Sub-folders are classes if every picture lies in one. A tenth is test, chosen by the hash of the relative path.
    Files that cannot be read are named in one warning; MissingData is raised where none can.
    """
    root = locate(query, "folder")
    shape = picture_shape(query, (3, 64, 64))
    names = picture_files(root)
    pictures, faults = read_files(root, names, shape)
    if faults:
        log.warning(_complaint(root, names, faults))
    if len(faults) == len(names):
        raise MissingData(f"There is no picture that can be read in {root}. Accepted are {' '.join(SUFFIXES)}.")
    read = [i for i, name in enumerate(names) if name not in faults]
    y, labels = classes([names[i] for i in read])
    whole = Split(torch.from_numpy(pictures[read] if faults else pictures), y)
    return cut(query.name, whole, hashed([names[i] for i in read]), labels, TERMS, shape)


def picture_files(root: Path) -> list[str]:
    """Return the relative paths of all files that call themselves pictures, sorted, hidden ones left out."""
    names = []
    for folder, below, files in os.walk(root):
        below[:] = [name for name in below if not name.startswith(".")]
        names += [Path(folder, name).relative_to(root).as_posix() for name in files if _is_picture(name)]
    return sorted(names)


def _is_picture(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def read_files(root: Path, names: Sequence[str], shape: Shape) -> tuple[Bytes, dict[str, str]]:
    """Return the pictures, uint8 (N, *shape), and, for each that cannot be read, the reason."""
    faults: dict[str, str] = {}

    def read(i: int) -> Bytes | int:
        try:
            return read_picture(root / names[i], shape)
        except BadPicture as error:
            faults[names[i]] = str(error)
            return 0

    return fill(np.empty((len(names), *shape), np.uint8), read), faults


def _complaint(root: Path, names: Sequence[str], faults: dict[str, str]) -> str:
    listed = "; ".join(f"{name}: {faults[name]}" for name in sorted(faults)[:20])
    more = f"; and {len(faults) - 20} more" if len(faults) > 20 else ""
    return f"{len(faults)} of {len(names)} files in {root} cannot be read and are left out ({listed}{more})"


def classes(names: Sequence[str]) -> tuple[Tensor | None, tuple[str, ...]]:
    """Return the class of each file, its first folder, and the class names; none if a file lies in no sub-folder."""
    folders = [name.split("/")[0] for name in names if "/" in name]
    if len(folders) < len(names):
        return None, ()
    labels = tuple(sorted(set(folders)))
    return torch.tensor([labels.index(folder) for folder in folders]), labels
