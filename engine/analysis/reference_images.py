"""Real pictures, where a person has put them on this machine: to be told from made ones, and to look for neighbours in.

`zoetrope-train gather DATA` writes them: an npz file of plain arrays, not compressed, which is mapped into memory, so
that only the pictures that are looked at are read. Nothing in it is unpickled.

    train, test                uint8 (n, height, width, channel)
    train_labels, test_labels  int16 (n,), where the data has classes

Beside it lies a file for each classifier of the data: what it sees in the training pictures, float16 (n, feature),
named by the digest of its weights, since those of others say nothing.
"""

import re
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadValue, MissingData
from engine.user_dir import data_folder

Bytes = NDArray[np.uint8]
Labels = NDArray[np.int16]
Shape = tuple[int, int, int]
LOCAL_HEADER = 30  # bytes of a zip file before a member's name; two lengths stand at 26


@dataclass(frozen=True, eq=False)
class ReferenceImages:
    """The gathered pictures of a data set in one shape."""

    train: Bytes
    test: Bytes
    train_labels: Labels | None = None
    test_labels: Labels | None = None

    def sample(self, seeds: Sequence[int], y: NDArray[np.int64] | None = None) -> Bytes:
        """Draw test pictures (n, height, width, channel), each by its own seed; of class y where it is 0 or more."""
        classes = np.full(len(seeds), -1) if y is None else y
        rows = [self._row(seed, int(wanted)) for seed, wanted in zip(seeds, classes, strict=True)]
        return np.array(self.test[rows])

    def _row(self, seed: int, wanted: int) -> int:
        rows = np.arange(len(self.test))
        if wanted >= 0 and self.test_labels is not None and (self.test_labels == wanted).any():
            rows = np.flatnonzero(self.test_labels == wanted)
        return int(rows[np.random.default_rng(seed).integers(len(rows))])


def folder() -> Path:
    """Where gathered pictures lie: beside the person's own data sets."""
    return data_folder() / "data" / "gallery"


def place_of(data: str, shape: Sequence[int]) -> Path:
    """Name the file of a data set's pictures (channel, height, width)."""
    word = re.sub(r"[^a-z0-9]+", "-", data.lower()).strip("-")
    return folder() / f"{word}-{'x'.join(map(str, shape))}.npz"


def save(path: Path, images: ReferenceImages) -> None:
    """Write pictures, whole or not at all."""
    arrays = {name: array for name, array in vars(images).items() if array is not None}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("wb") as file:
            np.savez(file, **arrays)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def features_of(data: str, shape: Sequence[int], digest: str) -> Path:
    """Name the file of what the classifier with these weights sees in the training pictures."""
    path = place_of(data, shape)
    return path.with_name(f"{path.stem}.features-{digest[:12]}.npy")


def save_features(path: Path, features: NDArray[np.float16]) -> None:
    """Write features, whole or not at all."""
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("wb") as file:
            np.save(file, features)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def load_features(data: str, shape: Sequence[int], digest: str, count: int) -> NDArray[np.float16]:
    """Open the features of `count` training pictures, (count, feature). Raises MissingData where they do not fit."""
    try:
        features = np.load(features_of(data, shape, digest), "r", allow_pickle=False)
    except (OSError, ValueError):
        features = np.zeros((0, 0), np.float16)
    if features.dtype != np.float16 or features.ndim != 2 or len(features) != count:
        raise MissingData(
            f"What the classifier of {data} sees in the training pictures is not on this machine. "
            f"Gather it: {command(data, shape)}"
        )
    return features


def load(data: str, shape: Sequence[int]) -> ReferenceImages:
    """Open the pictures of a data set. Raises MissingData where there are none, BadValue for a broken file."""
    path = place_of(data, shape)
    if not path.is_file():
        raise MissingData(f"The pictures of {data} are not on this machine. Gather them: {command(data, shape)}")
    try:
        images = _checked(_mapped(path), tuple(shape))
    except (OSError, ValueError, KeyError, struct.error, zipfile.BadZipFile) as error:
        raise BadValue(
            f"{path} holds no gathered pictures ({error}). Gather them again: {command(data, shape)}"
        ) from error
    return images


def command(data: str, shape: Sequence[int]) -> str:
    """Say how a person gets the pictures, in one line."""
    return f"zoetrope-train gather {data} --shape {' '.join(map(str, shape))}"


def _mapped(path: Path) -> dict[str, NDArray[Any]]:
    """Map every array of an npz file that is not compressed."""
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        return {info.filename.removesuffix(".npy"): _array(path, file, info) for info in archive.infolist()}


def _array(path: Path, file: Any, info: zipfile.ZipInfo) -> NDArray[Any]:
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{info.filename} is compressed")
    file.seek(info.header_offset)
    name, extra = struct.unpack("<HH", file.read(LOCAL_HEADER)[26:])
    file.seek(info.header_offset + LOCAL_HEADER + name + extra)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if dtype.hasobject or fortran:
        raise ValueError(f"{info.filename} is no plain array")
    if file.tell() + dtype.itemsize * int(np.prod(shape)) > path.stat().st_size:
        raise ValueError(f"{info.filename} was cut short")
    if not int(np.prod(shape)):
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype, "r", file.tell(), shape)


def _checked(arrays: dict[str, NDArray[Any]], shape: tuple[int, ...]) -> ReferenceImages:
    channels, height, width = shape
    for name in ("train", "test"):
        pictures, labels = arrays[name], arrays.get(f"{name}_labels")
        if pictures.dtype != np.uint8 or pictures.shape[1:] != (height, width, channels):
            raise ValueError(f"{name} is {pictures.dtype} {pictures.shape}")
        if labels is not None and (labels.dtype != np.int16 or labels.shape != (len(pictures),)):
            raise ValueError(f"{name}_labels does not fit")
    if not len(arrays["test"]):
        raise ValueError("there is no test picture")
    return ReferenceImages(arrays["train"], arrays["test"], arrays.get("train_labels"), arrays.get("test_labels"))
