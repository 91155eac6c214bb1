"""Path files: a walk through key latents as JSON, read strictly, because people who open one trust its pictures.

{"format": 1, "model": "mnist-vae", "weights": "9f…", "way": "spherical", "easing": "keys", "pace": "time",
 "loop": true, "seconds": 6.0, "fps": 30,
 "keys": [{"z": [0.3, …], "y": null, "origin": {"kind": "seed", "seed": 7, "truncation": 1.0, "name": ""}}, …]}
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import schema
from engine.checkpoints.card import Card
from engine.checkpoints.catalogue import Catalogue
from engine.errors import BadValue
from engine.latent.interpolation import INTERPOLATIONS, Array
from engine.latent.path import EASINGS, PACES, LatentPath, moments

FORMAT = 1
KEYS = (2, 64)
SECONDS = (0.5, 60.0)
RATES = (10, 12, 15, 20, 24, 25, 30, 50, 60)
LARGEST = 100.0
"""No prior and no code lies this far out on any axis; a value beyond is a slip of the pen."""
MAX_FILE = 2 << 20
ORIGINS = ("seed", "bookmark", "picture", "latent")
WEIGHTS = "weights.safetensors"


@dataclass(frozen=True)
class Origin:
    """How a key came about; for the reader, its latent is what counts."""

    kind: str = "latent"  # one of ORIGINS
    seed: int | None = None
    truncation: float | None = None
    name: str = ""  # of a bookmark or a picture


@dataclass(frozen=True)
class Key:
    """A latent that the path goes through, and the class that is shown there."""

    z: tuple[float, ...]
    y: int | None = None
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True)
class Path:
    """A walk through the latent space of a model, and how long it takes."""

    model: str
    keys: tuple[Key, ...]
    way: str = "spherical"  # a row of INTERPOLATIONS
    easing: str = "keys"  # a row of EASINGS
    pace: str = "time"  # one of PACES
    loop: bool = False
    seconds: float = 6.0
    fps: int = 30
    weights: str = ""  # SHA-256 of those it was made with
    format: int = FORMAT

    @property
    def frames(self) -> int:
        """How many pictures its film has."""
        return max(2, round(self.seconds * self.fps))

    def latents(self) -> tuple[Array, NDArray[np.int64] | None]:
        """Return z of every frame, float32 (frames, latent), and its class where the keys have classes."""
        path = LatentPath(
            np.array([key.z for key in self.keys], np.float32), self.way, self.easing, self.pace, self.loop
        )
        times = moments(self.frames, self.loop)
        labels = [key.y for key in self.keys]
        if None in labels:
            return path.at(times), None
        return path.at(times), np.array(labels, np.int64)[path.nearest(times)]


def to_json(path: Path) -> bytes:
    """Write a path file; read again, it gives the same frames to the last bit."""
    return (json.dumps(dataclasses.asdict(path), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def from_json(text: bytes, catalogue: Catalogue) -> tuple[Path, list[str]]:
    """Read a path file for the models that are here; with sentences on what differs from when it was written.

    Raises a ZoetropeError that says what is wrong with it.
    """
    try:
        path: Path = schema.read(_fields(text), Path, "path")
    except OverflowError:
        raise BadValue("The path holds a number of hundreds of digits. Mend the file, or write it again.") from None
    card = catalogue.able(path.model, "decodes")
    _check_walk(path)
    for number, key in enumerate(path.keys, 1):
        _check_key(key, number, card)
    keys = path.keys if card.classes else tuple(dataclasses.replace(key, y=None) for key in path.keys)
    weights = card.digests.get(WEIGHTS, "")
    notices = []
    if path.weights and path.weights != weights:
        notices.append(f"The path was made with other weights of {card.title}, so its pictures may differ.")
    return dataclasses.replace(path, keys=keys, weights=weights), notices


def _fields(text: bytes) -> dict[str, Any]:
    if len(text) > MAX_FILE:
        raise BadValue(f"The file has {len(text) >> 20} MB; a path file has at most {MAX_FILE >> 20} MB.")
    try:
        fields = json.loads(text.decode("utf-8-sig"), parse_constant=_infinite)
        json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadValue(
            "The path holds half of a letter (a lone surrogate). Mend the file, or write it again."
        ) from None
    except (ValueError, RecursionError):
        raise BadValue("This is no path file: it is not JSON. Choose one that Morph has written.") from None
    if not isinstance(fields, dict) or not {"format", "model", "keys"} <= fields.keys():
        raise BadValue("This is no path file: it has no format, model and keys. Choose one that Morph has written.")
    if isinstance(fields["format"], int) and fields["format"] > FORMAT:
        raise BadValue(f"The path has format {fields['format']}; this version reads up to {FORMAT}. Update Zoetrope.")
    return fields


def _infinite(word: str) -> float:
    raise BadValue(f"The path holds {word}, which is not a finite number. Mend the file, or write it again in Morph.")


def _check_walk(path: Path) -> None:
    for name, value, known in (
        ("way", path.way, INTERPOLATIONS),
        ("easing", path.easing, EASINGS),
        ("pace", path.pace, PACES),
        ("fps", path.fps, RATES),
        ("format", path.format, [FORMAT]),
    ):
        if value not in known:
            raise BadValue(f"The path's {name} is {str(value)[:40]!r}; it can be {', '.join(map(str, known))}.")
    if not KEYS[0] <= len(path.keys) <= KEYS[1]:
        raise BadValue(f"The path has {len(path.keys)} keys; it goes through {KEYS[0]} to {KEYS[1]}.")
    if not SECONDS[0] <= path.seconds <= SECONDS[1]:
        raise BadValue(f"The path takes {path.seconds:g} s; it can take {SECONDS[0]:g} to {SECONDS[1]:g} s.")


def _check_key(key: Key, number: int, card: Card) -> None:
    if len(key.z) != card.latent:
        raise BadValue(f"Key {number} has {len(key.z)} latents; {card.title} has {card.latent}.")
    for axis, value in enumerate(key.z):
        if not (math.isfinite(value) and abs(value) <= LARGEST):
            raise BadValue(f"Key {number} has {value:g} at z{axis}; latents lie within ±{LARGEST:g}.")
    classes = len(card.classes)
    if classes and not (key.y is not None and 0 <= key.y < classes):
        raise BadValue(f"Key {number} has class {key.y}; {card.title} has classes 0 to {classes - 1}.")
    if key.origin.kind not in ORIGINS:
        raise BadValue(f"Key {number} comes from {key.origin.kind[:40]!r}; a key is a {', a '.join(ORIGINS)}.")


def file_name(path: Path, ending: str) -> str:
    """Name the file of a path or of its film, in letters that every system takes."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.model)
    return f"zoetrope-{name}-{path.way}-{path.seconds:g}s.{ending}"
