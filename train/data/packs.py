"""Packs: npz files of many pictures (`jpeg` + `offset`, `images` or `image_bits`) with what is known of each."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import error as ZlibError

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engine.errors import BadPicture, BadValue

from .base import Dataset, Split
from .pictures import Bytes, fill, fit
from .search import Query, Shape, locate, picture_shape
from .splits import Parts, cut, hashed, partitioned

Pack = dict[str, NDArray[Any]]

TERMS = "unknown: ask the people who made the pack"
CLASSES = ("labels", "domain")
COLUMNS = {"labels": 1, "domain": 1, "partition": 1, "is_test": 1, "attrs": 2, "latents_classes": 2}  # number of axes


def open_pack(query: Query) -> Dataset:
    """Open `pack:PATH` in its own size or the one asked for, with its own test split or a tenth chosen by hash."""
    pack = read_pack(locate(query, "file"))
    shape = picture_shape(query, own_shape(pack))
    y, labels = classes(pack)
    whole = Split(pictures([pack], shape), y, *latents(pack), *attributes(pack))
    return cut(query.name, whole, parts(pack, len(whole)), labels, TERMS, shape)


def read_pack(path: Path) -> Pack:
    """Return every column of a pack; raises BadValue unless it is a whole npz file with pictures and no pickles."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            pack = {name: file[name] for name in file.files}
        length(pack)
    except (OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile, ZlibError) as error:
        layouts = "jpeg with offset, images (N, H, W[, 3]), or image_bits, all uint8"
        raise BadValue(f"{path} is not a pack of pictures ({error}). A pack is an npz file with {layouts}.") from error
    return pack


def length(pack: Pack) -> int:
    """Return the number of pictures; raises ValueError or KeyError where the columns do not fit together."""
    count = _streamed(pack["jpeg"], pack["offset"]) if "jpeg" in pack else _stored(pack)
    _check(count > 0, "it is empty")
    for name, axes in COLUMNS.items():
        sound = name not in pack or (pack[name].ndim == axes and len(pack[name]) == count)
        _check(sound, f"its column {name} does not fit its {count} pictures")
    return count


def _streamed(jpeg: NDArray[Any], offset: NDArray[Any]) -> int:
    _check(jpeg.dtype == np.uint8 and jpeg.ndim == offset.ndim == 1, "its stream is not one row of bytes")
    inside = len(offset) > 0 and offset[0] >= 0 and offset[-1] <= len(jpeg)
    _check(bool(inside and (np.diff(offset) > 0).all()), "its offsets leave its stream")
    return len(offset) - 1


def _stored(pack: Pack) -> int:
    if "images" in pack:
        images = pack["images"]
        sound = images.ndim in (3, 4) and images.shape[3:] in ((), (1,), (3,))
    else:
        images = pack["image_bits"]
        sound = images.ndim == 2 and math.isqrt(8 * images.shape[1]) ** 2 == 8 * images.shape[1]
    _check(sound and images.dtype == np.uint8, "its pictures have another layout")
    return len(images)


def _check(sound: bool, fault: str) -> None:
    if not sound:
        raise ValueError(fault)


def own_shape(pack: Pack) -> Shape:
    """Return the shape in which a pack holds its pictures (of JPEGs, the first one's)."""
    if "jpeg" in pack:
        with _opened(pack, 0) as first:
            return (1 if first.mode == "L" else 3, first.height, first.width)
    if "images" in pack:
        _, height, width, *channels = pack["images"].shape
        return (*(channels or [1]), height, width)
    side = math.isqrt(8 * pack["image_bits"].shape[1])
    return (1, side, side)


def pictures(packs: Sequence[Pack], shape: Shape) -> Tensor:
    """Return the pictures of all packs, one after another, uint8 (N, *shape)."""
    counts = [length(pack) for pack in packs]
    out = np.empty((sum(counts), *shape), np.uint8)
    for pack, rows in zip(packs, np.split(out, np.cumsum(counts)[:-1]), strict=True):
        _read(pack, rows)
    return torch.from_numpy(out)


def _read(pack: Pack, out: Bytes) -> None:
    shape: Shape = out.shape[1:]
    if "jpeg" in pack:
        small = pack["offset"][-1] < 3000 * len(out)  # below 3 kB, threads wait for Python's lock more than they gain
        fill(out, lambda i: _jpeg(pack, i, shape), workers=1 if small else None)
        return
    stored = pack["images"] if "images" in pack else _unpacked(pack["image_bits"])
    grey = stored.ndim == 3 or stored.shape[3] == 1
    if own_shape(pack) == shape:
        out[:] = stored.reshape(out.shape) if grey else stored.transpose(0, 3, 1, 2)
    else:
        flat = stored.reshape(stored.shape[:3]) if grey else stored
        fill(out, lambda i: fit(Image.fromarray(flat[i]), shape))


def _unpacked(bits: NDArray[np.uint8]) -> Bytes:
    side = math.isqrt(8 * bits.shape[1])
    unpacked = np.unpackbits(bits, axis=1).reshape(-1, side, side)
    return np.multiply(unpacked, 255, out=unpacked)


def _jpeg(pack: Pack, i: int, shape: Shape) -> Bytes:
    with _opened(pack, i) as image:
        return fit(image, shape)


@contextmanager
def _opened(pack: Pack, i: int) -> Iterator[Image.Image]:
    begin, end = pack["offset"][i : i + 2]
    try:
        with Image.open(io.BytesIO(pack["jpeg"][begin:end].tobytes()), formats=["JPEG"]) as image:
            yield image
    except (OSError, SyntaxError, ValueError) as error:
        raise BadPicture(f"Picture {i} of the pack is broken ({error}). Make the pack again.") from error


def classes(pack: Pack) -> tuple[Tensor | None, tuple[str, ...]]:
    """Return the class of each picture, 0 to K - 1, and the class names; none where the pack has no such column."""
    column = next((pack[name] for name in CLASSES if name in pack), None)
    if column is None:
        return None, ()
    values, y = np.unique(column, return_inverse=True)
    return torch.from_numpy(y.astype(np.int64)), tuple(str(value) for value in values)


def parts(pack: Pack, count: int) -> Parts:
    """Return the split that the pack itself states, else one by the hash of the row."""
    if "partition" in pack:
        return partitioned(pack["partition"])
    if "is_test" in pack:
        test = pack["is_test"].astype(bool)
        return Parts(~test, test)
    return hashed([str(row) for row in range(count)])


def attributes(pack: Pack) -> tuple[Tensor | None, tuple[str, ...]]:
    """Return the 0/1 attributes and their names, where the pack has them."""
    if "attrs" not in pack:
        return None, ()
    return torch.from_numpy((pack["attrs"] > 0).astype(np.uint8)), _names(pack, "attrs", "attr_names")


def latents(pack: Pack) -> tuple[Tensor | None, tuple[str, ...]]:
    """Return the classes of the generative factors and their names, where the pack has them."""
    if "latents_classes" not in pack:
        return None, ()
    values = torch.from_numpy(pack["latents_classes"].astype(np.int64))
    return values, _names(pack, "latents_classes", "latents_names")


def _names(pack: Pack, column: str, names: str) -> tuple[str, ...]:
    return tuple(map(str, pack.get(names, np.arange(pack[column].shape[1]))))
