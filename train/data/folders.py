"""Anybody's folder of pictures; sub-folders are classes, and train, val and test are splits."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import picture_files
from engine.errors import BadPicture, MissingData
from engine.picture_files import FORMATS, HEAD, SUFFIXES

from .base import Dataset, Split
from .pictures import Bytes, fill, read_noted
from .search import Query, Shape, legible, locate, picture_shape
from .splits import TEST, TRAIN, VALIDATION, Parts, cut, hashed, partitioned, with_every_class

TERMS = "the owner's own pictures"
SPLITS = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing"), TEST),
}
NAMED = 20  # of each kind that is left out
HEIC = "; .heic needs the package pillow-heif"

log = logging.getLogger(__name__)


@dataclass
class Found:
    """What lies in a folder: paths relative to it, sorted, and what is left out."""

    names: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)  # files that are no pictures of a kind that is taken
    closed: list[str] = field(default_factory=list)  # folders that may not be looked into
    seen: list[str] = field(default_factory=list)  # links to folders that are read elsewhere, or that they lie in


def open_folder(query: Query) -> Dataset:
    """Open `folder:PATH`, every picture under it resized to one shape (64×64 colour unless told otherwise).

    Folders called train, val and test are splits, where all at the top are; else a tenth is test, chosen by the hash
    of the relative path. Other sub-folders are classes. What is left out is said in one warning, with counts;
    MissingData is raised where no picture can be read.
    """
    root = locate(query, "folder")
    shape = picture_shape(query, (3, 64, 64))
    found = look(root)
    pictures, faults, notes = read_files(root, found.names, shape)
    read = [i for i, name in enumerate(found.names) if name not in faults]
    laid = layout([found.names[i] for i in read])
    remarked = [*left_out(root, found, faults), *remarks(root, laid, notes)]
    if not read:
        why = f" ({'; '.join(remarked)})" if remarked else ""
        raise MissingData(
            f"There is no picture that can be read in {legible(str(root))}{why}. Accepted are {' '.join(SUFFIXES)}."
        )
    if remarked:
        log.warning("; ".join(remarked))
    rows = [read[i] for i in laid.rows]
    whole = Split(torch.from_numpy(pictures if len(rows) == len(pictures) else pictures[rows]), laid.y)
    return cut(query.name, whole, parts(laid, [found.names[i] for i in rows]), laid.labels, TERMS, shape)


def parts(laid: Layout, names: Sequence[str]) -> Parts:
    """Return the folder's own splits, where it has such; else a tenth is test."""
    if laid.partition is None:
        return with_every_class(hashed(names), laid.y)
    own = partitioned(laid.partition)
    if own.test.any():
        return own
    training = np.flatnonzero(own.train)
    held = training[hashed([names[i] for i in training.tolist()]).test]
    own.test[held], own.train[held] = True, False
    return own


# What there is


def look(root: Path) -> Found:
    """Look for pictures, by their endings or else by how they begin; hidden files and folders are left aside.

    Links to folders are followed, after all that lies here itself. Each folder is read once, so there are no loops.
    """
    found, starts, read = Found(), [str(root)], set[tuple[int, int]]()
    while starts:
        for folder, below, files in os.walk(starts.pop(0), onerror=lambda error: _note_closed(found, root, error)):
            if (place := _identity(folder)) in read or (folder != str(root) and _holds(folder, root)):
                found.seen.append(_relative(folder, root))
                below.clear()
                continue
            read.add(place)
            below[:] = sorted(name for name in below if not name.startswith("."))
            starts += [path for name in below if os.path.islink(path := os.path.join(folder, name))]
            for path in (os.path.join(folder, name) for name in files if not name.startswith(".")):
                (found.names if is_picture(path) else found.others).append(_relative(path, root))
    found.names.sort()
    return found


def _identity(folder: str) -> tuple[int, int]:
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def _holds(folder: str, root: Path) -> bool:
    """Whether a folder is one that the root lies in: a link upwards."""
    return Path(os.path.realpath(folder)) in Path(os.path.realpath(root)).parents


def _note_closed(found: Found, root: Path, error: OSError) -> None:
    found.closed.append(_relative(str(error.filename), root))


def _relative(path: str, root: Path) -> str:
    return Path(path).relative_to(root).as_posix()


def is_picture(path: str) -> bool:
    """Whether a file is a picture of a kind that is taken, by its ending or by how it begins."""
    if os.path.exists(path) and not os.path.isfile(path):
        return False  # a pipe, say, which would be waited for
    if path.lower().endswith(SUFFIXES):
        return True
    try:
        with open(path, "rb") as file:
            return picture_files.kind(file.read(HEAD)) in FORMATS
    except OSError:
        return False


def read_files(root: Path, names: Sequence[str], shape: Shape) -> tuple[Bytes, dict[str, str], dict[str, str]]:
    """Return the pictures, uint8 (N, *shape); for each that cannot be read the reason; and for each stretched, how."""
    faults: dict[str, str] = {}
    notes: dict[str, str] = {}

    def read(i: int) -> Bytes | int:
        try:
            picture, note = read_noted(root / names[i], shape)
        except BadPicture as error:
            faults[names[i]] = str(error)
            return 0
        if note:
            notes[names[i]] = note
        return picture

    return fill(np.empty((len(names), *shape), np.uint8), read), faults, notes


# What it means


@dataclass(frozen=True, eq=False)
class Layout:
    """What the folders of some pictures say of them: the rows that are kept, and of each its split and its class."""

    rows: list[int]
    stray: list[str]  # pictures that lie beside the folders that say something
    left: bool  # whether those are left out; else they mean that there are no classes
    partition: NDArray[np.int64] | None
    y: Tensor | None
    labels: tuple[str, ...]


def layout(names: Sequence[str]) -> Layout:
    """Read relative paths: folders at the top that are called train, val or test are splits, and others classes."""
    tops = [name.split("/")[0].lower() if "/" in name else "" for name in names]
    own = {SPLITS.get(top) for top in tops if top}
    if TRAIN not in own or (None in own and len(own) < 3):  # a train among cars and buses is a class
        return sorted_in_classes(names)
    inside = [i for i, top in enumerate(tops) if top in SPLITS]
    laid = sorted_in_classes([names[i].partition("/")[2] for i in inside])
    rows = [inside[i] for i in laid.rows]
    outside = [name for name, top in zip(names, tops, strict=True) if top not in SPLITS]
    partition = np.array([SPLITS[tops[i]] for i in rows])
    return replace(laid, rows=rows, stray=[*outside, *laid.stray], left=laid.left or bool(outside), partition=partition)


def sorted_in_classes(names: Sequence[str]) -> Layout:
    """Take the first folder of each path for its class.

    Files beside two such folders or more are left out, where they are the fewer; else they mean that there are none.
    """
    folders = {i: name.split("/")[0] for i, name in enumerate(names) if "/" in name}
    stray = [name for name in names if "/" not in name]
    found = sorted(set(folders.values()))
    if not found or (stray and (len(found) < 2 or len(stray) >= len(folders))):
        return Layout(list(range(len(names))), stray if found else [], False, None, None, ())
    y = torch.tensor([found.index(folder) for folder in folders.values()])
    return Layout(list(folders), stray, bool(stray), None, y, tuple(map(legible, found)))


# What is said of it


def left_out(root: Path, found: Found, faults: dict[str, str]) -> list[str]:
    """Say what of a folder is not read, and why."""
    reasons = [f"{name}: {faults[name]}" for name in sorted(faults)]
    endings = Counter(PurePosixPath(name).suffix.lower() or "without ending" for name in found.others)
    kinds = [f"{count} {ending}" for ending, count in endings.most_common()]
    hint = "" if "HEIF" in FORMATS or not {".heic", ".heif", ".hif"} & set(endings) else HEIC
    where = legible(str(root))
    return [
        *counted(reasons, f"of {len(found.names)} files in {where} cannot be read and are left out", NAMED),
        *counted(kinds, f"of other kinds in {where}, left out{hint}", NAMED, len(found.others), "file"),
        *counted(found.closed, f"in {where} without permission to look inside, left out", NAMED, what="folder"),
        *counted(
            found.seen, f"in {where} to folders that are read already or lie above, not followed", NAMED, what="link"
        ),
    ]


def remarks(root: Path, laid: Layout, notes: dict[str, str]) -> list[str]:
    """Say what of a folder is not taken as it lies there."""
    where = legible(str(root))
    fate = "left out" if laid.left else "so that there are no classes"
    return [
        *counted(laid.stray, f"beside the sub-folders of {where}, {fate}", NAMED, what="picture"),
        *counted(
            [f"{name}: {notes[name]}" for name in sorted(notes)],
            f"with more than 8 bits in {where}",
            NAMED,
            what="picture",
        ),
    ]


def counted(names: Sequence[str], words: str, most: int, count: int = 0, what: str = "") -> list[str]:
    """Return a clause that counts some things and names the first of them; [] for none."""
    if not names:
        return []
    count = count or len(names)
    things = f" {what}{'s' if count != 1 else ''}" if what else ""
    more = f"; and {len(names) - most} more" if len(names) > most else ""
    return [f"{count}{things} {words} ({'; '.join(map(legible, names[:most]))}{more})"]
