"""What people keep on this machine: the names they gave to latent axes.

One JSON file, `axis_names.json`, in Zoetrope's folder of the user's data: {model: {axis: name}}.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

LONGEST_NAME = 40
_lock = threading.Lock()


def data_folder() -> Path:
    """Zoetrope's folder in the user's data, the one that also holds their own checkpoints."""
    return Path.home() / ".local" / "share" / "zoetrope"


def axis_names(model: str) -> dict[int, str]:
    """Give the names that people gave to the axes of a model, by axis."""
    names = _read().get(model, {})
    return {int(axis): name for axis, name in names.items()}


def name_axis(model: str, axis: int, name: str) -> str:
    """Keep a name for an axis and return it as kept; an empty name forgets it."""
    kept = "".join(letter for letter in " ".join(name.split()) if letter.isprintable())[:LONGEST_NAME]
    with _lock:
        everything = _read()
        names = everything.setdefault(model, {})
        if kept:
            names[str(axis)] = kept
        else:
            names.pop(str(axis), None)
        _write(everything)
    return kept


def _path() -> Path:
    return data_folder() / "axis_names.json"


def _read() -> dict[str, dict[str, str]]:
    try:
        everything = json.loads(_path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):  # a damaged file must not take the page down; it stays for its owner to see
        return {}
    return _well_formed(everything)


def _well_formed(everything: object) -> dict[str, dict[str, str]]:
    if not isinstance(everything, dict):
        return {}
    return {
        model: {axis: name for axis, name in names.items() if axis.isdigit() and isinstance(name, str)}
        for model, names in everything.items()
        if isinstance(names, dict)
    }


def _write(everything: dict[str, dict[str, str]]) -> None:
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(everything, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
