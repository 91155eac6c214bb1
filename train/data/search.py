"""Where data is looked for, and what to say when it is not there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.errors import BadValue, MissingData
from engine.user_dir import data_folder

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Query:
    """What was asked of `open_data`: which set, where to look, in which shape, and whether it may be fetched."""

    name: str
    folder: Path | None = None
    shape: Shape | None = None
    download: bool = False


def data_folders(folder: Path | None) -> list[Path]:
    """Return the folders searched, in order: the given one alone, else that of ZOETROPE_DATA, else the usual places."""
    if folder is not None:
        return [at_home(Path(folder))]
    if named := os.environ.get("ZOETROPE_DATA"):
        return [at_home(Path(named))]
    return [Path("data"), Path("../shared/data"), own_folder()]


def own_folder() -> Path:
    """Return the folder of a person's own data sets."""
    return data_folder() / "data"


def download_folder(query: Query) -> Path:
    """Return where downloads go: the given folder, else the person's own."""
    return own_folder() if query.folder is None else data_folders(query.folder)[0]


def find(query: Query, pattern: str, fetch: str) -> list[Path]:
    """Return the paths matching `pattern` in the first folder that has any, sorted; `fetch` tells how to get them.

    Raises MissingData, one sentence, where no folder has one.
    """
    paths = search(query, pattern)
    if not paths:
        raise missing(query, pattern, fetch)
    return paths


def search(query: Query, pattern: str) -> list[Path]:
    """Return the paths matching `pattern` in the first folder that has any, sorted; empty where none has."""
    for folder in data_folders(query.folder):
        if paths := sorted(folder.glob(pattern)):
            return paths
    return []


def at_home(path: Path) -> Path:
    """Return a path whose ~ is a home folder. Raises MissingData where there is none."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise MissingData(f"{path} lies in a home folder not known here: set HOME, or give it whole.") from error


def locate(query: Query, kind: str) -> Path:
    """Return the existing path named by `folder:PATH` or `pack:PATH`, seen from here or from a data folder."""
    given = Path(query.name.partition(":")[2])
    given = at_home(given)
    places = [place / given for place in (Path(), *data_folders(query.folder))]
    if found := next((path for path in places if (path.is_dir() if kind == "folder" else path.is_file())), None):
        return found
    raise MissingData(f"There is no {kind} {given}. Give its path, from here or from the folder of --data-dir.")


def missing(query: Query, pattern: str, fetch: str) -> MissingData:
    """Return the error that says what was looked for, where, and how to get it."""
    places = ", ".join(str(folder) for folder in data_folders(query.folder))
    return MissingData(f"The data set '{query.name}' needs {pattern}, which is not in {places}: {fetch}.")


def require_shape(query: Query, shape: Shape) -> None:
    """Raise BadValue if a data set of fixed size was asked for in another one."""
    if query.shape is not None and tuple(query.shape) != shape:
        raise BadValue(
            f"The {query.name} pictures are {times(shape)}, the model expects {times(query.shape)}: "
            f"set the model's shape to {shape}, or train on folder:PATH, whose pictures are resized."
        )


def picture_shape(query: Query, default: Shape) -> Shape:
    """Return the shape asked for, or the default; raises BadValue unless it is 1 or 3 channels and positive sizes."""
    shape = default if query.shape is None else query.shape
    if len(shape) != 3 or shape[0] not in (1, 3) or min(shape) < 1:
        raise BadValue(f"Pictures cannot be {times(shape)}: ask for 1 or 3 channels and a size, as in (3, 64, 64).")
    return shape


def legible(name: str) -> str:
    """Return a file's name as text for people: one line, and what is no UTF-8 as its bytes."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def times(shape: tuple[int, ...]) -> str:
    """Return a shape the way people write it, 1×28×20."""
    return "×".join(str(size) for size in shape)
